//! `kubernetes_build_info` and `kubernetes_feature_enabled`, with kube-scheduler's names and labels. They tell of what decisions
//! are like: the release of kube-scheduler that they follow, and the gates of that release that its scheduling reads.

use prometheus::{IntGaugeVec, Opts, Registry};

use super::add;
use crate::report::KUBE_SCHEDULER;

/// Gates that kube-scheduler 1.36 reads where it schedules, with their stage there, and whether decisions here are those of
/// a kube-scheduler with the gate on.
#[rustfmt::skip]
const GATES: [(&str, &str, bool); 38] = [
    ("ClearingNominatedNodeNameAfterBinding", "BETA", true),
    ("DRAAdminAccess", "", false),
    ("DRAConsumableCapacity", "BETA", false),
    ("DRADeviceBindingConditions", "BETA", false),
    ("DRADeviceTaintRules", "BETA", false),
    ("DRADeviceTaints", "BETA", false),
    ("DRAExtendedResource", "BETA", false),
    ("DRAListTypeAttributes", "ALPHA", false),
    ("DRANodeAllocatableResources", "ALPHA", false),
    ("DRAPartitionableDevices", "BETA", false),
    ("DRAPrioritizedList", "", false),
    ("DRAResourceClaimDeviceStatus", "BETA", false),
    ("DRASchedulerFilterTimeout", "BETA", false),
    ("DRAWorkloadResourceClaims", "ALPHA", false),
    ("DynamicResourceAllocation", "", false),
    ("GangScheduling", "ALPHA", false),
    ("GenericWorkload", "ALPHA", false),
    ("InPlacePodLevelResourcesVerticalScaling", "BETA", true),
    ("InPlacePodVerticalScaling", "", true),
    ("MatchLabelKeysInPodAffinity", "", true),
    ("MatchLabelKeysInPodTopologySpread", "BETA", true),
    ("MatchLabelKeysInPodTopologySpreadSelectorMerge", "BETA", true),
    ("NodeDeclaredFeatures", "BETA", true),
    ("NodeInclusionPolicyInPodTopologySpread", "", true),
    ("NominatedNodeNameForExpectation", "BETA", true),
    ("OpportunisticBatching", "BETA", false),
    ("PodLevelResources", "BETA", true),
    ("PodSchedulingReadiness", "", true),
    ("SchedulerAsyncAPICalls", "BETA", false),
    ("SchedulerAsyncPreemption", "BETA", true),
    ("SchedulerPopFromBackoffQ", "BETA", true),
    ("SchedulerQueueingHints", "", true),
    ("SidecarContainers", "", true),
    ("StorageCapacityScoring", "ALPHA", false),
    ("TaintTolerationComparisonOperators", "ALPHA", false),
    ("TopologyAwareWorkloadScheduling", "ALPHA", false),
    ("VolumeAttributesClass", "", true),
    ("VolumeLimitScaling", "ALPHA", false),
];

const BUILD_LABELS: [&str; 9] = [
    "major",
    "minor",
    "git_version",
    "git_commit",
    "git_tree_state",
    "build_date",
    "go_version",
    "compiler",
    "platform",
];

/// Both families, which never change.
pub(super) fn register(registry: &Registry) -> prometheus::Result<()> {
    let help = "The release of Kubernetes whose scheduling this is; always 1. What was built and of which commit says longshore_build_info.";
    let build = add(registry, IntGaugeVec::new(Opts::new("kubernetes_build_info", help), &BUILD_LABELS)?)?;
    let mut parts = KUBE_SCHEDULER.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let platform = format!("{}/{}", std::env::consts::OS, go_arch(std::env::consts::ARCH));
    let labels = [major, minor, KUBE_SCHEDULER, "", "", "", "", "rustc", &platform];
    build.with_label_values(&labels).set(1);
    let help = "Whether decisions are those of a kube-scheduler with the feature gate on, by its stage there; empty for GA.";
    let gates = IntGaugeVec::new(Opts::new("kubernetes_feature_enabled", help), &["name", "stage"])?;
    let gates = add(registry, gates)?;
    for (name, stage, on) in GATES {
        gates.with_label_values(&[name, stage]).set(i64::from(on));
    }
    Ok(())
}

/// As Go names processors, and with it Kubernetes.
fn go_arch(arch: &str) -> &str {
    match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
