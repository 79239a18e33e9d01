//! What becomes of the pods of an operation.

use std::time::Duration;

use crate::objects::mixed;
use crate::workload::CreatePods;

/// What becomes of the pods of an operation.
#[derive(Clone, Debug, Default)]
pub(super) struct Manner {
    /// How long one that is evicted stays.
    pub(super) grace: Duration,
    /// How long they run, one of these each; for ever if there is none.
    pub(super) run: Vec<Duration>,
    /// Nothing ends between two multiples of this time.
    pub(super) beat: Duration,
    /// Whether an operation may delete them.
    pub(super) deletable: bool,
}

impl Manner {
    pub(super) fn of(operation: &CreatePods) -> Self {
        let beat = operation.arrive.map_or(Duration::ZERO, |arrive| arrive.every);
        let deletable = !operation.measured;
        Self { grace: operation.grace, run: operation.run.clone(), beat, deletable }
    }

    /// How long the pod with this UID runs.
    pub(super) fn run_of(&self, uid: &str) -> Option<Duration> {
        let number = uid.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let at = mixed(number) % self.run.len().max(1) as u64;
        self.run.get(usize::try_from(at).unwrap_or_default()).copied()
    }
}
