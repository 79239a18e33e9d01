//! Numbers for what the model does not read of pods and nodes, for those who read them whole.

use std::hash::BuildHasher;

use longshore_framework::keyed::KeyedState;
use longshore_framework::unread::Unread;
use serde_json::Value;

/// What a pod says, without its version, who wrote which field, and what a scheduler writes to it: its own word would wake
/// the pod again and again.
pub(super) fn pod(json: &str) -> u64 {
    content(json, |pod| {
        strip_metadata(pod);
        let Some(status) = pod.get_mut("status").and_then(Value::as_object_mut) else { return };
        status.remove("observedGeneration");
        status.remove("nominatedNodeName");
        if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
            conditions.retain(|condition| condition.get("type").is_none_or(|of| of != "PodScheduled"));
            if conditions.is_empty() {
                status.remove("conditions");
            }
        }
    })
}

/// A node, and what it says without its version, who wrote which field, and its heartbeats.
pub(super) fn node(json: &str) -> Unread {
    let content = content(json, |node| {
        strip_metadata(node);
        let conditions = node.pointer_mut("/status/conditions").and_then(Value::as_array_mut);
        for condition in conditions.into_iter().flatten().filter_map(Value::as_object_mut) {
            condition.remove("lastHeartbeatTime");
        }
    });
    Unread { text: number(json), content }
}

fn strip_metadata(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    for field in ["resourceVersion", "generation", "managedFields"] {
        metadata.remove(field);
    }
}

/// A number for what is left of an object.
fn content(json: &str, strip: impl FnOnce(&mut Value)) -> u64 {
    match serde_json::from_str::<Value>(json) {
        Ok(mut value) => {
            strip(&mut value);
            number(&value.to_string())
        }
        // Not JSON of ours, such as a number that is too large: all of it counts.
        Err(_) => number(json),
    }
}

/// 0 says that nobody looked.
fn number(text: &str) -> u64 {
    KeyedState.hash_one(text).max(1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(of: impl Fn(&str) -> u64, before: &Value, after: &Value, same: bool) {
        assert_eq!(of(&before.to_string()) == of(&after.to_string()), same, "{after}");
    }

    #[test]
    fn what_a_scheduler_writes_to_a_pod_is_no_news_and_all_else_is() {
        let written = |version: &str, annotation: &str, status: Value| {
            json!({"metadata": {"name": "p", "resourceVersion": version, "annotations": {"a": annotation},
                "managedFields": [{"time": version}]}, "status": status})
        };
        let bare = written("1", "x", json!({"phase": "Pending"}));
        let condition = json!({"type": "PodScheduled", "status": "False", "message": "0/1 nodes"});
        let ours = json!({"phase": "Pending", "nominatedNodeName": "n", "conditions": [condition]});
        check(pod, &bare, &written("2", "x", ours), true);
        check(pod, &bare, &written("1", "y", json!({"phase": "Pending"})), false);
        let theirs = json!({"phase": "Pending", "conditions": [{"type": "Ready", "status": "False"}]});
        check(pod, &bare, &written("1", "x", theirs), false);
    }

    #[test]
    fn a_heartbeat_changes_the_text_of_a_node_and_not_what_it_says() {
        let written = |beat: &str, kernel: &str| {
            json!({"metadata": {"name": "n", "resourceVersion": beat}, "status": {"nodeInfo": {"kernelVersion": kernel},
                "conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": beat}]}})
        };
        let content = |json: &str| node(json).content;
        check(content, &written("1", "6.1"), &written("2", "6.1"), true);
        check(content, &written("1", "6.1"), &written("1", "6.2"), false);
        check(|json| node(json).text, &written("1", "6.1"), &written("2", "6.1"), false);
    }
}
