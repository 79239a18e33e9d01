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

#[cfg(test)]
mod tests {
    use super::*;

    fn detail() -> Detail {
        serde_json::from_value(json!({
            "nodes": [
                {"node": "b", "labels": {"zone": "z"}, "podsBefore": 1, "allowedPods": 10, "movable": 2,
                 "resources": [{"resource": "memory", "before": 5, "allocatable": 9}, {"resource": "cpu", "before": 7, "allocatable": 8}]},
                {"node": "a", "labels": {}, "cordoned": true, "taints": ["t:NoSchedule"], "podsBefore": 0, "allowedPods": 10,
                 "movable": 0, "resources": []},
            ],
            "steps": [
                {"pod": "p/y", "did": "Evicted", "node": "b", "by": "p/x", "requests": {"cpu": 2}},
                {"pod": "p/x", "did": "Placed", "node": "b", "owner": "Job p/j", "requests": {"cpu": 1}},
                {"pod": "p/z", "did": "Pending", "requests": {}},
            ],
            "capacity": [{"groups": []}, {"label": "zone", "groups": []}],
            "unplaced": [{"reason": "r", "message": "m", "pods": ["p/z"], "tried": false, "fixes": []}],
        }))
        .unwrap()
    }

    #[test]
    fn everything_is_told_by_numbers_in_the_order_of_names() {
        let document = serde_json::from_value(json!({
            "rules": {}, "placements": [{"pod": "p/x", "priority": 3, "attempts": 2, "score": 0}],
            "pending": [{"pod": "p/z", "priority": -1}], "skipped": [], "refused": [], "unreadable": [], "unexpanded": [],
            "summary": {},
        }))
        .unwrap();
        let page = serde_json::to_value(Page::of_simulation(&document, &detail()).unwrap()).unwrap();
        assert_eq!(page["resources"], json!(["cpu", "memory"]));
        let nodes = &page["nodes"];
        assert_eq!(nodes["names"]["rest"], json!(["a", "b"]));
        assert_eq!(
            (&nodes["before"], &nodes["allocatable"]),
            (&json!([[0, 7], [0, 5]]), &json!([[0, 8], [0, 9]]))
        );
        assert_eq!((&nodes["has"], &nodes["podsBefore"]), (&json!([[0, 1], [0, 1]]), &json!([0, 1])));
        assert_eq!(nodes["labels"], json!([{"label": "zone", "values": ["z"], "of": [0, 1]}]));
        assert_eq!(nodes["taints"], json!({"texts": ["", "t:NoSchedule"], "of": [1, 0]}));
        let pods = &page["pods"];
        assert_eq!(pods["names"], json!({"shared": [0, 2, 2], "rest": ["p/x", "y", "z"]}));
        assert_eq!((&pods["owner"], &pods["owners"]), (&json!([1, 0, 0]), &json!(["Job p/j"])));
        let asks: Vec<&Value> =
            (0..3).map(|pod| &pods["requests"][pods["asks"][pod].as_u64().unwrap() as usize - 1]).collect();
        assert_eq!(asks, [&json!([1, 0]), &json!([2, 0]), &json!([0, 0])]);
        let run = &page["runs"][0];
        let steps = json!({"pod": [1, 0, 2], "did": [2, 0, 1], "node": [2, 2, 0], "by": [1, 0, 0]});
        assert_eq!((&run["steps"], &run["movable"]), (&steps, &json!([0, 2])));
        assert_eq!(run["unplaced"][0]["pods"], json!([2]));
        assert_eq!(page["tries"], json!({"priority": [3, 0, -1], "attempts": [2, 0, 0], "score": [1, 0, 0]}));
    }
}
