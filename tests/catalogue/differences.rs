//! What differs between a recorded and a new run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::replay::Replayed;

/// One line for each difference.
pub(crate) fn differences(expected: &Value, replayed: &Replayed) -> Vec<String> {
    let mut found = Vec::new();
    let want: BTreeMap<String, String> = texts(&expected["placements"]).collect();
    compare("placements", &want, &replayed.placements, &mut found);
    let want: BTreeSet<&str> =
        expected["pending"].as_object().into_iter().flatten().map(|(pod, _)| pod.as_str()).collect();
    let got: BTreeSet<&str> = replayed.messages.keys().map(String::as_str).collect();
    compare("pending", &want, &got, &mut found);
    let want: BTreeSet<&str> = strings(&expected["evicted"]).collect();
    let got: BTreeSet<&str> = replayed.evicted.iter().map(String::as_str).collect();
    compare("evicted", &want, &got, &mut found);
    if !expected["attemptOrder"].is_null() {
        let want: Vec<&str> = strings(&expected["attemptOrder"]).collect();
        compare("order", &want, &replayed.order.iter().map(String::as_str).collect(), &mut found);
    }
    for (pod, nodes) in expected["scores"].as_object().into_iter().flatten() {
        scores(pod, nodes, replayed, &mut found);
    }
    for (pod, message) in texts(&expected["pending"]) {
        reasons(&pod, &message, replayed, &mut found);
    }
    found
}

fn compare<T: PartialEq + std::fmt::Debug>(what: &str, want: &T, got: &T, found: &mut Vec<String>) {
    if want != got {
        found.push(format!("{what}: expected {want:?}, got {got:?}"));
    }
}

fn texts(value: &Value) -> impl Iterator<Item = (String, String)> {
    let entries = value.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_string())))
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// The scores of a pod on every node: those that were recorded are there and no other node is.
fn scores(pod: &str, nodes: &Value, replayed: &Replayed, found: &mut Vec<String>) {
    let none = BTreeMap::new();
    let got = replayed.scores.get(pod).unwrap_or(&none);
    let want: BTreeSet<&str> =
        nodes.as_object().into_iter().flatten().map(|(node, _)| node.as_str()).collect();
    compare(&format!("nodes with scores of {pod}"), &want, &got.keys().map(String::as_str).collect(), found);
    for (node, plugins) in nodes.as_object().into_iter().flatten() {
        for (plugin, score) in plugins.as_object().into_iter().flatten() {
            let got = got.get(node).and_then(|plugins| plugins.get(plugin)).copied();
            compare(&format!("{plugin} of {pod} on {node}"), &score.as_i64(), &got, found);
        }
    }
}

/// What plugins of the catalogue say, as far as it stands in the message. What preemption says is left out: it depends on whether a
/// pod was tried again before or after a preemptor had its node.
const SAID: [&str; 5] = [
    "cannot align ",
    "invalid node topology data",
    "is more than Max",
    "total ElasticQuota used is more than min",
    "does not meet several network requirements",
];

/// The plugin's words stand in both messages or in neither.
fn reasons(pod: &str, message: &str, replayed: &Replayed, found: &mut Vec<String>) {
    let Some(got) = replayed.messages.get(pod) else { return };
    for said in SAID {
        if message.contains(said) != got.contains(said) {
            found.push(format!("message of {pod}: expected {message:?}, got {got:?}"));
        }
    }
}
