//! Coscheduling of scheduler-plugins: the order of groups, and pods whose PodGroup does not exist.
//!
//! What makes a group one thing is not here: the engine decides groups as a whole, with this plugin or without it. So no pod
//! waits at Permit for the others, and the arguments that say for how long, and when a group gives up, have no effect. It
//! rejects pods with the label of a group that does not exist; the PodGroup changes its mind.

use std::time::Duration;

use longshore_framework::event::{
    Action, ClusterEvent, EventPattern, Hint, HintContext, Resource, Subject, same_pod,
};
use longshore_framework::fields::{Fields, Problems};
use longshore_framework::group::{GROUP_LABEL, GroupApi, GroupKey};
use longshore_framework::objects::Object;
use longshore_framework::plugin::{EnqueueContext, Plugin, PreEnqueue, QueueSort, Queued, Rank};
use longshore_framework::pod::Pod;
use longshore_framework::registry::{FactoryContext, Instance, Stage};
use longshore_framework::verdict::Verdict;
use serde_json::Value;

/// The plugin's name.
pub const NAME: &str = "Coscheduling";

/// Stages of the Go plugin, in any release, whose work the engine does.
const ELSEWHERE: [Stage; 6] =
    [Stage::PreFilter, Stage::PostFilter, Stage::Reserve, Stage::Permit, Stage::PreBind, Stage::PostBind];

/// The plugin.
#[derive(Debug, Default)]
pub struct Coscheduling {
    /// `holdPlacesSeconds`: for how long at a time places are held for a group that cannot start yet; not at all by default. The
    /// real plugin has no such argument.
    holds_places: Duration,
}

/// Makes the plugin; `args` are CoschedulingArgs.
pub fn build(args: &Value, _context: &FactoryContext, problems: &mut Problems<'_>) -> Instance {
    let mut fields = Fields::of_args(args, "CoschedulingArgs", problems);
    fields.int("permitWaitingTimeSeconds", 0..=i64::MAX, problems);
    fields.int("podGroupBackoffSeconds", 0..=i64::MAX, problems);
    fields.int("podGroupRejectPercentage", 0..=100, problems);
    let seconds = fields.int("holdPlacesSeconds", 0..=24 * 60 * 60, problems).unwrap_or(0);
    fields.finish(problems);
    let holds_places = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    Instance::of(Coscheduling { holds_places }).queue_sort().pre_enqueue().idle_at(&ELSEWHERE).build()
}

impl Plugin for Coscheduling {
    fn name(&self) -> &str {
        NAME
    }

    fn holds_places(&self) -> Duration {
        self.holds_places
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![
            EventPattern::new(Resource::PodGroup, Action::ADD),
            EventPattern::new(Resource::Pod, Action::POD_LABEL),
        ]
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        match &event.subject {
            Subject::Pod(_, Some(now)) => Hint::queue_if(same_pod(pod, now)),
            Subject::Object(_, Some(Object::PodGroup(group))) => {
                Hint::queue_if(named(pod).is_some_and(|key| key == group.key()))
            }
            _ => Hint::Skip,
        }
    }
}

impl QueueSort for Coscheduling {
    /// The higher priority first; then the group that was made first. A pod without a group, and a group that was tried
    /// before, go by the time since which they wait.
    fn rank(&self, queued: Queued<'_>) -> Rank {
        let Rank([priority, since]) = Rank::by_priority(queued);
        let made = queued.group.filter(|group| group.api == GroupApi::Coscheduling).and_then(|g| g.created);
        Rank([priority, made.map_or(since, |made| made.0)])
    }
}

impl PreEnqueue for Coscheduling {
    fn pre_enqueue(&self, cx: EnqueueContext<'_>) -> Verdict {
        match named(cx.pod) {
            Some(key) if !cx.objects.pod_groups.contains_key(&key) => {
                Verdict::unschedulable("PodGroup not found".to_string())
            }
            _ => Verdict::Pass,
        }
    }
}

/// The group that the pod's label names, if that is what it belongs to.
fn named(pod: &Pod) -> Option<GroupKey> {
    pod.meta.labels.get(GROUP_LABEL)?;
    GroupKey::of(pod).filter(|key| key.api == GroupApi::Coscheduling)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use longshore_framework::Timestamp;
    use longshore_framework::fixture::pod;
    use longshore_framework::group::PodGroup;
    use longshore_framework::objects::Objects;

    fn group(created: Option<i64>) -> PodGroup {
        let group = PodGroup::new(GroupApi::Coscheduling, "default", "g", Some(2));
        PodGroup { created: created.map(Timestamp), ..group }
    }

    #[track_caller]
    fn check_rank(group: Option<&PodGroup>, want: [i64; 2]) {
        let pod = pod("p").priority(3).build();
        let queued = Queued { pod: &pod, since: Timestamp(9), objects: &Objects::default(), group };
        assert_eq!(Coscheduling::default().rank(queued), Rank(want));
    }

    #[test]
    fn a_group_goes_by_the_time_it_was_made() {
        check_rank(None, [-3, 9]);
        check_rank(Some(&group(None)), [-3, 9]);
        check_rank(Some(&group(Some(4))), [-3, 4]);
        let other = PodGroup { api: GroupApi::Kubernetes, ..group(Some(4)) };
        check_rank(Some(&other), [-3, 9]);
    }

    #[track_caller]
    fn check_gate(label: Option<&str>, passes: bool) {
        let mut objects = Objects::default();
        objects.set(Object::PodGroup(Arc::new(group(None))));
        let pod = label.into_iter().fold(pod("p"), |pod, name| pod.label(GROUP_LABEL, name)).build();
        let cx = EnqueueContext { pod: &pod, evicting: false, objects: &objects };
        assert_eq!(Coscheduling::default().pre_enqueue(cx) == Verdict::Pass, passes);
    }

    #[test]
    fn a_pod_whose_group_does_not_exist_waits_for_it() {
        check_gate(None, true);
        check_gate(Some("g"), true);
        check_gate(Some("other"), false);
    }
}
