//! The operations of a workload.

mod pods;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

pub use pods::{Arrive, CreatePods, Expect, Groups, Namespaces, Order, Part, Spread};

/// One step of a workload.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    /// Adds nodes.
    CreateNodes(CreateNodes),
    /// Adds namespaces.
    CreateNamespaces(CreateNamespaces),
    /// Adds objects of other kinds.
    CreateObjects(CreateObjects),
    /// Adds pods.
    CreatePods(CreatePods),
    /// Objects that come and go beside what follows.
    Churn(Churn),
    /// Says what is measured on nodes.
    Measure(Measure),
    /// Deletes pods, at once or beside what follows.
    DeletePods(DeletePods),
    /// Deletes nodes.
    DeleteNodes(DeleteNodes),
    /// Puts other versions in the place of objects, beside what follows.
    Update(Update),
    /// Does operations again and again.
    Repeat(Repeat),
    /// Goes on when every pod that can be placed is, or was tried.
    Barrier(Barrier),
}

impl Operation {
    /// Whether it goes on beside the measured pods, so that runs to compare with leave it out.
    pub fn is_beside(&self) -> bool {
        match self {
            Self::Churn(churn) => churn.beside,
            Self::DeletePods(deletion) => deletion.beside && deletion.per_second.is_some(),
            Self::CreatePods(pods) => pods.beside,
            Self::Repeat(repeat) => repeat.beside,
            Self::Update(update) => update.beside,
            Self::CreateNodes(_)
            | Self::CreateNamespaces(_)
            | Self::CreateObjects(_)
            | Self::Measure(_)
            | Self::DeleteNodes(_)
            | Self::Barrier(_) => false,
        }
    }
}

/// Says that processors and memory of every node are in use, by percents that differ from node to node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Measure {}

/// Adds nodes; each gets the label `kubernetes.io/hostname`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateNodes {
    /// How many.
    pub count: usize,
    /// Which template.
    pub template: String,
    /// Labels with the values that nodes get in turn.
    #[serde(default)]
    pub labels: BTreeMap<String, Vec<String>>,
    /// What stands before `-NUMBER` in their names; `node` if absent. A template that has a name keeps it.
    #[serde(default = "node")]
    pub name: String,
    /// Templates of objects that each node has, such as its CSINode.
    #[serde(default)]
    pub with: Vec<String>,
    /// How many features each node declares: `feature-0`, `feature-1` and so on.
    #[serde(default)]
    pub features: usize,
}

fn node() -> String {
    "node".to_owned()
}

/// Adds the namespaces `PREFIX-0`, `PREFIX-1` and so on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateNamespaces {
    /// How many.
    pub count: usize,
    /// What stands before `-NUMBER`.
    pub prefix: String,
    /// Their labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// Adds objects of each template.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateObjects {
    /// Which templates.
    pub templates: Vec<String>,
    /// How many of each; one if absent. `$n` in a template is the number of the object.
    #[serde(default = "one")]
    pub count: usize,
}

/// Objects that come, and may go, until the last measured pod is bound.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Churn {
    /// Which templates.
    pub templates: Vec<String>,
    /// Whether they go again.
    pub mode: ChurnMode,
    /// Time between two turns, by the simulated clock.
    #[serde(deserialize_with = "duration")]
    pub every: Duration,
    /// How many of each template at a turn.
    #[serde(default = "one")]
    pub count: usize,
    /// Whether calm runs leave it out.
    #[serde(default = "yes")]
    pub beside: bool,
}

fn one() -> usize {
    1
}

/// What a churn does at its turns.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum ChurnMode {
    /// Creates at one turn, deletes at the next.
    Recreate,
    /// Creates.
    Create,
}

/// Deletes the pods of a namespace that an operation before it created, until none is left. A pod with finalizers stays,
/// terminating.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeletePods {
    /// Which namespace.
    pub namespace: String,
    /// How many a second of the simulated clock, beside what follows; all at once if absent.
    pub per_second: Option<u32>,
    /// Whether calm runs leave it out; not where measured pods need the room.
    #[serde(default = "yes")]
    pub beside: bool,
}

fn yes() -> bool {
    true
}

/// Deletes the nodes of a name, and the pods on them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteNodes {
    /// What stands before `-NUMBER` in their names.
    pub name: String,
}

/// Replaces objects by name. The template has a name with `$n` in it, as that of what is replaced had.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Update {
    /// What they become: a Pod or a Node.
    pub template: String,
    /// How many, from the first.
    pub count: usize,
    /// Where pods are; `default` if absent.
    #[serde(default = "default_namespace")]
    pub namespace: String,
    /// How many a second of the simulated clock, beside what follows.
    pub per_second: u32,
    /// Whether calm runs leave it out.
    #[serde(default)]
    pub beside: bool,
}

fn default_namespace() -> String {
    "default".to_owned()
}

/// Does operations again and again. Numbers of nodes go on from round to round.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How often.
    pub times: usize,
    /// What.
    pub operations: Vec<Operation>,
    /// Whether calm runs leave it out.
    #[serde(default)]
    pub beside: bool,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Barrier {
    /// Not that every pod is placed that can be, but only that every pod was tried.
    #[serde(default)]
    pub tried: bool,
}

fn duration<'d, D: Deserializer<'d>>(from: D) -> Result<Duration, D::Error> {
    time(&String::deserialize(from)?)
}

/// `200ms`, `1s`, `5m` or `2h`.
fn time<E: Error>(text: &str) -> Result<Duration, E> {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
    let parse = |(unit, milliseconds): (&str, u64)| {
        let number = text.strip_suffix(unit)?.parse::<u64>().ok().filter(|number| *number > 0)?;
        Some(Duration::from_millis(number.saturating_mul(milliseconds)))
    };
    let read = units.into_iter().find_map(parse);
    read.ok_or_else(|| E::custom(format!("{text:?} is not a time such as 200ms, 1s, 5m or 2h")))
}
