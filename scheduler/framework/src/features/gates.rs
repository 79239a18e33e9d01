//! The feature gates that scheduling reads, as they are in each minor, and what each can be set to here.

use super::minor::Minor;

/// How far a feature has come in a minor, and what it is there by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Alpha, beta or general availability.
    pub stage: GateStage,
    /// On or off, where nothing else is said.
    pub default: bool,
    /// Whether it cannot be set to anything else.
    pub locked: bool,
}

/// How far a feature has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateStage {
    /// Alpha.
    Alpha,
    /// Beta.
    Beta,
    /// General availability.
    Stable,
}

impl GateStage {
    /// As the label of `kubernetes_feature_enabled` has it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Alpha => "ALPHA",
            Self::Beta => "BETA",
            Self::Stable => "",
        }
    }
}

/// What setting a gate does here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is done.
    Obeyed,
    /// Decisions are the same with it and without: it concerns how they are come to, or somebody else. Why.
    Indifferent(&'static str),
    /// Decisions are those with the gate on, or off, whatever it is set to. So it is refused to be set to anything but
    /// that or its default, for this reason.
    Fixed(bool, &'static str),
}

pub(super) struct Row {
    pub(super) gate: Gate,
    pub(super) name: &'static str,
    pub(super) specs: [Option<Spec>; Minor::ALL.len()],
    pub(super) standing: Standing,
    pub(super) needs: &'static [Gate],
}

macro_rules! gates {
    ($($gate:ident $a:ident $b:ident $c:ident $standing:ident$(($($why:tt)*))? $(needs $($need:ident)+)?;)*) => {
        /// A feature gate, by Kubernetes' name.
        #[allow(missing_docs, reason = "the names are Kubernetes' own")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Gate {
            $($gate,)*
        }

        impl Gate {
            /// All of them, by name.
            pub const ALL: &[Self] = &[$(Self::$gate),*];
        }

        pub(super) const ROWS: &[Row] = &[
            $(Row {
                gate: Gate::$gate,
                name: stringify!($gate),
                specs: [$a, $b, $c],
                standing: $standing$(($($why)*))?,
                needs: &[$($(Gate::$need,)+)?],
            },)*
        ];
    };
}

impl Gate {
    /// The gate with this name.
    pub fn find(name: &str) -> Option<Self> {
        ROWS.iter().find(|row| row.name == name).map(|row| row.gate)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What it is in `minor`; `None` where that minor has no such gate.
    pub fn spec(self, minor: Minor) -> Option<Spec> {
        self.row().specs[minor.column()]
    }

    /// What setting it does here.
    pub fn standing(self) -> Standing {
        self.row().standing
    }

    /// Gates without which it cannot be on, in minors that have them.
    pub(super) fn needs(self) -> &'static [Self] {
        self.row().needs
    }

    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }
}

use Standing::{Fixed, Indifferent, Obeyed};

const fn spec(stage: GateStage, default: bool, locked: bool) -> Option<Spec> {
    Some(Spec { stage, default, locked })
}

#[allow(non_upper_case_globals, reason = "a word in a table")]
const none: Option<Spec> = None;
const ALPHA: Option<Spec> = spec(GateStage::Alpha, false, false);
const BETA_OFF: Option<Spec> = spec(GateStage::Beta, false, false);
const BETA: Option<Spec> = spec(GateStage::Beta, true, false);
const GA: Option<Spec> = spec(GateStage::Stable, true, false);
const LOCKED: Option<Spec> = spec(GateStage::Stable, true, true);

const DEVICES: Standing = Fixed(true, "devices are allocated with it in any case");
const NO_DEVICES: Standing = Fixed(false, "devices are not allocated with what is still in its alpha stage");
const GROUPS: Standing = Fixed(false, "each group is decided by itself");
const GANGS: Standing =
    Indifferent("groups that exist are decided as a whole, whether the gate is on or off");
const ALWAYS: Standing = Fixed(true, "there is no way to decide without it");
const SPEED: Standing = Indifferent("it changes how fast decisions are come to, and no decision");
const CALLS: Standing =
    Indifferent("requests to the API server are never waited for by the thread that decides");
const SERVER: Standing = Indifferent("the API server obeys it, and its answers are taken as they are");

