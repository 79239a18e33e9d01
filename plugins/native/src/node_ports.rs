//! NodePorts: rejects nodes where a host port that the pod wants is taken.
//!
//! The deletion of a pod that holds such a port changes its mind, and a new node.

use longshore_framework::event::{
    Action, ClusterEvent, EventPattern, Hint, HintContext, Resource, Subject, is_placed,
};
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{Cycle, Dependence, Filter, FilterSink, Plugin, PreFilter};
use longshore_framework::pod::Pod;
use longshore_framework::ports::UsedPorts;
use longshore_framework::reason::Reason;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, Verdict};
use longshore_framework::view::NodeView;
use serde_json::Value;

/// The plugin's name.
pub const NAME: &str = "NodePorts";

/// The plugin.
#[derive(Debug, Default)]
pub struct NodePorts;

/// Makes the plugin; it has no arguments.
pub fn build(_args: &Value, _context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    Instance::of(NodePorts).pre_filter().filter().build()
}

impl Plugin for NodePorts {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![EventPattern::new(Resource::Pod, Action::DELETE), EventPattern::new(Resource::Node, Action::ADD)]
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        match &event.subject {
            Subject::Pod(Some(gone), _) => {
                let in_the_way =
                    gone.host_ports().any(|held| pod.host_ports().any(|port| port.conflicts(held)));
                Hint::queue_if(is_placed(gone) && in_the_way)
            }
            _ => Hint::Queue,
        }
    }

    /// By the ports.
    fn tell_apart(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        likeness.add_host_ports(cx.pod);
    }
}

/// That PreFilter ran in this cycle. Filter fails without it, as upstream.
#[derive(Clone)]
struct PreFiltered;

const NOT_PREFILTERED: &str = "reading \"PreFilterNodePorts\" from cycleState: not found";

impl PreFilter for NodePorts {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        if cx.pod.host_ports().next().is_none() {
            return Ok(PreFilterVerdict::Skip);
        }
        state.put(PreFiltered);
        Ok(PreFilterVerdict::Pass(None))
    }
}

impl Filter for NodePorts {
    fn filter(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        state.get_or::<PreFiltered>(NOT_PREFILTERED)?;
        Ok(judge(cx.pod, node.ports()))
    }

    fn filter_range(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &mut FilterSink<'_>,
    ) -> Result<(), PluginError> {
        state.get_or::<PreFiltered>(NOT_PREFILTERED)?;
        nodes.retain(|slot| Ok(judge(cx.pod, cx.snapshot.ports(slot))))
    }

    fn depends_on(&self, pod: &Pod) -> Dependence {
        // A pod without host ports passes everywhere, whatever happens.
        if pod.host_ports().next().is_some() { Dependence::Node } else { Dependence::Static }
    }
}

fn judge(pod: &Pod, taken: &UsedPorts) -> Verdict {
    if pod.host_ports().any(|port| taken.conflicts(port)) {
        return Verdict::unschedulable(Reason::NodePorts);
    }
    Verdict::Pass
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_framework::fixture::{node, pod};
    use longshore_framework::objects::Objects;
    use longshore_framework::pod::Container;
    use longshore_framework::ports::HostPort;
    use longshore_framework::snapshot::Snapshot;
    use std::sync::Arc;

    fn at(name: &str, protocol: &str, address: &str, port: i32) -> Arc<Pod> {
        let port = HostPort { protocol: protocol.into(), port, address: address.into() };
        pod(name).spec(|s| s.containers[0].host_ports.push(port)).build()
    }

    /// `held` runs on the only node; may `wants` join it?
    #[track_caller]
    fn check(held: Arc<Pod>, wants: &Pod, want: bool) {
        let mut snapshot = Snapshot::default();
        let slot = snapshot.set_node(node("n").build());
        snapshot.add_pod(slot, held);
        let (objects, mut state) = (Objects::default(), PluginState::default());
        let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: wants };
        let unasked = NodePorts.filter(cx, &state, snapshot.view(slot));
        assert_eq!(unasked, Err(PluginError::new(NOT_PREFILTERED)), "without PreFilter");
        if NodePorts.pre_filter(cx, &mut state) == Ok(PreFilterVerdict::Skip) {
            assert!(want, "a pod without host ports passes everywhere");
            return;
        }
        let verdict = if want { Verdict::Pass } else { Verdict::unschedulable(Reason::NodePorts) };
        assert_eq!(NodePorts.filter(cx, &state, snapshot.view(slot)), Ok(verdict));
        let (mut candidates, mut rejected) = (vec![slot], Vec::new());
        NodePorts.filter_range(cx, &state, &mut FilterSink::new(&mut candidates, &mut rejected)).unwrap();
        assert_eq!(candidates.len(), usize::from(want));
    }

    #[test]
    fn ports_conflict_on_one_address_or_on_all_of_them() {
        check(at("a", "TCP", "0.0.0.0", 80), &at("p", "TCP", "0.0.0.0", 80), false);
        check(at("a", "TCP", "10.0.0.1", 80), &at("p", "TCP", "0.0.0.0", 80), false);
        check(at("a", "TCP", "10.0.0.1", 80), &at("p", "TCP", "10.0.0.2", 80), true);
        check(at("a", "TCP", "0.0.0.0", 80), &at("p", "UDP", "0.0.0.0", 80), true);
        check(at("a", "TCP", "0.0.0.0", 80), &at("p", "TCP", "0.0.0.0", 81), true);
        check(at("a", "TCP", "::", 80), &at("p", "TCP", "10.0.0.1", 80), true);
    }

    #[test]
    fn a_sidecars_port_counts_and_an_init_containers_does_not() {
        let port = HostPort { protocol: "TCP".into(), port: 80, address: "0.0.0.0".into() };
        let with = |restartable| {
            let init =
                Container { init: true, restartable, host_ports: vec![port.clone()], ..Default::default() };
            pod("p").spec(|s| s.init_containers.push(init)).build()
        };
        check(at("a", "TCP", "0.0.0.0", 80), &with(true), false);
        check(at("a", "TCP", "0.0.0.0", 80), &with(false), true);
    }

    #[test]
    fn only_a_placed_pod_with_a_wanted_port_wakes_the_pod() {
        let (snapshot, objects) = (Snapshot::default(), Objects::default());
        let cluster = HintContext { snapshot: &snapshot, objects: &objects };
        let waiting = pod("p").host_port(80).build();
        for (gone, want) in [
            (pod("a").host_port(80).on("n").build(), Hint::Queue),
            (pod("a").host_port(80).meta(|m| m.nominated_node = Some("n".into())).build(), Hint::Queue),
            (pod("a").host_port(80).build(), Hint::Skip),
            (pod("a").host_port(81).on("n").build(), Hint::Skip),
        ] {
            let event =
                ClusterEvent::new(Resource::AssignedPod, Action::DELETE, Subject::Pod(Some(gone), None));
            assert_eq!(NodePorts.hint(&waiting, &event, cluster), want);
        }
    }
}
