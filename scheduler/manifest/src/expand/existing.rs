//! The pods of the input that belong to workloads: what a controller would find there already.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::LabelSelector;
use longshore_framework::objects::NamespacedName;
use longshore_framework::pod::{Owner, Pod};

use super::labels::{INDEX, TEMPLATE_HASH};
use crate::kind::Kind;
use crate::wire::pod::Pod as Written;
use crate::wire::workload::Workload;
use crate::{meta, pod};

/// Pods by the workload that they belong to.
#[derive(Debug, Default)]
pub(crate) struct Existing {
    /// The active pods that a controller (kind, namespace, name) has.
    owned: BTreeMap<(Kind, Str, Str), Vec<Arc<Pod>>>,
    /// ReplicaSets that are in the input, or have pods there.
    sets: BTreeMap<NamespacedName, ReplicaSet>,
    /// Their names by the Deployment they belong to: by their owner references, or as their pods have it.
    sets_of: BTreeMap<NamespacedName, BTreeSet<Str>>,
    /// Pods without controller, by namespace.
    orphans: BTreeMap<Str, Vec<Arc<Pod>>>,
    /// Nodes on which a DaemonSet (namespace, name) has its pod.
    daemons: BTreeSet<(Str, Str, Str)>,
    jobs: BTreeMap<NamespacedName, Runs>,
    /// Which pods ask to go late, by UID.
    costs: BTreeMap<Str, i64>,
}

/// The annotation by which a pod asks to go early or late.
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// A ReplicaSet.
#[derive(Clone, Debug, Default)]
pub(super) struct ReplicaSet {
    /// Whether it is in the input.
    pub(super) known: bool,
    /// The Deployment it belongs to: by its owner reference, or as its pods have it.
    deployment: Option<Str>,
    /// How many replicas it asks for.
    wish: usize,
    /// Active pods.
    pub(super) members: Vec<Arc<Pod>>,
    /// The ReplicaSet itself, when it is in the input.
    pub(super) written: Option<Arc<Workload>>,
}

impl ReplicaSet {
    /// Active pods it has.
    pub(super) fn active(&self) -> usize {
        self.members.len()
    }

    /// Pods it has, or will have by itself.
    pub(super) fn pods(&self) -> usize {
        self.members.len().max(self.wish)
    }

    /// One of its pods.
    pub(super) fn sample(&self) -> Option<&Arc<Pod>> {
        self.members.first()
    }
}

/// Pods of a Job.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs {
    /// Pods that have succeeded.
    pub(super) succeeded: usize,
    /// Indexes that have a pod, active or succeeded.
    pub(super) indexes: BTreeSet<usize>,
}

impl Existing {
    /// A pod of the input, finished or not.
    pub(crate) fn note(&mut self, pod: &Arc<Pod>, written: &Written) {
        let Some(owner) = &pod.meta.owner else {
            if !pod::is_finished(written) && !pod.meta.terminating {
                self.orphans.entry(pod.meta.namespace.clone()).or_default().push(Arc::clone(pod));
            }
            return;
        };
        let Some(kind) = Kind::of(&owner.api_version, &owner.kind) else { return };
        let key = (pod.meta.namespace.clone(), owner.name.clone());
        if kind == Kind::Job {
            self.note_run(key.clone(), written);
        }
        if pod::is_finished(written) {
            return;
        }
        if kind == Kind::DaemonSet
            && let Some(node) = target_node(pod)
        {
            self.daemons.insert((key.0.clone(), key.1.clone(), node));
        }
        // Controllers replace a pod that is being deleted at once.
        if pod.meta.terminating {
            return;
        }
        if kind == Kind::ReplicaSet {
            self.note_replica(key.clone(), owner, pod);
        }
        let cost = written.metadata.annotations.get(DELETION_COST).and_then(|cost| cost.parse().ok());
        if let Some(cost) = cost {
            self.costs.insert(pod.meta.uid.clone(), cost);
        }
        self.owned.entry((kind, key.0, key.1)).or_default().push(Arc::clone(pod));
    }

    fn note_replica(&mut self, key: NamespacedName, owner: &Owner, pod: &Arc<Pod>) {
        let set = self.sets.entry(key.clone()).or_default();
        set.members.push(Arc::clone(pod));
        if !set.known
            && let Some(deployment) = deployment_of(owner, pod)
        {
            set.deployment = Some(deployment.clone());
            self.sets_of.entry((key.0, deployment)).or_default().insert(key.1);
        }
    }

    fn note_run(&mut self, job: NamespacedName, written: &Written) {
        let run = self.jobs.entry(job).or_default();
        let phase = &*written.status.phase;
        run.succeeded += usize::from(phase == "Succeeded");
        let metadata = &written.metadata;
        let index = metadata.annotations.get(INDEX).or_else(|| metadata.labels.get(INDEX));
        if phase != "Failed" {
            run.indexes.extend(index.and_then(|i| i.parse::<usize>().ok()));
        }
    }

