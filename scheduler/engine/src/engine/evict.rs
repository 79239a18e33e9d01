//! Victims of a preemption: who has to be evicted, and who only has to give up its place in memory.
//!
//! A victim that is not being bound yet is not evicted: it loses its reservation and is tried again. Waiting for Permit
//! it is turned away at once, and so it is while its binding waits to be sent; while its PreBind writes are under way it is
//! turned away when they are over. The preemptor
//! is parked by then and hears of the room like any other pod. For how long it rests is said in
//! [`evictions`](crate::evictions).

use std::sync::Arc;

use longshore_framework::Timestamp;
use longshore_framework::plugin::Nomination;
use longshore_framework::pod::Pod;
use longshore_framework::port::Effect;

use super::Engine;
use super::failure::Failure;
use super::post_filter::PostFiltered;
use super::preemption::Preemption;
use crate::evictions::{Next, Turn};
use crate::reservation::Phase;

impl Engine {
    /// What PostFilter chose, with the victims as they are known now: what came of trying a node may have been found out
    /// before they were confirmed. `None` when nobody has to go, or for no node.
    pub(crate) fn preemption(&self, post: &mut PostFiltered) -> Option<Preemption> {
        let Nomination::Node(node) = &post.nomination else { return None };
        let known = |pod: Arc<Pod>| self.cache.pod(&pod.meta.uid).map_or(pod, |(known, _)| Arc::clone(known));
        let victims: Vec<Arc<Pod>> = std::mem::take(&mut post.victims).into_iter().map(known).collect();
        let (unbound, evicted) = victims.into_iter().partition(|victim| self.is_unbound(victim));
        let preemption = Preemption { node: Arc::clone(node), unbound, evicted };
        (preemption.victims() > 0).then_some(preemption)
    }

    /// From now on `preemptor` waits for its victims. Those that give up their place at once are not waited for.
    pub(crate) fn await_victims(&mut self, preemptor: &Pod, preemption: &Preemption) {
        let writing = |victim: &&Arc<Pod>| {
            let held = self.reservations.get(&victim.meta.uid);
            held.is_some_and(|held| matches!(held.phase, Phase::PreBinding { .. }))
        };
        let awaited = preemption.evicted.iter().chain(preemption.unbound.iter().filter(writing));
        let (going, unseen) = awaited.partition::<Vec<_>, _>(|victim| victim.meta.terminating);
        let uids = |pods: Vec<&Arc<Pod>>| pods.iter().map(|pod| Arc::clone(&pod.meta.uid)).collect();
        let victims = [uids(unseen), uids(going)];
        let uid = &preemptor.meta.uid;
        self.evictions.begin(uid, &preemption.node, victims, preemption.has_evictions());
    }

    fn is_unbound(&self, pod: &Pod) -> bool {
        let held = self.reservations.get(&pod.meta.uid);
        held.is_some_and(|h| match h.phase {
            Phase::Waiting(_) | Phase::PreBinding { .. } => true,
            Phase::Binding => self.holds_bindings && !h.sent,
            Phase::Deciding => false,
        })
    }

    /// Takes the place of a victim for `preemptor` on behalf of `plugin`.
    pub(crate) fn preempt_unbound(
        &mut self,
        victim: &Arc<Pod>,
        preemptor: &Arc<Pod>,
        plugin: &str,
        effects: &mut Vec<Effect>,
    ) {
        let uid = &victim.meta.uid;
        let Some(held) = self.reservations.get_mut(uid) else { return };
        let node = Arc::clone(&held.node);
        match &mut held.phase {
            Phase::PreBinding { cancelled: Some(_) } | Phase::Deciding => return,
            Phase::Binding if !self.holds_bindings || held.sent => return,
            Phase::Binding => self.unbind(uid, format!("preempted by {plugin}"), effects),
            Phase::PreBinding { cancelled } => *cancelled = Some(format!("preempted by {plugin}")),
            Phase::Waiting(_) => {
                let failure = Failure::broken("waiting on permit for pod: preempted".to_string());
                self.send_back(uid, failure, effects);
            }
        }
        effects.push(Effect::Preempted {
            victim: Arc::clone(victim),
            preemptor: Arc::clone(preemptor),
            node,
        });
    }

    /// The API server answered to the evictions for a preemptor. Its victims may not have been seen to go yet.
    pub(crate) fn evicted(&mut self, uid: &str, ok: bool) {
        if let Some(began) = self.marks.evictions.remove(uid) {
            self.meter.tell_since(began, |m, took| m.evicted(ok, took));
        }
        let turn = self.evictions.answered(uid, ok, self.now);
        self.take_turns(turn);
    }

    /// The pod is on its node no more.
    pub(crate) fn seen_gone(&mut self, uid: &str) {
        let turns = self.evictions.seen_gone(uid);
        self.take_turns(turns);
    }

    /// Victims that were not seen to go for as long as a pod stays parked are not waited for any more.
    pub(crate) fn give_up_victims(&mut self) {
        let longest = i64::try_from(self.options.max_unschedulable.as_millis()).unwrap_or(i64::MAX);
        let turns = self.evictions.overdue(Timestamp(self.now.0.saturating_sub(longest)));
        self.take_turns(turns);
    }

    /// Preemptors whose rest is over hear of what happens from now on: of victims that are still going when they are gone.
    /// One that has nothing to wait for is tried at once, for it heard of nothing while it rested.
    pub(crate) fn take_turns(&mut self, turns: impl IntoIterator<Item = Next>) {
        for (preemptor, turn) in turns {
            self.queue.end_rest(&preemptor);
            if turn == Turn::Due {
                self.activate(&preemptor);
            }
        }
    }
}
