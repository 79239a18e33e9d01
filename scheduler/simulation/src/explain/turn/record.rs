//! From what the engine recorded of the attempts to an explanation.

use longshore_engine::trace::{self, NodeTrace, PostFilterTrace, Trace};
use longshore_engine::{Attempt, BestNode, Outcome, WeighedNode, Weighing};
use longshore_framework::Str;
use longshore_framework::port::Effect;
use longshore_framework::verdict::Rejection;

use crate::report::{
    Candidate, Cost, Explanation, FilterGroup, PluginScore, PreFilter, Preemption, PreemptionFailure,
    ScoredNode, Status,
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
    explanation.tied = first.choice.as_ref().filter(|_| !explanation.scores.is_empty()).map(|c| c.tied);
    explanation.preemption = preemption(first);
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
}

/// The `top` best nodes, and the one that was taken in any case.
pub fn scores(trace: &Trace, chosen: Option<&str>, top: usize) -> Vec<ScoredNode> {
    let mut all: Vec<ScoredNode> = Vec::new();
    for (node, judged) in trace.nodes.iter().flatten() {
        let NodeTrace::Feasible { scores: Some(scores), total } = judged else { continue };
        all.push(ScoredNode {
            node: node.to_string(),
            total: *total,
            chosen: chosen == Some(&**node),
            scores: scores.iter().map(plugin_score).collect(),
        });
    }
    all.sort_by(|a, b| b.total.cmp(&a.total).then(b.chosen.cmp(&a.chosen)).then_with(|| a.node.cmp(&b.node)));
    all.truncate(top.max(1));
    all
}

fn plugin_score(score: &trace::PluginScore) -> PluginScore {
    let trace::PluginScore { plugin, raw, score, weight } = score.clone();
    PluginScore { plugin, raw, score, weight }
}

/// The best nodes of a choice, the first of which is the chosen one.
pub fn best(nodes: &[BestNode]) -> Vec<ScoredNode> {
    let scored = |(at, best): (usize, &BestNode)| ScoredNode {
        node: best.node.to_string(),
        total: best.total,
        chosen: at == 0,
        scores: best.scores.iter().map(plugin_score).collect(),
    };
    nodes.iter().enumerate().map(scored).collect()
}

/// What a preemption did, when it was tried and that is known.
pub fn preemption(attempt: &Attempt) -> Option<Preemption> {
    let weighing = attempt.weighing.as_deref();
    let trace = attempt.trace.as_deref().and_then(|trace| trace.post_filter.as_ref());
    let mut preemption = match (trace, weighing) {
        (Some(trace), _) => traced_preemption(trace),
        (None, Some(weighing)) => weighed(weighing),
        (None, None) => return None,
    };
    if let Some(weighing) = weighing {
        preemption.decided_by = weighing.decided_by.map(Into::into);
        preemption.equal = Some(weighing.equal);
        preemption.tried = Some(weighing.tried);
        preemption.helped = Some(weighing.helped);
    }
    Some(preemption)
}

/// What is known of a preemption that chose a node.
fn weighed(weighing: &Weighing) -> Preemption {
    let candidate = |weighed: &WeighedNode| Candidate {
        node: weighed.node.to_string(),
        victims: weighed.victims.clone(),
        protected: weighed.protected,
        cost: Some(Cost {
            count: weighed.count,
            highest_priority: weighed.highest,
            sum_of_priorities: i64::try_from(weighed.sum).unwrap_or(i64::MAX),
            earliest_start: weighed.earliest,
        }),
    };
    let chosen = weighing.candidates.first();
    Preemption {
        code: "Success".to_string(),
        message: None,
        node: chosen.map(|chosen| chosen.node.to_string()),
        decided_by: None,
        equal: None,
        tried: None,
        helped: None,
        victims: chosen.map(|chosen| chosen.victims.clone()).unwrap_or_default(),
        candidates: weighing.candidates.iter().map(candidate).collect(),
        failures: Vec::new(),
    }
}

/// What a preemption did, in full.
fn traced_preemption(trace: &PostFilterTrace) -> Preemption {
    let mut candidates: Vec<Candidate> = trace
        .candidates
        .iter()
        .map(|(node, victims, protected)| Candidate {
            node: node.to_string(),
            victims: victims.clone(),
            protected: *protected,
            cost: None,
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
        decided_by: None,
        equal: None,
        tried: None,
        helped: None,
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
        match groups.iter_mut().find(|g| *g.plugin == **plugin && g.code == *code && g.reasons == reasons) {
            Some(group) => group.nodes.push(node.to_string()),
            None => {
                groups.push(FilterGroup {
                    plugin: plugin.to_string(),
                    code: code.into(),
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
