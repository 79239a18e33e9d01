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

    /// Keeps the nodes that `judge` passes and records the rejections of the others.
    ///
    /// # Errors
    /// The first error of `judge`.
    pub fn retain(
        &mut self,
        mut judge: impl FnMut(Slot) -> Result<Verdict, PluginError>,
    ) -> Result<(), PluginError> {
        let mut kept = 0;
        for at in 0..self.candidates.len() {
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
        self.candidates.truncate(kept);
        Ok(())
    }
}
