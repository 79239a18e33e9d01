//! The cluster of a document in columns: nodes and pods by number, everything about them by these numbers.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::document::{Capacity, Detail, Did, Left, Node, Step, Unplaced};
use crate::pack::{Ints, Names};

/// Numbers of names, in the order of the names.
#[derive(Debug, Default)]
pub(crate) struct Index<'d>(BTreeMap<&'d str, i64>);

impl<'d> Index<'d> {
    pub(crate) fn new(names: impl Iterator<Item = &'d str>) -> Self {
        let sorted: BTreeSet<&str> = names.collect();
        Self(sorted.into_iter().zip(0..).collect())
    }

    /// Its number; −1 for a name that is not there.
    pub(crate) fn of(&self, name: &str) -> i64 {
        self.0.get(name).copied().unwrap_or(-1)
    }

    /// Its number from 1; 0 where there is none.
    pub(crate) fn or_none(&self, name: Option<&str>) -> i64 {
        name.map_or(0, |name| self.of(name) + 1)
    }

    fn all(&self, names: &[String]) -> Ints {
        names.iter().map(|name| self.of(name)).filter(|number| *number >= 0).into()
    }

    pub(crate) fn names(&self) -> Names {
        self.0.keys().copied().into()
    }

    pub(crate) fn list(&self) -> Vec<String> {
        self.0.keys().map(ToString::to_string).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What the numbers of a page stand for.
#[derive(Debug, Default)]
pub(crate) struct Numbers<'d> {
    pub(crate) nodes: Index<'d>,
    pub(crate) pods: Index<'d>,
    pub(crate) owners: Index<'d>,
    pub(crate) resources: Vec<&'d str>,
}

impl<'d> Numbers<'d> {
    /// Of all runs of a document.
    pub(crate) fn new(runs: &[&'d Detail], more_pods: impl Iterator<Item = &'d str>) -> Self {
        let nodes = || runs.iter().flat_map(|run| run.nodes.iter().flatten());
        let steps = || runs.iter().flat_map(|run| run.steps.iter().flatten());
        let unplaced = || runs.iter().flat_map(|run| run.unplaced.iter().flatten());
        let mut resources: BTreeSet<&str> =
            nodes().flat_map(|node| &node.resources).map(|share| share.resource.as_str()).collect();
        resources.extend(steps().flat_map(|step| step.requests.keys()).map(String::as_str));
        let mut resources: Vec<&str> = resources.into_iter().collect();
        // What every cluster has comes first.
        let known = ["cpu", "memory", "ephemeral-storage"];
        let place = |name: &str| known.iter().position(|known| *known == name).unwrap_or(known.len());
        resources.sort_by_key(|name| (place(name), *name));
        let pods = steps().flat_map(|step| [Some(step.pod.as_str()), step.by.as_deref()]).flatten();
        let pods = pods.chain(unplaced().flat_map(|group| &group.pods).map(String::as_str)).chain(more_pods);
        Self {
            nodes: Index::new(nodes().map(|node| node.node.as_str())),
            pods: Index::new(pods),
            owners: Index::new(
                steps()
                    .filter_map(|s| s.owner.as_deref())
                    .chain(unplaced().filter_map(|u| u.owner.as_deref())),
            ),
            resources,
        }
    }

    fn resource(&self, name: &str) -> i64 {
        self.resources.iter().zip(0..).find(|(known, _)| **known == name).map_or(-1, |(_, at)| at)
    }
}

/// Nodes as they were before.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Nodes {
    names: Names,
    /// By resource: what there is.
    allocatable: Vec<Ints>,
    /// By resource: what pods asked for.
    before: Vec<Ints>,
    /// Nodes that have a resource at all: 1 or 0, by resource.
    has: Vec<Ints>,
    pods_before: Ints,
    allowed_pods: Ints,
    cordoned: Ints,
    taints: Texts,
    labels: Vec<Label>,
}

/// A text for each row, each different one written once.
#[derive(Debug, Serialize)]
pub(crate) struct Texts {
    texts: Vec<String>,
    of: Ints,
}

impl Texts {
    fn new<'t>(rows: impl Iterator<Item = &'t str> + Clone) -> Self {
        let index = Index::new(rows.clone());
        Self { of: rows.map(|row| index.of(row)).into(), texts: index.list() }
    }
}