    /// A ReplicaSet of the input.
    pub(crate) fn note_replica_set(&mut self, set: &Workload) {
        let metadata = &set.metadata;
        let key = (meta::namespace(metadata), metadata.name.clone());
        let owner = meta::owner(metadata).filter(|o| &*o.kind == Kind::Deployment.name());
        let wish = usize::try_from(set.spec.replicas.unwrap_or(1)).unwrap_or(0);
        let entry = self.sets.entry(key.clone()).or_default();
        entry.known = true;
        entry.wish = wish;
        entry.written = Some(Arc::new(set.clone()));
        // What its pods seemed to say counts no more.
        if let Some(deployment) = entry.deployment.take() {
            self.sets_of.entry((key.0.clone(), deployment)).or_default().remove(&key.1);
        }
        if let Some(owner) = owner {
            entry.deployment = Some(owner.name.clone());
            self.sets_of.entry((key.0, owner.name)).or_default().insert(key.1);
        }
    }

    /// The Deployment that a ReplicaSet belongs to.
    pub(super) fn deployment_of(&self, namespace: &Str, set: &Str) -> Option<Str> {
        self.sets.get(&(namespace.clone(), set.clone()))?.deployment.clone()
    }

    /// Whether a ReplicaSet of that name is in the input.
    pub(super) fn knows_set(&self, namespace: &Str, name: &Str) -> bool {
        self.sets.get(&(namespace.clone(), name.clone())).is_some_and(|set| set.known)
    }

    /// The ReplicaSets of a Deployment that selects its pods by `selector`.
    pub(super) fn sets_of(
        &self,
        namespace: &Str,
        deployment: &Str,
        selector: Option<&LabelSelector>,
    ) -> Vec<(&Str, &ReplicaSet)> {
        let names = self.sets_of.get(&(namespace.clone(), deployment.clone())).into_iter().flatten();
        let sets = names.filter_map(|name| Some((name, self.sets.get(&(namespace.clone(), name.clone()))?)));
        let selects = |pod: &Arc<Pod>| selector.is_none_or(|s| s.matches(&pod.meta.labels));
        sets.filter(|(_, set)| set.known || set.sample().is_some_and(selects)).collect()
    }

    /// How many active pods the controller has.
    pub(super) fn owned_by(&self, kind: Kind, namespace: &Str, name: &Str) -> usize {
        self.pods_of(kind, namespace, name).len()
    }

    /// These pods.
    pub(super) fn pods_of(&self, kind: Kind, namespace: &Str, name: &Str) -> &[Arc<Pod>] {
        self.owned.get(&(kind, namespace.clone(), name.clone())).map_or(&[], Vec::as_slice)
    }

    /// What a pod says of when it wants to go: the least first.
    pub(super) fn deletion_cost(&self, uid: &Str) -> i64 {
        self.costs.get(uid).copied().unwrap_or(0)
    }

    /// Notes that a DaemonSet (namespace, name) has its pod on a node.
    pub(crate) fn note_daemon(&mut self, namespace: &Str, name: &Str, node: &Str) {
        self.daemons.insert((namespace.clone(), name.clone(), node.clone()));
    }

    /// Pods without controller that `selector` matches: a controller adopts them.
    pub(super) fn adopted(&self, namespace: &Str, selector: Option<&LabelSelector>) -> usize {
        let orphans = self.orphans.get(namespace).map_or(&[][..], Vec::as_slice);
        let matching = |s: &LabelSelector| orphans.iter().filter(|pod| s.matches(&pod.meta.labels)).count();
        selector.map_or(0, matching)
    }

    /// Forgets the pod that a DaemonSet has on a node.
    pub(super) fn forget_daemon(&mut self, namespace: &Str, name: &Str, node: &Str) {
        self.daemons.remove(&(namespace.clone(), name.clone(), node.clone()));
    }

    /// Whether the DaemonSet has its pod on that node.
    pub(super) fn has_daemon(&self, namespace: &Str, name: &Str, node: &Str) -> bool {
        self.daemons.contains(&(namespace.clone(), name.clone(), node.clone()))
    }

    /// What the pods of a Job have done.
    pub(super) fn runs_of(&self, namespace: &Str, job: &Str) -> Runs {
        self.jobs.get(&(namespace.clone(), job.clone())).cloned().unwrap_or_default()
    }
}

/// The Deployment that a pod belongs to by the name of its ReplicaSet, which ends in the template's hash.
fn deployment_of(owner: &Owner, pod: &Pod) -> Option<Str> {
    let (deployment, suffix) = owner.name.rsplit_once('-')?;
    (pod.meta.labels.get(TEMPLATE_HASH).map(|hash| &**hash) == Some(suffix)).then(|| deployment.into())
}

/// The node a pod is on, or the only one its required affinity lets it be on.
pub(super) fn target_node(pod: &Pod) -> Option<Str> {
    if let Some(node) = &pod.meta.node_name {
        return Some(node.clone());
    }
    let term = pod.spec.node_affinity.required.as_ref()?.terms.first()?;
    term.fields.iter().find_map(|f| f.values.first().cloned())
}
