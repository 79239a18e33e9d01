//! NodeName: rejects every node but the one the pod names; by [a rule](Rule::NodeNamePreFilter) no other is looked at.
//!
//! A new node may be the one. In practice a pod that names its node is never scheduled, so the plugin is a safeguard.

use longshore_framework::event::{Action, EventPattern, Resource};
use longshore_framework::features::Rule;
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{Cycle, Dependence, Filter, FilterSink, Plugin, PreFilter};
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, Verdict};
use longshore_framework::view::NodeView;
use serde_json::Value;

/// The plugin's name.
pub const NAME: &str = "NodeName";

/// The plugin.
#[derive(Debug, Default)]
pub struct NodeName;

/// Makes the plugin; it has no arguments.
pub fn build(_args: &Value, context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    let instance = Instance::of(NodeName).filter();
    match context.features.follow(Rule::NodeNamePreFilter) {
        true => instance.pre_filter().build(),
        false => instance.build(),
    }
}

impl Plugin for NodeName {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![EventPattern::new(Resource::Node, Action::ADD)]
    }

    /// A pod that names its node is like no other.
    fn tell_apart(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        if cx.pod.meta.node_name.is_some() {
            likeness.set_apart();
        }
    }
}

impl PreFilter for NodeName {
    fn pre_filter(&self, cx: Cycle<'_>, _: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        Ok(PreFilterVerdict::Pass(cx.pod.meta.node_name.clone().map(|name| vec![name])))
    }
}

impl Filter for NodeName {
    fn filter(&self, cx: Cycle<'_>, _: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        match &cx.pod.meta.node_name {
            Some(name) if name != node.name() => Ok(Verdict::unresolvable(Reason::NodeName)),
            _ => Ok(Verdict::Pass),
        }
    }

    fn filter_range(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &mut FilterSink<'_>,
    ) -> Result<(), PluginError> {
        if cx.pod.meta.node_name.is_none() {
            return Ok(());
        }
        nodes.retain(|slot| self.filter(cx, state, cx.snapshot.view(slot)))
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

    #[track_caller]
    fn check(pod: &Pod, want: &[&str]) {
        let mut snapshot = Snapshot::default();
        let mut candidates: Vec<_> =
            ["a", "b"].iter().map(|name| snapshot.set_node(node(name).build())).collect();
        let objects = Objects::default();
        let cx = Cycle { snapshot: &snapshot, objects: &objects, pod };
        let mut rejected = Vec::new();
        let mut sink = FilterSink::new(&mut candidates, &mut rejected);
        NodeName.filter_range(cx, &PluginState::default(), &mut sink).unwrap();
        let left: Vec<_> = candidates.iter().map(|s| &*snapshot.node(*s).name).collect();
        assert_eq!(left, want);
        assert!(rejected.iter().all(|(_, r)| r.message() == "node(s) didn't match the requested node name"));
    }

    #[test]
    fn since_1_37_only_the_named_node_is_looked_at() {
        use longshore_framework::features::{Features, Minor};
        use longshore_framework::registry::Stage;
        let made = |minor| {
            let context = FactoryContext { features: Features::of(minor), ..FactoryContext::default() };
            build(&Value::Null, &context, &mut Problems::new(&mut Vec::new()))
        };
        assert!(!made(Minor::V1_36).has(Stage::PreFilter) && made(Minor::V1_37).has(Stage::PreFilter));
        let (snapshot, objects) = (Snapshot::default(), Objects::default());
        let restricted = |pod: &Pod| {
            let cx = Cycle { snapshot: &snapshot, objects: &objects, pod };
            NodeName.pre_filter(cx, &mut PluginState::default()).unwrap()
        };
        assert_eq!(restricted(&pod("p").build()), PreFilterVerdict::Pass(None));
        assert_eq!(restricted(&pod("p").on("b").build()), PreFilterVerdict::Pass(Some(vec!["b".into()])));
    }

    #[test]
    fn a_pod_that_names_its_node_is_of_no_class() {
        let (snapshot, objects) = (Snapshot::default(), Objects::default());
        for (pod, want) in [(pod("p").build(), false), (pod("p").on("b").build(), true)] {
            let mut likeness = Likeness::default();
            NodeName.tell_apart(Cycle { snapshot: &snapshot, objects: &objects, pod: &pod }, &mut likeness);
            assert_eq!(likeness.is_unlike_any(), want);
        }
    }

    #[test]
    fn only_the_named_node_remains() {
        check(&pod("p").build(), &["a", "b"]);
        check(&pod("p").on("b").build(), &["b"]);
        check(&pod("p").on("c").build(), &[]);
    }
}
