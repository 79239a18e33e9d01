//! Extenders: services beside the plugins that filter, score, preempt or bind.
//!
//! To the engine an extender is a value that answers: who asks it over the network stands behind the trait. Binding is an
//! [effect](crate::port::Effect::Bind), so the trait only says who binds.

use std::fmt;
use std::sync::Arc;

use crate::Str;
use crate::node::Node;
use crate::pod::Pod;
use crate::verdict::PluginError;

/// The name under which extenders stand among the plugins that rejected a pod.
pub const EXTENDER: &str = "Extender";

/// The highest score an extender gives; scores of plugins go to [`MAX_SCORE`](crate::plugin::MAX_SCORE).
pub const MAX_EXTENDER_SCORE: i64 = 10;

/// What an extender made of the nodes it was asked about. A node that stands nowhere is left out without a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterAnswer {
    /// Names of the nodes that stay.
    pub kept: Vec<Str>,
    /// Nodes that evictions may help, each with the reason.
    pub failed: Vec<(Str, String)>,
    /// Nodes that evictions cannot help, each with the reason; they count before [`failed`](Self::failed).
    pub failed_and_unresolvable: Vec<(Str, String)>,
}

/// A node where the pod would fit once the victims are gone.
#[derive(Clone, Debug)]
pub struct NodeVictims {
    /// The node.
    pub node: Str,
    /// Pods to evict, most important first.
    pub victims: Vec<Arc<Pod>>,
    /// How many of them a PodDisruptionBudget protects.
    pub violations: usize,
}

/// The same as an extender answers it: pods by UID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedVictims {
    /// The node.
    pub node: Str,
    /// UIDs of the pods to evict.
    pub victims: Vec<Str>,
    /// How many of them a PodDisruptionBudget protects.
    pub violations: usize,
}

/// An extender. The calls wait for the answer; an error is that of the whole call.
pub trait Extender: Send + Sync + fmt::Debug {
    /// What messages call it: its URL.
    fn name(&self) -> &str;

    /// Scheduling goes on without it when it fails.
    fn is_ignorable(&self) -> bool;

    /// Whether it is asked about this pod at all.
    fn is_interested(&self, pod: &Pod) -> bool;

    /// Whether it filters.
    fn is_filter(&self) -> bool;

    /// Whether it scores.
    fn is_prioritizer(&self) -> bool;

    /// Whether it binds.
    fn is_binder(&self) -> bool;

    /// Whether it has a say in preemption.
    fn supports_preemption(&self) -> bool;

    /// Multiplies its scores.
    fn weight(&self) -> i64;

    /// Which of `nodes` the pod may go to; asked after all Filter plugins.
    ///
    /// # Errors
    /// Ends the cycle, unless the extender is ignorable.
    fn filter(&self, pod: &Pod, nodes: &[&Node]) -> Result<FilterAnswer, PluginError>;

    /// Scores from 0 to [`MAX_EXTENDER_SCORE`] by node name; nodes it does not name get none. Several extenders are asked
    /// at the same time.
    ///
    /// # Errors
    /// The extender gives no scores then.
    fn prioritize(&self, pod: &Pod, nodes: &[&Node]) -> Result<Vec<(Str, i64)>, PluginError>;

    /// Which of the candidates stay, perhaps with other victims.
    ///
    /// # Errors
    /// Ends PostFilter, unless the extender is ignorable.
    fn preempt(&self, pod: &Pod, candidates: &[NodeVictims]) -> Result<Vec<NamedVictims>, PluginError>;
}

/// Whether an extender that manages these resources is interested in the pod: it manages none, or a container or init
/// container asks for one. Limits need no look: where there is a limit the API server fills in a request.
pub fn is_interested(managed: &[Str], pod: &Pod) -> bool {
    let mut containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
    managed.is_empty() || containers.any(|c| c.requests.iter().any(|(name, _)| managed.contains(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::pod;

    #[test]
    fn only_pods_with_a_managed_resource_are_of_interest() {
        let gpu = [Str::from("acme.com/gpu")];
        let (plain, with_gpu) = (pod("p").build(), pod("g").request("acme.com/gpu", "1").build());
        assert!(is_interested(&[], &plain));
        assert!(!is_interested(&gpu, &plain));
        assert!(is_interested(&gpu, &with_gpu));
        let init = pod("i").spec(|s| {
            s.init_containers.clone_from(&with_gpu.spec.containers);
        });
        assert!(is_interested(&gpu, &init.build()));
    }
}
