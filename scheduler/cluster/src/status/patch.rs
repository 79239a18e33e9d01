//! The patch from the status as it is to the status as it should be.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::seen::{SeenCondition, SeenStatus, Wanted};

/// The patch, and the status when it is applied; `None` when nothing changes. The UID goes along, so that a pod made anew
/// under the name is left alone.
pub(super) fn patch(
    uid: &str,
    seen: &SeenStatus,
    wanted: &Wanted,
    now: Timestamp,
) -> Option<(Value, SeenStatus)> {
    let (mut status, mut after) = (serde_json::Map::new(), seen.clone());
    if let Some(node) = wanted.nominated_node.as_ref().filter(|node| **node != seen.nominated_node) {
        let value = if node.is_empty() { Value::Null } else { Value::from(&**node) };
        status.insert("nominatedNodeName".to_string(), value);
        after.nominated_node = node.clone();
    }
    if let Some(condition) = condition(seen, wanted, now) {
        let mut written = json!({
            "type": "PodScheduled",
            "status": &*condition.status,
            "reason": &*condition.reason,
            "message": &*condition.message,
            "lastProbeTime": null,
            "lastTransitionTime": &*condition.last_transition_time,
        });
        if seen.generation > 0 {
            written["observedGeneration"] = seen.generation.into();
        }
        status.insert("conditions".to_string(), json!([written]));
        after.scheduled = Some(condition);
    }
    (!status.is_empty()).then(|| (json!({"metadata": {"uid": uid}, "status": status}), after))
}

/// The condition that is wanted, if it is not there. The generation alone is no reason to write.
fn condition(seen: &SeenStatus, wanted: &Wanted, now: Timestamp) -> Option<SeenCondition> {
    let (reason, message) = wanted.condition.as_ref()?;
    let mut new = SeenCondition {
        status: "False".into(),
        reason: reason.as_str().into(),
        message: message.clone(),
        last_transition_time: format!("{now:.0}").into(),
    };
    if let Some(old) = &seen.scheduled
        && old.status == new.status
        && !old.last_transition_time.is_empty()
    {
        new.last_transition_time = old.last_transition_time.clone();
    }
    (seen.scheduled.as_ref() != Some(&new)).then_some(new)
}
