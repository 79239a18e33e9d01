//! Pods that run on a node and cannot be read whole: their room is taken all the same, so as much of them is kept as says how
//! much it is.

use serde_json::Value;

use crate::decode::decode;
use crate::error::ObjectError;
use crate::wire::pod::Pod;

/// Fields that are taken out of one pod at most.
pub(super) const MOST: usize = 16;

/// Without these nobody knows who the pod is, where it runs or how much room it takes.
const ESSENTIAL: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.containers",
    "spec.initContainers",
    "spec.overhead",
    "spec.resources",
    "spec.hostNetwork",
];

/// A pod without what could not be read.
#[derive(Debug)]
pub(super) struct Salvaged {
    pub(super) written: Box<Pod>,
    /// Why it is not whole.
    pub(super) error: ObjectError,
}

/// The node that a pod as written runs on.
pub(super) fn node_of(value: &Value) -> Option<String> {
    let node = value.get("spec")?.get("nodeName")?.as_str()?;
    let phase = value.get("status").and_then(|s| s.get("phase")).and_then(Value::as_str);
    (!node.is_empty() && !matches!(phase, Some("Succeeded" | "Failed"))).then(|| node.to_string())
}

/// The pod without the fields that do not decode, when it runs on a node and its requests do decode.
///
/// # Errors
/// The first error, when nothing can be done.
pub(super) fn of_value(value: &Value, error: ObjectError) -> Result<Salvaged, ObjectError> {
    if node_of(value).is_none() {
        return Err(error);
    }
    let mut value = value.clone();
    let mut last = error.clone();
    for _ in 0..MOST {
        let Some((outer, inner)) = member(&last.field) else { return Err(error) };
        let Some(fields) = value.get_mut(outer).and_then(Value::as_object_mut) else { return Err(error) };
        if fields.remove(inner).is_none() {
            return Err(error);
        }
        match decode::<Box<Pod>>(&value) {
            Ok(mut written) => {
                if inner.starts_with("priority") {
                    protect(&mut written);
                }
                return Ok(Salvaged { written, error });
            }
            Err(next) => last = next,
        }
    }
    Err(error)
}

/// The same for a pod that decodes and does not make sense.
pub(super) fn of_written(written: &Pod, error: &ObjectError) -> Option<Box<Pod>> {
    let (outer, inner) = member(&error.field)?;
    let mut written = Box::new(written.clone());
    let spec = &mut written.spec;
    match (outer, inner) {
        ("spec", "tolerations") => spec.tolerations.clear(),
        ("spec", "affinity") => spec.affinity = Default::default(),
        ("spec", "topologySpreadConstraints") => spec.topology_spread_constraints.clear(),
        ("spec", "priorityClassName" | "priority") => protect(&mut written),
        ("spec", "preemptionPolicy") => spec.preemption_policy = Default::default(),
        _ => return None,
    }
    Some(written)
}

/// A pod whose priority nobody knows must not be taken for one that may be evicted.
fn protect(written: &mut Pod) {
    written.spec.priority = Some(i32::MAX);
}

/// `spec` and `affinity` of `spec.affinity.podAffinity`, unless the pod needs it.
fn member(path: &str) -> Option<(&str, &str)> {
    let (outer, rest) = path.split_once('.')?;
    let inner = rest.split(['.', '[']).next()?;
    let essential = ESSENTIAL.iter().any(|e| e.split_once('.') == Some((outer, inner)));
    (!essential).then_some((outer, inner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(spec: Value) -> Value {
        let mut pod =
            json!({"metadata": {"name": "p"}, "spec": {"nodeName": "n1", "containers": [{"name": "c"}]}});
        pod["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
        pod
    }

    #[track_caller]
    fn check(spec: Value, priority: Option<Option<i32>>) {
        let value = pod(spec);
        let error = decode::<Pod>(&value).unwrap_err();
        assert_eq!(of_value(&value, error).ok().map(|s| s.written.spec.priority), priority, "{value}");
    }

    #[test]
    fn what_says_nothing_of_the_room_may_be_lost() {
        check(json!({"tolerations": 1, "affinity": "x"}), Some(None));
        check(json!({"priority": "high"}), Some(Some(i32::MAX)));
        check(json!({"overhead": {"cpu": "x"}}), None);
        check(json!({"containers": [{"resources": {"requests": {"cpu": "x"}}}]}), None);
        check(json!({"nodeName": "", "tolerations": 1}), None);
        check(json!({"nodeName": ["n1"]}), None);
    }
}
