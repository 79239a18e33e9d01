//! The operations of a workload.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

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
    /// Deletes pods beside what follows.
    DeletePods(DeletePods),
    /// Goes on when every pod that can be placed is.
    Barrier(Barrier),
}

/// Adds nodes; each gets the label `kubernetes.io/hostname`.
#[derive(Clone, Debug, Deserialize)]
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

/// Adds one object of each template.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateObjects {
    /// Which templates.
    pub templates: Vec<String>,
}

/// Adds pods.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreatePods {
    /// How many, in each of the namespaces.
    pub count: usize,
    /// Which template.
    pub template: String,
    /// Where; `default` if absent.
    #[serde(default)]
    pub namespace: Namespaces,
    /// Fields that differ pod by pod. `$n` is the number of the pod; of a list in brackets a value is taken in turn.
    #[serde(default)]
    pub per_pod: BTreeMap<String, String>,
    /// Whether they are on nodes already.
    pub bound: Option<Spread>,
    /// Whether they are the ones that are timed.
    #[serde(default)]
    pub measured: bool,
}

/// How pods that are bound already lie on the nodes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spread {
    /// Pod i on node i modulo the number of nodes.
    Spread,
}

/// One namespace, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Namespaces {
    /// This one.
    One(String),
    /// `PREFIX-0` to `PREFIX-(COUNT - 1)`.
    Each {
        /// What stands before `-NUMBER`.
        prefix: String,
        /// How many.
        count: usize,
    },
}

impl Default for Namespaces {
    fn default() -> Self {
        Self::One("default".to_owned())
    }
}

impl Namespaces {
    /// Their names.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::One(name) => vec![name.clone()],
            Self::Each { prefix, count } => (0..*count).map(|n| format!("{prefix}-{n}")).collect(),
        }
    }
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

/// Deletes the pods of a namespace that an operation before it created, at a rate, until none is left.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeletePods {
    /// Which namespace.
    pub namespace: String,
    /// How many a second of the simulated clock.
    pub per_second: u32,
}

/// Nothing can be set of a barrier.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Barrier {}

/// `1s` or `200ms`.
fn duration<'d, D: Deserializer<'d>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1),
        None => (text.strip_suffix('s').unwrap_or_default(), 1000),
    };
    match number.parse::<u64>() {
        Ok(number) if number > 0 => Ok(Duration::from_millis(number.saturating_mul(unit))),
        _ => Err(D::Error::custom(format!("{text:?} is not a time such as 1s or 200ms"))),
    }
}
