//! What filtering and scoring share: which nodes a constraint counts on, and how many pods there it counts.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::Labels;
use longshore_framework::node::Node;
use longshore_framework::pod::{Pod, SpreadConstraint};
use longshore_framework::snapshot::{NamespaceSet, PodQuery};
use longshore_framework::taint::first_untolerated;

/// Whether labels meet the constraint's selector; an absent selector is met by none.
pub(super) fn selects(constraint: &SpreadConstraint, labels: &Labels) -> bool {
    constraint.selector.as_ref().is_some_and(|s| s.matches(labels))
}

/// Whether a node carries the topology key of every constraint.
pub(super) fn has_all_keys(constraints: &[SpreadConstraint], node: &Node) -> bool {
    constraints.iter().all(|c| node.labels.get(&c.topology_key).is_some())
}

/// The node inclusion policies as they bear on one node; each is evaluated at most once however many constraints ask.
pub(super) struct Inclusion<'a> {
    pod: &'a Pod,
    node: &'a Node,
    affinity: Option<bool>,
    taints: Option<bool>,
}

impl<'a> Inclusion<'a> {
    pub(super) fn new(pod: &'a Pod, node: &'a Node) -> Self {
        Self { pod, node, affinity: None, taints: None }
    }

    /// Whether the constraint counts pods on the node.
    pub(super) fn includes(&mut self, constraint: &SpreadConstraint) -> bool {
        let (pod, node) = (self.pod, self.node);
        let affinity =
            !constraint.honor_affinity || *self.affinity.get_or_insert_with(|| matches_node(pod, node));
        affinity
            && (!constraint.honor_taints
                || *self
                    .taints
                    .get_or_insert_with(|| first_untolerated(&node.taints, &pod.spec.tolerations).is_none()))
    }
}

/// Whether the node meets the pod's `nodeSelector` and required node affinity.
fn matches_node(pod: &Pod, node: &Node) -> bool {
    let labels = &node.labels;
    pod.spec.node_selector.iter().all(|(key, value)| labels.get(key) == Some(value))
        && pod.spec.node_affinity.required.as_ref().is_none_or(|required| required.matches(node))
}

/// The pods that a constraint counts: living ones in `namespace` that the selector selects. `None` when it can count none;
/// unless `empty_counts`, kube-scheduler counts no pod for the selector `{}`, although that matches the pod itself.
pub(super) fn counted_pods(
    namespace: &Str,
    constraint: &SpreadConstraint,
    empty_counts: bool,
) -> Option<PodQuery> {
    let selector = constraint.selector.as_ref().filter(|s| empty_counts || !s.is_empty())?;
    let namespaces = NamespaceSet::new(vec![Arc::clone(namespace)], false);
    Some(PodQuery { all_of: vec![(namespaces, selector.clone())], terminating: false })
}
