//! Evictions for a preemptor, as kube-scheduler's asynchronous preemption performs them.
//!
//! A victim first gets the condition DisruptionTarget, which tells its owner that this was no failure of its own, and is
//! then deleted with its own grace period. All victims but the last go at the same time, the last one after them: when it
//! is seen to go, nothing is outstanding. After the first failure none is begun
//! any more: the preemptor is to be tried again as soon as may be.

use std::sync::{Arc, OnceLock};

use futures::{StreamExt, stream};
use jiff::Timestamp;
use longshore_framework::Str;
use longshore_framework::pod::Pod;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::{ApiError, Caller, Content, path};
use crate::record::{Event, Recorder};
use crate::retry::{Backoff, retried};
use crate::status::is_other_pod;

/// Victims that are evicted at a time, as many as kube-scheduler does by default.
const AT_ONCE: usize = 16;
/// Type of the condition.
const DISRUPTION_TARGET: &str = "DisruptionTarget";
/// Its reason.
const PREEMPTION: &str = "PreemptionByScheduler";

/// A victim could not be evicted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("evicting {victim}: {error}")]
pub struct EvictError {
    /// `namespace/name`.
    pub victim: String,
    /// What went wrong.
    pub error: ApiError,
}

/// Evicts victims and records it; clones share the recorder.
#[derive(Clone)]
pub struct Evictor {
    caller: Caller,
    recorder: Recorder,
}

impl Evictor {
    /// Calls through `caller`, records with `recorder`.
    pub fn new(caller: Caller, recorder: Recorder) -> Self {
        Self { caller, recorder }
    }

    /// Evicts `victims` of `preemptor` on `node`. Those that are terminating are left alone, also when only the API server
    /// knows that yet. A victim that is gone, or whose name another pod has by now, is no failure.
    ///
    /// # Errors
    /// The first victim that could not be evicted; others may have been, or not.
    pub async fn evict(&self, preemptor: &Pod, victims: &[Arc<Pod>], node: &str) -> Result<(), EvictError> {
        let due: Vec<&Arc<Pod>> = victims.iter().filter(|v| !v.meta.terminating).collect();
        let Some((last, others)) = due.split_last() else { return Ok(()) };
        // What was begun is finished: a victim with the condition is not left undeleted.
        let failure = OnceLock::new();
        let evictions: Vec<_> = others
            .iter()
            .map(|victim| async {
                if failure.get().is_none()
                    && let Err(error) = self.evict_one(preemptor, victim, node).await
                {
                    // The first one stands.
                    let _ = failure.set(error);
                }
            })
            .collect();
        stream::iter(evictions).buffer_unordered(AT_ONCE).collect::<()>().await;
        if let Some(error) = failure.into_inner() {
            return Err(error);
        }
        self.evict_one(preemptor, last, node).await
    }

    /// Records that a pod that was not bound yet gave up its place in memory.
    pub fn preempted_in_memory(&self, victim: &Pod, preemptor: &Pod, node: &str) {
        self.recorder.record(Event::preempted(victim, preemptor, node, true));
    }

    async fn evict_one(&self, preemptor: &Pod, victim: &Pod, node: &str) -> Result<(), EvictError> {
        match self.disrupt_and_delete(preemptor, victim).await {
            Ok(Ended::Terminating) => {
                tracing::info!(victim = %victim.key(), preemptor = %preemptor.key(), node, "The victim is terminating already");
                Ok(())
            }
            Ok(Ended::Deleted) => {
                tracing::info!(victim = %victim.key(), preemptor = %preemptor.key(), node, "Evicted a victim");
                self.recorder.record(Event::preempted(victim, preemptor, node, false));
                Ok(())
            }
            Err(error) if is_other_pod(&error) => {
                tracing::info!(victim = %victim.key(), preemptor = %preemptor.key(), node, "The victim is gone already");
                Ok(())
            }
            Err(error) => Err(EvictError { victim: victim.key(), error }),
        }
    }

    async fn disrupt_and_delete(&self, preemptor: &Pod, victim: &Pod) -> Result<Ended, ApiError> {
        let (namespace, name, uid) = (&victim.meta.namespace, &victim.meta.name, &victim.meta.uid);
        let pod = path::pod(namespace, name);
        // The newest state says what of the condition is there already. Evictions are rare, so the read costs little.
        let now: Current = retried(Backoff::STATUS, || self.caller.get(&pod)).await?;
        if now.metadata.uid != **uid {
            return Err(ApiError::answered(404, b"the pod was made anew", None));
        }
        if now.metadata.deletion_timestamp.is_some() {
            return Ok(Ended::Terminating);
        }
        if let Some(condition) = condition(&preemptor.spec.scheduler_name, &now) {
            let patch = json!({"metadata": {"uid": &**uid}, "status": {"conditions": [condition]}});
            let status = path::pod_status(namespace, name);
            let patch = || self.caller.patch(&status, Content::StrategicMerge, &patch);
            retried(Backoff::STATUS, patch).await?;
        }
        let options =
            DeleteOptions { api_version: "v1", kind: "DeleteOptions", preconditions: Preconditions { uid } };
        // A failed precondition is a conflict that no retry fixes.
        let delete = || async {
            match self.caller.delete(&pod, &options).await {
                Err(error) if is_other_pod(&error) => Ok(Err(error)),
                other => other.map(Ok),
            }
        };
        retried(Backoff::STATUS, delete).await?.map(|_| Ended::Deleted)
    }
}

/// The condition a victim is to have, if it has not. The time of the transition stays while the status does.
fn condition(scheduler: &str, now: &Current) -> Option<Condition> {
    let old = now.status.conditions.iter().find(|c| c.kind == DISRUPTION_TARGET);
    let message = format!("{scheduler}: preempting to accommodate a higher priority pod");
    let is_same = |c: &Condition| c.status == "True" && c.reason == PREEMPTION && c.message == message;
    if old.is_some_and(is_same) {
        return None;
    }
    let since = old.filter(|c| c.status == "True").and_then(|c| c.last_transition_time.clone());
    Some(Condition {
        kind: DISRUPTION_TARGET.to_string(),
        status: "True".to_string(),
        reason: PREEMPTION.to_string(),
        message,
        last_transition_time: since.or_else(|| Some(format!("{:.0}", Timestamp::now()))),
        observed_generation: (now.metadata.generation > 0).then_some(now.metadata.generation),
    })
}

/// What became of a victim.
enum Ended {
    /// It was deleted for the preemptor.
    Deleted,
    /// Somebody else had deleted it before.
    Terminating,
}

/// What is read of a victim.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Current {
    metadata: Metadata,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    uid: String,
    generation: i64,
    #[serde(rename = "deletionTimestamp")]
    deletion_timestamp: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: String,
    message: String,
    last_transition_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_generation: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeleteOptions<'a> {
    api_version: &'static str,
    kind: &'static str,
    preconditions: Preconditions<'a>,
}

#[derive(Serialize)]
struct Preconditions<'a> {
    uid: &'a Str,
}

#[cfg(test)]
mod tests;
