//! Preemptors, and the victims each of them waits for.
//!
//! ```text
//!            every eviction was answered, and             the last victim
//!            every victim was seen to go                  is gone
//!   resting ───────────────────────────────▶ waiting ───────────────────▶ (forgotten: it is tried again at once)
//!      └── an eviction failed: forgotten, it is tried again at once
//! ```
//! A victim is seen to go when the watch shows it terminating, or when it is no longer on its node. What the API server was
//! asked to do does not count: the watch may be behind, and a preemptor that is tried before it sees its victims go would
//! choose others. While it rests, no event moves it. While it waits, events do as for every other pod, so that it may take
//! room that it finds elsewhere. Then its node is left behind: whoever has to preempt next does well to take it, because
//! its pods go in any case.

use std::sync::Arc;

use longshore_framework::{Str, Timestamp};
use rustc_hash::FxHashMap;

/// What a preemptor waits for.
#[derive(Debug, Default)]
struct Preemption {
    /// The node that is made free for it.
    node: Str,
    /// Evictions that are under way, as one for each time they were asked for.
    unanswered: usize,
    /// Victims that were not seen to go yet.
    unseen: Vec<Str>,
    /// Victims that are going, but are on the node still.
    going: Vec<Str>,
    /// When the last answer came.
    answered: Timestamp,
}

impl Preemption {
    fn rests(&self) -> bool {
        self.unanswered > 0 || !self.unseen.is_empty()
    }
}

/// What news of its victims means for a preemptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Its rest is over; some victims are still on the node.
    RestOver,
    /// It has nothing to wait for any more.
    Due,
}

/// A preemptor whose turn it is.
pub(crate) type Next = (Str, Turn);

/// Preemptors and their victims, all by UID.
#[derive(Debug, Default)]
pub(crate) struct Evictions {
    by_preemptor: FxHashMap<Str, Preemption>,
    /// Victim → its preemptors.
    by_victim: FxHashMap<Str, Vec<Str>>,
    /// Victims whose preemptor went elsewhere before they were gone → their node.
    left: FxHashMap<Str, Str>,
}

impl Evictions {
    /// `preemptor` is given `node`, once these victims are gone: `unseen` ones, and others that are `going` already. With
    /// `asked` there will be an [answer](Self::answered).
    pub(crate) fn begin(&mut self, preemptor: &Str, node: &Str, [unseen, going]: [Vec<Str>; 2], asked: bool) {
        self.leave(preemptor, Some(node));
        // Answers to what was asked for before are still to come.
        let before = self.forget(preemptor).map_or(0, |old| old.unanswered);
        let unanswered = before + usize::from(asked);
        if unanswered == 0 && unseen.is_empty() && going.is_empty() {
            return;
        }
        for victim in unseen.iter().chain(&going) {
            self.by_victim.entry(Arc::clone(victim)).or_default().push(Arc::clone(preemptor));
        }
        let node = Arc::clone(node);
        let new = Preemption { node, unanswered, unseen, going, answered: Timestamp::default() };
        self.by_preemptor.insert(Arc::clone(preemptor), new);
    }

    /// Whether the pod is not to be tried.
    pub(crate) fn rests(&self, preemptor: &str) -> bool {
        self.by_preemptor.get(preemptor).is_some_and(Preemption::rests)
    }

    /// Whether the pod is a preemptor, and its victims are not all gone.
    pub(crate) fn waits(&self, preemptor: &str) -> bool {
        self.by_preemptor.contains_key(preemptor)
    }

    /// Whether the pod waits for `victim` to be gone.
    pub(crate) fn waits_for(&self, preemptor: &str, victim: &str) -> bool {
        self.by_preemptor
            .get(preemptor)
            .is_some_and(|p| p.unseen.iter().chain(&p.going).any(|other| **other == *victim))
    }

    /// Evictions for `preemptor` were answered. When one failed, nobody knows which victims will go.
    pub(crate) fn answered(&mut self, preemptor: &str, ok: bool, now: Timestamp) -> Option<Next> {
        let preemption = self.by_preemptor.get_mut(preemptor)?;
        preemption.unanswered = preemption.unanswered.saturating_sub(1);
        preemption.answered = now;
        if !ok {
            preemption.unanswered = 0;
            self.drop_victims(preemptor);
        }
        self.turn(preemptor)
    }

    /// The victim is terminating.
    pub(crate) fn seen_going(&mut self, victim: &str) -> Vec<Next> {
        let preemptors = self.by_victim.get(victim).cloned().unwrap_or_default();
        let mut turns = Vec::new();
        for preemptor in preemptors {
            let Some(preemption) = self.by_preemptor.get_mut(&preemptor) else { continue };
            let Some(at) = preemption.unseen.iter().position(|other| **other == *victim) else { continue };
            let victim = preemption.unseen.swap_remove(at);
            preemption.going.push(victim);
            turns.extend(self.turn(&preemptor));
        }
        turns
    }

