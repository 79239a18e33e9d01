//! The `attempts` array of `simulate --trace -o json`, and the claims at the end.

mod devices;

use longshore_engine::Outcome;
use longshore_engine::trace::{NodeTrace, PostFilterTrace, PreFilterTrace, Trace};
use longshore_framework::Str;
use longshore_framework::verdict::Rejection;
use serde_json::{Map, Value, json};

pub use devices::claims;

use crate::simulation::{Record, Simulated};

/// One object for each record, in order.
pub fn to_json(simulated: &Simulated) -> Value {
    let several = simulated.engine.profiles().len() > 1;
    simulated.records.iter().map(|r| record(r, several)).collect()
}

fn record(record: &Record, several_profiles: bool) -> Value {
    let mut out = Map::new();
    out.insert("pod".into(), record.pod().key().into());
    match record {
        Record::NoProfile { .. } => {
            out.insert("skipped".into(), "no profile".into());
        }
        Record::Gated { plugin, rejection, .. } => {
            let mut gated = rejected(rejection);
            gated.insert("plugin".into(), (&**plugin).into());
            out.insert("gated".into(), gated.into());
        }
        Record::Tried { attempt, .. } if attempt.outcome == Outcome::Terminating => {
            out.insert("skipped".into(), "terminating".into());
        }
        Record::Tried { attempt, retry, written } => {
            if several_profiles {
                out.insert("profile".into(), (&*attempt.profile).into());
            }
            if *retry {
                out.insert("retry".into(), true.into());
            }
            if let Some(trace) = &attempt.trace {
                traced(&mut out, trace);
                add_devices(&mut out, trace, &attempt.pod.meta.name);
            }
            devices::written(&mut out, written);
            match &attempt.outcome {
                // It says so itself.
                Outcome::Broken { .. } if written.error.is_some() => {}
                Outcome::Unschedulable { message, .. } => {
                    out.insert("message".into(), message.as_str().into());
                }
                Outcome::Broken { message } => {
                    out.insert("error".into(), message.as_str().into());
                }
                _ => {}
            }
        }
    }
    out.insert("node".into(), node_of(record).map_or(Value::Null, |n| (&**n).into()));
    out.into()
}

/// The node that the pod was given, also where its binding came to nothing.
fn node_of(record: &Record) -> Option<&Str> {
    match record {
        Record::Tried { written, .. } if written.error.is_some() => written.node.as_ref(),
        _ => record.node(),
    }
}

/// What claims would be given on each node that every filter passed.
fn add_devices(out: &mut Map<String, Value>, trace: &Trace, pod: &str) {
    for (name, given) in &trace.given {
        if let Some(node) = out.get_mut("nodes").and_then(|nodes| nodes.get_mut(&**name)) {
            node["devices"] = devices::given(given, pod);
        }
    }
}

fn traced(out: &mut Map<String, Value>, trace: &Trace) {
    if let Some(node) = &trace.tried_nominated {
        out.insert("tried_nominated".into(), (&**node).into());
    }
    if trace.ran {
        out.insert("prefilter".into(), pre_filter(&trace.pre_filter));
    }
    if let Some(nodes) = trace.nodes.as_ref().filter(|n| !n.is_empty()) {
        let nodes: Map<String, Value> = nodes.iter().map(|(name, n)| (name.to_string(), node(n))).collect();
        out.insert("nodes".into(), nodes.into());
    }
    if !trace.best.is_empty() {
        out.insert("best".into(), trace.best.iter().map(|n| &**n).collect());
    }
    if let Some(post_filter) = &trace.post_filter {
        out.insert("preemption".into(), preemption(post_filter));
    }
}

fn pre_filter(trace: &PreFilterTrace) -> Value {
    let mut out = match &trace.rejected {
        None => Map::from_iter([("code".to_string(), json!("Success"))]),
        Some((plugin, rejection)) => {
            let mut out = rejected(rejection);
            if !plugin.is_empty() {
                out.insert("plugin".into(), (&**plugin).into());
            }
            out
        }
    };
    if let Some(nodes) = trace.nodes.as_ref().filter(|n| !n.is_empty()) {
        out.insert("nodes".into(), nodes.iter().map(|n| &**n).collect());
    }
    out.into()
}

fn node(trace: &NodeTrace) -> Value {
    match trace {
        NodeTrace::Rejected { plugin, rejection } => infeasible(Some(plugin), rejection),
        NodeTrace::Feasible { scores: None, .. } => json!({"feasible": true}),
        NodeTrace::Feasible { scores: Some(scores), total } => {
            let mut out =
                Map::from_iter([("feasible".to_string(), json!(true)), ("total".to_string(), json!(total))]);
            if !scores.is_empty() {
                let scores = scores.iter().map(|s| (s.plugin.to_string(), s.score.into()));
                out.insert("scores".into(), scores.collect::<Map<_, _>>().into());
            }
            out.into()
        }
    }
}

fn infeasible(plugin: Option<&str>, rejection: &Rejection) -> Value {
    let mut out = rejected(rejection);
    out.insert("feasible".into(), false.into());
    if let Some(plugin) = plugin {
        out.insert("plugin".into(), plugin.into());
    }
    out.into()
}

fn rejected(rejection: &Rejection) -> Map<String, Value> {
    let reasons: Value = rejection.reasons.iter().map(ToString::to_string).collect();
    Map::from_iter([("code".to_string(), rejection.code.as_str().into()), ("reasons".to_string(), reasons)])
}

/// The code, the message and the nodes tried in vain; with candidates also those.
fn preemption(trace: &PostFilterTrace) -> Value {
    let mut out = Map::from_iter([("code".to_string(), trace.code.into())]);
    if !trace.message.is_empty() {
        out.insert("message".into(), trace.message.as_str().into());
    }
    let failures: Map<String, Value> = trace
        .failures
        .iter()
        .map(|(node, plugin, rejection)| (node.to_string(), infeasible(plugin.as_deref(), rejection)))
        .collect();
    if !failures.is_empty() {
        out.insert("dry_run_failures".into(), failures.into());
    }
    let Some(nominated) = &trace.nominated else { return out.into() };
    out.insert("nominated".into(), (&**nominated).into());
    out.insert("acceptable".into(), trace.acceptable.iter().map(|n| &**n).collect());
    out.insert("victims".into(), trace.victims.clone().into());
    let candidates: Map<String, Value> = trace
        .candidates
        .iter()
        .map(|(node, victims, _)| (node.to_string(), victims.clone().into()))
        .collect();
    out.insert("candidates".into(), candidates.into());
    let violations: Map<String, Value> = trace
        .candidates
        .iter()
        .filter(|(_, _, violations)| *violations > 0)
        .map(|(node, _, violations)| (node.to_string(), (*violations).into()))
        .collect();
    if !violations.is_empty() {
        out.insert("pdb_violations".into(), violations.into());
    }
    out.into()
}
