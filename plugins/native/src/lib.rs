//! The in-tree plugins of kube-scheduler, and Coscheduling of scheduler-plugins, one file each, all with one skeleton: what it rejects or prefers and which
//! events can change its mind; its options; the plugin and its factory; its stages in cycle order; private pure helpers;
//! tests.

pub mod coscheduling;
pub mod default_binder;
pub mod default_preemption;
pub mod dynamic_resources;
pub mod image_locality;
pub mod inter_pod_affinity;
mod lanes;
pub mod node_affinity;
pub mod node_declared_features;
pub mod node_name;
pub mod node_ports;
pub mod node_resources_balanced_allocation;
pub mod node_resources_fit;
pub mod node_unschedulable;
pub mod node_volume_limits;
pub mod pod_topology_spread;
pub mod priority_sort;
pub mod scheduling_gates;
mod shape;
pub mod taint_toleration;
pub mod volume_binding;
pub mod volume_restrictions;
pub mod volume_zone;

use longshore_framework::features::{Features, Rule};
use longshore_framework::registry::Registry;

/// Every in-tree plugin by name.
pub fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.add(coscheduling::NAME, coscheduling::build);
    registry.add(default_binder::NAME, default_binder::build);
    registry.add(default_preemption::NAME, default_preemption::build);
    registry.add(dynamic_resources::NAME, dynamic_resources::build);
    registry.add(image_locality::NAME, image_locality::build);
    registry.add(inter_pod_affinity::NAME, inter_pod_affinity::build);
    registry.add(node_affinity::NAME, node_affinity::build);
    registry.add(node_declared_features::NAME, node_declared_features::build);
    registry.add(node_name::NAME, node_name::build);
    registry.add(node_ports::NAME, node_ports::build);
    registry.add(node_resources_balanced_allocation::NAME, node_resources_balanced_allocation::build);
    registry.add(node_resources_fit::NAME, node_resources_fit::build);
    registry.add(node_unschedulable::NAME, node_unschedulable::build);
    registry.add(node_volume_limits::NAME, node_volume_limits::build);
    registry.add(pod_topology_spread::NAME, pod_topology_spread::build);
    registry.add(priority_sort::NAME, priority_sort::build);
    registry.add(scheduling_gates::NAME, scheduling_gates::build);
    registry.add(taint_toleration::NAME, taint_toleration::build);
    registry.add(volume_binding::NAME, volume_binding::build);
    registry.add(volume_restrictions::NAME, volume_restrictions::build);
    registry.add(volume_zone::NAME, volume_zone::build);
    registry
}

/// The plugins that are on when a profile says nothing: `multiPoint` of the default profile, in order, with the weight of
/// their score (0: the default weight, 1). The order is that of the newest stable minor.
pub const DEFAULT_MULTI_POINT: &[(&str, i64)] = &[
    (scheduling_gates::NAME, 0),
    (priority_sort::NAME, 0),
    (node_name::NAME, 0),
    (node_unschedulable::NAME, 0),
    (taint_toleration::NAME, 3),
    (node_affinity::NAME, 2),
    (node_ports::NAME, 0),
    (node_resources_fit::NAME, 1),
    (volume_restrictions::NAME, 0),
    (node_volume_limits::NAME, 0),
    (volume_binding::NAME, 0),
    (volume_zone::NAME, 0),
    (pod_topology_spread::NAME, 2),
    (inter_pod_affinity::NAME, 2),
    (dynamic_resources::NAME, 2),
    (default_preemption::NAME, 0),
    (node_resources_balanced_allocation::NAME, 1),
    (image_locality::NAME, 1),
    (default_binder::NAME, 0),
    (node_declared_features::NAME, 0),
];

/// [`DEFAULT_MULTI_POINT`] in the order of the minor that is followed.
pub fn default_multi_point(features: Features) -> Vec<(&'static str, i64)> {
    let mut plugins = DEFAULT_MULTI_POINT.to_vec();
    if !features.follow(Rule::NodeNameFirst) {
        let at = |name| DEFAULT_MULTI_POINT.iter().position(|(plugin, _)| *plugin == name);
        if let (Some(a), Some(b)) = (at(node_name::NAME), at(node_unschedulable::NAME)) {
            plugins.swap(a, b);
        }
    }
    plugins
}
