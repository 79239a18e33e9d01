//! A pod with what the queue knows of it.

use std::sync::Arc;

use longshore_framework::Timestamp;
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;

use super::echoes::Echoes;
use crate::meter::Marks;
use crate::plugin_set::PluginSet;

/// A pod in the queue with its history.
#[derive(Clone, Debug)]
pub struct QueuedPod {
    /// Its number in the [table of pods](super).
    pub(crate) number: usize,
    /// The pod; of a group, that whose place in line it takes.
    pub pod: Arc<Pod>,
    /// It stands for the group with this number, and is no pod itself.
    pub(crate) stands_for: Option<usize>,
    /// Index of its profile.
    pub profile: usize,
    /// When it entered the queue after its last attempt.
    pub since: Timestamp,
    /// Order of entry, for pods that QueueSort finds equal.
    pub(crate) entry: u64,
    /// Attempts so far.
    pub attempts: u32,
    /// Rejections in the past, for the backoff.
    pub unschedulable_count: u32,
    /// Errors in a row, for the backoff.
    pub error_count: u32,
    /// Plugins that rejected it last.
    pub rejected_by: PluginSet,
    /// Those of them that said that something is pending.
    pub pending_on: PluginSet,
    /// The PreEnqueue plugin that keeps it out.
    pub gated_by: Option<PluginId>,
    /// That plugin does so because evictions for the pod are under way, and for no other reason.
    pub(crate) rests: bool,
    /// When it was last tried for no better reason than that it had been parked long. Apart from `since`, which
    /// QueueSort reads.
    pub(crate) flushed: Option<Timestamp>,
    /// What of its nominations the watch has still to show.
    pub(crate) echoes: Echoes,
    /// For the meter.
    pub(crate) marks: Marks,
}

impl QueuedPod {
    /// A pod that is new.
    pub(crate) fn new(number: usize, pod: Arc<Pod>, profile: usize, since: Timestamp) -> Self {
        Self {
            number,
            pod,
            stands_for: None,
            profile,
            since,
            entry: 0,
            attempts: 0,
            unschedulable_count: 0,
            error_count: 0,
            rejected_by: PluginSet::default(),
            pending_on: PluginSet::default(),
            gated_by: None,
            rests: false,
            flushed: None,
            echoes: Echoes::default(),
            marks: Marks::default(),
        }
    }

    /// Since when it has been parked, should it be, without being tried.
    pub(crate) fn parked_at(&self) -> Timestamp {
        self.flushed.unwrap_or(self.since)
    }
}