    /// The victim is not on its node any more.
    pub(crate) fn seen_gone(&mut self, victim: &str) -> Vec<Next> {
        self.left.remove(victim);
        let preemptors = self.by_victim.remove(victim).unwrap_or_default();
        let mut turns = Vec::new();
        for preemptor in preemptors {
            let Some(preemption) = self.by_preemptor.get_mut(&preemptor) else { continue };
            for victims in [&mut preemption.unseen, &mut preemption.going] {
                victims.retain(|other| **other != *victim);
            }
            turns.extend(self.turn(&preemptor));
        }
        turns
    }

    /// There is no such node any more: whoever was to have it waits for nobody. In order of UID.
    pub(crate) fn node_gone(&mut self, node: &str) -> Vec<Next> {
        self.give_up(|preemption| *preemption.node == *node)
    }

    /// Preemptors whose evictions were answered before `limit` and whose victims were not seen to go ever since give
    /// them up: something is wrong with them, and it is better to decide anew than never. In order of UID.
    pub(crate) fn overdue(&mut self, limit: Timestamp) -> Vec<Next> {
        self.give_up(|p| p.unanswered == 0 && !p.unseen.is_empty() && p.answered < limit)
    }

    /// The node was promised to somebody else.
    pub(crate) fn lost_node(&mut self, preemptor: &str) -> Option<Next> {
        self.drop_victims(preemptor);
        self.turn(preemptor)
    }

    /// The pod is on `node`, or, without one, is gone or wants no victims any more.
    pub(crate) fn end(&mut self, preemptor: &str, node: Option<&Str>) {
        self.leave(preemptor, node);
        self.forget(preemptor);
    }

    /// Nodes that are being emptied for pods which went elsewhere, in no particular order; some more than once.
    pub(crate) fn left_behind(&self) -> impl Iterator<Item = &Str> {
        self.left.values()
    }

    /// The pod goes to `node`, if to any: should another one be made free for it, that is left behind.
    fn leave(&mut self, preemptor: &str, node: Option<&Str>) {
        let Some(old) = self.by_preemptor.get(preemptor).filter(|old| Some(&old.node) != node) else {
            return;
        };
        for victim in old.unseen.iter().chain(&old.going) {
            self.left.insert(Arc::clone(victim), Arc::clone(&old.node));
        }
    }

    fn give_up(&mut self, which: impl Fn(&Preemption) -> bool) -> Vec<Next> {
        let chosen = self.by_preemptor.iter().filter(|(_, preemption)| which(preemption));
        let mut preemptors: Vec<Str> = chosen.map(|(uid, _)| Arc::clone(uid)).collect();
        preemptors.sort_unstable();
        preemptors.iter().filter_map(|preemptor| self.lost_node(preemptor)).collect()
    }

    /// Whose turn it is after something changed for `preemptor`. One that has nothing to wait for is forgotten.
    fn turn(&mut self, preemptor: &str) -> Option<Next> {
        let (uid, preemption) = self.by_preemptor.get_key_value(preemptor)?;
        if preemption.rests() {
            return None;
        }
        let turn = if preemption.going.is_empty() { Turn::Due } else { Turn::RestOver };
        let uid = Arc::clone(uid);
        if turn == Turn::Due {
            self.forget(preemptor);
        }
        Some((uid, turn))
    }

    fn forget(&mut self, preemptor: &str) -> Option<Preemption> {
        self.drop_victims(preemptor);
        self.by_preemptor.remove(preemptor)
    }

