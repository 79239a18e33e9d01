//! Nodes by score: which have the highest, found without a look at all of them.
//!
//! Scores lie in the order in which nodes came. Over each 64 of them it is kept what the highest is and how many have it,
//! and the same over each 64 of these, up to one that stands for all. A score that changes below the highest of its 64
//! is one write. Whatever concerns the highest is brought up to date once for many changes, by
//! [`settle`](Ranking::settle).

use longshore_framework::bitset::BitSet;
use longshore_framework::snapshot::Slot;

/// How many nodes, or tops, one top stands for.
const WIDTH: usize = 64;

/// The highest score of some nodes, and how many of them have it. When none has it, it is higher than that of any of
/// them, and they have to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Top {
    score: i64,
    count: u32,
}

impl Top {
    /// That of no node.
    const NONE: Self = Self { score: i64::MIN, count: 0 };

    fn one(score: i64) -> Self {
        Self { score, count: 1 }
    }

    /// Of these and those.
    fn and(self, other: Self) -> Self {
        match self.score.cmp(&other.score) {
            std::cmp::Ordering::Less => other,
            std::cmp::Ordering::Greater => self,
            std::cmp::Ordering::Equal => Self { count: self.count + other.count, ..self },
        }
    }

    /// One of its parts is `new` in place of `old`.
    fn follow(&mut self, old: Self, new: Self) {
        if old.score == self.score {
            self.count -= old.count;
        }
        if new.score > self.score {
            *self = new;
        } else if new.score == self.score {
            self.count += new.count;
        }
    }
}

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Whose ranking it is in, a number of the owner's.
    pub(crate) owner: u32,
    /// Its place there.
    pub(crate) at: u32,
    pub(crate) score: i64,
}

/// The places of all nodes, by slot. What a change of a node reads and writes lies together: classes by the hundred do not
/// stay in the processor's cache.
pub(crate) type Places = [Place];

/// Nodes by score. The scores lie with their [places](Places), which are given to whoever has to see them.
#[derive(Debug, Default)]
pub(crate) struct Ranking {
    slots: Vec<Slot>,
    /// `tops[0]` has one for each 64 nodes, and every other one for each 64 of the one before it; the last has just one.
    tops: Vec<Vec<Top>>,
    /// What of `tops[0]` changed since it was settled, and how it was then.
    unsettled: Vec<(usize, Top)>,
    is_unsettled: BitSet,
}

impl Ranking {
    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// All nodes, in no particular order.
    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The highest score; 0 when there is no node. Like all that is asked about the highest, as of when it was settled.
    pub(crate) fn best(&self) -> i64 {
        self.top().map_or(0, |top| top.score)
    }

    /// How many nodes have the highest score.
    pub(crate) fn best_count(&self) -> usize {
        self.top().map_or(0, |top| top.count as usize)
    }

    fn top(&self) -> Option<Top> {
        self.tops.last()?.first().copied()
    }

    /// Puts a node in; its place is what [`len`](Self::len) was.
    pub(crate) fn push(&mut self, slot: Slot, score: i64) {
        self.slots.push(slot);
        self.follow(self.slots.len() - 1, Top::NONE, Top::one(score));
    }

    /// The score of the node at this place is `new` in place of `old`.
    pub(crate) fn set(&mut self, at: usize, old: i64, new: i64) {
        if old != new {
            self.follow(at, Top::one(old), Top::one(new));
        }
    }

    /// Takes the node at this place with this score out; the last one, if there is another, takes its place and is
    /// returned.
    pub(crate) fn swap_remove(&mut self, at: usize, score: i64, places: &Places) -> Option<Slot> {
        let last = self.slots.len() - 1;
        self.slots.swap_remove(at);
        let moved = self.slots.get(at).copied();
        if let Some(moved) = moved {
            let other = places[moved.index()].score;
            self.set(at, score, other);
            self.follow(last, Top::one(other), Top::NONE);
        } else {
            self.follow(last, Top::one(score), Top::NONE);
        }
        moved
    }

