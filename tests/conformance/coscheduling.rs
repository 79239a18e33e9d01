//! Cases of the plugin Coscheduling: where pods are at the end, and which are pending.

use std::collections::{BTreeMap, BTreeSet};

use longshore_engine::Evaluation;
use longshore_framework::features::{Features, Minor};
use longshore_loader as plugins;
use longshore_simulation::Simulated;
use serde_json::{Value, json};

use crate::case;

/// When all PodGroups were made: before the pods.
const EARLY: &str = "1969-12-31T00:00:00Z";

/// Runs a case; what differs from what was recorded.
pub(crate) fn run(case: &Value, minor: Minor, evaluation: Evaluation) -> Vec<String> {
    let registry = plugins::registry().with_features(Features::of(minor));
    let config = case["config"].as_str();
    match case::simulated(&json!({ "objects": objects(case) }), config, &registry, evaluation) {
        Ok(simulated) => differences(&case["expected"], &simulated),
        Err(problem) => vec![problem],
    }
}

fn objects(case: &Value) -> Vec<Value> {
    let of = |list: &str| case[list].as_array().cloned().unwrap_or_default();
    let mut objects = of("objects");
    for object in &mut objects {
        if object["kind"] == "PodGroup" {
            object["metadata"]["creationTimestamp"] = json!(EARLY);
        }
    }
    objects.extend(of("pods"));
    objects
}

fn differences(expected: &Value, simulated: &Simulated) -> Vec<String> {
    let keys = |of: &Value| -> BTreeSet<String> {
        of.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
    };
    let mut placed: BTreeMap<String, String> = BTreeMap::new();
    let mut pending: BTreeSet<String> = BTreeSet::new();
    for record in &simulated.records {
        let key = record.pod().key();
        match record.node() {
            Some(node) => {
                pending.remove(&key);
                placed.insert(key, node.to_string());
            }
            None => {
                pending.insert(key);
            }
        }
    }
    let mut found = Vec::new();
    if expected["placements"] != json!(placed) {
        found.push(format!("placements: expected {}, got {}", expected["placements"], json!(placed)));
    }
    let want = keys(&expected["pending"]);
    if want != pending {
        found.push(format!("pending: expected {want:?}, got {pending:?}"));
    }
    found
}
