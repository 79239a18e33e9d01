//! The nodes of one range on their way through the filters.

use crate::bitset::BitSet;
use crate::plugin::SlotRange;
use crate::snapshot::Slot;
use crate::verdict::{PluginError, Rejection, Verdict};

/// The nodes of a range that no filter has rejected yet, and the rejections so far. The first filter that rejects a
/// node decides it; later ones do not see it.
#[derive(Debug)]
pub struct FilterSink<'a> {
    candidates: &'a mut Vec<Slot>,
    rejected: &'a mut Vec<(Slot, Rejection)>,
}

impl<'a> FilterSink<'a> {
    /// How many nodes [`retain_blocks`](Self::retain_blocks) asks about at once; the last time it may be fewer.
    pub const BLOCK: usize = 64;

    /// `candidates` in ascending order; rejections are appended to `rejected`.
    pub fn new(candidates: &'a mut Vec<Slot>, rejected: &'a mut Vec<(Slot, Rejection)>) -> Self {
        Self { candidates, rejected }
    }

    /// The nodes still in.
    pub fn candidates(&self) -> &[Slot] {
        self.candidates
    }

    /// The smallest range of slots that holds them.
    pub fn range(&self) -> SlotRange {
        match (self.candidates.first(), self.candidates.last()) {
            (Some(first), Some(last)) => first.index()..last.index() + 1,
            _ => 0..0,
        }
    }

    /// [`retain`](Self::retain) for a filter that passes every node outside `concerned`: nothing is walked when it
    /// concerns none.
    ///
    /// # Errors
    /// The first error of `judge`.
    pub fn retain_among(
        &mut self,
        concerned: &BitSet,
        mut judge: impl FnMut(Slot) -> Result<Verdict, PluginError>,
    ) -> Result<(), PluginError> {
        // The candidates before `read` are dealt with, and those of them that stay lie before `kept`.
        let (mut kept, mut read) = (0, 0);
        for member in concerned.within(self.range()) {
            let member = Slot::from(member);
            let place = self.find(read, member);
            if self.candidates.get(place) != Some(&member) {
                continue;
            }
            if let Verdict::Reject(rejection) = judge(member)? {
                self.rejected.push((member, rejection));
                kept = self.move_up(read..place, kept);
                read = place + 1;
            }
        }
        kept = self.move_up(read..self.candidates.len(), kept);
        self.candidates.truncate(kept);
        Ok(())
    }

    /// The place of the candidate, not before `from`; if it is none, that of the next one.
    fn find(&self, from: usize, slot: Slot) -> usize {
        let rest = &self.candidates[from..];
        // Where no node is missing in between, the distance of the slots says where it is.
        let distance = rest.first().map_or(0, |first| slot.index().saturating_sub(first.index()));
        if rest.get(distance) == Some(&slot) {
            return from + distance;
        }
        let end = distance.min(rest.len());
        from + rest[..end].partition_point(|other| *other < slot)
    }

    /// Moves the candidates of `range` to the place `kept`; returns the place after them.
    fn move_up(&mut self, range: SlotRange, kept: usize) -> usize {
        let count = range.len();
        // While nothing is rejected, nothing moves.
        if kept != range.start {
            self.candidates.copy_within(range, kept);
        }
        kept + count
    }

    /// [`retain`](Self::retain) for a filter that most nodes pass: `all_pass` is asked about up to [`BLOCK`](Self::BLOCK) nodes at
    /// once, and only where it does not say that it passes them all is each of them judged.
    ///
    /// # Errors
    /// The first error of `judge`.
    #[inline(always)]
    pub fn retain_blocks(
        &mut self,
        mut all_pass: impl FnMut(&[Slot]) -> bool,
        mut judge: impl FnMut(Slot) -> Result<Verdict, PluginError>,
    ) -> Result<(), PluginError> {
        let mut kept = 0;
        for from in (0..self.candidates.len()).step_by(Self::BLOCK) {
            let to = self.candidates.len().min(from + Self::BLOCK);
            if !all_pass(&self.candidates[from..to]) {
                kept = self.sift(from..to, kept, &mut judge)?;
                continue;
            }
            kept = self.move_up(from..to, kept);
        }
        self.candidates.truncate(kept);
        Ok(())
    }

