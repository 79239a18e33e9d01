use super::*;

fn settings(text: &str) -> Vec<Setting> {
    let pairs = text.split(',').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| Setting::new(name, value == "true")).collect()
}

#[track_caller]
fn on(minor: Minor, text: &str) -> Vec<&'static str> {
    let features = Features::resolve(minor, &settings(text)).unwrap().features;
    features.changed().filter(|(_, on)| *on).map(|(gate, _)| gate.name()).collect()
}

#[track_caller]
fn off(minor: Minor, text: &str) -> Vec<&'static str> {
    let features = Features::resolve(minor, &settings(text)).unwrap().features;
    features.changed().filter(|(_, on)| !*on).map(|(gate, _)| gate.name()).collect()
}

#[track_caller]
fn refused(minor: Minor, text: &str, want: &[&str]) {
    let errors = Features::resolve(minor, &settings(text)).unwrap_err();
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), want.len(), "{said:#?}");
    for (said, want) in said.iter().zip(want) {
        assert!(said.contains(want), "{said}");
    }
}

#[test]
fn the_rows_are_sorted_and_each_has_its_own_place() {
    for (at, gate) in Gate::ALL.iter().enumerate() {
        assert_eq!(*gate as usize, at);
        assert_eq!(Gate::find(gate.name()), Some(*gate));
        assert!(at == 0 || Gate::ALL[at - 1].name() < gate.name(), "{}", gate.name());
    }
    assert_eq!(Gate::find("NoSuchGate"), None);
}

#[test]
fn a_minor_has_its_own_defaults() {
    let (old, new) = (Features::of(Minor::V1_36), Features::default());
    for gate in [Gate::StorageCapacityScoring, Gate::VolumeLimitScaling] {
        assert!(!old.enabled(gate) && new.enabled(gate), "{}", gate.name());
    }
    assert!(!old.follow(Rule::ImageVolumesCount) && new.follow(Rule::ImageVolumesCount));
    assert_eq!(new.minor(), Minor::V1_37);
    assert_eq!(new.changed().count(), 0);
}

#[test]
fn what_is_obeyed_can_be_set_both_ways() {
    assert_eq!(on(Minor::V1_36, "VolumeLimitScaling=true"), ["VolumeLimitScaling"]);
    assert_eq!(off(Minor::V1_37, "StorageCapacityScoring=false"), ["StorageCapacityScoring"]);
    let compares = "TaintTolerationComparisonOperators";
    assert_eq!(on(Minor::V1_37, &format!("{compares}=true")), [compares]);
    assert!(
        on(Minor::V1_36, "VolumeLimitScaling=true,VolumeLimitScaling=false").is_empty(),
        "the last one counts"
    );
}

#[test]
fn all_of_a_stage_leave_alone_what_is_set_by_name() {
    let others = "CompositePodGroup=false,DRADerivedAttributes=false,DRADeviceCompatibilityGroups=false,\
        DRAListTypeAttributes=false,DRANodeAllocatableResources=false,DRAOptionalNodeOperations=false,\
        InPlacePodVerticalScalingSchedulerPreemption=false,PodGroupPreemptionPolicy=false,\
        TopologyAwareWorkloadScheduling=false";
    let all = on(Minor::V1_37, &format!("AllAlpha=true,{others}"));
    let wanted = [
        "InterPodAffinityHostnameFastPath",
        "SchedulerPreQueueingHints",
        "TaintTolerationComparisonOperators",
    ];
    assert_eq!(all, wanted);
    assert!(on(Minor::V1_37, "AllAlpha=false").is_empty());
    refused(
        Minor::V1_36,
        "AllBeta=false,VolumeLimitScaling=true",
        &[
            "cannot set feature gate InPlacePodLevelResourcesVerticalScaling to false: there is no way to decide without it; \
             beside AllBeta=false give InPlacePodLevelResourcesVerticalScaling=true",
            "MatchLabelKeysInPodTopologySpread ",
            "NodeDeclaredFeatures",
            "NominatedNodeNameForExpectation",
            "PodLevelResources",
            "SchedulerAsyncPreemption",
            "SchedulerPopFromBackoffQ",
        ],
    );
}

