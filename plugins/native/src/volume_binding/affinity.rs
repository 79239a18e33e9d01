//! Whether a volume can be used on a node: `nodeAffinity` of a PersistentVolume, also of one that a CSI driver has taken
//! over from an in-tree plugin.

use std::collections::BTreeSet;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::Labels;
use longshore_framework::node::{REGION, REGION_BETA, ZONE, ZONE_BETA};
use longshore_framework::node_selector::{NodeOperator, NodeRequirement, NodeSelector, NodeSelectorTerm};
use longshore_framework::volume::PersistentVolume;

/// Whether nodes with these labels may use the volume. Only labels count: kube-scheduler compares with a node that has
/// no name, and then `matchFields` are not looked at.
pub(super) fn allows(affinity: Option<&NodeSelector>, labels: &Labels) -> bool {
    affinity.is_none_or(|selector| selector.terms.iter().any(|term| term_allows(term, labels)))
}

fn term_allows(term: &NodeSelectorTerm, labels: &Labels) -> bool {
    if term.fields.is_empty() {
        return term.matches_labels_and_name(labels, "");
    }
    if term.expressions.is_empty() {
        return true;
    }
    let by_label = NodeSelectorTerm { expressions: term.expressions.clone(), fields: Vec::new() };
    by_label.matches_labels_and_name(labels, "")
}

/// The zone label of the CSI driver that took over from an in-tree plugin; `None` where the volume's own affinity
/// stays as it is.
fn driver_zone_label(plugin: &str) -> Option<&'static str> {
    match plugin {
        "kubernetes.io/aws-ebs" => Some("topology.ebs.csi.aws.com/zone"),
        "kubernetes.io/gce-pd" => Some("topology.gke.io/zone"),
        "kubernetes.io/cinder" => Some("topology.cinder.csi.openstack.org/zone"),
        _ => None,
    }
}

/// The affinity of an in-tree volume in the terms of the driver that took over from `plugin`: its zone, from the
/// affinity or else from the volume's labels, under the driver's label, and its region under today's label. `None`:
/// nothing changes.
pub(super) fn translated(volume: &PersistentVolume, plugin: &str) -> Option<NodeSelector> {
    let driver_label = driver_zone_label(plugin)?;
    let (zone, region) = topology_labels(volume);
    let mut selector = volume.node_affinity.clone();
    let names = |s: &Option<NodeSelector>, key: &str| {
        s.iter().flat_map(requirements).any(|r| &*r.key == key && !r.values.is_empty())
    };
    if names(&selector, zone) {
        rename(&mut selector, zone, driver_label);
    } else if let Some(zones) = volume.labels.get(zone) {
        demand(&mut selector, driver_label, zones);
    }
    if region == REGION_BETA && names(&selector, region) {
        rename(&mut selector, region, REGION);
    }
    selector
}

/// Whether the volume speaks of today's zone and region labels or of the former ones.
fn topology_labels(volume: &PersistentVolume) -> (&'static str, &'static str) {
    let in_affinity = |key: &str| volume.node_affinity.iter().flat_map(requirements).any(|r| &*r.key == key);
    let in_labels = |key: &str| volume.labels.get(key).is_some();
    if in_affinity(ZONE) {
        (ZONE, REGION)
    } else if in_affinity(ZONE_BETA) || (!in_labels(ZONE) && in_labels(ZONE_BETA)) {
        (ZONE_BETA, REGION_BETA)
    } else {
        (ZONE, REGION)
    }
}

fn requirements(selector: &NodeSelector) -> impl Iterator<Item = &NodeRequirement> {
    selector.terms.iter().flat_map(|t| &t.expressions)
}

fn rename(selector: &mut Option<NodeSelector>, from: &str, to: &str) {
    let expressions = selector.iter_mut().flat_map(|s| &mut s.terms).flat_map(|t| &mut t.expressions);
    for requirement in expressions.filter(|r| &*r.key == from) {
        requirement.key = to.into();
    }
}

/// Adds to every term that `key` must be one of the zones of a label (`a__b`).
fn demand(selector: &mut Option<NodeSelector>, key: &str, zones: &str) {
    let zones: BTreeSet<&str> = zones.split("__").map(str::trim).filter(|z| !z.is_empty()).collect();
    if zones.is_empty() {
        return;
    }
    let values = zones.into_iter().map(Str::from).collect();
    let wanted = NodeRequirement { key: Arc::from(key), operator: NodeOperator::In, values };
    let terms = &mut selector.get_or_insert_default().terms;
    if terms.is_empty() {
        terms.push(NodeSelectorTerm::default());
    }
    for term in terms {
        term.expressions.push(wanted.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(key: &str, values: &[&str]) -> NodeSelectorTerm {
        let values = values.iter().map(|v| Str::from(*v)).collect();
        let requirement = NodeRequirement { key: key.into(), operator: NodeOperator::In, values };
        NodeSelectorTerm { expressions: vec![requirement], fields: Vec::new() }
    }

    fn volume(terms: Vec<NodeSelectorTerm>, labels: &[(&str, &str)]) -> PersistentVolume {
        let node_affinity = (!terms.is_empty()).then_some(NodeSelector { terms });
        PersistentVolume {
            node_affinity,
            labels: labels.iter().copied().collect(),
            ..PersistentVolume::default()
        }
    }

    #[track_caller]
    fn check(volume: &PersistentVolume, migrated: bool, labels: &[(&str, &str)], want: bool) {
        let affinity =
            if migrated { translated(volume, "kubernetes.io/gce-pd") } else { volume.node_affinity.clone() };
        assert_eq!(allows(affinity.as_ref(), &labels.iter().copied().collect()), want);
    }

    #[test]
    fn a_volume_without_affinity_can_be_used_anywhere() {
        check(&volume(vec![], &[]), false, &[], true);
    }

    #[test]
    fn field_conditions_are_not_looked_at() {
        let mut fields = term("metadata.name", &["elsewhere"]);
        fields.fields = std::mem::take(&mut fields.expressions);
        check(&volume(vec![fields.clone()], &[]), false, &[], true);
        fields.expressions = term("disk", &["ssd"]).expressions;
        check(&volume(vec![fields.clone()], &[]), false, &[("disk", "ssd")], true);
        check(&volume(vec![fields], &[]), false, &[("disk", "hdd")], false);
    }

    #[test]
    fn a_migrated_volume_asks_for_the_zone_label_of_its_driver() {
        let zonal = volume(vec![term(ZONE, &["a"])], &[]);
        check(&zonal, false, &[(ZONE, "a")], true);
        check(&zonal, true, &[(ZONE, "a")], false);
        check(&zonal, true, &[("topology.gke.io/zone", "a")], true);
    }

    #[test]
    fn a_migrated_volume_without_affinity_takes_its_zones_from_its_labels() {
        let labelled = volume(vec![], &[(ZONE_BETA, "a__b")]);
        check(&labelled, true, &[("topology.gke.io/zone", "b")], true);
        check(&labelled, true, &[("topology.gke.io/zone", "c")], false);
        check(&labelled, true, &[], false);
    }

    #[test]
    fn the_former_region_label_is_read_as_todays() {
        let mut both = term(ZONE_BETA, &["a"]);
        both.expressions.extend(term(REGION_BETA, &["r"]).expressions);
        let regional = volume(vec![both], &[]);
        check(&regional, true, &[("topology.gke.io/zone", "a"), (REGION, "r")], true);
        check(&regional, true, &[("topology.gke.io/zone", "a"), (REGION_BETA, "r")], false);
    }
}
