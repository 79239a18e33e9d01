//! NodeUnschedulable: rejects cordoned nodes for pods that do not tolerate it.
//!
//! A schedulable node that is new or was uncordoned changes its mind, and a toleration added to the pod.

use longshore_framework::event::{
    Action, ClusterEvent, EventPattern, Hint, HintContext, Resource, Subject, same_pod,
};
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{Cycle, Dependence, Filter, FilterSink, Plugin};
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::state::PluginState;
use longshore_framework::taint::{Taint, tolerated};
use longshore_framework::verdict::{PluginError, Verdict};
use longshore_framework::view::NodeView;
use serde_json::Value;

/// The plugin's name.
pub const NAME: &str = "NodeUnschedulable";

/// The plugin.
#[derive(Debug)]
pub struct NodeUnschedulable {
    /// What a cordoned node is treated as having.
    taint: Taint,
}

/// Makes the plugin; it has no arguments.
pub fn build(_args: &Value, _context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    Instance::of(NodeUnschedulable { taint: Taint::unschedulable() }).filter().build()
}

impl NodeUnschedulable {
    fn tolerates(&self, pod: &Pod) -> bool {
        tolerated(&self.taint, &pod.spec.tolerations)
    }
}

impl Plugin for NodeUnschedulable {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![
            EventPattern::new(Resource::Node, Action::ADD | Action::NODE_TAINT),
            EventPattern::new(Resource::Pod, Action::POD_TOLERATION),
        ]
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        match &event.subject {
            Subject::Node(old, Some(new)) => {
                Hint::queue_if(!new.unschedulable && old.as_ref().is_none_or(|o| o.unschedulable))
            }
            Subject::Pod(_, Some(new)) => Hint::queue_if(same_pod(pod, new) && self.tolerates(new)),
            _ => Hint::Queue,
        }
    }

    /// By the spec alone.
    fn tell_apart(&self, _cx: Cycle<'_>, _likeness: &mut Likeness) {}
}

impl Filter for NodeUnschedulable {
    fn filter(&self, cx: Cycle<'_>, _: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        if node.node().unschedulable && !self.tolerates(cx.pod) {
            return Ok(Verdict::unresolvable(Reason::NodeUnschedulable));
        }
        Ok(Verdict::Pass)
    }

    fn filter_range(
        &self,
        cx: Cycle<'_>,
        _: &PluginState,
        nodes: &mut FilterSink<'_>,
    ) -> Result<(), PluginError> {
        if self.tolerates(cx.pod) {
            return Ok(());
        }
        nodes.retain_among(cx.snapshot.cordoned(), |_| Ok(Verdict::unresolvable(Reason::NodeUnschedulable)))
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Static
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_framework::fixture::{node, pod};
    use longshore_framework::objects::Objects;
    use longshore_framework::snapshot::Snapshot;
    use longshore_framework::taint::{Toleration, TolerationOperator};

    fn plugin() -> NodeUnschedulable {
        NodeUnschedulable { taint: Taint::unschedulable() }
    }

    fn tolerant() -> Toleration {
        Toleration { operator: TolerationOperator::Exists, ..Default::default() }
    }

    #[track_caller]
    fn check(pod: &Pod, cordoned: bool, want: Verdict) {
        let mut snapshot = Snapshot::default();
        let slot = snapshot.set_node(node("n").with(|n| n.unschedulable = cordoned).build());
        let objects = Objects::default();
        let cx = Cycle { snapshot: &snapshot, objects: &objects, pod };
        let state = PluginState::default();
        assert_eq!(plugin().filter(cx, &state, snapshot.view(slot)), Ok(want.clone()));
        let (mut candidates, mut rejected) = (vec![slot], Vec::new());
        plugin().filter_range(cx, &state, &mut FilterSink::new(&mut candidates, &mut rejected)).unwrap();
        assert_eq!(candidates.is_empty(), want != Verdict::Pass);
    }

    #[test]
    fn a_cordoned_node_takes_only_pods_that_tolerate_it() {
        let refused = Verdict::unresolvable(Reason::NodeUnschedulable);
        check(&pod("p").build(), true, refused);
        check(&pod("p").build(), false, Verdict::Pass);
        check(&pod("p").tolerate(tolerant()).build(), true, Verdict::Pass);
    }

    #[test]
    fn uncordoning_and_tolerating_wake_the_pod() {
        let (snapshot, objects) = (Snapshot::default(), Objects::default());
        let cluster = HintContext { snapshot: &snapshot, objects: &objects };
        let pod = pod("p").build();
        let on = |cordoned: bool| Some(node("n").with(|n| n.unschedulable = cordoned).build());
        let hint = |subject| {
            plugin().hint(&pod, &ClusterEvent::new(Resource::Node, Action::NODE_TAINT, subject), cluster)
        };
        assert_eq!(hint(Subject::Node(None, on(false))), Hint::Queue);
        assert_eq!(hint(Subject::Node(None, on(true))), Hint::Skip);
        assert_eq!(hint(Subject::Node(on(true), on(false))), Hint::Queue);
        assert_eq!(hint(Subject::Node(on(false), on(false))), Hint::Skip);
        let tolerating = longshore_framework::fixture::pod("p").tolerate(tolerant()).build();
        assert_eq!(hint(Subject::Pod(Some(pod.clone()), Some(tolerating))), Hint::Queue);
        assert_eq!(hint(Subject::Pod(Some(pod.clone()), Some(pod.clone()))), Hint::Skip);
    }
}
