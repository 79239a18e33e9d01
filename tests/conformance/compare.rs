//! What differs between a recorded and a new run.

use std::collections::BTreeMap;

use longshore_framework::quantity::Quantity;
use longshore_framework::registry::Stage;
use longshore_simulation::Simulated;
use longshore_simulation::attempts;
use serde_json::{Map, Value, json};

/// One line for each difference, with the path to it.
pub(crate) fn differences(expected: &Value, made: &Value, simulated: &Simulated) -> Vec<String> {
    let mut found = Vec::new();
    let none = Vec::new();
    let want = expected["attempts"].as_array().unwrap_or(&none);
    let got = made.as_array().unwrap_or(&none);
    for (at, (want, got)) in want.iter().zip(got).enumerate() {
        let path = format!("attempt {at} {}", want["pod"].as_str().unwrap_or("?"));
        let mut got = comparable(got);
        if expected["claims"].is_null() {
            forget_devices(&mut got);
        }
        compare(&path, &comparable(want), &got, &mut found);
    }
    if want.len() != got.len() {
        found.push(format!("{} attempts expected, {} made", want.len(), got.len()));
    }
    compare("placements", &or_empty(&expected["placements"]), &placements(simulated), &mut found);
    if !expected["claims"].is_null() {
        compare("claims", &expected["claims"], &attempts::claims(simulated), &mut found);
    }
    let evicted: Value = simulated.evicted.iter().map(|(victim, _)| victim.key()).collect();
    let want_evicted = if expected["evicted"].is_null() { json!([]) } else { expected["evicted"].clone() };
    compare("evicted", &want_evicted, &evicted, &mut found);
    if !expected["weights"].is_null() {
        compare("weights", &expected["weights"], &weights(simulated), &mut found);
    }
    found
}

/// An attempt without what is informative only: the words of an internal error, and what was said before it.
fn comparable(attempt: &Value) -> Value {
    let mut attempt = attempt.clone();
    if let Some(error) = attempt.get_mut("error") {
        *error = json!("some error");
        // What was said of nodes before it is kept there and not here.
        attempt["nodes"] = Value::Null;
    }
    if let Some(error) = attempt.get_mut("prebind_error") {
        *error = json!("some error");
    }
    for (_, allocation) in attempt["allocations"].as_object_mut().into_iter().flatten() {
        allocation["devices"].as_array_mut().into_iter().flatten().for_each(count_consumed);
    }
    attempt
}

/// Takes away what is said of devices: cases of sets that are not about them do not record it.
fn forget_devices(attempt: &mut Value) {
    let Some(fields) = attempt.as_object_mut() else { return };
    for field in ["allocations", "extended", "deallocated"] {
        fields.remove(field);
    }
    for (_, node) in fields.get_mut("nodes").and_then(Value::as_object_mut).into_iter().flatten() {
        if let Some(node) = node.as_object_mut() {
            node.remove("devices");
        }
    }
}

/// The same amount can be written in several ways.
fn count_consumed(device: &mut Value) {
    for (_, amount) in device.get_mut("consumedCapacity").and_then(Value::as_object_mut).into_iter().flatten()
    {
        let parsed = amount.as_str().and_then(|text| text.parse::<Quantity>().ok());
        if let Some(parsed) = parsed {
            *amount = parsed.to_string().into();
        }
    }
}

fn or_empty(value: &Value) -> Value {
    if value.is_null() { json!({}) } else { value.clone() }
}

fn placements(simulated: &Simulated) -> Value {
    let placed = simulated.records.iter().filter_map(|r| Some((r.pod().key(), Value::from(&**r.node()?))));
    placed.collect::<Map<String, Value>>().into()
}

fn weights(simulated: &Simulated) -> Value {
    let mut all = BTreeMap::new();
    for profile in simulated.engine.profiles() {
        let weights: BTreeMap<&str, i64> =
            profile.stage(Stage::Score).iter().map(|id| (profile.name(*id), profile.weight(*id))).collect();
        all.insert(profile.scheduler_name.to_string(), weights);
    }
    json!(all)
}

fn compare(path: &str, want: &Value, got: &Value, found: &mut Vec<String>) {
    match (want, got) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|k| !a.contains_key(*k))) {
                let of = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                compare(&format!("{path}.{key}"), &of(a), &of(b), found);
            }
        }
        _ if want == got => {}
        _ => found.push(format!("{path}: expected {want}, got {got}")),
    }
}
