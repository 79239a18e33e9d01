//! The plugin's arguments.

use longshore_framework::fields::{Fields, Problems};
use serde_json::{Value, json};

const KIND: &str = "InterPodAffinityArgs";

/// `InterPodAffinityArgs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterPodAffinityArgs {
    /// `hardPodAffinityWeight`, 0 to 100: what a pod already there adds for each of its required affinity terms that
    /// matches the pod; 1 by default.
    pub hard_pod_affinity_weight: i64,
    /// `ignorePreferredTermsOfExistingPods`: a pod without preferred terms is not scored at all; false by default.
    pub ignore_preferred_terms_of_existing_pods: bool,
}

impl Default for InterPodAffinityArgs {
    fn default() -> Self {
        Self { hard_pod_affinity_weight: 1, ignore_preferred_terms_of_existing_pods: false }
    }
}

impl InterPodAffinityArgs {
    /// Reads the arguments; everything wrong with them is reported, and its default taken.
    pub fn read(value: &Value, problems: &mut Problems<'_>) -> Self {
        let default = Self::default();
        let mut fields = Fields::of_args(value, KIND, problems);
        let weight = fields.int("hardPodAffinityWeight", 0..=100, problems);
        let ignore = fields.bool("ignorePreferredTermsOfExistingPods", problems);
        fields.finish(problems);
        Self {
            hard_pod_affinity_weight: weight.unwrap_or(default.hard_pod_affinity_weight),
            ignore_preferred_terms_of_existing_pods: ignore
                .unwrap_or(default.ignore_preferred_terms_of_existing_pods),
        }
    }

    /// The arguments with every default filled in.
    pub fn to_json(&self) -> Value {
        json!({
            "hardPodAffinityWeight": self.hard_pod_affinity_weight,
            "ignorePreferredTermsOfExistingPods": self.ignore_preferred_terms_of_existing_pods,
        })
    }
}
