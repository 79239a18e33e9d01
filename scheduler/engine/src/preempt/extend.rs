//! The extenders' say in preemption: they take candidates away and change victims.

use std::sync::Arc;

use longshore_framework::extender::{Extender, NamedVictims, NodeVictims};
use longshore_framework::plugin::Candidate;
use longshore_framework::pod::Pod;
use longshore_framework::verdict::PluginError;

use crate::cycle::Evaluator;

/// Asks the extenders one after the other, each about what the one before it left; `None` when none has a say.
pub(super) fn ask(
    evaluator: &Evaluator<'_>,
    candidates: &[&Candidate],
) -> Result<Option<Vec<Candidate>>, PluginError> {
    let mut left: Option<Vec<Candidate>> = None;
    for (_, extender) in evaluator.extenders.interested(evaluator.profile, evaluator.pod) {
        if !extender.supports_preemption() {
            continue;
        }
        let asked: Vec<NodeVictims> = match &left {
            None => candidates.iter().map(|c| victims(evaluator, c)).collect(),
            Some(left) => left.iter().map(|c| victims(evaluator, c)).collect(),
        };
        let answer = extender.preempt(evaluator.pod, &asked).and_then(|a| resolve(evaluator, extender, a));
        match answer {
            Ok(answer) => left = Some(without_empty(evaluator, extender, answer)?),
            Err(error) if extender.is_ignorable() => {
                tracing::info!(extender = extender.name(), %error, "an extender failed and is passed over");
            }
            Err(error) => return Err(error),
        }
        if left.as_ref().is_some_and(Vec::is_empty) {
            break;
        }
    }
    Ok(left)
}

fn victims(evaluator: &Evaluator<'_>, candidate: &Candidate) -> NodeVictims {
    NodeVictims {
        node: Arc::clone(&evaluator.snapshot.node(candidate.node).name),
        victims: candidate.victims.clone(),
        violations: candidate.violations,
    }
}

/// Finds the nodes and pods of an answer, in the order of the nodes.
fn resolve(
    evaluator: &Evaluator<'_>,
    extender: &Arc<dyn Extender>,
    answer: Vec<NamedVictims>,
) -> Result<Vec<Candidate>, PluginError> {
    let mut candidates = Vec::with_capacity(answer.len());
    for NamedVictims { node, victims, violations } in answer {
        let Some(slot) = evaluator.snapshot.slot(&node) else {
            return Err(PluginError::new(format!("nodeinfo not found for node name \"{node}\"")));
        };
        let pods = evaluator.snapshot.pods(slot);
        let find = |uid: &longshore_framework::Str| {
            let found: Option<&Arc<Pod>> = pods.iter().find(|p| p.meta.uid == *uid);
            found.cloned().ok_or_else(|| {
                PluginError::new(format!(
                    "extender: {} claims to preempt pod (UID: {uid}) on node: {node}, but the pod is not found on that node",
                    extender.name()
                ))
            })
        };
        let victims: Vec<Arc<Pod>> = victims.iter().map(find).collect::<Result<_, _>>()?;
        candidates.push(Candidate::new(slot, victims, violations));
    }
    candidates.sort_by_key(|c| c.node);
    candidates.dedup_by_key(|c| c.node);
    Ok(candidates)
}

/// A candidate without victims is an error, or is dropped when the extender is ignorable.
fn without_empty(
    evaluator: &Evaluator<'_>,
    extender: &Arc<dyn Extender>,
    mut candidates: Vec<Candidate>,
) -> Result<Vec<Candidate>, PluginError> {
    if let (Some(empty), false) = (candidates.iter().find(|c| c.victims.is_empty()), extender.is_ignorable())
    {
        let node = &evaluator.snapshot.node(empty.node).name;
        return Err(PluginError::new(format!("expected at least one victim pod on node \"{node}\"")));
    }
    candidates.retain(|c| !c.victims.is_empty());
    Ok(candidates)
}