/// A label that divides the nodes.
#[derive(Debug, Serialize)]
struct Label {
    label: String,
    values: Vec<String>,
    /// Number of the value from 1, by node; 0 for nodes without it.
    of: Ints,
}

impl Nodes {
    /// `list` is of the first run: all runs begin with the same.
    pub(crate) fn new(numbers: &Numbers<'_>, list: &[Node], capacity: &[Capacity]) -> Self {
        let mut rows: Vec<Option<&Node>> = vec![None; numbers.nodes.len()];
        for node in list {
            let at = usize::try_from(numbers.nodes.of(&node.node)).unwrap_or(usize::MAX);
            if let Some(row) = rows.get_mut(at) {
                *row = Some(node);
            }
        }
        let column = |of: &dyn Fn(&Node) -> i64| rows.iter().map(|row| row.map_or(0, of)).into();
        let by_resource = |of: &dyn Fn(Option<&crate::document::Share>) -> i64| -> Vec<Ints> {
            let resources = numbers.resources.iter();
            resources
                .map(|name| column(&|node: &Node| of(node.resources.iter().find(|s| s.resource == **name))))
                .collect()
        };
        let taints: Vec<String> =
            rows.iter().map(|row| row.map_or(String::new(), |node| node.taints.join(", "))).collect();
        let label = |key: &String| {
            let values: BTreeSet<&str> =
                list.iter().filter_map(|n| n.labels.get(key)).map(String::as_str).collect();
            let values = Index::new(values.into_iter());
            Label {
                label: key.clone(),
                of: rows
                    .iter()
                    .map(|row| values.or_none(row.and_then(|n| n.labels.get(key)).map(String::as_str)))
                    .into(),
                values: values.list(),
            }
        };
        Self {
            names: numbers.nodes.names(),
            allocatable: by_resource(&|share| share.map_or(0, |share| share.allocatable)),
            before: by_resource(&|share| share.map_or(0, |share| share.before)),
            has: by_resource(&|share| i64::from(share.is_some())),
            pods_before: column(&|node| node.pods_before),
            allowed_pods: column(&|node| node.allowed_pods),
            cordoned: column(&|node| i64::from(node.cordoned)),
            taints: Texts::new(taints.iter().map(String::as_str)),
            labels: capacity.iter().filter_map(|capacity| capacity.label.as_ref()).map(label).collect(),
        }
    }
}

/// What is known of pods, whatever the run.
#[derive(Debug, Serialize)]
pub(crate) struct Pods {
    names: Names,
    /// Number of the workload from 1; 0 for none.
    owner: Ints,
    owners: Vec<String>,
    /// Number of the row of `requests` from 1; 0 where it is not known.
    asks: Ints,
    /// What is asked for: by row, by resource.
    requests: Vec<Vec<i64>>,
}

impl Pods {
    pub(crate) fn new<'d>(numbers: &Numbers<'_>, steps: impl Iterator<Item = &'d Step>) -> Self {
        let mut requests: BTreeMap<Vec<i64>, i64> = BTreeMap::new();
        let (mut owner, mut asks) = (vec![0; numbers.pods.len()], vec![0; numbers.pods.len()]);
        for step in steps {
            let Ok(at) = usize::try_from(numbers.pods.of(&step.pod)) else { continue };
            let amounts = numbers.resources.iter().map(|name| step.requests.get(*name).copied().unwrap_or(0));
            let next = requests.len() as i64 + 1;
            asks[at] = *requests.entry(amounts.collect()).or_insert(next);
            owner[at] = numbers.owners.or_none(step.owner.as_deref());
        }
        let mut rows: Vec<(Vec<i64>, i64)> = requests.into_iter().collect();
        rows.sort_by_key(|(_, number)| *number);
        Self {
            names: numbers.pods.names(),
            owner: Ints(owner),
            owners: numbers.owners.list(),
            asks: Ints(asks),
            requests: rows.into_iter().map(|(row, _)| row).collect(),
        }
    }
}

