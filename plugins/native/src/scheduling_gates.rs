//! SchedulingGates: keeps pods with scheduling gates out of the active queue.
//!
//! Only the removal of the pod's last gate changes its mind.

use longshore_framework::event::{
    Action, ClusterEvent, EventPattern, Hint, HintContext, Resource, Subject, same_pod,
};
use longshore_framework::fields::Problems;
use longshore_framework::plugin::{EnqueueContext, Plugin, PreEnqueue};
use longshore_framework::pod::Pod;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::verdict::Verdict;
use serde_json::Value;

/// The plugin's name.
pub const NAME: &str = "SchedulingGates";

/// The plugin.
#[derive(Debug, Default)]
pub struct SchedulingGates;

/// Makes the plugin; it has no arguments.
pub fn build(_args: &Value, _context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    Instance::of(SchedulingGates).pre_enqueue().build()
}

impl Plugin for SchedulingGates {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![EventPattern::new(Resource::Pod, Action::POD_GATES_ELIMINATED)]
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        match &event.subject {
            Subject::Pod(_, Some(now)) => Hint::queue_if(same_pod(pod, now)),
            _ => Hint::Queue,
        }
    }
}

impl PreEnqueue for SchedulingGates {
    fn pre_enqueue(&self, cx: EnqueueContext<'_>) -> Verdict {
        let gates = &cx.pod.spec.gates;
        if gates.is_empty() {
            return Verdict::Pass;
        }
        let names: Vec<&str> = gates.iter().map(|g| &**g).collect();
        Verdict::unresolvable(format!("waiting for scheduling gates: [{}]", names.join(" ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_framework::fixture::pod;
    use longshore_framework::objects::Objects;
    use longshore_framework::snapshot::Snapshot;

    #[track_caller]
    fn check(gates: &[&str], want: Verdict) {
        let pod = pod("p").spec(|s| s.gates = gates.iter().map(|g| (*g).into()).collect()).build();
        let objects = Objects::default();
        let cx = EnqueueContext { pod: &pod, evicting: false, objects: &objects };
        assert_eq!(SchedulingGates.pre_enqueue(cx), want);
    }

    #[test]
    fn gates_are_named_in_their_order() {
        check(&[], Verdict::Pass);
        let text = "waiting for scheduling gates: [b.io/x a]".to_string();
        check(&["b.io/x", "a"], Verdict::unresolvable(text));
    }

    #[test]
    fn only_the_pods_own_gates_wake_it() {
        let (snapshot, objects) = (Snapshot::default(), Objects::default());
        let cluster = HintContext { snapshot: &snapshot, objects: &objects };
        let (mine, other) = (pod("p").build(), pod("q").build());
        for (changed, want) in [(&mine, Hint::Queue), (&other, Hint::Skip)] {
            let subject = Subject::Pod(Some(changed.clone()), Some(changed.clone()));
            let event = ClusterEvent::new(Resource::UnschedulablePod, Action::POD_GATES_ELIMINATED, subject);
            assert_eq!(SchedulingGates.hint(&mine, &event, cluster), want);
        }
    }
}
