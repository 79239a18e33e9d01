//! Pods by the workload that they belong to.

use std::collections::BTreeMap;

use longshore_framework::pod::Pod;
use serde::Serialize;

/// The label by which the ReplicaSet of a Deployment is known.
const TEMPLATE_HASH: &str = "pod-template-hash";

/// How the pods of one workload fare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerCount {
    /// The workload: `Deployment shop/api`.
    pub owner: String,
    /// Its pods.
    pub pods: usize,
    /// Those of them that ran before.
    pub running: usize,
    /// Those that were given a node.
    pub scheduled: usize,
    /// Those that were not.
    pub pending: usize,
}

/// The workload that a pod belongs to. Of a ReplicaSet whose name ends in its template's hash that is the Deployment.
pub(crate) fn owner(pod: &Pod) -> Option<String> {
    let owner = pod.meta.owner.as_ref()?;
    let namespace = &pod.meta.namespace;
    let deployment = pod
        .meta
        .labels
        .get(TEMPLATE_HASH)
        .filter(|_| *owner.kind == *"ReplicaSet")
        .and_then(|hash| owner.name.strip_suffix(&**hash)?.strip_suffix('-'));
    Some(match deployment {
        Some(name) => format!("Deployment {namespace}/{name}"),
        None => format!("{} {namespace}/{}", owner.kind, owner.name),
    })
}

/// What became of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Running,
    Scheduled,
    Pending,
}

/// Counts of all workloads, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owners(BTreeMap<String, OwnerCount>);

impl Owners {
    /// Counts a pod, if it belongs to a workload.
    pub(crate) fn count(&mut self, pod: &Pod, fate: Fate) {
        let Some(name) = owner(pod) else { return };
        let counts =
            self.0.entry(name.clone()).or_insert_with(|| OwnerCount { owner: name, ..OwnerCount::default() });
        counts.pods += 1;
        match fate {
            Fate::Running => counts.running += 1,
            Fate::Scheduled => counts.scheduled += 1,
            Fate::Pending => counts.pending += 1,
        }
    }

    /// All of them, by name.
    pub(crate) fn into_list(self) -> Vec<OwnerCount> {
        self.0.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::pod;

    use super::*;

    #[track_caller]
    fn check(kind: &str, name: &str, hash: Option<&str>, want: &str) {
        let mut pod = pod("p").namespace("shop");
        if let Some(hash) = hash {
            pod = pod.label(TEMPLATE_HASH, hash);
        }
        let mut pod = pod.build();
        std::sync::Arc::make_mut(&mut pod).meta.owner = Some(longshore_framework::pod::Owner {
            api_version: "apps/v1".into(),
            kind: kind.into(),
            name: name.into(),
            uid: "u".into(),
        });
        assert_eq!(owner(&pod).as_deref(), Some(want));
    }

    #[test]
    fn a_replica_set_with_its_hash_stands_for_the_deployment() {
        check("ReplicaSet", "api-5d9", Some("5d9"), "Deployment shop/api");
        check("ReplicaSet", "api-5d9", None, "ReplicaSet shop/api-5d9");
        check("ReplicaSet", "api", Some("5d9"), "ReplicaSet shop/api");
        check("StatefulSet", "db", None, "StatefulSet shop/db");
        assert_eq!(owner(&pod("p").build()), None);
    }
}
