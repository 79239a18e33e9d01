//! What an expansion sees of the cluster, and where it puts what it makes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::objects::{NamespacedName, Object};
use longshore_framework::pod::Pod;
use longshore_framework::volume::Claim;

use crate::error::{ObjectError, Within};
use crate::priority::PriorityClasses;
use crate::wire::meta::{Meta, OwnerReference};
use crate::wire::volume::Volume;
use crate::wire::workload::Workload;
use crate::{meta, storage};

/// Pods that are made for all workloads together, at most: beyond that a number is more likely a slip than a wish.
const MOST_PODS: usize = 1_000_000;

/// The cluster as read so far.
#[derive(Debug)]
pub(crate) struct World<'a> {
    /// PriorityClasses.
    pub(crate) classes: &'a PriorityClasses,
    /// Nodes.
    pub(crate) nodes: &'a [Arc<Node>],
    /// The class of claims that name none.
    pub(crate) default_class: Option<Str>,
    /// Names of pods, read and made.
    pub(crate) pod_names: BTreeSet<NamespacedName>,
    /// UIDs of pods in the input.
    pub(crate) uids: BTreeSet<Str>,
    /// Names of claims, read and made.
    pub(crate) claim_names: BTreeSet<NamespacedName>,
    /// Names of ReplicaSets in the input.
    pub(crate) replica_sets: BTreeSet<NamespacedName>,
    /// How many pods of the input an owner (kind, namespace, name) has.
    pub(crate) owned: BTreeMap<(Str, Str, Str), usize>,
    /// ReplicaSets in the input by the Deployment they belong to.
    pub(crate) sets_of: BTreeMap<NamespacedName, Vec<Str>>,
    /// How many replicas the hand-written ReplicaSets of the input ask for.
    pub(crate) wishes: BTreeMap<NamespacedName, usize>,
    /// Nodes on which a DaemonSet (namespace, name) has its pod.
    pub(crate) daemons: BTreeSet<(Str, Str, Str)>,
    /// Pods in order.
    pub(crate) pods: Vec<Arc<Pod>>,
    /// Other objects in order.
    pub(crate) objects: Vec<Object>,
    /// Pods made so far.
    made: usize,
}

impl<'a> World<'a> {
    /// An empty cluster.
    pub(crate) fn new(
        classes: &'a PriorityClasses,
        nodes: &'a [Arc<Node>],
        default_class: Option<Str>,
    ) -> Self {
        Self {
            classes,
            nodes,
            default_class,
            pod_names: BTreeSet::new(),
            uids: BTreeSet::new(),
            claim_names: BTreeSet::new(),
            replica_sets: BTreeSet::new(),
            owned: BTreeMap::new(),
            sets_of: BTreeMap::new(),
            wishes: BTreeMap::new(),
            daemons: BTreeSet::new(),
            pods: Vec::new(),
            objects: Vec::new(),
            made: 0,
        }
    }

    /// Pods that the owner has.
    pub(crate) fn owned_by(&self, kind: &str, namespace: &Str, name: &Str) -> usize {
        self.owned.get(&(kind.into(), namespace.clone(), name.clone())).copied().unwrap_or(0)
    }

    /// Adds a pod, and the claims of its generic ephemeral volumes where no API server has made them.
    pub(crate) fn add_pod(
        &mut self,
        pod: Pod,
        volumes: &[Volume],
        hand_written: bool,
    ) -> Result<(), ObjectError> {
        if hand_written {
            self.add_ephemeral_claims(&pod, volumes)?;
        }
        self.pods.push(Arc::new(pod));
        Ok(())
    }

