//! Objects as a watch delivers them: one JSON text each, read straight into the model. A text that does not read costs a
//! second look, which finds the field.

use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use serde::Deserialize;
use serde_json::Value;

use crate::decode::decode;
use crate::error::ObjectError;
use crate::wire::meta::MetaOnly;
use crate::{defaults, node, pod, wire};

/// What a watch has to know of every object, readable or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// `metadata.namespace`; empty for objects of the whole cluster.
    pub namespace: Str,
    /// `metadata.name`.
    pub name: Str,
    /// `metadata.uid`.
    pub uid: Str,
    /// `metadata.resourceVersion`.
    pub resource_version: Str,
}

impl Identity {
    /// The same without its resourceVersion: what is kept for long.
    pub fn without_version(self) -> Self {
        Self { resource_version: Str::default(), ..self }
    }

    fn of(meta: &wire::meta::Meta) -> Self {
        Self {
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            resource_version: meta.resource_version.clone(),
        }
    }
}

/// A pod and what only its writers need of its status.
#[derive(Clone, Debug)]
pub struct SeenPod {
    /// The pod.
    pub pod: Pod,
    /// The rest.
    pub status: PodStatus,
}

/// What the model of a pod leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodStatus {
    /// `metadata.generation`.
    pub generation: i64,
    /// Phase Succeeded or Failed: the pod takes no room any more.
    pub finished: bool,
    /// `status.reason` of a pod in phase Failed, such as `OutOfcpu`; empty for all others.
    pub failed_for: Str,
    /// The PodScheduled condition: status, reason, message, lastTransitionTime, observedGeneration.
    pub scheduled: Option<ScheduledCondition>,
}

/// Condition PodScheduled as the API server has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduledCondition {
    /// `status`.
    pub status: Str,
    /// `reason`.
    pub reason: Str,
    /// `message`.
    pub message: Str,
    /// `lastTransitionTime`, as written.
    pub last_transition_time: Str,
    /// `observedGeneration`; 0 when absent.
    pub observed_generation: i64,
}

/// The identity of any object; empty where the text does not say.
pub fn identity(json: &str) -> Identity {
    serde_json::from_str::<MetaOnly>(json)
        .map_or_else(|_| loose_identity(json), |o| Identity::of(&o.metadata))
}

/// The same of an object whose metadata has fields of wrong types.
fn loose_identity(json: &str) -> Identity {
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    let text = |field: &str| value["metadata"][field].as_str().unwrap_or_default().into();
    Identity {
        namespace: text("namespace"),
        name: text("name"),
        uid: text("uid"),
        resource_version: text("resourceVersion"),
    }
}

/// Reads a Pod.
///
/// # Errors
/// Names the first field that is not as an API server would have it.
pub fn watched_pod(json: &str) -> (Identity, Result<SeenPod, ObjectError>) {
    let written = serde_json::from_str::<wire::pod::Pod>(json).or_else(|_| decode(&value(json)?));
    let mut written = match written {
        Ok(written) => written,
        Err(error) => return (loose_identity(json), Err(error)),
    };
    defaults::pod(&mut written);
    let read = pod::convert(&written);
    let read = read.map(|pod| SeenPod { pod, status: status(&written) });
    (Identity::of(&written.metadata), read)
}

/// Reads a Node.
///
/// # Errors
/// Names the first field that is not as an API server would have it.
pub fn watched_node(json: &str) -> (Identity, Result<Node, ObjectError>) {
    match serde_json::from_str::<wire::node::Node>(json) {
        Ok(written) => (Identity::of(&written.metadata), node::convert(&written)),
        Err(_) => (loose_identity(json), value(json).and_then(|v| node::node(&v))),
    }
}

/// Reads an object of any other kind with the reader of that kind.
///
/// # Errors
/// Names the first field that is not as an API server would have it.
pub fn watched_value<T>(
    json: &str,
    read: impl Fn(&Value) -> Result<T, ObjectError>,
) -> (Identity, Result<T, ObjectError>) {
    match value(json) {
        Ok(value) => {
            let written = MetaOnly::deserialize(&value);
            let identity = written.map_or_else(|_| loose_identity(json), |o| Identity::of(&o.metadata));
            (identity, read(&value))
        }
        Err(error) => (Identity::default(), Err(error)),
    }
}

fn value(json: &str) -> Result<Value, ObjectError> {
    serde_json::from_str(json).map_err(|e| ObjectError::new(format!("is not JSON: {e}")))
}

fn status(written: &wire::pod::Pod) -> PodStatus {
    let failed = &*written.status.phase == "Failed";
    let condition = written.status.conditions.iter().find(|c| &*c.r#type == "PodScheduled");
    PodStatus {
        generation: written.metadata.generation,
        finished: pod::is_finished(written),
        failed_for: if failed { written.status.reason.clone() } else { Str::default() },
        scheduled: condition.map(|c| ScheduledCondition {
            status: c.status.clone(),
            reason: c.reason.clone(),
            message: c.message.clone(),
            last_transition_time: c.last_transition_time.clone(),
            observed_generation: c.observed_generation,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str = r#"{"metadata": {"name": "web", "namespace": "shop", "uid": "u1", "resourceVersion": "7",
        "generation": 2}, "spec": {"containers": [{"name": "c"}]}, "status": {"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "m",
         "lastTransitionTime": "2026-01-02T15:04:05Z"}]}}"#;

    #[track_caller]
    fn check(json: &str, name: &str, error: Option<&str>) {
        let (identity, read) = watched_pod(json);
        assert_eq!((&*identity.name, read.err().map(|e| e.to_string()).as_deref()), (name, error));
    }

    #[test]
    fn a_pod_reads_with_its_condition() {
        let (identity, read) = watched_pod(POD);
        let status = read.unwrap().status;
        assert_eq!((&*identity.uid, &*identity.resource_version), ("u1", "7"));
        assert_eq!((status.generation, status.finished), (2, false));
        assert_eq!(&*status.scheduled.unwrap().reason, "Unschedulable");
    }

    #[test]
    fn an_object_that_does_not_read_keeps_its_name() {
        check(POD, "web", None);
        check(
            r#"{"metadata": {"name": "web"}, "spec": {"priority": "high"}}"#,
            "web",
            Some("spec.priority: invalid type: string \"high\", expected a whole number"),
        );
        check(
            r#"{"metadata": {"name": "web", "labels": 3}}"#,
            "web",
            Some("metadata.labels: invalid type: integer `3`, expected a mapping of names to values"),
        );
    }

    #[test]
    fn a_pod_that_failed_says_why() {
        let json = r#"{"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]},
            "status": {"phase": "Failed", "reason": "OutOfcpu"}}"#;
        let status = watched_pod(json).1.unwrap().status;
        assert_eq!((status.finished, &*status.failed_for), (true, "OutOfcpu"));
    }

    #[test]
    fn the_identity_of_anything_is_found() {
        assert_eq!(&*identity(r#"{"metadata": {"name": "x", "labels": 1}}"#).name, "x");
        assert_eq!(identity("[1"), Identity::default());
    }
}
