//! The choice among equals.

use longshore_framework::Str;
use longshore_framework::bitset::BitSet;
use longshore_framework::snapshot::Slot;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::options::TieBreak;
use crate::ranking::Ranked;

/// Breaks ties; the same seed breaks the same ties the same way on every machine.
#[derive(Debug)]
pub(crate) struct Chooser {
    rng: ChaCha8Rng,
    tie_break: TieBreak,
    /// Among how many nodes the last choice was.
    tied: usize,
    /// The node that is taken if it is among the best.
    preferred: Option<Str>,
}

impl Chooser {
    pub(crate) fn new(seed: u64, tie_break: TieBreak) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), tie_break, tied: 1, preferred: None }
    }

    /// Among how many nodes the last choice was since this was asked last; 1 when there was none.
    pub(crate) fn take_tied(&mut self) -> usize {
        std::mem::replace(&mut self.tied, 1)
    }

    /// Takes this node from now on if it is among the best.
    pub(crate) fn prefer(&mut self, node: Option<Str>) {
        self.preferred = node;
    }

    /// One of `best`, which is not empty; by name when ties go to the first.
    pub(crate) fn choose_of<'n>(&mut self, best: &BitSet, name: impl Fn(usize) -> &'n Str) -> usize {
        self.tied = best.len();
        if let Some(preferred) = &self.preferred
            && let Some(at) = best.iter().find(|at| name(*at) == preferred)
        {
            return at;
        }
        let chosen = match self.tie_break {
            TieBreak::First => best.iter().min_by_key(|at| name(*at)),
            TieBreak::Random => best.nth(self.below(self.tied)),
        };
        chosen.unwrap_or_default()
    }

    /// One of so many nodes; the first by name when ties go to the first. `None` when there is no node.
    pub(crate) fn choose_one<'n, I: Iterator<Item = Slot>>(
        &mut self,
        count: usize,
        nth: impl Fn(usize) -> Option<Slot>,
        all: impl Fn() -> I,
        name: impl Fn(Slot) -> &'n Str,
    ) -> Option<Slot> {
        self.tied = count;
        if let Some(preferred) = &self.preferred
            && let Some(slot) = all().find(|slot| name(*slot) == preferred)
        {
            return Some(slot);
        }
        match self.tie_break {
            _ if count == 0 => None,
            TieBreak::First => all().min_by_key(|slot| name(*slot)),
            TieBreak::Random => nth(self.below(count)),
        }
    }

    /// One of the best nodes of all `rankings`; the first by name when ties go to the first. `None` when there is no node.
    pub(crate) fn choose_among<'n>(
        &mut self,
        rankings: impl Iterator<Item = Ranked<'n>> + Clone,
        name: impl Fn(Slot) -> &'n Str,
    ) -> Option<Slot> {
        self.tied = rankings.clone().map(|ranked| ranked.ranking.best_count()).sum();
        if self.tie_break == TieBreak::First {
            return rankings.flat_map(Ranked::best_slots).min_by_key(|slot| name(*slot));
        }
        if let Some(preferred) = &self.preferred
            && let Some(slot) =
                rankings.clone().flat_map(Ranked::best_slots).find(|slot| name(*slot) == preferred)
        {
            return Some(slot);
        }
        let mut number = self.below(self.tied);
        for ranked in rankings {
            match number.checked_sub(ranked.ranking.best_count()) {
                Some(left) => number = left,
                None => return ranked.nth_best(number),
            }
        }
        None
    }

    /// A number below `bound`, each as likely; 0 when ties go to the first, or for a bound of 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if self.tie_break == TieBreak::First || bound <= 1 {
            return 0;
        }
        let bound = bound as u64;
        // Numbers in the last, incomplete run of `bound` would be favoured: draw again.
        let limit = u64::MAX - u64::MAX % bound;
        loop {
            let draw = self.rng.next_u64();
            if draw < limit {
                return usize::try_from(draw % bound).unwrap_or(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_of(chooser: &mut Chooser, names: &[Str]) -> usize {
        let all = || (0..names.len()).map(Slot::from);
        let chosen = chooser.choose_one(names.len(), |at| all().nth(at), all, |slot| &names[slot.index()]);
        chosen.map_or(usize::MAX, Slot::index)
    }

    #[test]
    fn every_equal_is_as_likely_and_the_seed_decides() {
        let names: Vec<Str> = ["c", "a", "b"].map(Str::from).into();
        let draw = |seed| {
            let mut chooser = Chooser::new(seed, TieBreak::Random);
            (0..3000).map(|_| one_of(&mut chooser, &names)).collect::<Vec<_>>()
        };
        let draw_of_set = |seed| {
            let mut chooser = Chooser::new(seed, TieBreak::Random);
            let best = BitSet::full(3);
            (0..3000).map(|_| chooser.choose_of(&best, |at| &names[at])).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw_of_set(1));
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        for place in 0..3 {
            let hits = draw(1).iter().filter(|p| **p == place).count();
            assert!((850..1150).contains(&hits), "{place}: {hits}");
        }
    }

    #[test]
    fn the_preferred_node_is_taken_if_it_is_among_the_best() {
        let names: Vec<Str> = ["c", "a", "b"].map(Str::from).into();
        let mut chooser = Chooser::new(1, TieBreak::Random);
        chooser.prefer(Some("b".into()));
        assert!((0..20).all(|_| one_of(&mut chooser, &names) == 2));
        assert!((0..20).all(|_| chooser.choose_of(&BitSet::full(3), |at| &names[at]) == 2));
        chooser.prefer(Some("gone".into()));
        let drawn: std::collections::BTreeSet<usize> =
            (0..200).map(|_| one_of(&mut chooser, &names)).collect();
        assert_eq!(drawn.len(), 3);
    }

    #[test]
    fn the_first_by_name_when_asked() {
        let names: Vec<Str> = ["c", "a", "b"].map(Str::from).into();
        assert_eq!(one_of(&mut Chooser::new(1, TieBreak::First), &names), 1);
        assert_eq!(Chooser::new(1, TieBreak::First).choose_of(&BitSet::full(3), |at| &names[at]), 1);
    }
}
