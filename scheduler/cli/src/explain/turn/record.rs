//! From what the engine recorded of the attempts to an explanation.

use longshore_engine::Outcome;
use longshore_engine::trace::{NodeTrace, PostFilterTrace, Trace};
use longshore_framework::Str;
use longshore_framework::port::Effect;
use longshore_framework::verdict::Rejection;

use crate::report::{
    Candidate, Explanation, FilterGroup, PluginScore, PreFilter, Preemption, PreemptionFailure, ScoredNode,
    Status,
};
use crate::simulation::Record;

/// Fills in what came of the attempts: one, or two with a preemption between them.
pub(super) fn attempts(explanation: &mut Explanation, records: &[Record], top: usize) {
    let attempts: Vec<_> = records
        .iter()
        .filter_map(|r| match r {
            Record::Tried { attempt, .. } => Some(attempt),
            _ => None,
        })
        .collect();
    let Some(first) = attempts.first() else { return };
    let waits =
        |effect: &Effect| matches!(effect, Effect::Waiting { pod, .. } if pod.meta.uid == first.pod.meta.uid);
    if first.effects.iter().any(waits) {
        let text = "It is not bound at once: a Permit plugin makes it wait, for other pods or for a while.";
        explanation.notes.push(text.to_string());
    }
    outcome(explanation, &first.outcome);
    if let Some(trace) = &first.trace {
        traced(explanation, trace, top);
    }
    if let Some(second) = attempts.get(1) {
        match second.outcome {
            Outcome::Assumed { .. } => explanation.status = Status::Preempting,
            _ => explanation.notes.push("Even after the evictions it does not fit.".to_string()),
        }
    }
    if explanation.status == Status::Unschedulable && explanation.feasible > 0 {
        let text = "Some nodes have room, but it is promised to pods that wait for evictions.";
        explanation.notes.push(text.to_string());
    }
}

fn outcome(explanation: &mut Explanation, outcome: &Outcome) {
    match outcome {
        Outcome::Assumed { node } => {
            explanation.status = Status::Scheduled;
            explanation.node = Some(node.to_string());
        }
        Outcome::Unschedulable { message, nominated } => {
            explanation.status = Status::Unschedulable;
            explanation.message = Some(message.clone());
            explanation.node = nominated.as_ref().map(ToString::to_string);
        }
        Outcome::Broken { message } => {
            explanation.status = Status::Error;
            explanation.message = Some(message.clone());
        }
        Outcome::Terminating => {
            explanation.status = Status::Skipped;
            explanation.message = Some("it is being deleted".to_string());
        }
    }
}

fn traced(explanation: &mut Explanation, trace: &Trace, top: usize) {
    if let Some(node) = &trace.tried_nominated {
        explanation
            .notes
            .push(format!("It was promised node {node} and fits there: no other node was looked at."));
    }
    let pre_filter = &trace.pre_filter;
    if pre_filter.rejected.is_some() || pre_filter.nodes.is_some() {
        let (plugin, reasons) = match &pre_filter.rejected {
            Some((plugin, rejection)) => {
                (Some(plugin.to_string()).filter(|p| !p.is_empty()), reasons(rejection))
            }
            None => (None, Vec::new()),
        };
        let nodes = pre_filter.nodes.as_ref().map(|names| names.iter().map(ToString::to_string).collect());
        explanation.pre_filter = Some(PreFilter { plugin, reasons, nodes });
    }
    explanation.scores = scores(trace, explanation.node.as_deref(), top);
    explanation.preemption = trace.post_filter.as_ref().map(preemption);
}

/// The `top` best nodes, and the one that was taken in any case.
pub(crate) fn scores(trace: &Trace, chosen: Option<&str>, top: usize) -> Vec<ScoredNode> {
    let mut all: Vec<ScoredNode> = Vec::new();
    for (node, judged) in trace.nodes.iter().flatten() {
        let NodeTrace::Feasible { scores: Some(scores), total } = judged else { continue };
        all.push(ScoredNode {
            node: node.to_string(),
            total: *total,
            chosen: chosen == Some(&**node),
            scores: scores
                .iter()
                .map(|s| PluginScore {
                    plugin: s.plugin.to_string(),
                    raw: s.raw,
                    score: s.score,
                    weight: s.weight,
                })
                .collect(),
        });
    }
    all.sort_by(|a, b| b.total.cmp(&a.total).then(b.chosen.cmp(&a.chosen)).then_with(|| a.node.cmp(&b.node)));
    all.truncate(top.max(1));
    all
}

/// What a preemption did.
pub(crate) fn preemption(trace: &PostFilterTrace) -> Preemption {
    let mut candidates: Vec<Candidate> = trace
        .candidates
        .iter()
        .map(|(node, victims, protected)| Candidate {
            node: node.to_string(),
            victims: victims.clone(),
            protected: *protected,
        })
        .collect();
    candidates.sort_by(|a, b| a.node.cmp(&b.node));
    let mut failures: Vec<PreemptionFailure> = Vec::new();
    for (node, _, rejection) in &trace.failures {
        let reasons = reasons(rejection);
        match failures.iter_mut().find(|f| f.reasons == reasons) {
            Some(group) => group.nodes.push(node.to_string()),
            None => failures.push(PreemptionFailure { reasons, nodes: vec![node.to_string()] }),
        }
    }
    for group in &mut failures {
        group.nodes.sort();
    }
    Preemption {
        code: trace.code.to_string(),
        message: Some(trace.message.clone()).filter(|m| !m.is_empty()),
        node: trace.nominated.as_ref().map(ToString::to_string),
        victims: trace.victims.clone(),
        candidates,
        failures,
    }
}

/// Nodes that were rejected by the same filter for the same reasons together, the largest group first.
pub(super) fn grouped<'a>(
    rejected: impl Iterator<Item = (&'a Str, &'a Str, &'a Rejection)>,
) -> Vec<FilterGroup> {
    let mut groups: Vec<FilterGroup> = Vec::new();
    for (node, plugin, rejection) in rejected {
        let (code, reasons) = (rejection.code.as_str(), reasons(rejection));
        match groups.iter_mut().find(|g| *g.plugin == **plugin && g.code == code && g.reasons == reasons) {
            Some(group) => group.nodes.push(node.to_string()),
            None => {
                groups.push(FilterGroup {
                    plugin: plugin.to_string(),
                    code,
                    reasons,
                    nodes: vec![node.to_string()],
                });
            }
        }
    }
    for group in &mut groups {
        group.nodes.sort();
    }
    groups.sort_by_key(|g| std::cmp::Reverse(g.nodes.len()));
    groups
}

fn reasons(rejection: &Rejection) -> Vec<String> {
    rejection.reasons.iter().map(ToString::to_string).collect()
}
