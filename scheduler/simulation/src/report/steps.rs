//! A simulation step by step.

use std::collections::BTreeMap;

use longshore_engine::Outcome;
use longshore_framework::Str;
use longshore_framework::pod::Pod;
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::owners;
use crate::simulation::{Record, Simulated};

/// What a simulation did to a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// `namespace/name`.
    pub pod: String,
    /// What was done.
    pub did: Did,
    /// The node that it was given, or had to leave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// `namespace/name` of the pod that it had to make room for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The workload that it belongs to: `Deployment shop/api`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What it asks for, without what it asks nothing of: cpu in thousandths, all else in units.
    pub requests: BTreeMap<String, i64>,
}

/// What was done to a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Did {
    /// It was given a node.
    Placed,
    /// It has none, and will not get one.
    Pending,
    /// It had to make room for the pod that is placed next.
    Evicted,
}

/// All of them in order: what became of a pod stands where it was tried last, its victims before it.
pub(crate) fn of(simulated: &Simulated) -> Vec<Step> {
    let records = &simulated.records;
    let last: FxHashMap<&Str, usize> =
        records.iter().enumerate().map(|(at, record)| (&record.pod().meta.uid, at)).collect();
    let mut evicted = simulated.evicted.iter().peekable();
    let mut places: FxHashMap<&Str, &Str> = FxHashMap::default();
    let mut all = Vec::with_capacity(records.len());
    for (at, record) in records.iter().enumerate() {
        let pod = record.pod();
        if let Some(node) = record.node() {
            places.insert(&pod.meta.uid, node);
            all.push(step(pod, Did::Placed, Some(node)));
        } else if last.get(&pod.meta.uid) == Some(&at) && is_pending(record) {
            all.push(step(pod, Did::Pending, None));
        }
        while let Some((victim, by)) = evicted.next_if(|(_, by)| by.meta.uid == pod.meta.uid) {
            all.push(eviction(victim, by, &places));
        }
    }
    all.extend(evicted.map(|(victim, by)| eviction(victim, by, &places)));
    all
}

fn is_pending(record: &Record) -> bool {
    match record {
        Record::Tried { attempt, .. } => !matches!(attempt.outcome, Outcome::Terminating),
        Record::Gated { .. } => true,
        Record::NoProfile { .. } => false,
    }
}

fn eviction(victim: &Pod, by: &Pod, places: &FxHashMap<&Str, &Str>) -> Step {
    let node = victim.meta.node_name.as_ref().or_else(|| places.get(&victim.meta.uid).copied());
    Step { by: Some(by.key()), ..step(victim, Did::Evicted, node) }
}

fn step(pod: &Pod, did: Did, node: Option<&Str>) -> Step {
    let asked = pod.resources.usage.iter().filter(|(_, amount)| *amount != 0);
    Step {
        pod: pod.key(),
        did,
        node: node.map(ToString::to_string),
        by: None,
        owner: owners::owner(pod),
        requests: asked.map(|(name, amount)| (name.to_string(), amount)).collect(),
    }
}