#[test]
fn what_cannot_be_set_is_refused_by_name() {
    refused(Minor::V1_37, "NoSuchGate=true", &["unrecognized feature gate: NoSuchGate"]);
    refused(
        Minor::V1_37,
        "GangScheduling=true",
        &["unrecognized feature gate: GangScheduling (a gate of Kubernetes 1.36)"],
    );
    refused(
        Minor::V1_37,
        "DynamicResourceAllocation=false",
        &["cannot set feature gate DynamicResourceAllocation to false, feature is locked to true"],
    );
    let groups = "cannot set feature gate CompositePodGroup to true: each group is decided by itself";
    let topology = "GenericWorkload=true,TopologyAwareWorkloadScheduling=true";
    let text = format!("{topology},CompositePodGroup=true,DRAExtendedResource=false");
    refused(Minor::V1_37, &text, &[groups, "locked to true"]);
    assert_eq!(on(Minor::V1_37, topology), ["GenericWorkload", "TopologyAwareWorkloadScheduling"]);
    let evictions = "GenericWorkload=true,GangScheduling=true,WorkloadAwarePreemption=true";
    assert_eq!(on(Minor::V1_36, evictions).len(), 3);
    assert_eq!(on(Minor::V1_37, "GenericWorkload=true"), ["GenericWorkload"]);
    refused(
        Minor::V1_37,
        "SchedulerAsyncPreemption=false",
        &["evictions are never waited for; leave it out"],
    );
}

#[test]
fn a_gate_that_is_on_needs_those_it_depends_on() {
    let said = "is enabled, but depends on features that are disabled: ";
    let check = |minor, text: &str, name: &str, missing: &str| {
        let errors = Features::resolve(minor, &settings(text)).unwrap_err();
        let wanted = format!("{name} {said}[{missing}]");
        assert!(errors.iter().any(|error| error.to_string() == wanted), "{errors:#?}");
    };
    check(Minor::V1_36, "GangScheduling=true", "GangScheduling", "GenericWorkload");
    check(
        Minor::V1_36,
        "NodeDeclaredFeatures=false",
        "InPlacePodLevelResourcesVerticalScaling",
        "NodeDeclaredFeatures",
    );
    check(
        Minor::V1_37,
        "CompositePodGroup=true",
        "CompositePodGroup",
        "GenericWorkload TopologyAwareWorkloadScheduling",
    );
    check(Minor::V1_37, "AllAlpha=true", "TopologyAwareWorkloadScheduling", "GenericWorkload");
    // A gate that scheduling reads may be needed by one that it does not read.
    check(Minor::V1_37, "WorkloadWithJob=true", "WorkloadWithJob", "GenericWorkload");
    check(Minor::V1_37, "DRADeviceTaints=false", "DRADeviceTaintRules", "DRADeviceTaints");
    let both = "ClusterTrustBundleProjection=true,ClusterTrustBundle=true";
    assert!(Features::resolve(Minor::V1_36, &settings(both)).is_ok());
    refused(Minor::V1_36, "ClusterTrustBundleProjection=true", &["[ClusterTrustBundle]"]);
    // What is wrong by itself comes first, as in Kubernetes; what a gate needs and is gone is part of Kubernetes.
    refused(Minor::V1_36, "ClusterTrustBundleProjection=true,NoSuchGate=true", &["unrecognized"]);
    assert!(on(Minor::V1_38, "DRAPartitionableDevices=true").is_empty());
}

#[test]
fn defaults_and_what_concerns_others_are_accepted() {
    let text = "GenericWorkload=false,DRAConsumableCapacity=true,SchedulerAsyncAPICalls=true,WatchList=false";
    let resolved = Features::resolve(Minor::V1_37, &settings(text)).unwrap();
    let said: Vec<String> = resolved.remarks.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said[0].starts_with("--feature-gates=SchedulerAsyncAPICalls=true: accepted without effect: "));
    assert!(said[1].contains("WatchList=false: accepted without effect: scheduling does not read it"));
    assert!(is_known_anywhere("GangScheduling") && is_known_anywhere("AllBeta") && !is_known_anywhere("All"));
}

#[test]
fn metrics_tell_what_is_done_and_not_what_is_set() {
    let features = Features::default();
    assert_eq!(features.decide_as_with(Gate::GenericWorkload), Some(false));
    assert_eq!(features.decide_as_with(Gate::DRAConsumableCapacity), Some(true));
    assert_eq!(features.decide_as_with(Gate::PodLevelResources), Some(true));
    assert_eq!(features.decide_as_with(Gate::VolumeLimitScaling), Some(true));
    assert_eq!(features.decide_as_with(Gate::GangScheduling), None);
}
