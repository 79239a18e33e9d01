//! Plugin names that kube-scheduler knew or knows and this registry does not, and what to do about them.

use longshore_framework::fields::nearest;
use longshore_framework::registry::Registry;

use crate::error::quote;
use crate::idle;

/// Plugins that are gone, and what does their work now.
const REMOVED: [(&str, &str); 14] = [
    ("AzureDiskLimits", "NodeVolumeLimits counts the volumes of every CSI driver; use it instead"),
    ("CinderLimits", "NodeVolumeLimits counts the volumes of every CSI driver; use it instead"),
    ("EBSLimits", "NodeVolumeLimits counts the volumes of every CSI driver; use it instead"),
    ("GCEPDLimits", "NodeVolumeLimits counts the volumes of every CSI driver; use it instead"),
    ("SelectorSpread", "PodTopologySpread with defaultingType System spreads the same way; use it instead"),
    ("DefaultPodTopologySpread", "it became PodTopologySpread with defaultingType System; use that instead"),
    ("EvenPodsSpread", "it became PodTopologySpread; use that instead"),
    ("ServiceAffinity", "use inter-pod affinity (InterPodAffinity) instead"),
    ("NodeLabel", "use addedAffinity of NodeAffinity instead"),
    ("NodePreferAvoidPods", "use a taint with effect PreferNoSchedule (TaintToleration) instead"),
    ("NodeResourcesLeastAllocated", "use scoringStrategy type LeastAllocated of NodeResourcesFit instead"),
    ("NodeResourcesMostAllocated", "use scoringStrategy type MostAllocated of NodeResourcesFit instead"),
    (
        "RequestedToCapacityRatio",
        "use scoringStrategy type RequestedToCapacityRatio of NodeResourcesFit instead",
    ),
    ("NodeResourceLimits", "it has no successor; leave it out"),
];

/// Plugins that take part in `podGroupPostFilter`.
pub(crate) const POD_GROUP_POST_FILTER: [&str; 1] = ["DefaultPreemption"];

/// The plugins of Longshore's catalogue: lines of folder, name and capabilities.
const CATALOGUE: &str = include_str!("../../../plugins/catalogue/plugins.txt");

/// Plugins of other schedulers that published configurations name, by where they come from.
const OUT_OF_TREE: [(&str, &[&str]); 2] = [
    (
        "kubernetes-sigs/scheduler-plugins",
        &[
            "CapacityScheduling",
            "Coscheduling",
            "CrossNodePreemption",
            "LoadVariationRiskBalancing",
            "LowRiskOverCommitment",
            "NetworkOverhead",
            "NodeMetadata",
            "NodeResourceTopologyMatch",
            "NodeResourcesAllocatable",
            "Peaks",
            "PodState",
            "PreemptionToleration",
            "QOSSort",
            "SySched",
            "TargetLoadPacking",
            "TopologicalSort",
        ],
    ),
    (
        "Koordinator",
        &["DeviceShare", "ElasticQuota", "LoadAwareScheduling", "NodeNUMAResource", "Reservation"],
    ),
];

fn in_catalogue(name: &str) -> bool {
    let lines = CATALOGUE.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_whitespace().nth(1)).any(|listed| listed == name)
}

/// Why `name` is not in the registry, and the fix.
pub(crate) fn unknown(name: &str, registry: &Registry) -> String {
    if name == "*" {
        return "\"*\" is allowed only in disabled; name each plugin to enable".to_string();
    }
    if let Some((_, fix)) = REMOVED.iter().find(|(removed, _)| *removed == name) {
        return format!("plugin {name:?} was removed from Kubernetes; {fix}");
    }
    if let Some(since) = idle::since(name) {
        let minor = registry.features().minor();
        return match minor < since {
            true => format!(
                "plugin {name:?} is one of Kubernetes {since} and later, and decisions are made as Kubernetes {minor} makes \
                 them; leave it out"
            ),
            false => format!("plugin {name:?} has no arguments; leave them out"),
        };
    }
    if in_catalogue(name) {
        return format!(
            "plugin {name:?} is in Longshore's catalogue, which this program does not carry; use a released program or image, which do, or \
             name a catalogue: catalogue: file://DIR in this file, or --catalogue file://DIR (make catalogue builds one)"
        );
    }
    if let Some((project, _)) = OUT_OF_TREE.iter().find(|(_, names)| names.contains(&name)) {
        return format!(
            "plugin {name:?} comes from {project} and is part of neither kube-scheduler nor Longshore's catalogue; leave it out \
             (simulate --ignore-unknown-plugins does), or bring the same plugin in WebAssembly: its args in pluginConfig name the \
             source (docs/plugins/catalogue.md)"
        );
    }
    let quoted = quote(name);
    // Such as BalancedAllocation, which is short for NodeResourcesBalancedAllocation.
    let longer = || registry.names().map(|n| &**n).find(|known| name.len() > 6 && known.ends_with(name));
    match nearest(name, registry.names().map(|n| &**n)).or_else(longer) {
        Some(near) => format!("unknown plugin {quoted}; did you mean {near:?}?"),
        None => {
            let all: Vec<&str> = registry.names().map(|n| &**n).collect();
            format!(
                "unknown plugin {quoted}; bring it in WebAssembly, its args in pluginConfig name the source, or a catalogue that has it: \
                 catalogue: file://DIR; known plugins: {}",
                all.join(", ")
            )
        }
    }
}

/// Whether `name` is one of the plugins of kube-scheduler that this registry leaves out on purpose.
pub(crate) fn is_left_out(name: &str) -> bool {
    idle::since(name).is_some() || REMOVED.iter().any(|(removed, _)| *removed == name)
}