    fn add_ephemeral_claims(&mut self, pod: &Pod, volumes: &[Volume]) -> Result<(), ObjectError> {
        for (at, volume) in volumes.iter().enumerate() {
            let Some(ephemeral) = &volume.ephemeral else { continue };
            let template = &ephemeral.volume_claim_template;
            let owner = OwnerReference {
                kind: "Pod".into(),
                name: pod.meta.name.clone(),
                uid: pod.meta.uid.clone(),
                controller: true,
                ..Default::default()
            };
            let metadata = Meta {
                name: format!("{}-{}", pod.meta.name, volume.name).into(),
                namespace: pod.meta.namespace.clone(),
                labels: template.metadata.labels.clone(),
                annotations: template.metadata.annotations.clone(),
                owner_references: vec![owner],
                ..Default::default()
            };
            let claim = storage::claim_of(&metadata, &template.spec);
            let claim = claim.within("ephemeral.volumeClaimTemplate").within_item("spec.volumes", at)?;
            self.make_claim(claim);
        }
        Ok(())
    }

    /// Adds a claim that a controller would make, unless there is one of that name.
    pub(crate) fn make_claim(&mut self, claim: Claim) {
        if self.claim_names.insert((claim.namespace.clone(), claim.name.clone())) {
            self.add_claim(claim, true);
        }
    }

    /// Adds a claim; a hand-written one that is unbound and names no class gets the default class.
    pub(crate) fn add_claim(&mut self, mut claim: Claim, hand_written: bool) {
        if hand_written && claim.class.is_none() && claim.volume_name.is_empty() {
            claim.class = self.default_class.clone();
        }
        self.objects.push(Object::Claim(Arc::new(claim)));
    }

    /// Takes `weight` off the number of pods that may still be made; `count` is what the message says.
    pub(crate) fn allow(&mut self, weight: usize, count: usize) -> Result<(), ObjectError> {
        let made = self.made.saturating_add(weight);
        if made > MOST_PODS {
            let message = format!("asks for {count} pods; all workloads together may have {MOST_PODS}");
            return Err(ObjectError::new(message));
        }
        self.made = made;
        Ok(())
    }

    /// Takes a pod name; whether it was free.
    pub(crate) fn take_name(&mut self, namespace: &Str, name: &Str) -> bool {
        self.pod_names.insert((namespace.clone(), name.clone()))
    }

    /// Whether a pod has the name of its maker and a suffix.
    pub(crate) fn has_pod_named_after(&self, namespace: &Str, maker: &str) -> bool {
        let first: Str = format!("{maker}-").into();
        let at_least = self.pod_names.range((namespace.clone(), first.clone())..).next();
        at_least.is_some_and(|(of, name)| of == namespace && name.starts_with(&*first))
    }

    /// The UID of a pod that is made here.
    pub(crate) fn pod_uid(namespace: &str, name: &str) -> Str {
        meta::made_up_uid("Pod", namespace, name)
    }
}

impl World<'_> {
    /// Counts a pod of the input for its owner.
    pub(crate) fn note_owner(&mut self, pod: &Pod) {
        let Some(owner) = &pod.meta.owner else { return };
        let namespace = pod.meta.namespace.clone();
        if &*owner.kind == "DaemonSet"
            && let Some(node) = target_node(pod)
        {
            self.daemons.insert((namespace.clone(), owner.name.clone(), node));
        }
        *self.owned.entry((owner.kind.clone(), namespace, owner.name.clone())).or_default() += 1;
    }

    /// Remembers a ReplicaSet of the input and the Deployment it belongs to.
    pub(crate) fn note_replica_set(&mut self, set: &Workload) {
        let namespace = meta::namespace(&set.metadata);
        let name = set.metadata.name.clone();
        self.replica_sets.insert((namespace.clone(), name.clone()));
        if let Some(owner) = meta::owner(&set.metadata).filter(|o| &*o.kind == "Deployment") {
            self.sets_of.entry((namespace.clone(), owner.name)).or_default().push(name.clone());
        }
        if meta::is_hand_written(&set.metadata) {
            let wish = usize::try_from(set.spec.replicas.unwrap_or(1)).unwrap_or(0);
            self.wishes.insert((namespace, name), wish);
        }
    }
}

/// The node a pod is on, or the only one its required affinity lets it be on.
fn target_node(pod: &Pod) -> Option<Str> {
    if let Some(node) = &pod.spec.node_name {
        return Some(node.clone());
    }
    let term = pod.spec.node_affinity.required.as_ref()?.terms.first()?;
    term.fields.iter().find_map(|f| f.values.first().cloned())
}
