//! Which classes sit in panels, and their decisions.

use std::sync::Arc;

use super::alike::ClassKey;
use super::audit::Chosen;
use super::class::Class;
use super::kin::Sitting;
use super::{Classes, Decided};
use crate::cycle::Evaluator;
use crate::cycle::select::Chooser;
use crate::path::Literal;
use crate::trace::Trace;

/// With so many decisions since it was asked last, or more, a class had others asked in between.
const MANY_DECISIONS: u64 = 4;

/// With more nodes that are promised to pods, a class decides by itself.
const MANY_PROMISES: usize = 256;

/// So many families are remembered.
const FAMILIES: usize = 64;

/// So many decisions are remembered, as a count.
const ALL: u32 = 64;

/// How often of late other classes were asked before a class was asked again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turns(u32);

impl Turns {
    /// One more decision, for a class that had others asked in between or had not.
    pub(super) fn count(&mut self, had_others: bool) {
        self.0 = if had_others { (self.0 + 1).min(ALL) } else { self.0.saturating_sub(1) };
    }

    fn are_usual(self) -> bool {
        self.0 > ALL / 2
    }
}

/// The last families of classes that were asked for the first time. A family is known by the hash that kin have in common.
#[derive(Clone, Debug)]
pub(super) struct Families {
    /// With whether its classes can sit in panels, as far as it is known.
    families: [Option<(u64, bool)>; FAMILIES],
    next: usize,
}

impl Default for Families {
    fn default() -> Self {
        Self { families: [None; FAMILIES], next: 0 }
    }
}

impl Families {
    /// A class of this family was asked for the first time.
    pub(super) fn add(&mut self, kin: u64) {
        if !self.families.iter().flatten().any(|(known, _)| *known == kin) {
            self.families[self.next] = Some((kin, true));
            self.next = (self.next + 1) % FAMILIES;
        }
    }

    /// A class of this family got no seat.
    pub(super) fn note_standing(&mut self, kin: u64) {
        let known = self.families.iter_mut().flatten().find(|(known, _)| *known == kin);
        known.into_iter().for_each(|(_, sits)| *sits = false);
    }

    /// Whether a class of this family was asked of late, and none that got no seat.
    fn sit(&self, kin: u64) -> bool {
        self.families.contains(&Some((kin, true)))
    }
}

impl Classes {
    /// The decision of a class that has a seat in a panel; `None` when it has none, or has to decide by itself.
    pub(super) fn decide_seated(
        &mut self,
        evaluator: &Evaluator<'_>,
        (profile, key): (usize, &Arc<ClassKey>),
        chooser: &mut Chooser,
        audit: Option<&mut Trace>,
    ) -> Result<Option<Decided>, Literal> {
        let Some(entry) = self.entries.get_mut(key) else { return Ok(None) };
        let (Some(seat), Some(class)) = (entry.seat, &mut entry.class) else { return Ok(None) };
        let promises = evaluator.nominator;
        if promises.node_count() > MANY_PROMISES || promises.node_of(&evaluator.pod.meta.uid).is_some() {
            return Ok(None);
        }
        class.look_at_images(evaluator);
        let panel = self.panels.panel_at(evaluator, profile, seat).filter(|_| class.is_seated(evaluator));
        let Some(panel) = panel else {
            entry.seat = None;
            self.panels.leave(seat);
            return Ok(None);
        };
        if !panel.follow(evaluator, &mut self.scratch.changes) {
            self.panels.begin_anew(evaluator, seat);
            return Ok(None);
        }
        let mut best = Vec::new();
        let best_if_asked = audit.is_some().then_some(&mut best);
        let decided =
            class.decide_seated(evaluator, (panel, seat.seat), chooser, &mut self.scratch, best_if_asked);
        let Some(mut decided) = decided? else { return Ok(None) };
        entry.asked = self.decisions;
        if let Some(trace) = audit {
            let chosen = Chosen { best: &best, turned_down: &[], by_groups: false };
            class.audit(evaluator, &mut decided, chosen, trace);
        }
        Ok(Some(decided))
    }

    /// Counts a decision: whether other classes were asked since this one was, as they were if it is new.
    pub(super) fn count_turn(&mut self, key: &Arc<ClassKey>) {
        let asked = self.entries.peek(key).map(|entry| entry.asked);
        self.turns.count(asked.is_none_or(|asked| self.decisions - asked > MANY_DECISIONS));
    }

    /// Whether a class that is new is given a seat before anything else: when it is usual that classes are asked in turn. With
    /// `audits` it is so for every other one.
    pub(super) fn seats_new(&self, audits: bool) -> bool {
        if audits { self.decisions.is_multiple_of(2) } else { self.turns.are_usual() }
    }

    /// Whether a class that is asked for the first time is begun at once: kin sits in a panel or was asked of late, and there is room
    /// for many more.
    pub(super) fn begins_at_once(
        &mut self,
        evaluator: &Evaluator<'_>,
        profile: usize,
        key: &ClassKey,
    ) -> bool {
        (self.panels.has_kin(key) || self.families.sit(key.kin()))
            && self.with_columns < self.most_classes(evaluator.snapshot) / 2
            && self.panels.free_seat(evaluator, profile).is_some()
    }

    /// Gives a class that is up to date a seat in a panel, if it can have one and has none.
    pub(super) fn seat(
        &mut self,
        evaluator: &Evaluator<'_>,
        (profile, key): (usize, &Arc<ClassKey>),
        class: &mut Class,
    ) {
        if !class.may_sit() {
            return;
        }
        let Some(entry) = self.entries.peek_mut(key).filter(|entry| entry.seat.is_none()) else { return };
        let kin = match class.is_grouped(evaluator) {
            true => None,
            false => {
                let wanted = (profile, &**key, class.now(evaluator));
                self.panels.kin_of(evaluator, wanted, &mut self.scratch.changes)
            }
        };
        // A panel that began anew has other seats: they are looked for after that.
        let Some(seat) = self.panels.free_seat(evaluator, profile) else { return };
        let told = kin.and_then(|kin| self.panels.told(kin, seat));
        let Some(panel) = self.panels.of_free(seat) else { return };
        if !panel.follow(evaluator, &mut self.scratch.changes) {
            self.panels.begin_anew(evaluator, seat);
        } else if class.take_seat(evaluator, panel, seat.seat, told) == Ok(true) {
            entry.seat = Some(seat);
            let (as_of, raw) = (class.now(evaluator), class.seated_raw.clone());
            self.panels.sits(seat, Sitting { key: Arc::clone(key), as_of, raw });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_families_are_remembered() {
        let mut families = Families::default();
        (0..=FAMILIES as u64).chain([1, 1]).for_each(|kin| families.add(kin));
        families.note_standing(7);
        families.note_standing(0);
        families.add(7);
        let known: Vec<u64> = (0..100).filter(|kin| families.sit(*kin)).collect();
        assert_eq!(known, (1..=FAMILIES as u64).filter(|kin| *kin != 7).collect::<Vec<_>>());
    }

    #[test]
    fn turns_are_usual_when_most_decisions_of_late_were() {
        let mut turns = Turns::default();
        let mut check = |had_others: bool, decisions: u32, want: bool| {
            (0..decisions).for_each(|_| turns.count(had_others));
            assert_eq!(turns.are_usual(), want);
        };
        check(true, 32, false);
        check(true, 1, true);
        check(true, 1000, true);
        check(false, 31, true);
        check(false, 1, false);
    }
}
