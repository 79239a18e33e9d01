//! What changed from one minor to the next without a feature gate.

use super::minor::Minor;

macro_rules! rules {
    ($($rule:ident $since:ident $text:literal;)*) => {
        /// Behaviour that changed without a gate, by a name of ours.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(
                #[doc = $text]
                $rule,
            )*
        }

        impl Rule {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$rule),*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$rule => stringify!($rule),)*
                }
            }

            /// The first minor that has it.
            pub fn since(self) -> Minor {
                match self {
                    $(Self::$rule => Minor::$since,)*
                }
            }

            /// What it says.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$rule => $text,)*
                }
            }
        }
    };
}

// One line for each rule: its name, the first minor that has it, and what it says (k/k: the pull request in kubernetes/kubernetes).
#[rustfmt::skip]
rules! {
    ImageVolumesCount          V1_37 "ImageLocality divides by the number of images, image volumes included (k/k 138951).";
    GatedNominationsReserve    V1_37 "A node that is promised to a pod which scheduling gates hold back is reserved (k/k 139057).";
    ResizeCountsTheWholePod    V1_37 "What a pod holds while it is resized is the greatest of three sums over the whole pod: spec, allocated, actual (k/k 140047).";
    NothingToDeallocate        V1_37 "PostFilter of DynamicResources says nothing of a pod without claims.";
    ConfigsOfAllRequests       V1_37 "What a claim says of its devices is in its allocation once, and without requests where it is said of all.";
    DeletedClaimsWake          V1_37 "A pod that waits for devices is woken when a claim that has some is deleted.";
    PreemptionIsTold           V1_37 "The failure of a preemptor says which node was found and how many victims it takes (k/k 140180).";
    AntiAffinityHintsAnyTerm   V1_37 "A pod with several anti-affinity terms is woken when what one of them kept away is gone, not only all of them (k/k 139161).";
    BindingsRetried            V1_37 "A binding that failed for a transient reason, a conflict apart, is sent again, four times at the most (k/k 138855).";
    NodeNamePreFilter          V1_37 "NodeName restricts the nodes to the named one in PreFilter.";
    TaintTolerationPreFilter   V1_37 "TaintToleration takes part in PreFilter, where it has nothing to do.";
    PodEventNames              V1_37 "Labels of events call a pod that waits UnscheduledPod, and TargetPod where its own change is meant.";
    EntityMetrics              V1_37 "The queue is counted by entity too: scheduler_queued_entities, scheduler_queue_incoming_entities_total.";
    EvictionTimesHidden        V1_37 "scheduler_preemption_goroutines_duration_seconds is deprecated, and with that hidden.";
    EntityLabel                V1_38 "The label of these that was called type is called entity.";
    NodeNameFirst              V1_37 "NodeName runs before NodeUnschedulable by default.";
    PodLevelDefaultsAtCreation V1_37 "Pod-level requests that are left out are filled in when a pod is created, and not whenever it is read (PodLevelResourcesFixDefaulting).";
    GroupsEvictAsOne           V1_37 "Room for a group of scheduling.k8s.io is made for all of its pods at once, as with WorkloadAwarePreemption in 1.36.";
    GroupsOfOnePriority        V1_37 "The pods of a group of scheduling.k8s.io have to have its priority and one preemption policy; else the group is not tried.";
    GroupsTellMinCount         V1_37 "Pods of a group of scheduling.k8s.io that does not start are told how many are scheduled and how many remain, and what preemption came to.";
    PodGroupPostFilterField    V1_37 "A profile's plugins may have podGroupPostFilter.";
    EmptyBudgetSelectorCounts  V1_38 "A PodDisruptionBudget whose selector is empty protects every pod of its namespace, pods without labels too (k/k 141785).";
    CapacitiesCompareExactly   V1_38 "Storage capacities and requests are compared as they are written, and not in whole bytes of 64 bits (k/k 142088).";
    FitScoresPodLevel          V1_38 "NodeResourcesFit scores a pod by its pod-level requests too.";
    ShrunkNodeWakes            V1_38 "A preemptor is woken when the node that it was promised became too small for it.";
    EmptySpreadSelectorCounts  V1_38 "A spread constraint whose labelSelector is empty counts every pod of the namespace (k/k 141340).";
    GangsWithoutPermit         V1_38 "GangScheduling takes no part in Permit.";
    PlacementFields            V1_38 "A configuration may have placementFeasible and percentageOfPlacementsToScore.";
}
