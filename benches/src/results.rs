//! Runs of workloads, one line of JSON each, and what they amount to.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::measure::{Decisions, Measured};
use crate::stats::{median, range};

/// One run of one size of a workload.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Run {
    /// The workload.
    pub workload: String,
    /// Its row of the table.
    pub bench: String,
    /// The size.
    pub size: String,
    /// Which run it was, from 1.
    pub run: usize,
    /// Whether churn and deletions were left out.
    pub calm: bool,
    /// Measured pods; all of them were placed.
    pub pods: usize,
    /// Pods a second, from the first one's arrival to the last one's binding.
    pub pods_per_second: f64,
    /// Processor time of all threads for each pod, in microseconds.
    pub cpu_us_per_pod: f64,
    /// Median time of a decision that placed a pod, in microseconds.
    pub p50_us: f64,
    /// 99th percentile of it.
    pub p99_us: f64,
    /// Most memory of the process, in MiB.
    pub rss_mib: f64,
    /// Pods that were evicted.
    pub evicted: usize,
    /// Decisions that evicted pods.
    pub preempting: Option<Decisions>,
    /// Decisions that found no node and nothing to evict.
    pub unfit: Option<Decisions>,
    /// Allocations for each measured pod while pods were timed, where they were counted.
    pub allocations_per_pod: Option<f64>,
    /// Time for each pod that a plugin in WebAssembly took, in microseconds, where there is one.
    pub guest_us_per_pod: Option<f64>,
}

impl Run {
    /// A run of which this was measured.
    pub fn of(measured: &Measured) -> Self {
        let placed = |f: fn(&Decisions) -> f64| measured.placed.as_ref().map(f).unwrap_or_default();
        Self {
            workload: String::new(),
            bench: String::new(),
            size: String::new(),
            run: 0,
            calm: false,
            pods: measured.pods,
            pods_per_second: measured.pods_per_second(),
            cpu_us_per_pod: measured.cpu_us_per_pod(),
            p50_us: placed(|d| d.p50_us),
            p99_us: placed(|d| d.p99_us),
            rss_mib: 0.0,
            evicted: measured.evicted,
            preempting: measured.preempting,
            unfit: measured.unfit,
            allocations_per_pod: measured.allocations.map(|count| count as f64 / measured.pods.max(1) as f64),
            guest_us_per_pod: measured.guest_seconds.map(|time| time * 1e6 / measured.pods.max(1) as f64),
        }
    }

    /// Whether both are of one size of one workload, done in the same way.
    pub fn is_like(&self, other: &Self) -> bool {
        (&self.workload, &self.size, self.calm) == (&other.workload, &other.size, other.calm)
    }
}

/// A number of several runs.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct Figure {
    /// The median.
    pub median: f64,
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
}

impl Figure {
    /// What a number of all these runs amounts to; runs that lack it do not count.
    pub fn of<'r>(runs: &[&'r Run], pick: impl Fn(&'r Run) -> Option<f64>) -> Option<Self> {
        let values: Vec<f64> = runs.iter().filter_map(|run| pick(run)).collect();
        let (least, most) = range(&values);
        (!values.is_empty()).then(|| Self { median: median(&values), least, most })
    }
}

/// The runs in groups that are alike, in the order of their first.
pub fn groups(runs: &[Run]) -> Vec<Vec<&Run>> {
    let mut groups: Vec<Vec<&Run>> = Vec::new();
    for run in runs {
        match groups.iter_mut().find(|group| group[0].is_like(run)) {
            Some(group) => group.push(run),
            None => groups.push(vec![run]),
        }
    }
    groups
}

/// Reads the runs of a recorded folder.
///
/// # Errors
/// When there is no `raw.jsonl`, or a line of it is not a run.
pub fn read(folder: &Path) -> anyhow::Result<Vec<Run>> {
    let path = folder.join("raw.jsonl");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let run = |(at, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), at + 1))
    };
    text.lines().enumerate().map(run).collect()
}
