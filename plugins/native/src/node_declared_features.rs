//! NodeDeclaredFeatures: rejects nodes whose kubelet does not declare a feature that the pod needs.
//!
//! A new node or one that declares other features changes its mind, and a pod that needs other features.

use longshore_framework::event::{
    Action, ClusterEvent, EventPattern, Hint, HintContext, Resource, Subject, same_pod,
};
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{Cycle, Dependence, Filter, Plugin, PreFilter};
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, Verdict};
use longshore_framework::view::NodeView;
use serde_json::Value;

/// The plugin's name.
pub const NAME: &str = "NodeDeclaredFeatures";

/// The plugin.
#[derive(Debug, Default)]
pub struct NodeDeclaredFeatures;

/// Makes the plugin; it has no arguments.
pub fn build(_args: &Value, _context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    Instance::of(NodeDeclaredFeatures).pre_filter().filter().build()
}

impl Plugin for NodeDeclaredFeatures {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![
            EventPattern::new(Resource::Node, Action::ADD | Action::NODE_DECLARED_FEATURE),
            EventPattern::new(Resource::Pod, Action::UPDATE),
        ]
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        match &event.subject {
            Subject::Node(Some(old), Some(new)) => {
                Hint::queue_if(old.declared_features != new.declared_features)
            }
            Subject::Pod(Some(old), Some(new)) => {
                Hint::queue_if(same_pod(pod, new) && old.spec.required_features != new.spec.required_features)
            }
            _ => Hint::Queue,
        }
    }

    /// By the spec alone.
    fn tell_apart(&self, _cx: Cycle<'_>, _likeness: &mut Likeness) {}
}

/// That PreFilter ran in this cycle. Filter fails without it, as upstream.
#[derive(Clone)]
struct PreFiltered;

const NOT_PREFILTERED: &str = "error reading \"PreFilterNodeDeclaredFeatures\" from cycle-state: not found";

impl PreFilter for NodeDeclaredFeatures {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        if cx.pod.spec.required_features.is_empty() {
            return Ok(PreFilterVerdict::Skip);
        }
        state.put(PreFiltered);
        Ok(PreFilterVerdict::Pass(None))
    }
}

impl Filter for NodeDeclaredFeatures {
    fn filter(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        state.get_or::<PreFiltered>(NOT_PREFILTERED)?;
        let declared = &node.node().declared_features;
        if cx.pod.spec.required_features.iter().all(|f| declared.contains(f)) {
            return Ok(Verdict::Pass);
        }
        Ok(Verdict::unresolvable(Reason::DeclaredFeatures))
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Static
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_framework::Str;
    use longshore_framework::fixture::{node, pod};
    use longshore_framework::objects::Objects;
    use longshore_framework::snapshot::Snapshot;

    fn features(names: &[&str]) -> Vec<Str> {
        names.iter().map(|n| (*n).into()).collect()
    }

    #[track_caller]
    fn check(needs: &[&str], declares: &[&str], want: Option<Verdict>) {
        let mut snapshot = Snapshot::default();
        let slot = snapshot.set_node(node("n").with(|n| n.declared_features = features(declares)).build());
        let pod = pod("p").spec(|s| s.required_features = features(needs)).build();
        let (objects, mut state) = (Objects::default(), PluginState::default());
        let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &pod };
        let unasked = NodeDeclaredFeatures.filter(cx, &state, snapshot.view(slot));
        assert_eq!(unasked, Err(PluginError::new(NOT_PREFILTERED)), "without PreFilter");
        let got = match NodeDeclaredFeatures.pre_filter(cx, &mut state).unwrap() {
            PreFilterVerdict::Skip => None,
            _ => Some(NodeDeclaredFeatures.filter(cx, &state, snapshot.view(slot)).unwrap()),
        };
        assert_eq!(got, want);
    }

    #[test]
    fn a_node_must_declare_all_that_is_needed() {
        let refused = Verdict::unresolvable(Reason::DeclaredFeatures);
        check(&[], &[], None);
        check(&["A"], &["A", "B"], Some(Verdict::Pass));
        check(&["A", "C"], &["A", "B"], Some(refused.clone()));
        check(&["A"], &[], Some(refused));
    }

    #[test]
    fn changed_features_wake_the_pod() {
        let (snapshot, objects) = (Snapshot::default(), Objects::default());
        let cluster = HintContext { snapshot: &snapshot, objects: &objects };
        let declares = |f: &[&str]| Some(node("n").with(|n| n.declared_features = features(f)).build());
        let needs =
            |name: &str, f: &[&str]| Some(pod(name).spec(|s| s.required_features = features(f)).build());
        let waiting = pod("p").build();
        for (subject, want) in [
            (Subject::Node(None, declares(&[])), Hint::Queue),
            (Subject::Node(declares(&["A"]), declares(&["A"])), Hint::Skip),
            (Subject::Node(declares(&["A"]), declares(&["B"])), Hint::Queue),
            (Subject::Pod(needs("p", &["A"]), needs("p", &[])), Hint::Queue),
            (Subject::Pod(needs("p", &["A"]), needs("p", &["A"])), Hint::Skip),
            (Subject::Pod(needs("q", &["A"]), needs("q", &[])), Hint::Skip),
        ] {
            let event = ClusterEvent::new(Resource::Node, Action::NODE_DECLARED_FEATURE, subject.clone());
            assert_eq!(NodeDeclaredFeatures.hint(&waiting, &event, cluster), want, "{subject:?}");
        }
    }
}
