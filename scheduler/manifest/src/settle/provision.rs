//! Volumes that a provisioner would make.

use longshore_framework::Str;
use longshore_framework::node_selector::{NodeOperator, NodeRequirement, NodeSelector, NodeSelectorTerm};
use longshore_framework::volume::{Claim, CsiSource, NO_PROVISIONER, PersistentVolume, StorageClass};

/// Claims that a message names.
const NAMED: usize = 3;

/// Whether volumes of the class are made on demand.
pub(super) fn is_dynamic(class: &StorageClass) -> bool {
    !class.provisioner.is_empty() && &*class.provisioner != NO_PROVISIONER
}

/// The volume of a claim: as large as asked for, reachable wherever the class allows.
pub(super) fn volume(class: &StorageClass, claim: &Claim) -> PersistentVolume {
    let name: Str = format!("pvc-{}-{}", claim.namespace, claim.name).into();
    let in_tree = class.provisioner.starts_with("kubernetes.io/");
    let csi = CsiSource { driver: class.provisioner.clone(), handle: name.clone(), migrated_from: None };
    PersistentVolume {
        name,
        class: class.name.clone(),
        capacity: claim.request,
        access_modes: claim.access_modes.clone(),
        volume_mode: claim.volume_mode.clone(),
        node_affinity: topologies(class),
        attributes_class: claim.attributes_class.clone(),
        csi: (!in_tree).then_some(csi),
        ..PersistentVolume::default()
    }
}

fn topologies(class: &StorageClass) -> Option<NodeSelector> {
    let requirement = |(key, values): &(Str, Vec<Str>)| NodeRequirement {
        key: key.clone(),
        operator: NodeOperator::In,
        values: values.clone(),
    };
    let term = |term: &Vec<(Str, Vec<Str>)>| NodeSelectorTerm {
        expressions: term.iter().map(requirement).collect(),
        fields: Vec::new(),
    };
    let terms: Vec<_> = class.allowed_topologies.iter().map(term).collect();
    (!terms.is_empty()).then_some(NodeSelector { terms })
}

/// What is to be said of claims that were taken for provisioned.
pub(super) fn note(class: &StorageClass, claims: &[String]) -> String {
    let shown = claims[..claims.len().min(NAMED)].join(", ");
    let more = match claims.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let nodes = match class.allowed_topologies.is_empty() {
        true => "from every node, as the provisioner's choice is not known",
        false => "from the nodes of its allowedTopologies",
    };
    format!(
        "StorageClass {} binds at once (volumeBindingMode Immediate): the volumes of {} claim(s) ({shown}{more}) are taken to be \
         provisioned before pods are placed, and to be reachable {nodes}",
        class.name,
        claims.len()
    )
}
