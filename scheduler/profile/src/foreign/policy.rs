//! Policies, which scheduled by predicates and priorities up to Kubernetes 1.22.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::KIND;
use crate::error::clip;

/// Priorities that are no default today, and what stands for them.
const PRIORITIES: [(&str, &str); 8] = [
    ("MostRequestedPriority", "NodeResourcesFit with scoringStrategy type MostAllocated"),
    (
        "RequestedToCapacityRatioPriority",
        "NodeResourcesFit with scoringStrategy type RequestedToCapacityRatio",
    ),
    ("LeastRequestedPriority", "NodeResourcesFit (default)"),
    ("BalancedResourceAllocation", "NodeResourcesBalancedAllocation (default)"),
    ("SelectorSpreadPriority", "PodTopologySpread with defaultingType System (default)"),
    ("EvenPodsSpreadPriority", "PodTopologySpread (default)"),
    ("ServiceSpreadingPriority", "PodTopologySpread with defaultingType System (default)"),
    ("NodePreferAvoidPodsPriority", "nothing: use a taint with effect PreferNoSchedule"),
];

/// Other names and the plugins that they became.
const PLUGINS: [(&str, &str); 21] = [
    ("InterPodAffinityPriority", "InterPodAffinity (default)"),
    ("NodeAffinityPriority", "NodeAffinity (default)"),
    ("TaintTolerationPriority", "TaintToleration (default)"),
    ("ImageLocalityPriority", "ImageLocality (default)"),
    ("EqualPriority", "nothing: leave it out"),
    ("PodFitsResources", "NodeResourcesFit (default)"),
    ("PodFitsHostPorts", "NodePorts (default)"),
    ("PodFitsPorts", "NodePorts (default)"),
    ("HostName", "NodeName (default)"),
    ("MatchNodeSelector", "NodeAffinity (default)"),
    ("GeneralPredicates", "NodeResourcesFit, NodeName, NodePorts and NodeAffinity (default)"),
    ("NoDiskConflict", "VolumeRestrictions (default)"),
    ("NoVolumeZoneConflict", "VolumeZone (default)"),
    ("MaxCSIVolumeCountPred", "NodeVolumeLimits (default)"),
    ("MaxEBSVolumeCount", "NodeVolumeLimits (default)"),
    ("MaxGCEPDVolumeCount", "NodeVolumeLimits (default)"),
    ("MaxAzureDiskVolumeCount", "NodeVolumeLimits (default)"),
    ("CheckVolumeBinding", "VolumeBinding (default)"),
    ("PodToleratesNodeTaints", "TaintToleration (default)"),
    ("CheckNodeUnschedulable", "NodeUnschedulable (default)"),
    ("MatchInterPodAffinity", "InterPodAffinity (default)"),
];

/// What to write in place of a policy.
pub(super) fn advice(value: &Value) -> String {
    let mut parts = BTreeSet::new();
    for name in
        ["predicates", "priorities"].iter().flat_map(|list| value[*list].as_array().into_iter().flatten())
    {
        let Some(name) = name["name"].as_str() else { continue };
        let became = PRIORITIES.iter().chain(&PLUGINS).find(|(old, _)| *old == name);
        parts.insert(match became {
            Some((_, new)) => format!("{name} became {new}"),
            None => format!("{} has no successor of that name", clip(name, 60)),
        });
    }
    let parts: Vec<String> = parts.into_iter().take(40).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join("; ")) };
    format!(
        "it is a scheduler policy, which Kubernetes has not had since 1.23; write a {KIND} with profiles{parts}"
    )
}
