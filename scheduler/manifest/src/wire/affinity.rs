//! Affinity, spread constraints and tolerations of pods.

use longshore_framework::Str;

use super::meta::{LabelSelector, Requirement};
use super::wire;

wire! {
    /// `spec.affinity`.
    struct Affinity {
        node_affinity: NodeAffinity,
        pod_affinity: PodAffinity,
        pod_anti_affinity: PodAffinity,
    }
    /// `spec.affinity.nodeAffinity`.
    struct NodeAffinity {
        #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
        required: Option<NodeSelector>,
        #[serde(rename = "preferredDuringSchedulingIgnoredDuringExecution")]
        preferred: Vec<PreferredNode>,
    }
    /// A node selector.
    struct NodeSelector {
        node_selector_terms: Vec<NodeSelectorTerm>,
    }
    /// A term of a node selector.
    struct NodeSelectorTerm {
        match_expressions: Vec<Requirement>,
        match_fields: Vec<Requirement>,
    }
    /// A preferred node term.
    struct PreferredNode {
        weight: i64,
        preference: NodeSelectorTerm,
    }
    /// `podAffinity` or `podAntiAffinity`.
    struct PodAffinity {
        #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
        required: Vec<PodTerm>,
        #[serde(rename = "preferredDuringSchedulingIgnoredDuringExecution")]
        preferred: Vec<PreferredPod>,
    }
    /// A term of pod affinity.
    struct PodTerm {
        label_selector: Option<LabelSelector>,
        namespaces: Vec<Str>,
        namespace_selector: Option<LabelSelector>,
        topology_key: Str,
        match_label_keys: Vec<Str>,
        mismatch_label_keys: Vec<Str>,
    }
    /// A preferred term of pod affinity.
    struct PreferredPod {
        weight: i32,
        pod_affinity_term: PodTerm,
    }
    /// One of `spec.topologySpreadConstraints`.
    struct Spread {
        max_skew: i32,
        topology_key: Str,
        when_unsatisfiable: Str,
        label_selector: Option<LabelSelector>,
        min_domains: Option<i32>,
        node_affinity_policy: Str,
        node_taints_policy: Str,
        match_label_keys: Vec<Str>,
    }
    /// One of `spec.tolerations`.
    struct Toleration {
        key: Str,
        operator: Str,
        value: Str,
        effect: Str,
        toleration_seconds: Option<i64>,
    }
}
