//! A whole pod, as far as plugins of the catalogue read it. The plugin has `raw_pod()` in its manifest, or asks
//! `host::raw`; the operator grants `raw`.

mod quality;

use std::collections::BTreeMap;

use longshore_plugin::{Error, Pod, host};
use serde::Deserialize;

use crate::Quantity;
use crate::time::milliseconds;

pub use quality::Quality;

/// Amounts by resource.
pub type Amounts = BTreeMap<String, Quantity>;

/// A pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RawPod {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its spec.
    pub spec: Spec,
    /// Its status.
    pub status: Status,
}

/// `metadata`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// Annotations.
    pub annotations: Option<BTreeMap<String, String>>,
}

/// `spec`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Spec {
    /// Containers.
    pub containers: Vec<Container>,
    /// Init containers, restartable ones included.
    pub init_containers: Vec<Container>,
    /// What it costs to run the pod beside its containers.
    pub overhead: Amounts,
    /// Resources of the pod as a whole.
    pub resources: Option<Resources>,
    /// The node it is on.
    pub node_name: Option<String>,
    /// Its PriorityClass.
    pub priority_class_name: Option<String>,
    /// `Never` or `PreemptLowerPriority`.
    pub preemption_policy: Option<String>,
    /// The pod's own security context.
    pub security_context: Option<SecurityContext>,
}

/// A container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// What it requests and is limited to.
    pub resources: Resources,
    /// `Always` makes a sidecar of an init container.
    pub restart_policy: Option<String>,
    /// Its security context.
    pub security_context: Option<SecurityContext>,
}

/// Requests and limits.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// Requests; those of resources that have only a limit are the limit, once the pod is read.
    pub requests: Amounts,
    /// Limits.
    pub limits: Amounts,
}

/// A security context.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityContext {
    /// The profile of system calls.
    pub seccomp_profile: Option<SeccompReference>,
}

/// Which profile of system calls.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SeccompReference {
    /// `Localhost` for one that is a file on the node.
    #[serde(rename = "type")]
    pub kind: String,
    /// The path of the file.
    pub localhost_profile: Option<String>,
}

/// `status`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// `Pending`, `Running` and their like.
    pub phase: Option<String>,
    /// The address of the node, once kubelet knows of the pod.
    #[serde(rename = "hostIP")]
    pub host_ip: Option<String>,
    /// When kubelet knew of it.
    pub start_time: Option<String>,
    /// The node that it is promised.
    pub nominated_node_name: Option<String>,
    /// Conditions.
    pub conditions: Option<Vec<Condition>>,
}

/// A condition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// Such as `PodScheduled`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Since when.
    pub last_transition_time: Option<String>,
}

impl RawPod {
    /// Reads a pod's JSON.
    ///
    /// # Errors
    /// It is no pod.
    pub fn read(json: &[u8]) -> Result<Self, Error> {
        let mut pod: Self = serde_json::from_slice(json)?;
        let containers = pod.spec.containers.iter_mut().chain(&mut pod.spec.init_containers);
        let own = pod.spec.resources.iter_mut();
        for resources in containers.map(|container| &mut container.resources).chain(own) {
            for (name, limit) in &resources.limits {
                resources.requests.entry(name.clone()).or_insert(*limit);
            }
        }
        Ok(pod)
    }

    /// The pod that a stage is about. The manifest says `raw_pod()`.
    ///
    /// # Errors
    /// It was not handed over, or is no pod.
    pub fn of(pod: &Pod) -> Result<Self, Error> {
        match &pod.raw {
            Some(json) => Self::read(json),
            None => Err("the whole pod was not handed over; the scheduler did not know it yet".into()),
        }
    }

    /// Another pod by its UID; `None` when the scheduler does not know it.
    ///
    /// # Errors
    /// It is no pod.
    pub fn find(uid: &str) -> Result<Option<Self>, Error> {
        host::raw::pod(uid).map(|json| Self::read(&json)).transpose()
    }

    /// When kubelet knew of it, in milliseconds.
    pub fn started(&self) -> Option<i64> {
        self.status.start_time.as_deref().and_then(milliseconds)
    }

    /// A condition by its type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.status.conditions.iter().flatten().find(|condition| condition.kind == kind)
    }

    /// What it needs as a whole: of each resource the sum over its containers, or what one of its init containers needs
    /// where that is more, and the overhead on top.
    pub fn effective_requests(&self) -> Amounts {
        self.effective(|resources| &resources.requests)
    }

    /// The same of limits, as far as containers have them.
    pub fn effective_limits(&self) -> Amounts {
        self.effective(|resources| &resources.limits)
    }

    fn effective(&self, of: impl Fn(&Resources) -> &Amounts) -> Amounts {
        let mut sum = Amounts::new();
        for container in &self.spec.containers {
            add(&mut sum, of(&container.resources));
        }
        for (name, amount) in self.spec.init_containers.iter().flat_map(|init| of(&init.resources)) {
            let held = sum.entry(name.clone()).or_insert(*amount);
            *held = (*held).max(*amount);
        }
        add(&mut sum, &self.spec.overhead);
        sum
    }

    /// Since when it has its node, in milliseconds; `None` where nobody says so yet.
    pub fn scheduled(&self) -> Option<i64> {
        let condition = self.condition("PodScheduled").filter(|condition| condition.status == "True")?;
        condition.last_transition_time.as_deref().and_then(milliseconds)
    }
}

fn add(sum: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let held = sum.entry(name.clone()).or_default();
        *held = held.plus(*amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn limits_stand_for_requests_and_init_containers_count_where_they_need_more() {
        let pod = json!({"spec": {
            "containers": [
                {"resources": {"limits": {"cpu": "1"}}},
                {"resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}},
            ],
            "initContainers": [{"resources": {"requests": {"cpu": "1", "memory": "2Gi"}}}],
            "overhead": {"cpu": "250m"},
        }});
        let pod = RawPod::read(pod.to_string().as_bytes()).unwrap();
        let amounts = pod.effective_requests();
        assert_eq!(amounts["cpu"], Quantity::thousandths(1750));
        assert_eq!(amounts["memory"], Quantity::of(2 << 30));
        assert_eq!(pod.effective_limits()["cpu"], Quantity::thousandths(1250));
    }

    #[test]
    fn a_pod_has_its_node_since_the_condition_says_so() {
        let since = |status: &str| {
            let condition = json!({"type": "PodScheduled", "status": status, "lastTransitionTime": "1970-01-01T00:01:00Z"});
            let pod = json!({"status": {"conditions": [condition]}}).to_string();
            RawPod::read(pod.as_bytes()).unwrap().scheduled()
        };
        assert_eq!((since("True"), since("False")), (Some(60_000), None));
    }
}
