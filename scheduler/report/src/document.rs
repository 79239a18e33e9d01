//! What is read of documents. `docs/output.md` says what the fields mean.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A `Simulation`.
#[derive(Debug, Deserialize)]
pub(crate) struct Simulation {
    pub(crate) rules: Value,
    pub(crate) placements: Vec<Placement>,
    pub(crate) pending: Vec<Pending>,
    pub(crate) skipped: Vec<Skipped>,
    #[serde(default)]
    pub(crate) removed: Vec<Value>,
    pub(crate) refused: Vec<Value>,
    pub(crate) unreadable: Vec<Value>,
    pub(crate) unexpanded: Vec<Value>,
    pub(crate) summary: Value,
}

/// A `Comparison`.
#[derive(Debug, Deserialize)]
pub(crate) struct Comparison {
    pub(crate) rules: Value,
    pub(crate) runs: Vec<Run>,
    pub(crate) moved: Vec<Moved>,
}

/// One of its runs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    pub(crate) config: String,
    pub(crate) profile: String,
    pub(crate) scheduled: usize,
    pub(crate) pending: usize,
    pub(crate) evicted: usize,
    pub(crate) skipped: usize,
    pub(crate) nodes_in_use: usize,
    pub(crate) utilisation: Value,
    #[serde(default)]
    pub(crate) cost: Option<Value>,
}

/// What `--detail` adds to a `Simulation`, and to each run of a `Comparison`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Detail {
    #[serde(default)]
    pub(crate) nodes: Option<Vec<Node>>,
    #[serde(default)]
    pub(crate) steps: Option<Vec<Step>>,
    #[serde(default)]
    pub(crate) capacity: Option<Vec<Capacity>>,
    #[serde(default)]
    pub(crate) unplaced: Option<Vec<Unplaced>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Placement {
    pub(crate) pod: String,
    pub(crate) priority: i64,
    pub(crate) attempts: i64,
    #[serde(default)]
    pub(crate) score: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Pending {
    pub(crate) pod: String,
    pub(crate) priority: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Skipped {
    pub(crate) pod: String,
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) fix: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Moved {
    pub(crate) pod: String,
    pub(crate) nodes: Vec<Option<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Node {
    pub(crate) node: String,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) cordoned: bool,
    #[serde(default)]
    pub(crate) taints: Vec<String>,
    pub(crate) pods_before: i64,
    pub(crate) allowed_pods: i64,
    pub(crate) movable: i64,
    pub(crate) resources: Vec<Share>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Share {
    pub(crate) resource: String,
    pub(crate) before: i64,
    pub(crate) allocatable: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Step {
    pub(crate) pod: String,
    pub(crate) did: Did,
    #[serde(default)]
    pub(crate) node: Option<String>,
    #[serde(default)]
    pub(crate) by: Option<String>,
    #[serde(default)]
    pub(crate) owner: Option<String>,
    pub(crate) requests: BTreeMap<String, i64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) enum Did {
    Placed,
    Pending,
    Evicted,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Capacity {
    #[serde(default)]
    pub(crate) label: Option<String>,
    pub(crate) groups: Vec<Left>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Left {
    #[serde(default)]
    pub(crate) value: Option<String>,
    pub(crate) nodes: usize,
    pub(crate) cordoned: usize,
    pub(crate) tainted: usize,
    pub(crate) resources: Vec<Free>,
    pub(crate) largest: Vec<Largest>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Free {
    pub(crate) resource: String,
    pub(crate) allocatable: i64,
    pub(crate) requested: i64,
    pub(crate) free: i64,
    pub(crate) stranded: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Largest {
    pub(crate) resource: String,
    pub(crate) node: String,
    pub(crate) free: BTreeMap<String, i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Unplaced {
    #[serde(default)]
    pub(crate) owner: Option<String>,
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) pods: Vec<String>,
    pub(crate) tried: bool,
    pub(crate) fixes: Vec<Fix>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Fix {
    pub(crate) change: String,
    pub(crate) of: String,
    pub(crate) nodes: usize,
    pub(crate) on: Vec<String>,
}
