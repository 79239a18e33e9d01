//! What the scheduler writes into the status of a pod: the PodScheduled condition and the nominated node, in one patch,
//! and nothing when nothing would change.
//!
//! The patch is made against the status as the watch last saw it. Of one pod never two patches are under way: what comes
//! meanwhile waits, and the newest wins.

mod patch;
mod seen;

use std::sync::Arc;

use dashmap::DashMap;
use jiff::Timestamp;
use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::port::FailureReason;
use serde::Deserialize;
use tokio::sync::oneshot;

use self::patch::patch;
use self::seen::Wanted;
pub use self::seen::{SeenCondition, SeenStatus};
use crate::call::{ApiError, Caller, Content, path};
use crate::retry::{Backoff, retried};

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The API server has it.
    Done,
    /// The status says so already.
    Unchanged,
    /// A write for the pod is under way and takes this along.
    Joined,
    /// The pod is bound, being bound or gone, or another one has its name.
    Gone,
}

#[derive(Default)]
struct Slot {
    seen: SeenStatus,
    waiting: Option<Wanted>,
    /// Somebody has taken it upon himself to write what waits.
    busy: bool,
    /// A patch is under way.
    sending: bool,
    /// Dropped when it is over: who wants to bind the pod waits for that.
    done: Option<oneshot::Sender<()>>,
    /// A binding of the pod is under way.
    hushed: bool,
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

    /// A binding of the pod is about to be written: what waits to be written of its status is dropped from now on. The
    /// future ends when no write is under way either. A pod that fails after that is written of again.
    pub fn hush(&self, uid: &str) -> impl Future<Output = ()> + Send + use<> {
        let mut under_way = None;
        if let Some(mut slot) = self.pods.get_mut(uid) {
            (slot.waiting, slot.hushed) = (None, true);
            if slot.sending {
                let (done, wait) = oneshot::channel();
                (slot.done, under_way) = (Some(done), Some(wait));
            }
        }
        async move {
            if let Some(wait) = under_way {
                // The other end is dropped, never used.
                let _ = wait.await;
            }
        }
    }

    /// Whether the pod is there and not bound, as far as was seen.
    pub fn is_waiting(&self, uid: &str) -> bool {
        self.pods.get(uid).is_some_and(|slot| !slot.forgotten)
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
    /// The wish counts from the call on, whenever the future is polled; so do those of the functions below. The future
    /// fails when the server could not be brought to take it.
    pub fn failed(
        &self,
        pod: &Pod,
        reason: FailureReason,
        message: &str,
        nominated_node: Option<Str>,
    ) -> impl Future<Output = Result<Written, ApiError>> + Send + use<> {
        self.write(pod, Wanted { condition: Some((reason, message.into())), nominated_node })
    }

    /// The pod is to go to `node`, once what comes before the binding is done. When it fails the binding may go on all
    /// the same.
    pub fn nominate(
        &self,
        pod: &Pod,
        node: &Str,
    ) -> impl Future<Output = Result<Written, ApiError>> + Send + use<> {
        self.write(pod, Wanted { condition: None, nominated_node: Some(Arc::clone(node)) })
    }

    /// The pod is promised nothing any more.
    pub fn clear_nomination(
        &self,
        pod: &Pod,
    ) -> impl Future<Output = Result<Written, ApiError>> + Send + use<> {
        self.write(pod, Wanted { condition: None, nominated_node: Some(Str::default()) })
    }

    fn write(
        &self,
        pod: &Pod,
        wanted: Wanted,
    ) -> impl Future<Output = Result<Written, ApiError>> + Send + use<> {
        let begun = self.register(&pod.meta.uid, wanted);
        let path = path::pod_status(&pod.meta.namespace, &pod.meta.name);
        let caller = self.caller.clone();
        async move {
            match begun {
                Ok(busy) => busy.write(&caller, &path).await,
                Err(written) => Ok(written),
            }
        }
    }

    /// Notes a wish. Who gets the pod has to write it, and whatever else is wished until then.
    fn register(&self, uid: &Str, wanted: Wanted) -> Result<Busy, Written> {
        let Some(mut slot) = self.pods.get_mut(uid).filter(|slot| !slot.forgotten) else {
            return Err(Written::Gone);
        };
        slot.hushed = false;
        slot.waiting.get_or_insert_default().overlay(wanted);
        if std::mem::replace(&mut slot.busy, true) {
            return Err(Written::Joined);
        }
        Ok(Busy { pods: Arc::clone(&self.pods), uid: Arc::clone(uid), armed: true })
    }
}

/// Holds a pod while it is written of, and frees it however that ends, also when it is given up half way.
struct Busy {
    pods: Arc<DashMap<Str, Slot>>,
    uid: Str,
    /// Whether there is something to free.
    armed: bool,
}

impl Busy {
    async fn write(mut self, caller: &Caller, path: &str) -> Result<Written, ApiError> {
        let mut result = Ok(Written::Unchanged);
        while let Some((body, after)) = self.next() {
            result = match self.send(caller, path, &body).await {
                Ok(Some(resource_version)) => {
                    self.took(SeenStatus { resource_version, ..after });
                    Ok(Written::Done)
                }
                Ok(None) => Ok(Written::Gone),
                Err(error) => Err(error),
            };
        }
        result
    }

    /// The next patch for the pod and the status it makes; `None` when there is nothing to write. Then the pod is free,
    /// and who comes next may have it already.
    fn next(&mut self) -> Option<(serde_json::Value, SeenStatus)> {
        let mut made = None;
        if let Some(mut slot) = self.pods.get_mut(&self.uid) {
            // The one before is over.
            slot.done = None;
            let wanted = slot.waiting.take();
            made = wanted.and_then(|wanted| patch(&self.uid, &slot.seen, &wanted, Timestamp::now()));
            slot.sending = made.is_some();
            slot.busy = made.is_some();
        }
        if made.is_none() {
            self.armed = false;
            self.pods.remove_if(&self.uid, |_, slot| slot.forgotten && !slot.busy);
        }
        made
    }

    /// Sends a patch; the version it made, or `None` when the pod is gone.
    async fn send(
        &self,
        caller: &Caller,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<Option<u64>, ApiError> {
        let call = || async {
            if self.is_vain() {
                return Ok(None);
            }
            match caller.patch(path, Content::StrategicMerge, body).await {
                Ok(answer) => Ok(Some(version(&answer))),
                Err(error) if is_other_pod(&error) => Ok(None),
                Err(error) => Err(error),
            }
        };
        retried(Backoff::STATUS, call).await
    }

    /// Whether nobody wants to know any more.
    fn is_vain(&self) -> bool {
        self.pods.get(&self.uid).is_none_or(|slot| slot.hushed || slot.forgotten)
    }

    /// The server took a patch that makes this status, unless the watch has seen a newer one already.
    fn took(&self, after: SeenStatus) {
        if let Some(mut slot) = self.pods.get_mut(&self.uid)
            && (after.resource_version == 0 || after.resource_version >= slot.seen.resource_version)
        {
            slot.seen = after;
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        if let Some(mut slot) = self.pods.get_mut(&self.uid) {
            (slot.busy, slot.sending, slot.done) = (false, false, None);
        }
        self.pods.remove_if(&self.uid, |_, slot| slot.forgotten && !slot.busy);
    }
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