    /// Tells the top over this place that the node there is `new` in place of `old`.
    fn follow(&mut self, at: usize, old: Top, new: Top) {
        if self.tops.is_empty() {
            self.tops.push(Vec::new());
        }
        let (block, tops) = (at / WIDTH, &mut self.tops[0]);
        if block >= tops.len() {
            tops.resize(block + 1, Top::NONE);
        }
        let top = &mut tops[block];
        if old.score < top.score && new.score < top.score {
            return;
        }
        if self.is_unsettled.insert(block) {
            self.unsettled.push((block, *top));
        }
        top.follow(old, new);
    }

    /// Brings what is known of the highest up to date.
    pub(crate) fn settle(&mut self, places: &Places) {
        if self.unsettled.is_empty() {
            return;
        }
        let mut changed = std::mem::take(&mut self.unsettled);
        let mut len = self.slots.len().div_ceil(WIDTH);
        for level in 0.. {
            let (below, from) = self.tops.split_at_mut(level);
            let [tops, above @ ..] = from else { break };
            for (block, _) in changed.iter().filter(|(block, _)| *block < len) {
                if tops[*block].count == 0 {
                    tops[*block] = match below.last() {
                        Some(below) => all(below[part(*block, below.len())].iter().copied()),
                        None => {
                            let slots = &self.slots[part(*block, self.slots.len())];
                            all(slots.iter().map(|slot| Top::one(places[slot.index()].score)))
                        }
                    };
                }
            }
            tops.truncate(len);
            if len <= 1 {
                break;
            }
            len = len.div_ceil(WIDTH);
            match above.first_mut() {
                Some(above) => changed = follow_all(above, tops, &changed),
                None => {
                    let next = (0..len).map(|block| all(tops[part(block, tops.len())].iter().copied()));
                    let next = next.collect();
                    self.tops.push(next);
                    changed.clear();
                }
            }
        }
        // What stands for one part only is not needed above it.
        let needed = self.tops.iter().position(|level| level.len() <= 1).map_or(0, |at| at + 1);
        self.tops.truncate(needed);
        if self.slots.is_empty() {
            self.tops.clear();
        }
        changed.clear();
        self.unsettled = changed;
        self.is_unsettled.clear();
    }
}

/// A ranking that is settled, with the scores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ranked<'r> {
    pub(crate) ranking: &'r Ranking,
    pub(crate) places: &'r Places,
}

impl<'r> Ranked<'r> {
    /// Which of the nodes in a block have this score.
    fn tied(self, block: usize, score: i64) -> impl Iterator<Item = Slot> + 'r {
        let slots = &self.ranking.slots;
        let slots = slots[part(block, slots.len())].iter().copied();
        slots.filter(move |slot| self.places[slot.index()].score == score)
    }

    /// The nodes that have the highest score, in no particular order.
    pub(crate) fn best_slots(self) -> impl Iterator<Item = Slot> + 'r {
        let best = self.ranking.best();
        let blocks = self.ranking.tops.first().into_iter().flatten().enumerate();
        let blocks = blocks.filter(move |(_, top)| top.score == best);
        blocks.flat_map(move |(block, _)| self.tied(block, best))
    }

    /// The node with this number among those that have the highest score, counted from 0.
    pub(crate) fn nth_best(self, mut number: usize) -> Option<Slot> {
        let best = self.ranking.top()?.score;
        let mut block = 0;
        for level in self.ranking.tops.iter().rev().skip(1) {
            block = part(block, level.len()).find(|at| {
                let count = if level[*at].score == best { level[*at].count as usize } else { 0 };
                let is_here = number < count;
                number -= if is_here { 0 } else { count };
                is_here
            })?;
        }
        self.tied(block, best).nth(number)
    }
}

/// Tells the tops `above` others what of these changed, given how it was; returns the same of those above.
fn follow_all(above: &mut Vec<Top>, tops: &[Top], changed: &[(usize, Top)]) -> Vec<(usize, Top)> {
    let mut told: Vec<(usize, Top)> = Vec::new();
    for (block, old) in changed {
        let new = tops.get(*block).copied().unwrap_or(Top::NONE);
        if new == *old {
            continue;
        }
        let over = block / WIDTH;
        if over >= above.len() {
            above.resize(over + 1, Top::NONE);
        }
        if !told.iter().any(|(known, _)| *known == over) {
            told.push((over, above[over]));
        }
        above[over].follow(*old, new);
    }
    told
}

