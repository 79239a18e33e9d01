//! Clusters for tests.

use crate::PodInfo;
use crate::bindings::exports::longshore::scheduler::metrics::Update;
use crate::bindings::longshore::scheduler::types::{Delta, Patch, TextLists, Texts, Values};
use crate::column::{Column, Kind as Holds};
use crate::metric::Metric;
use crate::object::Kind;

use super::objects::Given;

/// A node for tests.
#[derive(Clone, Debug, Default)]
pub struct Node {
    name: String,
    labels: Vec<(String, String)>,
    annotations: Vec<(String, String)>,
    conditions: Vec<(String, String)>,
    taints: Vec<[String; 3]>,
    images: Vec<(String, u64)>,
    allocatable: Vec<(String, i64)>,
    cordoned: bool,
    pods: Vec<PodInfo>,
    raw: Vec<u8>,
    metrics: Vec<(u16, f64, u64)>,
}

fn owned(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

impl Node {
    /// A node that takes 110 pods and offers nothing.
    pub fn new(name: &str) -> Self {
        let allocatable = vec![("pods".to_owned(), 110)];
        Self { name: name.to_owned(), allocatable, ..Self::default() }
    }

    /// With a label.
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.push(owned(key, value));
        self
    }

    /// With an annotation.
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.push(owned(key, value));
        self
    }

    /// With a condition, such as `Ready` and `True`.
    pub fn condition(mut self, kind: &str, status: &str) -> Self {
        self.conditions.push(owned(kind, status));
        self
    }

    /// With a taint.
    pub fn taint(mut self, key: &str, value: &str, effect: &str) -> Self {
        self.taints.push([key.to_owned(), value.to_owned(), effect.to_owned()]);
        self
    }

    /// With an image of so many bytes.
    pub fn image(mut self, name: &str, bytes: u64) -> Self {
        self.images.push((name.to_owned(), bytes));
        self
    }

    /// Offering so much of a resource: cpu in thousandths of a core, all else in units. `pods` is how many it takes.
    pub fn allocatable(mut self, resource: &str, amount: i64) -> Self {
        self.allocatable.retain(|(other, _)| other != resource);
        self.allocatable.push((resource.to_owned(), amount));
        self
    }

    /// Cordoned.
    pub fn cordoned(mut self) -> Self {
        self.cordoned = true;
        self
    }

    /// With a pod on it.
    pub fn pod(mut self, mut pod: PodInfo) -> Self {
        pod.node = Some(self.name.clone());
        self.pods.push(pod);
        self
    }

    /// As a whole object, in JSON.
    pub fn raw(mut self, json: &str) -> Self {
        self.raw = json.as_bytes().to_vec();
        self
    }

    /// With a value that was measured, of a metric that the plugin declares.
    pub fn metric(self, metric: Metric, value: f64) -> Self {
        self.measured(metric, value, 0)
    }

    /// The same with the time at which it was measured, in milliseconds since the Unix epoch.
    pub fn measured(mut self, metric: Metric, value: f64, time: u64) -> Self {
        self.metrics.retain(|(other, _, _)| *other != metric.0);
        self.metrics.push((metric.0, value, time));
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn has(&self, resource: &str) -> i64 {
        self.allocatable.iter().find(|(other, _)| other == resource).map_or(0, |(_, amount)| *amount)
    }

    fn held(&self, resource: &str) -> i64 {
        self.pods.iter().map(|pod| pod.request(resource)).sum()
    }

    fn held_with_defaults(&self, resource: &str) -> i64 {
        let default = match resource {
            "cpu" => 100,
            "memory" => 200 << 20,
            _ => 0,
        };
        let amounts = self.pods.iter().map(|pod| match pod.request(resource) {
            0 => default,
            amount => amount,
        });
        amounts.sum()
    }

    fn number(&self, column: &Column) -> i64 {
        match column {
            Column::Unschedulable => i64::from(self.cordoned),
            Column::Allocatable(resource) => self.has(resource),
            Column::Requested(resource) => self.held(resource),
            Column::Free(resource) => self.has(resource) - self.held(resource),
            Column::NonzeroRequested(resource) => self.held_with_defaults(resource),
            Column::AllowedPods => self.has("pods"),
            Column::PodCount => self.pods.len() as i64,
            _ => 0,
        }
    }

    fn text(&self, column: &Column) -> Option<&str> {
        let (pairs, key) = match column {
            Column::Name => return Some(&self.name),
            Column::Label(key) => (&self.labels, key),
            Column::Annotation(key) => (&self.annotations, key),
            Column::Condition(key) => (&self.conditions, key),
            _ => return None,
        };
        pairs.iter().find(|(other, _)| other == &**key).map(|(_, value)| value.as_str())
    }

    fn list(&self, column: &Column) -> Vec<String> {
        match column {
            Column::Labels => {
                self.labels.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect()
            }
            Column::Taints => self.taints.concat(),
            Column::Images => {
                self.images.iter().flat_map(|(name, size)| [name.clone(), size.to_string()]).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Nodes and objects for tests.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    nodes: Vec<Node>,
    objects: Vec<Given>,
}

impl Cluster {
    /// A cluster without nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one node more.
    pub fn node(mut self, node: Node) -> Self {
        self.nodes.push(node);
        self
    }

    /// With a pod on a node that is there already.
    ///
    /// # Panics
    /// When there is no such node.
    pub fn pod(mut self, node: &str, pod: PodInfo) -> Self {
        let Some(at) = self.nodes.iter().position(|other| other.name == node) else {
            panic!("there is no node {node}")
        };
        self.nodes[at] = self.nodes[at].clone().pod(pod);
        self
    }

    /// With an object of a kind that the plugin declares, in JSON: a text, or what `serde_json::json!` makes. Of its fields
    /// the plugin is told those that it declares.
    ///
    /// # Panics
    /// When it is no JSON, or has no `metadata.name`.
    pub fn object<T>(mut self, kind: Kind<T>, json: impl std::fmt::Display) -> Self
    where
        T: serde::de::DeserializeOwned + 'static,
    {
        self.objects.push(Given::read(kind.place(), &json.to_string()));
        self
    }

    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(crate) fn objects(&self) -> &[Given] {
        &self.objects
    }

    /// The whole table, as the scheduler would send it at first.
    pub fn delta(&self, columns: &[Column]) -> Delta {
        let count = self.nodes.len() as u32;
        let patch = Patch {
            columns: (0..columns.len() as u16).collect(),
            rows: (0..count).collect(),
            values: columns.iter().map(|column| values(&self.nodes, column)).collect(),
        };
        Delta { reset: true, rows: count, alive: Some(all(count)), patches: vec![patch] }
    }

    /// Every value of so many metrics, as the scheduler would send them at first.
    pub(crate) fn measured(&self, metrics: usize) -> Vec<Update> {
        let value = |node: &Node, metric: u16| {
            let known = node.metrics.iter().find(|(other, _, _)| *other == metric);
            known.map_or((f64::NAN, 0), |(_, value, time)| (*value, *time))
        };
        let update = |metric: u16| {
            let (values, times) = self.nodes.iter().map(|node| value(node, metric)).unzip();
            Update { metric, rows: (0..self.nodes.len() as u32).collect(), values, times }
        };
        (0..metrics as u16).map(update).collect()
    }

    /// Row `row` as the scheduler would send it when this cluster is how the node might be.
    pub fn row(&self, columns: &[Column], row: u32) -> Patch {
        let node = &self.nodes[row as usize..=row as usize];
        Patch {
            columns: (0..columns.len() as u16).collect(),
            rows: vec![row],
            values: columns.iter().map(|column| values(node, column)).collect(),
        }
    }
}

/// The set of rows below `count`.
pub(crate) fn all(count: u32) -> Vec<u64> {
    let mut set = vec![0; count.div_ceil(64) as usize];
    for row in 0..count as usize {
        set[row / 64] |= 1 << (row % 64);
    }
    set
}

/// The values of a column for some nodes.
fn values(nodes: &[Node], column: &Column) -> Values {
    match column.kind() {
        Holds::Numbers => Values::Numbers(nodes.iter().map(|node| node.number(column)).collect()),
        Holds::Pods => Values::Pods(nodes.iter().map(|node| node.pods.clone()).collect()),
        Holds::Blobs => Values::Blobs(nodes.iter().map(|node| node.raw.clone()).collect()),
        Holds::Texts => {
            let mut words = Vec::new();
            let at = nodes.iter().map(|node| node.text(column).map_or(0, |text| place(&mut words, text) + 1));
            let at = at.collect();
            Values::Texts(Texts { words, at })
        }
        Holds::Lists(width) => {
            let (mut words, mut at, mut ends) = (Vec::new(), Vec::new(), Vec::new());
            for node in nodes {
                at.extend(node.list(column).iter().map(|text| place(&mut words, text)));
                ends.push(at.len() as u32);
            }
            Values::Lists(TextLists { words, width, ends, at })
        }
    }
}

fn place(words: &mut Vec<String>, text: &str) -> u32 {
    let known = words.iter().position(|word| word == text);
    known.unwrap_or_else(|| {
        words.push(text.to_owned());
        words.len() - 1
    }) as u32
}