    /// Keeps the nodes that `judge` passes and records the rejections of the others.
    ///
    /// # Errors
    /// The first error of `judge`.
    pub fn retain(
        &mut self,
        mut judge: impl FnMut(Slot) -> Result<Verdict, PluginError>,
    ) -> Result<(), PluginError> {
        let kept = self.sift(0..self.candidates.len(), 0, &mut judge)?;
        self.candidates.truncate(kept);
        Ok(())
    }

    /// Moves the candidates of `range` that `judge` passes down to the place `kept`; returns the place after them.
    fn sift(
        &mut self,
        range: SlotRange,
        mut kept: usize,
        judge: &mut impl FnMut(Slot) -> Result<Verdict, PluginError>,
    ) -> Result<usize, PluginError> {
        for at in range {
            let slot = self.candidates[at];
            match judge(slot)? {
                Verdict::Pass => {
                    // While nothing is rejected, nothing moves.
                    if kept != at {
                        self.candidates[kept] = slot;
                    }
                    kept += 1;
                }
                Verdict::Reject(rejection) => self.rejected.push((slot, rejection)),
            }
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` nodes of which those that `passes` names pass; asked about in blocks or one by one it is the same.
    #[track_caller]
    fn check(count: usize, passes: impl Fn(usize) -> bool) {
        let judge = |slot: Slot| {
            let verdict = Verdict::unschedulable(format!("no {}", slot.0));
            Ok(if passes(slot.index()) { Verdict::Pass } else { verdict })
        };
        let all = || (0..count).map(|at| Slot::from(at * 3 / 2)).collect::<Vec<_>>();
        let (mut kept, mut rejected) = (all(), Vec::new());
        FilterSink::new(&mut kept, &mut rejected).retain(judge).unwrap();
        assert!(kept.iter().all(|slot| passes(slot.index())));
        assert_eq!(kept.len() + rejected.len(), count);
        let all_pass = |nodes: &[Slot]| nodes.iter().all(|slot| passes(slot.index()));
        // Saying no although all pass is allowed.
        for never in [false, true] {
            let (mut left, mut said) = (all(), Vec::new());
            let mut sink = FilterSink::new(&mut left, &mut said);
            sink.retain_blocks(|nodes| !never && all_pass(nodes), judge).unwrap();
            assert_eq!((left, said), (kept.clone(), rejected.clone()));
        }
    }

    #[test]
    fn blocks_pass_whole_and_move_up_behind_the_rejected() {
        check(0, |_| true);
        check(200, |_| true);
        check(200, |_| false);
        check(300, |at| !(10..100).contains(&at));
        check(300, |at| at >= 1);
        check(300, |at| at / 70 % 2 == 1);
        check(129, |at| at % 5 > 0);
    }

    #[test]
    fn who_is_not_concerned_stays() {
        let judge = |slot: Slot| {
            let verdict = Verdict::unschedulable(format!("no {}", slot.0));
            Ok(if slot.0 % 3 == 1 { Verdict::Pass } else { verdict })
        };
        for step in [1, 2, 5] {
            for concerned in [
                BitSet::default(),
                BitSet::full(300),
                (0..300).filter(|at| at % 7 < 2).collect(),
                (60..90).collect(),
                [0, 4, 299].into_iter().collect(),
            ] {
                let all = || (10..250).step_by(step).map(Slot::from).collect::<Vec<_>>();
                let (mut kept, mut rejected) = (all(), Vec::new());
                let among = |slot: Slot| match concerned.contains(slot.index()) {
                    true => judge(slot),
                    false => Ok(Verdict::Pass),
                };
                FilterSink::new(&mut kept, &mut rejected).retain(among).unwrap();
                let (mut left, mut said) = (all(), Vec::new());
                FilterSink::new(&mut left, &mut said).retain_among(&concerned, judge).unwrap();
                assert_eq!((left, said), (kept, rejected), "{step} {concerned:?}");
            }
        }
    }

    #[test]
    fn an_error_ends_it() {
        let (mut left, mut said) = ((0..100).map(Slot::from).collect(), Vec::new());
        let broken = || PluginError::new("broken");
        let done = FilterSink::new(&mut left, &mut said).retain_blocks(|_| false, |_| Err(broken()));
        assert_eq!(done, Err(broken()));
    }
}