/// What was done, in order, in columns.
#[derive(Debug, Serialize)]
pub(crate) struct Steps {
    pod: Ints,
    /// 0 placed, 1 pending, 2 evicted.
    did: Ints,
    /// Number of the node from 1; 0 for none.
    node: Ints,
    /// Number of the pod that others made room for from 1; 0 for none.
    by: Ints,
}

impl Steps {
    pub(crate) fn new(numbers: &Numbers<'_>, steps: &[Step]) -> Self {
        let did = |step: &Step| match step.did {
            Did::Placed => 0,
            Did::Pending => 1,
            Did::Evicted => 2,
        };
        Self {
            pod: steps.iter().map(|step| numbers.pods.of(&step.pod)).into(),
            did: steps.iter().map(did).into(),
            node: steps.iter().map(|step| numbers.nodes.or_none(step.node.as_deref())).into(),
            by: steps.iter().map(|step| numbers.pods.or_none(step.by.as_deref())).into(),
        }
    }
}

/// Nodes divided by a label, and what is left of each part.
#[derive(Debug, Serialize)]
pub(crate) struct Divided {
    label: Option<String>,
    groups: Vec<Part>,
}

#[derive(Debug, Serialize)]
struct Part {
    value: Option<String>,
    nodes: usize,
    cordoned: usize,
    tainted: usize,
    /// Of each resource: its number, allocatable, requested, free, stranded.
    left: Vec<[i64; 5]>,
    /// Of each resource: its number, the node's number, and what is free there by resource.
    largest: Vec<(i64, i64, Vec<i64>)>,
}

impl Divided {
    pub(crate) fn new(numbers: &Numbers<'_>, capacity: &Capacity) -> Self {
        Self {
            label: capacity.label.clone(),
            groups: capacity.groups.iter().map(|group| Part::new(numbers, group)).collect(),
        }
    }
}

impl Part {
    fn new(numbers: &Numbers<'_>, left: &Left) -> Self {
        let rows = left.resources.iter();
        let largest = left.largest.iter().map(|largest| {
            let free = numbers.resources.iter().map(|name| largest.free.get(*name).copied().unwrap_or(0));
            (numbers.resource(&largest.resource), numbers.nodes.of(&largest.node), free.collect())
        });
        Self {
            value: left.value.clone(),
            nodes: left.nodes,
            cordoned: left.cordoned,
            tainted: left.tainted,
            left: rows
                .map(|of| {
                    [numbers.resource(&of.resource), of.allocatable, of.requested, of.free, of.stranded]
                })
                .collect(),
            largest: largest.collect(),
        }
    }
}

/// Pods of a workload without a node, for one reason.
#[derive(Debug, Serialize)]
pub(crate) struct Group {
    owner: Option<String>,
    reason: String,
    message: String,
    pods: Ints,
    tried: bool,
    fixes: Vec<Value>,
}

impl Group {
    pub(crate) fn new(numbers: &Numbers<'_>, of: &Unplaced) -> Self {
        let fix = |fix: &crate::document::Fix| {
            serde_json::json!({
                "change": fix.change, "of": fix.of, "nodes": fix.nodes, "on": numbers.nodes.all(&fix.on),
            })
        };
        Self {
            owner: of.owner.clone(),
            reason: of.reason.clone(),
            message: of.message.clone(),
            pods: numbers.pods.all(&of.pods),
            tried: of.tried,
            fixes: of.fixes.iter().map(fix).collect(),
        }
    }
}
