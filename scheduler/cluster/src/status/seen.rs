//! The status of a pod: as it was seen, and as it is to be.

use longshore_framework::Str;
use longshore_framework::port::FailureReason;

/// What is known of the status of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenStatus {
    /// `metadata.resourceVersion`; 0 when not known. News older than what was written are passed over.
    pub resource_version: u64,
    /// `metadata.generation`; written as the condition's observedGeneration. 0 leaves it out.
    pub generation: i64,
    /// The PodScheduled condition, when there is one.
    pub scheduled: Option<SeenCondition>,
    /// `status.nominatedNodeName`; empty when none.
    pub nominated_node: Str,
}

/// A condition, as far as it is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenCondition {
    /// `status`.
    pub status: Str,
    /// `reason`.
    pub reason: Str,
    /// `message`.
    pub message: Str,
    /// `lastTransitionTime`, as written; kept while the status stays.
    pub last_transition_time: Str,
}

/// What is to be written. `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) condition: Option<(FailureReason, Str)>,
    /// Empty clears it.
    pub(super) nominated_node: Option<Str>,
}

impl Wanted {
    /// Takes over what a newer wish says.
    pub(super) fn overlay(&mut self, newer: Self) {
        self.condition = newer.condition.or(self.condition.take());
        self.nominated_node = newer.nominated_node.or(self.nominated_node.take());
    }
}
