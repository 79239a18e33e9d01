//! Cases with groups: what the whole loop of kube-scheduler came to, rather than attempt by attempt.

use std::collections::{BTreeMap, BTreeSet};

use longshore_engine::{Evaluation, GroupOutcome, Outcome};
use longshore_framework::features::{Features, Gate, Minor, Setting};
use longshore_loader as plugins;
use longshore_simulation::{Record, Simulated};
use serde_json::{Map, Value, json};

use crate::case;

/// A tie between two nodes was not removed from this recording: the node of its pod without a group means nothing.
const TIE: &str = "gang-few-0017";

/// Runs a case by the rules of a minor with its gates for groups on; what differs from what was recorded.
pub(crate) fn run(case: &Value, minor: Minor, evaluation: Evaluation) -> Vec<String> {
    let on = [Gate::GenericWorkload, Gate::GangScheduling].into_iter();
    let on = on.filter(|gate| gate.spec(minor).is_some());
    let settings: Vec<Setting> = on.map(|gate| Setting { name: gate.name().into(), value: true }).collect();
    let features = match Features::resolve(minor, &settings) {
        Ok(resolved) => resolved.features,
        Err(errors) => return errors.iter().map(ToString::to_string).collect(),
    };
    let registry = plugins::registry().with_features(features);
    match case::simulated(case, case["config"].as_str(), &registry, evaluation) {
        Ok(simulated) => differences(case, &simulated),
        Err(problem) => vec![problem],
    }
}

/// What became of one pod.
#[derive(Debug, Default)]
struct Fate {
    node: Option<String>,
    gated: Option<String>,
    messages: Vec<String>,
}

fn differences(case: &Value, simulated: &Simulated) -> Vec<String> {
    let expected = &case["expected"];
    let fates = fates(simulated);
    let conditions = conditions(simulated);
    let mut found = Vec::new();
    for (pod, want) in expected["pods"].as_object().into_iter().flatten() {
        let got = fates.get(pod).map_or(Value::Null, single);
        if *want != got && case["name"] != TIE {
            found.push(format!("{pod}: expected {want}, got {got}"));
        }
    }
    for (group, want) in expected["groups"].as_object().into_iter().flatten() {
        let got = conditions.get(group).cloned().unwrap_or_default();
        if want["condition"] != got {
            found.push(format!("{group}: expected condition {}, got {got}", want["condition"]));
        }
        for alike in want["members"].as_array().into_iter().flatten() {
            let got = together(&alike["pods"], &fates);
            if *alike != got {
                found.push(format!("{group}: expected {alike}, got {got}"));
            }
        }
    }
    let evicted: BTreeSet<String> = simulated.evicted.iter().map(|(victim, _)| victim.key()).collect();
    let want = if expected["evicted"].is_null() { json!([]) } else { expected["evicted"].clone() };
    if want != json!(evicted) {
        found.push(format!("evicted: expected {want}, got {evicted:?}"));
    }
    found
}

fn fates(simulated: &Simulated) -> BTreeMap<String, Fate> {
    let mut fates: BTreeMap<String, Fate> = BTreeMap::new();
    for record in &simulated.records {
        let fate = fates.entry(record.pod().key()).or_default();
        match record {
            Record::Gated { rejection, .. } => fate.gated = Some(rejection.message()),
            Record::NoProfile { .. } => {}
            Record::Tried { attempt, .. } => match &attempt.outcome {
                Outcome::Assumed { node } => fate.node = Some(node.to_string()),
                Outcome::Unschedulable { message, .. } | Outcome::Broken { message } => {
                    fate.messages.push(message.clone());
                }
                Outcome::Terminating => {}
            },
        }
    }
    fates
}

/// The condition PodGroupScheduled of each group. Once true it stays so.
fn conditions(simulated: &Simulated) -> BTreeMap<String, Value> {
    let mut conditions: BTreeMap<String, Value> = BTreeMap::new();
    for record in &simulated.records {
        let Record::Tried { attempt, .. } = record else { continue };
        let Some(group) = &attempt.group else { continue };
        let condition = match group.outcome {
            GroupOutcome::Started => json!({"status": "True", "reason": "Scheduled"}),
            GroupOutcome::Preempting | GroupOutcome::Unschedulable => {
                json!({"status": "False", "reason": "Unschedulable", "message": "pod group is unschedulable"})
            }
            GroupOutcome::Broken => json!({"status": "False", "reason": "SchedulerError"}),
        };
        let known = conditions.entry(group.key.to_string()).or_default();
        if known["status"] != "True" {
            *known = condition;
        }
    }
    conditions
}

/// A pod without a group.
fn single(fate: &Fate) -> Value {
    let mut out = Map::new();
    let mut say = |key: &str, text: Option<&String>| {
        out.extend(text.map(|text| (key.to_string(), json!(text))));
    };
    say("node", fate.node.as_ref());
    say("gated", fate.gated.as_ref());
    say("first_message", fate.messages.first());
    say("message", fate.messages.last().filter(|_| fate.node.is_none()));
    out.into()
}

/// Pods that are alike.
fn together(pods: &Value, fates: &BTreeMap<String, Fate>) -> Value {
    let mut nodes: BTreeMap<&String, usize> = BTreeMap::new();
    let [mut first, mut last, mut gated] = [const { BTreeSet::new() }; 3];
    for pod in pods.as_array().into_iter().flatten().filter_map(Value::as_str) {
        let Some(fate) = fates.get(pod) else { continue };
        if let Some(node) = &fate.node {
            *nodes.entry(node).or_default() += 1;
        }
        first.extend(fate.messages.first());
        last.extend(fate.messages.last().filter(|_| fate.node.is_none()));
        gated.extend(&fate.gated);
    }
    let mut out = Map::from_iter([("pods".to_string(), pods.clone()), ("nodes".to_string(), json!(nodes))]);
    for (key, texts) in [("first_messages", first), ("messages", last), ("gated", gated)] {
        if !texts.is_empty() {
            out.insert(key.to_string(), json!(texts));
        }
    }
    out.into()
}