/// What one top stands for, of so many.
fn part(block: usize, len: usize) -> std::ops::Range<usize> {
    (block * WIDTH).min(len)..((block + 1) * WIDTH).min(len)
}

fn all(parts: impl Iterator<Item = Top>) -> Top {
    parts.fold(Top::NONE, Top::and)
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    /// What is kept is what a look at all nodes says.
    #[track_caller]
    fn check(ranking: &mut Ranking, places: &Places, want: &[(u32, i64)]) {
        ranking.settle(places);
        let got = ranking.slots.iter().map(|slot| (slot.0, places[slot.index()].score));
        assert_eq!(got.collect::<Vec<_>>(), want);
        let best = want.iter().map(|(_, score)| *score).max().unwrap_or(0);
        let mut tied: Vec<u32> = want.iter().filter(|(_, score)| *score == best).map(|(s, _)| *s).collect();
        tied.sort_unstable();
        let ranked = Ranked { ranking, places };
        let mut slots: Vec<u32> = ranked.best_slots().map(|slot| slot.0).collect();
        slots.sort_unstable();
        let nth = (0..ranking.best_count()).filter_map(|at| ranked.nth_best(at));
        let mut nth: Vec<u32> = nth.map(|slot| slot.0).collect();
        nth.sort_unstable();
        assert_eq!((ranking.best(), ranking.best_count()), (best, tied.len()));
        assert_eq!((slots, nth), (tied.clone(), tied));
        assert_eq!(ranked.nth_best(ranking.best_count()), None);
        let mut below = ranking.slots.len();
        for level in &ranking.tops {
            below = below.div_ceil(WIDTH);
            assert_eq!(level.len(), below);
        }
        assert!(below <= 1);
    }

    /// Puts in, changes and takes out; after each change or so it is compared.
    fn run(steps: &[(u8, usize, i64)], every: usize) {
        let (mut ranking, mut model, mut places) = (Ranking::default(), Vec::new(), Vec::new());
        for (number, (what, at, score)) in (0..).zip(steps) {
            places.push(Place { owner: 0, at: 0, score: *score });
            match (what, model.len()) {
                (0..=5, _) | (_, 0) => {
                    ranking.push(Slot(number), *score);
                    model.push((number, *score));
                }
                (6..=8, len) => {
                    let (slot, old) = &mut model[at % len];
                    ranking.set(at % len, *old, *score);
                    *old = *score;
                    places[*slot as usize].score = *score;
                }
                (_, len) => take(&mut ranking, &places, &mut model, at % len),
            }
            if (number as usize).is_multiple_of(every) {
                check(&mut ranking, &places, &model);
            }
        }
        check(&mut ranking, &places, &model);
        while let Some(last) = model.len().checked_sub(1) {
            take(&mut ranking, &places, &mut model, last / 2);
            if model.len().is_multiple_of(every) {
                check(&mut ranking, &places, &model);
            }
        }
        check(&mut ranking, &places, &model);
    }

    fn take(ranking: &mut Ranking, places: &Places, model: &mut Vec<(u32, i64)>, at: usize) {
        let (_, score) = model.swap_remove(at);
        let moved = ranking.swap_remove(at, score, places);
        assert_eq!(moved.map(|slot| slot.0), model.get(at).map(|(slot, _)| *slot));
    }

    #[test]
    fn the_best_are_those_of_a_look_at_all() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut below = |bound: u64| rng.next_u64() % bound;
        for case in 0..60 {
            let mut step = || (below(11) as u8, below(1 << 20) as usize, below(7) as i64 - 3);
            run(&(0..case * 10).map(|_| step()).collect::<Vec<_>>(), 7);
        }
    }

    #[test]
    fn three_levels_are_as_one() {
        let steps: Vec<_> = (0..9000).map(|at: usize| (0, 0, (at % 97) as i64 / 3)).collect();
        run(&steps, 2500);
    }

    #[test]
    fn the_lowest_number_is_a_score() {
        run(&[(0, 0, i64::MIN), (0, 0, i64::MIN), (9, 0, 0)], 1);
    }
}
