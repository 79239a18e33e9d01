//! What the scripts of a page read.

use serde::Serialize;
use serde_json::{Value, json};

use crate::PageError;
use crate::cluster::{Divided, Group, Nodes, Numbers, Pods, Steps};
use crate::document::{Comparison, Detail, Node, Run as RunDocument, Simulation};
use crate::pack::Ints;

/// All data of a page.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    /// `Simulation`, `Comparison` or `Explanation`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<Nodes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pods: Option<Pods>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tries: Option<Tries>,
    runs: Vec<Run>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved: Option<Moved>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    explanations: Vec<Value>,
}

/// What the engine said of pods, by pod.
#[derive(Debug, Serialize)]
struct Tries {
    priority: Ints,
    /// How often each was tried; 0 where it is not known.
    attempts: Ints,
    /// Score of its node from 1; 0 where there is none.
    score: Ints,
}

/// What one configuration makes of the cluster.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Value>,
    steps: Steps,
    /// Pods on each node that do not belong to it, at the end.
    movable: Ints,
    capacity: Vec<Divided>,
    unplaced: Vec<Group>,
}

/// Pods that do not end alike in all runs.
#[derive(Debug, Serialize)]
struct Moved {
    pod: Ints,
    /// By run: the number of the node from 1, 0 for none.
    nodes: Vec<Ints>,
}

/// A detail that is all there.
struct Whole<'d> {
    detail: &'d Detail,
    nodes: &'d [Node],
}

impl<'d> Whole<'d> {
    fn of(detail: &'d Detail) -> Result<Self, PageError> {
        let lacks = [
            ("nodes", detail.nodes.is_none()),
            ("steps", detail.steps.is_none()),
            ("capacity", detail.capacity.is_none()),
            ("unplaced", detail.unplaced.is_none()),
        ];
        if let Some((field, _)) = lacks.iter().find(|(_, lacks)| *lacks) {
            return Err(PageError::NoDetail(field));
        }
        Ok(Self { detail, nodes: detail.nodes.as_deref().unwrap_or_default() })
    }

    fn run(&self, numbers: &Numbers<'_>, name: String, counts: Option<Value>) -> Run {
        let detail = self.detail;
        let mut movable = vec![0; numbers.nodes.len()];
        for node in self.nodes {
            let at = usize::try_from(numbers.nodes.of(&node.node)).unwrap_or(usize::MAX);
            if let Some(cell) = movable.get_mut(at) {
                *cell = node.movable;
            }
        }
        Run {
            name,
            counts,
            steps: Steps::new(numbers, detail.steps.as_deref().unwrap_or_default()),
            movable: Ints(movable),
            capacity: detail.capacity.iter().flatten().map(|of| Divided::new(numbers, of)).collect(),
            unplaced: detail.unplaced.iter().flatten().map(|of| Group::new(numbers, of)).collect(),
        }
    }
}

impl Page {
    pub(crate) fn of_simulation(document: &Simulation, detail: &Detail) -> Result<Self, PageError> {
        let whole = Whole::of(detail)?;
        let known = document.placements.iter().map(|placed| placed.pod.as_str());
        let numbers =
            Numbers::new(&[detail], known.chain(document.pending.iter().map(|pending| pending.pod.as_str())));
        let run = whole.run(&numbers, String::new(), None);
        Ok(Self {
            kind: "Simulation",
            rules: Some(document.rules.clone()),
            summary: Some(document.summary.clone()),
            tries: Some(tries(&numbers, document)),
            left_out: left_out(document),
            ..Self::around(&numbers, &[whole], vec![run])
        })
    }

