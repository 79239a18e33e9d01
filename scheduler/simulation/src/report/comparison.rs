//! The document of `longshore simulate --compare`: several configurations over one cluster.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{API_VERSION, Detail, Rules, Simulation, Utilisation};

/// What each configuration makes of the cluster, and where they differ.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `Comparison`.
    pub kind: &'static str,
    /// The rules that decisions followed.
    pub rules: Rules,
    /// One for each configuration, in the order in which they were named.
    pub runs: Vec<Run>,
    /// Pods that do not end alike in all runs, by name.
    pub moved: Vec<Moved>,
}

/// What one configuration makes of the cluster.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The configuration's file, or `default`.
    pub config: String,
    /// Scheduler name of the profile that decides, of the first when there are several.
    pub profile: String,
    /// Pods that were given a node.
    pub scheduled: usize,
    /// Pods that were not.
    pub pending: usize,
    /// Pods that had to make room.
    pub evicted: usize,
    /// Pods that were not decided.
    pub skipped: usize,
    /// Nodes with a pod that does not belong to the node itself.
    pub nodes_in_use: usize,
    /// How full the nodes are at the end.
    pub utilisation: Vec<Utilisation>,
    /// What the nodes in use cost, with `--price`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<RunCost>,
    /// More, with `--detail`.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
}

/// What nodes cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunCost {
    /// The sum of their prices, in the unit of these.
    pub total: f64,
    /// Nodes that no price was given for.
    pub unpriced: usize,
}

/// A pod that does not end alike in all runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    /// `namespace/name`.
    pub pod: String,
    /// Its node in each run; null where it has none.
    pub nodes: Vec<Option<String>>,
}

impl Run {
    /// Of a simulation.
    pub fn of(config: String, profile: String, nodes_in_use: usize, report: &Simulation) -> Self {
        let summary = &report.summary;
        Self {
            config,
            profile,
            scheduled: summary.scheduled,
            pending: summary.pending,
            evicted: summary.evicted,
            skipped: summary.skipped,
            nodes_in_use,
            utilisation: summary.utilisation.clone(),
            cost: None,
            detail: None,
        }
    }
}

impl Comparison {
    /// Of runs and what each decided.
    pub fn new(rules: Rules, runs: Vec<Run>, reports: &[Simulation]) -> Self {
        Self { api_version: API_VERSION, kind: "Comparison", rules, runs, moved: moved(reports) }
    }
}

fn moved(reports: &[Simulation]) -> Vec<Moved> {
    let nodes: Vec<BTreeMap<&str, &str>> = reports
        .iter()
        .map(|report| report.placements.iter().map(|p| (p.pod.as_str(), p.node.as_str())).collect())
        .collect();
    // A pod that is evicted in one run only has a node in all others.
    let evicted: Vec<BTreeSet<&str>> =
        reports.iter().map(|report| report.evicted.iter().map(|e| e.pod.as_str()).collect()).collect();
    let stayed: BTreeMap<&str, &str> = reports
        .iter()
        .flat_map(|report| &report.evicted)
        .map(|e| (e.pod.as_str(), e.node.as_str()))
        .collect();
    let names: BTreeSet<&str> =
        nodes.iter().flat_map(|run| run.keys()).chain(stayed.keys()).copied().collect();
    let of = |run: usize, pod: &str| {
        if evicted[run].contains(pod) {
            return None;
        }
        nodes[run].get(pod).or_else(|| stayed.get(pod)).map(ToString::to_string)
    };
    let all = names.into_iter().map(|pod| Moved {
        pod: pod.to_string(),
        nodes: (0..reports.len()).map(|run| of(run, pod)).collect(),
    });
    all.filter(|moved| moved.nodes.windows(2).any(|pair| pair[0] != pair[1])).collect()
}
