//! What has to be known of a claim and of a volume to bind them: little, because a cluster may have tens of thousands.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::Labels;
use longshore_framework::node_selector::{NodeSelector, NodeSelectorTerm};
use longshore_framework::volume::{BIND_COMPLETED, Claim, ClaimRef, PersistentVolume, SELECTED_NODE};
use longshore_manifest::Identity;

/// Annotation on a volume that was bound by a controller and not set aside by a user.
pub(super) const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

/// Namespace and name of a claim.
pub(super) type ClaimKey = (Str, Str);

/// A claim as the API server has it.
#[derive(Clone, Debug)]
pub(super) struct ClaimFacts {
    pub(super) uid: Str,
    pub(super) resource_version: Str,
    /// `spec.volumeName`, when not empty.
    pub(super) volume: Option<Str>,
    /// The node chosen for provisioning.
    pub(super) selected_node: Option<Str>,
    /// There is any annotation at all.
    pub(super) annotated: bool,
    /// The binding to the volume is complete.
    pub(super) bind_completed: bool,
    /// The volume it was bound to is no more.
    pub(super) lost: bool,
}

impl ClaimFacts {
    pub(super) fn of(identity: &Identity, claim: &Claim) -> Self {
        Self {
            uid: Arc::clone(&identity.uid),
            resource_version: Arc::clone(&identity.resource_version),
            volume: (!claim.volume_name.is_empty()).then(|| Arc::clone(&claim.volume_name)),
            selected_node: claim.annotations.get(SELECTED_NODE).cloned(),
            annotated: !claim.annotations.is_empty(),
            bind_completed: claim.annotations.get(BIND_COMPLETED).is_some(),
            lost: claim.lost,
        }
    }

    pub(super) fn is_bound(&self) -> bool {
        self.volume.is_some() && self.bind_completed
    }
}

/// A volume as the API server has it.
#[derive(Clone, Debug)]
pub(super) struct VolumeFacts {
    pub(super) uid: Str,
    pub(super) resource_version: Str,
    /// `spec.claimRef`.
    pub(super) claim: Option<ClaimRef>,
    /// It carries [`BOUND_BY_CONTROLLER`].
    pub(super) by_controller: bool,
    /// Which nodes can use it; `None`: all, as far as can be told here.
    pub(super) affinity: Option<Arc<NodeSelector>>,
}

impl VolumeFacts {
    /// The affinity of an in-tree volume that a CSI driver has taken over counts in the driver's terms, on nodes where
    /// it has. Filter has weighed that; it is not weighed again.
    pub(super) fn of(identity: &Identity, volume: PersistentVolume) -> Self {
        let in_tree = volume.csi.is_some_and(|csi| csi.migrated_from.is_some());
        Self {
            uid: Arc::clone(&identity.uid),
            resource_version: Arc::clone(&identity.resource_version),
            claim: volume.claim,
            by_controller: volume.annotations.get(BOUND_BY_CONTROLLER).is_some(),
            affinity: volume.node_affinity.filter(|_| !in_tree).map(Arc::new),
        }
    }

    /// Set aside for the claim or bound to it.
    pub(super) fn is_for(&self, key: &ClaimKey, uid: &str) -> bool {
        self.refers_to(key) && self.claim.as_ref().is_some_and(|c| c.uid.is_empty() || *c.uid == *uid)
    }

    /// Bound to this very claim.
    pub(super) fn is_bound_to(&self, key: &ClaimKey, uid: &str) -> bool {
        self.refers_to(key) && self.claim.as_ref().is_some_and(|c| *c.uid == *uid)
    }

    fn refers_to(&self, (namespace, name): &ClaimKey) -> bool {
        self.claim.as_ref().is_some_and(|c| c.namespace == *namespace && c.name == *name)
    }

    /// Whether nodes with these labels can use it.
    pub(super) fn allows(&self, labels: &Labels) -> bool {
        self.affinity.as_ref().is_none_or(|selector| selector.terms.iter().any(|t| term_allows(t, labels)))
    }
}

/// Only labels count: kube-scheduler compares with a node that has no name, and then `matchFields` are not looked at.
fn term_allows(term: &NodeSelectorTerm, labels: &Labels) -> bool {
    if term.expressions.is_empty() {
        return !term.fields.is_empty();
    }
    let by_label = NodeSelectorTerm { expressions: term.expressions.clone(), fields: Vec::new() };
    by_label.matches_labels_and_name(labels, "")
}

/// Whether `seen` is not older than `written`. Versions of one kind of object are whole numbers that grow.
pub(super) fn is_at_least(seen: &str, written: &str) -> bool {
    let number = |version: &str| version.parse::<u64>().ok();
    match (number(seen), number(written)) {
        (Some(seen), Some(written)) => seen >= written,
        _ => seen == written,
    }
}
