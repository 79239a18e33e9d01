//! What the scheduler writes into the status of a PodGroup, of both APIs, and the events it records on one.
//!
//! Groups change seldom, so the object is read before it is written: others write its status as well. The patch names the
//! version that was read; after a conflict both are done again. Of one group never two writes are under way: what comes
//! meanwhile waits, and the newest wins.

mod status;

use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use jiff::Timestamp;
use longshore_framework::group::{GroupApi, GroupKey};
use longshore_framework::pod::Pod;
use longshore_framework::port::GroupStanding;
use serde_json::Value;

use crate::call::{ApiError, Caller, Content, path};
use crate::kinds::WatchedKind;
use crate::record::{Event, ObjectRef, Recorder};
use crate::retry::{Backoff, retried};

/// Writes the status of groups; clones share what they know.
#[derive(Clone)]
pub struct GroupWriter {
    caller: Caller,
    recorder: Recorder,
    versions: Arc<GroupVersions>,
    /// Groups of which a write is under way, each with what waits to be written.
    busy: Arc<DashMap<GroupKey, Option<Wanted>>>,
}

/// The `apiVersion`s that are watched, and so those that are written.
#[derive(Debug, Default)]
pub struct GroupVersions {
    kubernetes: OnceLock<&'static str>,
    coscheduling: OnceLock<&'static str>,
}

impl GroupVersions {
    /// The watch saw an object of this kind.
    pub fn saw(&self, kind: &WatchedKind) {
        let version = match (kind.plural, kind.group()) {
            ("podgroups", "scheduling.k8s.io") => &self.kubernetes,
            ("podgroups", _) => &self.coscheduling,
            _ => return,
        };
        // It stays the same as long as the process lives.
        let _ = version.set(kind.api_version);
    }

    fn of(&self, api: GroupApi) -> Option<&'static str> {
        match api {
            GroupApi::Kubernetes => self.kubernetes.get().copied(),
            GroupApi::Coscheduling => self.coscheduling.get().copied(),
            GroupApi::Annotations => None,
        }
    }
}

/// What is to be written, and one of the pods it is about.
#[derive(Clone, Debug)]
struct Wanted {
    standing: GroupStanding,
    pod: Arc<Pod>,
}

impl GroupWriter {
    /// Calls through `caller`, records with `recorder`.
    pub fn new(caller: Caller, recorder: Recorder, versions: Arc<GroupVersions>) -> Self {
        Self { caller, recorder, versions, busy: Arc::default() }
    }

    /// A group stands so. The wish counts from the call on, whenever the future is polled. The future fails when the server
    /// could not be brought to take it.
    pub fn write(
        &self,
        key: GroupKey,
        standing: GroupStanding,
        pod: Arc<Pod>,
    ) -> impl Future<Output = Result<(), ApiError>> + Send + use<> {
        let writer = self.clone();
        let wanted = Wanted { standing, pod };
        let is_first = match self.busy.entry(key.clone()) {
            dashmap::Entry::Vacant(free) => {
                free.insert(Some(wanted));
                true
            }
            dashmap::Entry::Occupied(mut busy) => {
                busy.insert(Some(wanted));
                false
            }
        };
        async move { if is_first { writer.write_all(&key).await } else { Ok(()) } }
    }

    /// Writes what waits for the group until nothing does.
    async fn write_all(&self, key: &GroupKey) -> Result<(), ApiError> {
        let mut free = Free { busy: &self.busy, key, armed: true };
        let mut result = Ok(());
        loop {
            let next = self.busy.get_mut(key).and_then(|mut slot| slot.take());
            match next {
                Some(wanted) => result = self.write_one(key, &wanted).await,
                None if self.busy.remove_if(key, |_, slot| slot.is_none()).is_some() => {
                    free.armed = false;
                    return result;
                }
                None => {}
            }
        }
    }

    async fn write_one(&self, key: &GroupKey, wanted: &Wanted) -> Result<(), ApiError> {
        let Some(version) = self.versions.of(key.api) else {
            self.record_on_pod(wanted);
            return Ok(());
        };
        let object = path::pod_group(version, &key.namespace, &key.name);
        let status = format!("{object}/status");
        let written = retried(Backoff::STATUS, || async {
            let now: Value = self.caller.get(&object).await?;
            if let Some(patch) = status::patch(version, &now, &wanted.standing, Timestamp::now()) {
                self.caller.patch(&status, Content::Merge, &patch).await?;
            }
            Ok(now["metadata"]["uid"].as_str().unwrap_or_default().into())
        });
        let uid = match written.await {
            Ok(uid) => uid,
            // The group is gone, or was never there.
            Err(error) if error.is(404, "NotFound") => {
                self.record_on_pod(wanted);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let (namespace, name) = (Arc::clone(&key.namespace), Arc::clone(&key.name));
        let regarding = ObjectRef { api_version: version, kind: "PodGroup", namespace, name, uid };
        self.recorder.record(Event::of_group(regarding, &wanted.pod, &wanted.standing));
        Ok(())
    }

    /// A group without an object is told of by its pod, as far as that does not say so itself.
    fn record_on_pod(&self, wanted: &Wanted) {
        if wanted.standing.is_incomplete() {
            self.recorder.record(Event::failed_scheduling(&wanted.pod, &wanted.standing.message));
        }
    }
}

/// Frees a group however its write ends, also when it is given up half way.
struct Free<'a> {
    busy: &'a DashMap<GroupKey, Option<Wanted>>,
    key: &'a GroupKey,
    /// Whether there is something to free.
    armed: bool,
}

impl Drop for Free<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.busy.remove(self.key);
        }
    }
}

#[cfg(test)]
mod tests;
