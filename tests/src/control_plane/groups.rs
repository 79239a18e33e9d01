//! Groups of pods: the APIs in which they are written, and their objects.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Api, LONG, binaries, objects, until};

/// What a minor has of groups of `scheduling.k8s.io`.
#[derive(Clone, Copy, Debug)]
pub struct GroupApi {
    /// The version of the API that is served.
    pub version: &'static str,
    /// The condition of a group that has started.
    pub condition: &'static str,
    /// Gates of kube-apiserver and of schedulers.
    pub gates: &'static str,
}

/// What the built control plane has of them; nothing in minors before 1.36.
pub fn api() -> Option<GroupApi> {
    match binaries::minor() {
        0..=35 => None,
        36 => Some(GroupApi {
            version: "v1alpha2",
            condition: "PodGroupScheduled",
            gates: "GenericWorkload=true,GangScheduling=true",
        }),
        _ => Some(GroupApi {
            version: "v1beta1",
            condition: "PodGroupInitiallyScheduled",
            gates: "GenericWorkload=true",
        }),
    }
}

impl GroupApi {
    /// The flag by which a scheduler knows the gates.
    pub fn flag(self) -> String {
        format!("--feature-gates={}", self.gates)
    }

    pub(super) fn api_server_flags(self) -> [String; 3] {
        [
            self.flag(),
            format!("--runtime-config=scheduling.k8s.io/{}=true", self.version),
            // Nobody would take the finalizer away again.
            "--disable-admission-plugins=PodGroupProtection".to_string(),
        ]
    }

    /// The path of the groups of a namespace.
    pub fn collection(self, namespace: &str) -> String {
        format!("/apis/scheduling.k8s.io/{}/namespaces/{namespace}/podgroups", self.version)
    }

    /// A group of which so many pods start together; each as it fits when that is `None`.
    pub fn group(self, namespace: &str, name: &str, min: Option<usize>) -> Value {
        let policy = min.map_or_else(|| json!({ "basic": {} }), |min| json!({ "gang": { "minCount": min } }));
        json!({
            "apiVersion": format!("scheduling.k8s.io/{}", self.version),
            "kind": "PodGroup",
            "metadata": { "namespace": namespace, "name": name },
            "spec": { "schedulingPolicy": policy },
        })
    }
}

/// A PodGroup of Coscheduling.
pub fn coscheduling_group(namespace: &str, name: &str, min: usize) -> Value {
    json!({
        "apiVersion": "scheduling.x-k8s.io/v1alpha1",
        "kind": "PodGroup",
        "metadata": { "namespace": namespace, "name": name },
        "spec": { "minMember": min, "scheduleTimeoutSeconds": 10 },
    })
}

/// The definition of such groups in a cluster, until it is dropped.
pub struct Definition(Api);

impl Definition {
    /// Waits until such groups are served.
    #[track_caller]
    pub fn install(api: &Api) -> Self {
        api.create(&coscheduling_definition());
        until("PodGroups of Coscheduling to be served", LONG, String::new, || api.get(SERVED).ok());
        Self(api.clone())
    }
}

impl Drop for Definition {
    /// Waits until they are not served any more.
    fn drop(&mut self) {
        let _ = self.0.delete(&objects::path(&coscheduling_definition()));
        let end = Instant::now() + LONG;
        while self.0.get(SERVED).is_ok() && Instant::now() < end {
            thread::sleep(Duration::from_millis(50));
        }
    }
}

const SERVED: &str = "/apis/scheduling.x-k8s.io/v1alpha1";

/// The path of such groups in a namespace.
pub fn coscheduling_collection(namespace: &str) -> String {
    format!("{SERVED}/namespaces/{namespace}/podgroups")
}

/// It has a schema that takes anything.
fn coscheduling_definition() -> Value {
    let anything = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "podgroups.scheduling.x-k8s.io" },
        "spec": {
            "group": "scheduling.x-k8s.io",
            "scope": "Namespaced",
            "names": { "plural": "podgroups", "singular": "podgroup", "kind": "PodGroup", "listKind": "PodGroupList" },
            "versions": [{
                "name": "v1alpha1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": anything, "status": anything } } },
            }],
        },
    })
}
