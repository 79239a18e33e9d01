//! What the scheduler writes into the status of a pod: the PodScheduled condition and the nominated node, in one patch,
//! and nothing when nothing would change.
//!
//! The patch is made against the status as the watch last saw it. Of one pod never two patches are under way: what comes
//! meanwhile waits, and the newest wins.

mod patch;

use std::sync::Arc;

use dashmap::DashMap;
use jiff::Timestamp;
use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::port::FailureReason;
use serde::Deserialize;

use self::patch::patch;
use crate::call::{ApiError, Caller, Content, path};
use crate::retry::{Backoff, retried};

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

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The API server has it.
    Done,
    /// The status says so already.
    Unchanged,
    /// A write for the pod is under way and takes this along.
    Joined,
    /// The pod is gone, or another one has its name.
    Gone,
}

/// What is to be written. `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
struct Wanted {
    condition: Option<(FailureReason, Str)>,
    /// Empty clears it.
    nominated_node: Option<Str>,
}

impl Wanted {
    /// Takes over what a newer wish says.
    fn overlay(&mut self, newer: Self) {
        self.condition = newer.condition.or(self.condition.take());
        self.nominated_node = newer.nominated_node.or(self.nominated_node.take());
    }
}

#[derive(Default)]
struct Slot {
    seen: SeenStatus,
    waiting: Option<Wanted>,
    busy: bool,
    /// The watch saw the end of the pod while a write was under way.
    forgotten: bool,
}

/// Writes the status of pods; clones share what they know.
#[derive(Clone)]
pub struct StatusWriter {
    caller: Caller,
    pods: Arc<DashMap<Str, Slot>>,
}

impl StatusWriter {
    /// A writer that has seen nothing yet.
    pub fn new(caller: Caller) -> Self {
        Self { caller, pods: Arc::default() }
    }

    /// The watch saw an unbound pod.
    pub fn saw(&self, uid: &Str, status: SeenStatus) {
        let mut slot = self.pods.entry(Arc::clone(uid)).or_default();
        slot.forgotten = false;
        if status.resource_version == 0 || status.resource_version >= slot.seen.resource_version {
            slot.seen = status;
        }
    }

    /// The pod is bound or gone: nothing is written into its status any more.
    pub fn forget(&self, uid: &str) {
        if let Some(mut slot) = self.pods.get_mut(uid) {
            (slot.waiting, slot.forgotten) = (None, true);
        }
        self.pods.remove_if(uid, |_, slot| !slot.busy);
    }

    /// How many pods are known.
    pub fn len(&self) -> usize {
        self.pods.len()
    }

    /// Whether no pod is known.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    /// An attempt failed: PodScheduled is False. Of the nominated node, `None` leaves it and an empty name clears it.
    ///
    /// # Errors
    /// The server could not be brought to take it.
    pub async fn failed(
        &self,
        pod: &Pod,
        reason: FailureReason,
        message: &str,
        nominated_node: Option<Str>,
    ) -> Result<Written, ApiError> {
        self.write(pod, Wanted { condition: Some((reason, message.into())), nominated_node }).await
    }

    /// The pod is to go to `node`, once what comes before the binding is done.
    ///
    /// # Errors
    /// The server could not be brought to take it. The binding may go on all the same.
    pub async fn nominate(&self, pod: &Pod, node: &Str) -> Result<Written, ApiError> {
        self.write(pod, Wanted { condition: None, nominated_node: Some(Arc::clone(node)) }).await
    }

    /// The pod is promised nothing any more.
    ///
    /// # Errors
    /// The server could not be brought to take it.
    pub async fn clear_nomination(&self, pod: &Pod) -> Result<Written, ApiError> {
        self.write(pod, Wanted { condition: None, nominated_node: Some(Str::default()) }).await
    }

    async fn write(&self, pod: &Pod, wanted: Wanted) -> Result<Written, ApiError> {
        let uid = &pod.meta.uid;
        {
            let mut slot = self.pods.entry(Arc::clone(uid)).or_insert_with(|| unseen(pod));
            slot.waiting.get_or_insert_default().overlay(wanted);
            if slot.busy {
                return Ok(Written::Joined);
            }
            slot.busy = true;
        }
        let busy = Busy { pods: &self.pods, uid };
        let mut result = Ok(Written::Unchanged);
        while let Some((body, after)) = self.next(uid) {
            result = match self.send(pod, &body).await {
                Ok(Some(resource_version)) => {
                    busy.took(SeenStatus { resource_version, ..after });
                    Ok(Written::Done)
                }
                Ok(None) => return Ok(Written::Gone),
                Err(error) => Err(error),
            };
        }
        result
    }

    /// The next patch for a pod and the status it makes; `None` when there is nothing to write, and then another one may
    /// begin.
    fn next(&self, uid: &Str) -> Option<(serde_json::Value, SeenStatus)> {
        let mut slot = self.pods.get_mut(uid)?;
        let made = slot.waiting.take().and_then(|wanted| patch(uid, &slot.seen, &wanted, Timestamp::now()));
        if made.is_none() {
            slot.busy = false;
        }
        made
    }

    /// Sends a patch; the version it made, or `None` when the pod is gone.
    async fn send(&self, pod: &Pod, body: &serde_json::Value) -> Result<Option<u64>, ApiError> {
        let path = path::pod_status(&pod.meta.namespace, &pod.meta.name);
        let call = || async {
            match self.caller.patch(&path, Content::StrategicMerge, body).await {
                Ok(answer) => Ok(Some(version(&answer))),
                Err(error) if is_other_pod(&error) => Ok(None),
                Err(error) => Err(error),
            }
        };
        retried(Backoff::STATUS, call).await
    }
}

/// Frees a pod however its write ends, also when it is given up half way.
struct Busy<'a> {
    pods: &'a DashMap<Str, Slot>,
    uid: &'a Str,
}

impl Busy<'_> {
    /// The server took a patch that makes this status, unless the watch has seen a newer one already.
    fn took(&self, after: SeenStatus) {
        if let Some(mut slot) = self.pods.get_mut(self.uid)
            && (after.resource_version == 0 || after.resource_version >= slot.seen.resource_version)
        {
            slot.seen = after;
        }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        if let Some(mut slot) = self.pods.get_mut(self.uid) {
            slot.busy = false;
        }
        self.pods.remove_if(self.uid, |_, slot| slot.forgotten && !slot.busy);
    }
}

/// A pod that the watch has not shown: only its nomination is known.
fn unseen(pod: &Pod) -> Slot {
    let nominated_node = pod.meta.nominated_node.clone().unwrap_or_default();
    Slot { seen: SeenStatus { nominated_node, ..SeenStatus::default() }, forgotten: true, ..Slot::default() }
}

/// `metadata.resourceVersion` of an answer; 0 when it does not say.
fn version(answer: &[u8]) -> u64 {
    #[derive(Deserialize)]
    struct Object {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata {
        resource_version: String,
    }
    let object: Option<Object> = serde_json::from_slice(answer).ok();
    object.and_then(|o| o.metadata.resource_version.parse().ok()).unwrap_or(0)
}

/// The pod of this UID is no more: none of its name is there, or the one that is has another UID.
pub(crate) fn is_other_pod(error: &ApiError) -> bool {
    let of_uid = ["metadata.uid", "UID in the precondition", "UID in precondition"];
    let of_uid = of_uid.iter().any(|text| error.message.contains(text));
    error.is_not_found() || of_uid && (error.is_conflict() || error.is(422, "Invalid"))
}

#[cfg(test)]
mod tests;
