//! Objects that make pods and that are not expanded: how many pods are missing. No list of kinds, but a look for anything
//! with containers inside.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::kind::group;

/// Groups whose objects show what pods look like and make none.
const PATTERNS: [&str; 5] = [
    "kyverno.io",
    "templates.gatekeeper.sh",
    "constraints.gatekeeper.sh",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
];
/// Kinds that keep a template and make no pods.
const KEEPERS: [(&str, &str); 2] = [("", "PodTemplate"), ("apps", "ControllerRevision")];
/// Fields that multiply pods in ways that each kind has for itself.
const UNKNOWN: [&str; 4] = ["size", "maxReplicas", "maxReplicaCount", "scale"];

/// Pods that are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pods {
    /// How many, where the object says.
    pub(crate) count: Option<u64>,
    /// The fields that say so.
    pub(crate) counted: BTreeSet<&'static str>,
}

impl Pods {
    /// One pod, where the object does not say otherwise.
    pub(crate) fn or_one(self) -> Self {
        Self { count: self.count.or(Some(1)), ..self }
    }
}

/// The pods that an object of a kind that is not read asks for; `None` when it asks for none.
pub(crate) fn pods(api_version: &str, kind: &str, value: &Value) -> Option<Pods> {
    let group = group(api_version);
    if PATTERNS.contains(&group) || KEEPERS.contains(&(group, kind)) {
        return None;
    }
    let mut walk = Walk::default();
    for (_, part) in
        value.as_object()?.iter().filter(|(name, _)| !matches!(name.as_str(), "status" | "metadata"))
    {
        walk.value(part, Some(1));
    }
    walk.pods()
}

#[derive(Debug, Default)]
struct Walk {
    /// Pods of each template found; none where it cannot be told.
    found: Vec<Option<u64>>,
    counted: BTreeSet<&'static str>,
}

impl Walk {
    /// `times` is how often the surroundings make what is in `value`. Documents are of bounded depth.
    fn value(&mut self, value: &Value, times: Option<u64>) {
        match value {
            Value::Array(elements) => elements.iter().for_each(|element| self.value(element, times)),
            Value::Object(fields) if is_suspended(fields) => {}
            Value::Object(fields) if is_pod_spec(fields) => self.found.push(times),
            Value::Object(fields) => {
                let own = self.factor(fields);
                let times = times.zip(own).map(|(outer, own)| outer.saturating_mul(own));
                fields.values().for_each(|child| self.value(child, times));
            }
            _ => {}
        }
    }

    /// How often a mapping makes what is in it; none where it cannot be told.
    fn factor(&mut self, fields: &Map<String, Value>) -> Option<u64> {
        let mut number = |name: &'static str| {
            let number = fields.get(name).and_then(whole);
            self.counted.extend(number.map(|_| name));
            number
        };
        let hosts = number("numOfHosts").unwrap_or(1);
        let at_once = match (number("parallelism"), number("completions")) {
            (None, None) => None,
            (parallelism, completions) => Some(parallelism.unwrap_or(1).min(completions.unwrap_or(u64::MAX))),
        };
        let wanted = at_once.or_else(|| number("replicas")).or_else(|| number("minReplicas"));
        match wanted {
            None if UNKNOWN.iter().any(|name| fields.contains_key(*name)) => None,
            _ if fields.contains_key("size") => None,
            wanted => Some(wanted.unwrap_or(1).saturating_mul(hosts)),
        }
    }

    fn pods(self) -> Option<Pods> {
        if self.found.is_empty() {
            return None;
        }
        let all = self.found.into_iter().try_fold(0, |sum: u64, one| Some(sum.saturating_add(one?)));
        let count = all.filter(|_| !self.counted.is_empty());
        (count != Some(0)).then_some(Pods { count, counted: self.counted })
    }
}

fn is_suspended(fields: &Map<String, Value>) -> bool {
    let suspended = |fields: &Map<String, Value>| fields.get("suspend") == Some(&Value::Bool(true));
    suspended(fields) || fields.get("runPolicy").and_then(Value::as_object).is_some_and(suspended)
}

/// Whether these are the fields of a pod's spec: containers that have a name or an image.
fn is_pod_spec(fields: &Map<String, Value>) -> bool {
    let containers = fields.get("containers").and_then(Value::as_array);
    containers.is_some_and(|all| {
        !all.is_empty()
            && all.iter().all(|c| {
                c.get("image").is_some_and(Value::is_string) || c.get("name").is_some_and(Value::is_string)
            })
    })
}

fn whole(value: &Value) -> Option<u64> {
    let whole = value.as_f64().and_then(crate::yaml::scalar::float);
    value.as_u64().or_else(|| whole?.as_u64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What an object of a foreign kind with that spec asks for: nothing, so many pods, or nobody knows how many.
    #[track_caller]
    fn check(spec: Value, want: Option<Option<u64>>) {
        let found = pods("example.com/v1", "Widget", &json!({"spec": spec}));
        assert_eq!(found.map(|pods| pods.count), want, "{spec}");
    }

    fn template() -> Value {
        json!({"spec": {"containers": [{"name": "c", "image": "x"}]}})
    }

    #[test]
    fn pods_are_counted_through_every_level() {
        let job = json!({"spec": {"parallelism": 8, "completions": 8, "template": template()}});
        check(json!({"replicatedJobs": [{"replicas": 4, "template": job}]}), Some(Some(32)));
        check(json!({"replicas": 3, "template": template()}), Some(Some(3)));
        check(
            json!({"headGroupSpec": {"template": template()}, "workerGroupSpecs": [{"replicas": 2, "minReplicas": 1, "maxReplicas": 9, "template": template()}]}),
            Some(Some(3)),
        );
        check(
            json!({"pytorchReplicaSpecs": {"Master": {"template": template()}, "Worker": {"replicas": 2.0, "template": template()}}}),
            Some(Some(3)),
        );
    }

    #[test]
    fn where_the_number_is_not_said_it_is_not_guessed() {
        check(json!({"template": template()}), Some(None));
        check(
            json!({"replicas": 2, "leaderWorkerTemplate": {"size": 4, "workerTemplate": template()}}),
            Some(None),
        );
        check(json!({"maxReplicaCount": 4, "jobTargetRef": {"template": template()}}), Some(None));
    }

    #[test]
    fn what_makes_no_pods_is_left_alone() {
        check(json!({"replicas": 0, "template": template()}), None);
        check(json!({"suspend": true, "template": template()}), None);
        check(json!({"runPolicy": {"suspend": true}, "workers": {"template": template()}}), None);
        check(json!({"containers": []}), None);
        check(json!({"containers": {"type": "array"}}), None);
        let pattern = json!({"spec": {"pattern": template()}});
        assert_eq!(pods("kyverno.io/v1", "ClusterPolicy", &pattern), None);
        assert_eq!(pods("v1", "PodTemplate", &json!({"template": template()})), None);
    }
}