    /// `details` are those of the runs, in their order.
    pub(crate) fn of_comparison(document: &Comparison, details: &[Detail]) -> Result<Self, PageError> {
        let wholes: Vec<Whole<'_>> = details.iter().map(Whole::of).collect::<Result<_, _>>()?;
        let details: Vec<&Detail> = wholes.iter().map(|whole| whole.detail).collect();
        let numbers = Numbers::new(&details, document.moved.iter().map(|moved| moved.pod.as_str()));
        let run = |(whole, run): (&Whole<'_>, &RunDocument)| {
            whole.run(&numbers, run.config.clone(), Some(counts(run)))
        };
        let runs: Vec<Run> = wholes.iter().zip(&document.runs).map(run).collect();
        let node = |run: usize| {
            let of = document.moved.iter().map(|moved| moved.nodes.get(run).and_then(Option::as_deref));
            of.map(|node| numbers.nodes.or_none(node)).into()
        };
        let moved = Moved {
            pod: document.moved.iter().map(|moved| numbers.pods.of(&moved.pod)).into(),
            nodes: (0..runs.len()).map(node).collect(),
        };
        Ok(Self {
            kind: "Comparison",
            rules: Some(document.rules.clone()),
            moved: Some(moved),
            ..Self::around(&numbers, &wholes, runs)
        })
    }

    pub(crate) fn of_explanations(explanations: Vec<Value>) -> Self {
        Self { kind: "Explanation", explanations, ..Self::default() }
    }

    /// The cluster itself. Nodes and labels are those of the first run: all begin with the same.
    fn around(numbers: &Numbers<'_>, wholes: &[Whole<'_>], runs: Vec<Run>) -> Self {
        let steps = wholes.iter().flat_map(|whole| whole.detail.steps.iter().flatten());
        let nodes = wholes.first().map(|first| {
            Nodes::new(numbers, first.nodes, first.detail.capacity.as_deref().unwrap_or_default())
        });
        Self {
            resources: numbers.resources.iter().map(ToString::to_string).collect(),
            pods: Some(Pods::new(numbers, steps)),
            nodes,
            runs,
            ..Self::default()
        }
    }
}

fn counts(run: &RunDocument) -> Value {
    json!({
        "profile": run.profile, "scheduled": run.scheduled, "pending": run.pending, "evicted": run.evicted,
        "skipped": run.skipped, "nodesInUse": run.nodes_in_use, "utilisation": run.utilisation, "cost": run.cost,
    })
}

fn tries(numbers: &Numbers<'_>, document: &Simulation) -> Tries {
    let blank = || vec![0; numbers.pods.len()];
    let (mut priority, mut attempts, mut score) = (blank(), blank(), blank());
    for placed in &document.placements {
        let Ok(at) = usize::try_from(numbers.pods.of(&placed.pod)) else { continue };
        priority[at] = placed.priority;
        attempts[at] = placed.attempts;
        score[at] = placed.score.map_or(0, |score| score.saturating_add(1));
    }
    for pending in &document.pending {
        let Ok(at) = usize::try_from(numbers.pods.of(&pending.pod)) else { continue };
        priority[at] = pending.priority;
    }
    Tries { priority: Ints(priority), attempts: Ints(attempts), score: Ints(score) }
}

/// Objects that are not in the simulation, each with what it is and why.
fn left_out(document: &Simulation) -> Vec<Value> {
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_string);
    let said = |what: &str, name: &'static str, why: &'static str| {
        let what = what.to_string();
        move |value: &Value| {
            let of = text(value, name).or_else(|| text(value, "source")).unwrap_or_default();
            json!([what, of, text(value, why).unwrap_or_default()])
        }
    };
    let skipped = document.skipped.iter().map(|skipped| {
        let why = [Some(skipped.reason.as_str()), skipped.fix.as_deref()];
        json!(["Not decided", skipped.pod, why.into_iter().flatten().collect::<Vec<_>>().join(": ")])
    });
    skipped
        .chain(document.refused.iter().map(said("Refused", "object", "reason")))
        .chain(document.unreadable.iter().map(said("Not readable", "object", "message")))
        .chain(document.unexpanded.iter().map(said("Not expanded", "object", "message")))
        .chain(document.removed.iter().map(said("Removed", "pod", "reason")))
        .collect()
}
