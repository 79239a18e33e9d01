//! The status of a PodGroup as it is to be.

use jiff::Timestamp;
use longshore_framework::port::{GroupStanding, GroupState};
use serde_json::{Map, Value, json};

/// Phases in which others know more of a Coscheduling group than the scheduler.
const LATER: [&str; 4] = ["Running", "Unknown", "Finished", "Failed"];

/// What is to be patched into the status of `now`, if anything, in JSON merge patch.
pub(super) fn patch(version: &str, now: &Value, standing: &GroupStanding, time: Timestamp) -> Option<Value> {
    let status = match version.starts_with("scheduling.k8s.io/") {
        true => conditions(version, now, standing, time),
        false => phase(now, standing, time),
    }?;
    let metadata = json!({
        "resourceVersion": now["metadata"]["resourceVersion"],
        "uid": now["metadata"]["uid"],
    });
    Some(json!({"metadata": metadata, "status": status}))
}

/// The condition that says whether a group was started: `PodGroupScheduled` in v1alpha2, `PodGroupInitiallyScheduled` since.
/// Once it is true it stays so.
fn conditions(version: &str, now: &Value, standing: &GroupStanding, time: Timestamp) -> Option<Value> {
    let started = match version {
        "scheduling.k8s.io/v1alpha2" => "PodGroupScheduled",
        _ => "PodGroupInitiallyScheduled",
    };
    let (kind, status, reason) = match standing.state {
        GroupState::Started => (started, "True", "Scheduled"),
        GroupState::Incomplete | GroupState::Unschedulable | GroupState::Preempting => {
            (started, "False", "Unschedulable")
        }
        GroupState::Broken => (started, "False", "SchedulerError"),
        GroupState::Preempted => ("DisruptionTarget", "True", "PreemptionByScheduler"),
    };
    let mut all = now["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let at = all.iter().position(|condition| condition["type"] == kind);
    let old = at.map(|at| &all[at]);
    let was = old.map_or(&Value::Null, |old| &old["status"]);
    if kind == started && *was == "True" && status == "False" {
        return None;
    }
    let message = if status == "True" && kind == started { "" } else { &standing.message };
    let since = match old.filter(|_| *was == status) {
        Some(old) => old["lastTransitionTime"].clone(),
        None => json!(format!("{time:.0}")),
    };
    let new = json!({
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": now["metadata"]["generation"],
        "lastTransitionTime": since,
    });
    if old == Some(&new) {
        return None;
    }
    match at {
        Some(at) => all[at] = new,
        None => all.push(new),
    }
    Some(json!({"conditions": all}))
}

/// Phase and counts of Coscheduling's status. `scheduled` is in older versions of the CRD only; an API server drops what its
/// CRD does not have.
fn phase(now: &Value, standing: &GroupStanding, time: Timestamp) -> Option<Value> {
    let old = &now["status"];
    let mut new = Map::new();
    let phase = match standing.placed >= standing.min_count.max(1) {
        true => "Scheduling",
        false => "Pending",
    };
    let was = old["phase"].as_str().unwrap_or_default();
    if !LATER.contains(&was) && was != phase {
        new.insert("phase".into(), json!(phase));
    }
    if old["scheduled"].as_u64().unwrap_or(0) != standing.placed as u64 {
        new.insert("scheduled".into(), json!(standing.placed));
    }
    let tried = standing.state != GroupState::Incomplete;
    let is_unset = old["scheduleStartTime"].as_str().is_none_or(str::is_empty);
    if tried && is_unset {
        new.insert("scheduleStartTime".into(), json!(format!("{time:.0}")));
    }
    // A count that the CRD does not have is told again and again: alone it is no reason to write.
    let matters =
        new.contains_key("phase") || new.contains_key("scheduleStartTime") || !old["scheduled"].is_null();
    (matters && !new.is_empty()).then(|| new.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const K136: &str = "scheduling.k8s.io/v1alpha2";
    const K137: &str = "scheduling.k8s.io/v1beta1";
    const PLUGINS: &str = "scheduling.x-k8s.io/v1alpha1";

    fn standing(state: GroupState, placed: usize) -> GroupStanding {
        GroupStanding { state, message: "why".into(), min_count: 3, pods: 3, placed }
    }

    /// What becomes of the status.
    #[track_caller]
    fn check(version: &str, status: Value, state: GroupState, placed: usize, want: Value) {
        let now =
            json!({"metadata": {"resourceVersion": "7", "uid": "u", "generation": 2}, "status": status});
        let time: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let patch = patch(version, &now, &standing(state, placed), time);
        let want = (!want.is_null())
            .then(|| json!({"metadata": {"resourceVersion": "7", "uid": "u"}, "status": want}));
        assert_eq!(patch, want);
    }

    fn condition(kind: &str, status: &str, reason: &str, message: &str, since: &str) -> Value {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "observedGeneration": 2, "lastTransitionTime": since,
        })
    }

    const NOW: &str = "2026-01-02T03:04:05Z";

    #[test]
    fn each_version_has_its_own_condition() {
        let of = |kind| json!({"conditions": [condition(kind, "False", "Unschedulable", "why", NOW)]});
        check(K136, json!({}), GroupState::Unschedulable, 0, of("PodGroupScheduled"));
        check(K137, json!({}), GroupState::Unschedulable, 0, of("PodGroupInitiallyScheduled"));
        check(K137, Value::Null, GroupState::Incomplete, 0, of("PodGroupInitiallyScheduled"));
        let broken = condition("PodGroupInitiallyScheduled", "False", "SchedulerError", "why", NOW);
        check(K137, json!({}), GroupState::Broken, 0, json!({"conditions": [broken]}));
    }

    #[test]
    fn what_is_true_stays_true_and_what_is_the_same_is_not_written() {
        let kind = "PodGroupInitiallyScheduled";
        let yes = condition(kind, "True", "Scheduled", "", "2026-01-01T00:00:00Z");
        let no = condition(kind, "False", "Unschedulable", "why", "2026-01-01T00:00:00Z");
        let status = |condition: &Value| json!({"conditions": [condition]});
        check(K137, status(&yes), GroupState::Unschedulable, 2, Value::Null);
        check(K137, status(&yes), GroupState::Started, 3, Value::Null);
        check(K137, status(&no), GroupState::Unschedulable, 0, Value::Null);
        let started = condition(kind, "True", "Scheduled", "", NOW);
        check(K137, status(&no), GroupState::Started, 3, status(&started));
        let mut other = no.clone();
        other["message"] = json!("other");
        check(K137, status(&other), GroupState::Unschedulable, 0, status(&no));
    }

    #[test]
    fn conditions_of_others_stay() {
        let other = json!({"type": "Theirs", "status": "True"});
        let target = condition("DisruptionTarget", "True", "PreemptionByScheduler", "why", NOW);
        let started = condition("PodGroupInitiallyScheduled", "True", "Scheduled", "", NOW);
        let before = json!({"conditions": [other, started]});
        let after = json!({"conditions": [other, started, target]});
        check(K137, before, GroupState::Preempted, 3, after);
    }

    #[test]
    fn coscheduling_has_a_phase_and_counts() {
        let (incomplete, unschedulable, started) =
            (GroupState::Incomplete, GroupState::Unschedulable, GroupState::Started);
        check(PLUGINS, json!({}), incomplete, 0, json!({"phase": "Pending"}));
        check(PLUGINS, json!({}), unschedulable, 0, json!({"phase": "Pending", "scheduleStartTime": NOW}));
        let pending = json!({"phase": "Pending", "scheduleStartTime": "2026-01-01T00:00:00Z"});
        check(PLUGINS, pending.clone(), unschedulable, 0, Value::Null);
        check(PLUGINS, pending, started, 3, json!({"phase": "Scheduling", "scheduled": 3}));
        // Whoever watches the pods knows more.
        let running = json!({"phase": "Running", "scheduleStartTime": "2026-01-01T00:00:00Z"});
        check(PLUGINS, running.clone(), started, 3, Value::Null);
        let mut counted = running;
        counted["scheduled"] = json!(2);
        check(PLUGINS, counted, started, 3, json!({"scheduled": 3}));
    }
}
