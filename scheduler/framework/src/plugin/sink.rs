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
        if concerned.within(self.range()).next().is_none() {
            return Ok(());
        }
        self.retain(|slot| if concerned.contains(slot.index()) { judge(slot) } else { Ok(Verdict::Pass) })
    }

    /// [`retain`](Self::retain) for a filter that most nodes pass: `all_pass` is asked about up to [`BLOCK`](Self::BLOCK) nodes at
    /// once, and only where it does not say that it passes them all is each of them judged.
    ///
    /// # Errors
    /// The first error of `judge`.
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
            if kept != from {
                self.candidates.copy_within(from..to, kept);
            }
            kept += to - from;
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