    fn drop_victims(&mut self, preemptor: &str) {
        let Some(preemption) = self.by_preemptor.get_mut(preemptor) else { return };
        let (unseen, going) = (std::mem::take(&mut preemption.unseen), std::mem::take(&mut preemption.going));
        for victim in unseen.into_iter().chain(going) {
            if let Some(preemptors) = self.by_victim.get_mut(&victim) {
                preemptors.retain(|other| **other != *preemptor);
                if preemptors.is_empty() {
                    self.by_victim.remove(&victim);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: &str = "p";

    fn uids(names: &[&str]) -> Vec<Str> {
        names.iter().map(|name| (*name).into()).collect()
    }

    /// Evictions for one preemptor whose node is `n`.
    fn of(unseen: &[&str], going: &[&str], asked: bool) -> Evictions {
        let mut evictions = Evictions::default();
        evictions.begin(&P.into(), &"n".into(), [uids(unseen), uids(going)], asked);
        evictions
    }

    fn ok(evictions: &mut Evictions) -> Vec<Next> {
        evictions.answered(P, true, Timestamp(0)).into_iter().collect()
    }

    #[track_caller]
    fn check(turns: Vec<Next>, want: &[Turn], evictions: &Evictions, rests: bool) {
        assert_eq!(turns.iter().map(|(_, turn)| *turn).collect::<Vec<_>>(), want);
        assert_eq!(evictions.rests(P), rests);
        if want.contains(&Turn::Due) {
            assert!(evictions.by_preemptor.is_empty() && evictions.by_victim.is_empty(), "{evictions:?}");
            assert!(evictions.left.is_empty(), "{evictions:?}");
        }
    }

    #[test]
    fn the_rest_ends_when_all_is_answered_and_seen_in_whatever_order() {
        let mut e = of(&["a", "b"], &[], true);
        let turns = ok(&mut e);
        check(turns, &[], &e, true);
        let turns = e.seen_going("a");
        check(turns, &[], &e, true);
        let turns = e.seen_going("b");
        check(turns, &[Turn::RestOver], &e, false);
        assert!(e.waits(P) && e.waits_for(P, "a"));
        let turns = e.seen_gone("a");
        check(turns, &[Turn::RestOver], &e, false);
        let turns = e.seen_gone("b");
        check(turns, &[Turn::Due], &e, false);

        let mut e = of(&["a"], &["b"], true);
        let turns = e.seen_gone("a");
        check(turns, &[], &e, true);
        let turns = ok(&mut e);
        check(turns, &[Turn::RestOver], &e, false);

        let mut e = of(&["a"], &[], false);
        let turns = e.seen_gone("a");
        check(turns, &[Turn::Due], &e, false);
    }

    #[test]
    fn an_answer_to_what_was_asked_before_is_not_taken_for_that_to_the_last_question() {
        let mut e = of(&["a"], &[], true);
        e.begin(&P.into(), &"m".into(), [uids(&["b"]), vec![]], true);
        e.seen_gone("a");
        let turns = e.seen_gone("b");
        check(turns, &[], &e, true);
        let turns = ok(&mut e);
        check(turns, &[], &e, true);
        let turns = ok(&mut e);
        check(turns, &[Turn::Due], &e, false);
    }

    #[test]
    fn a_failure_a_lost_node_and_a_victim_that_never_goes_end_it() {
        let mut e = of(&["a"], &["b"], true);
        let turns = e.answered(P, false, Timestamp(0)).into_iter().collect();
        check(turns, &[Turn::Due], &e, false);

        let mut e = of(&["a"], &["b"], false);
        check(e.node_gone("m"), &[], &of(&["a"], &[], false), true);
        let turns = e.node_gone("n");
        check(turns, &[Turn::Due], &e, false);

        // The answer is still waited for, so that it is not taken for that to a later question.
        let mut e = of(&["a"], &[], true);
        let turns = e.lost_node(P).into_iter().collect();
        check(turns, &[], &e, true);
        let turns = ok(&mut e);
        check(turns, &[Turn::Due], &e, false);

        let mut e = of(&["a"], &[], true);
        assert_eq!(e.overdue(Timestamp(i64::MAX)), []);
        ok(&mut e);
        assert_eq!(e.overdue(Timestamp(0)), []);
        let turns = e.overdue(Timestamp(1));
        check(turns, &[Turn::Due], &e, false);
    }

    #[test]
    fn whoever_has_no_victim_to_wait_for_is_not_remembered_and_new_victims_take_the_place_of_old_ones() {
        assert!(!of(&[], &[], false).waits(P));
        let mut e = of(&["a"], &[], false);
        e.begin(&P.into(), &"m".into(), [uids(&["b"]), vec![]], false);
        assert!(!e.waits_for(P, "a") && e.waits_for(P, "b"));
        assert_eq!(e.by_victim.len(), 1);
        e.end(P, None);
        assert!(e.by_victim.is_empty() && !e.waits(P));
    }

    /// Nodes that are left behind once the preemptor of `n` did this.
    #[track_caller]
    fn check_left(act: impl FnOnce(&mut Evictions), want: &[&str]) {
        let mut e = of(&["a"], &["b"], true);
        act(&mut e);
        let mut left: Vec<&str> = e.left_behind().map(|node| &**node).collect();
        left.sort_unstable();
        left.dedup();
        assert_eq!(left, want);
        for victim in ["a", "b", "c"] {
            e.seen_gone(victim);
        }
        assert!(e.left.is_empty());
    }

    #[test]
    fn a_node_is_left_behind_by_a_preemptor_that_goes_elsewhere_until_its_victims_are_gone() {
        let p: Str = P.into();
        check_left(|e| e.end(P, None), &["n"]);
        check_left(|e| e.end(P, Some(&"m".into())), &["n"]);
        check_left(|e| e.end(P, Some(&"n".into())), &[]);
        check_left(|e| e.begin(&p, &"m".into(), [uids(&["c"]), vec![]], true), &["n"]);
        check_left(|e| e.begin(&p, &"n".into(), [uids(&["c"]), vec![]], true), &[]);
        check_left(|e| drop(e.lost_node(P)), &[]);
        check_left(|e| drop(e.answered(P, false, Timestamp(0))), &[]);
        let gone = |e: &mut Evictions, victims: &[&str]| {
            e.end(P, None);
            victims.iter().for_each(|victim| drop(e.seen_gone(victim)));
        };
        check_left(|e| gone(e, &["a"]), &["n"]);
        check_left(|e| gone(e, &["a", "b"]), &[]);
    }
}
