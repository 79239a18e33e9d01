//! Names of events in labels. Since 1.37 a pod that waits is an UnscheduledPod, and one whose own change it is a TargetPod.

use longshore_engine::EventLabel;
use longshore_framework::event::{Action, Resource};
use longshore_framework::features::{Features, Rule};

/// What kube-scheduler calls a pod that waits, up to 1.36.
const BEFORE: &str = "UnschedulablePod";

/// The event as the pod that waits hears of it.
pub(super) fn heard(event: EventLabel, features: Features) -> String {
    match event {
        EventLabel::Object(Resource::UnschedulablePod, action) if is_update(action) => {
            renamed(event, "TargetPod", features)
        }
        _ => handled(event, features),
    }
}

/// The event as it came in.
pub(super) fn handled(event: EventLabel, features: Features) -> String {
    renamed(event, "UnscheduledPod", features)
}

fn is_update(action: Action) -> bool {
    action != Action::ADD && action != Action::DELETE
}

fn renamed(event: EventLabel, name: &str, features: Features) -> String {
    let text = event.to_string();
    match text.strip_prefix(BEFORE) {
        Some(action) if features.follow(Rule::PodEventNames) => format!("{name}{action}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use longshore_framework::features::Minor;

    use super::*;

    #[test]
    fn pods_that_wait_have_another_name_since_1_37() {
        #[track_caller]
        fn check(event: EventLabel, before: &str, want_heard: &str, want_handled: &str) {
            let (old, new) = (Features::of(Minor::V1_36), Features::of(Minor::V1_37));
            assert_eq!((heard(event, old), handled(event, old)), (before.to_string(), before.to_string()));
            let want = (want_heard.to_string(), want_handled.to_string());
            assert_eq!((heard(event, new), handled(event, new)), want);
        }
        check(EventLabel::POD_ADD, "UnschedulablePodAdd", "UnscheduledPodAdd", "UnscheduledPodAdd");
        check(EventLabel::POD_UPDATE, "UnschedulablePodUpdate", "TargetPodUpdate", "UnscheduledPodUpdate");
        let assigned = EventLabel::Object(Resource::AssignedPod, Action::DELETE);
        check(assigned, "AssignedPodDelete", "AssignedPodDelete", "AssignedPodDelete");
        check(EventLabel::FORCED, "ForceActivate", "ForceActivate", "ForceActivate");
    }
}
