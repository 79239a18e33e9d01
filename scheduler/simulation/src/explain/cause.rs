//! The one thing that keeps a pod from every node, when there is one.

use std::collections::BTreeSet;

use longshore_engine::{Engine, Judgement};
use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::verdict::Rejection;

use super::health;
use super::misses::untolerated;

/// Something that keeps a pod from a node.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// The node is cordoned, whoever says so.
    Cordoned,
    /// The node is not as it should be.
    State,
    /// A plugin.
    Plugin(Str),
}

/// In kube-scheduler's words, as far as it has some: `Too many pods`, `not ready`.
pub(super) fn cause(engine: &Engine, pod: &Pod, judged: &[Judgement]) -> Option<String> {
    let snapshot = engine.snapshot();
    let mut only: Option<Kind> = None;
    let mut words: BTreeSet<String> = BTreeSet::new();
    for judgement in judged {
        let node = snapshot.node(snapshot.slot(&judgement.node)?);
        for (plugin, rejection) in &judgement.rejections {
            let (kind, said) = kind(plugin, rejection, node, pod);
            if only.get_or_insert_with(|| kind.clone()) != &kind {
                return None;
            }
            words.extend(said);
        }
    }
    (!words.is_empty()).then(|| words.into_iter().collect::<Vec<_>>().join(", "))
}

fn kind(plugin: &Str, rejection: &Rejection, node: &Node, pod: &Pod) -> (Kind, Vec<String>) {
    if rejection.reasons.contains(&Reason::NodeUnschedulable) {
        return (Kind::Cordoned, vec![Reason::NodeUnschedulable.to_string()]);
    }
    if rejection.reasons.contains(&Reason::UntoleratedTaint) {
        let taints = || untolerated(&node.taints, pod);
        if taints().all(health::is_cordon) {
            return (Kind::Cordoned, vec![Reason::NodeUnschedulable.to_string()]);
        }
        if taints().all(|t| health::state(t).is_some()) {
            return (
                Kind::State,
                taints().filter_map(health::state).map(|s| format!("node(s) were {s}")).collect(),
            );
        }
    }
    (Kind::Plugin(plugin.clone()), rejection.reasons.iter().map(ToString::to_string).collect())
}