// Name, then 1.36 (v1.36.3), 1.37 (v1.37.2), 1.38 (v1.38.0-beta.0), and what setting it does here. ALPHA and BETA_OFF are off by
// default, the others on; LOCKED is generally available and cannot be switched off; none: that minor has no such gate. needs: gates
// without which it cannot be on, in the minors that have them (defaultKubernetesFeatureGateDependencies).
#[rustfmt::skip]
gates! {
    ClearingNominatedNodeNameAfterBinding          BETA     BETA     BETA     SERVER;
    CompositePodGroup                              none     ALPHA    BETA_OFF GROUPS needs GenericWorkload TopologyAwareWorkloadScheduling;
    DRAAdminAccess                                 LOCKED   LOCKED   LOCKED   DEVICES needs DynamicResourceAllocation;
    DRAConsumableCapacity                          BETA     BETA     GA       Obeyed needs DynamicResourceAllocation;
    DRADerivedAttributes                           none     ALPHA    ALPHA    NO_DEVICES needs DynamicResourceAllocation;
    DRADeviceBindingConditions                     BETA     BETA     LOCKED   Obeyed needs DRAResourceClaimDeviceStatus DynamicResourceAllocation;
    DRADeviceCompatibilityGroups                   none     ALPHA    ALPHA    NO_DEVICES needs DRAPartitionableDevices DynamicResourceAllocation;
    DRADeviceTaintRules                            BETA_OFF GA       LOCKED   Obeyed needs DRADeviceTaints;
    DRADeviceTaints                                BETA     GA       LOCKED   Obeyed needs DynamicResourceAllocation;
    DRAExtendedResource                            BETA     LOCKED   LOCKED   Obeyed needs DynamicResourceAllocation;
    DRAFractionalCapacityRange                     none     BETA     GA       Obeyed needs DRAConsumableCapacity;
    DRAListTypeAttributes                          ALPHA    ALPHA    ALPHA    NO_DEVICES needs DynamicResourceAllocation;
    DRANodeAllocatableResources                    ALPHA    ALPHA    ALPHA    NO_DEVICES needs DynamicResourceAllocation;
    DRAOptionalNodeOperations                      none     ALPHA    ALPHA    NO_DEVICES needs DynamicResourceAllocation NodeDeclaredFeatures;
    DRAPartitionableDevices                        BETA     BETA     LOCKED   Obeyed needs DynamicResourceAllocation;
    DRAPrioritizedList                             GA       LOCKED   LOCKED   Obeyed needs DynamicResourceAllocation;
    DRAResourceClaimDeviceStatus                   BETA     LOCKED   LOCKED   Obeyed;
    DRASchedulerFilterTimeout                      BETA     BETA     BETA     Obeyed needs DynamicResourceAllocation;
    DRAWorkloadResourceClaims                      ALPHA    BETA_OFF BETA_OFF NO_DEVICES needs DynamicResourceAllocation GenericWorkload;
    DynamicResourceAllocation                      LOCKED   LOCKED   none     DEVICES;
    GangScheduling                                 ALPHA    none     none     GANGS needs GenericWorkload;
    GenericWorkload                                ALPHA    BETA_OFF BETA_OFF Obeyed;
    InPlacePodLevelResourcesVerticalScaling        BETA     BETA     BETA     ALWAYS needs InPlacePodVerticalScaling NodeDeclaredFeatures PodLevelResources;
    InPlacePodVerticalScaling                      LOCKED   LOCKED   none     ALWAYS;
    InPlacePodVerticalScalingSchedulerPreemption   none     ALPHA    ALPHA    Fixed(false, "nothing is evicted for a pod that runs already and is to grow") needs InPlacePodVerticalScaling;
    InterPodAffinityHostnameFastPath               none     ALPHA    ALPHA    SPEED;
    MatchLabelKeysInPodAffinity                    LOCKED   LOCKED   LOCKED   SERVER;
    MatchLabelKeysInPodTopologySpread              BETA     BETA     BETA     ALWAYS;
    MatchLabelKeysInPodTopologySpreadSelectorMerge BETA     BETA     BETA     SERVER needs MatchLabelKeysInPodTopologySpread;
    NodeDeclaredFeatures                           BETA     LOCKED   LOCKED   ALWAYS;
    NodeInclusionPolicyInPodTopologySpread         LOCKED   LOCKED   LOCKED   ALWAYS;
    NominatedNodeNameForExpectation                BETA     BETA     BETA     ALWAYS;
    OpportunisticBatching                          BETA     BETA     BETA     SPEED;
    PodGroupPreemptionPolicy                       none     ALPHA    none     GROUPS needs GenericWorkload;
    PodLevelResources                              BETA     BETA     BETA     ALWAYS;
    PodSchedulingReadiness                         LOCKED   LOCKED   LOCKED   ALWAYS;
    SchedulerAsyncAPICalls                         BETA_OFF BETA_OFF BETA_OFF CALLS;
    SchedulerAsyncPreemption                       BETA     BETA     BETA     Fixed(true, "evictions are never waited for");
    SchedulerPopFromBackoffQ                       BETA     BETA     BETA     Fixed(true, "a pod in backoff is always tried when there is nothing else to do");
    SchedulerPreQueueingHints                      none     ALPHA    BETA     SPEED;
    SchedulerQueueingHints                         LOCKED   none     none     ALWAYS;
    SidecarContainers                              LOCKED   none     none     ALWAYS;
    StorageCapacityScoring                         ALPHA    BETA     BETA     Obeyed;
    TaintTolerationComparisonOperators             ALPHA    ALPHA    ALPHA    Obeyed;
    TopologyAwareWorkloadScheduling                ALPHA    ALPHA    BETA_OFF Obeyed needs GenericWorkload;
    VolumeAttributesClass                          LOCKED   LOCKED   LOCKED   ALWAYS;
    VolumeLimitScaling                             ALPHA    BETA     BETA     Obeyed;
    WorkloadAwarePreemption                        ALPHA    none     none     Obeyed needs GangScheduling;
}
