//! LoadVariationRiskBalancing: prefers nodes whose load is low and does not vary: the mean of what is in use with the pod, and its
//! deviation, weigh the same. The worse of processors and memory counts.
//!
//! The operator grants `metrics`.

mod args;

use longshore_plugin::prelude::*;
use serde_json::Value;

use args::Settings;

columns! {
    CPU: Number = allocatable("cpu"),
    MEMORY: Number = allocatable("memory"),
}

metrics! {
    CPU_AVERAGE: Metric = metric("CPU", "AVG"),
    CPU_LATEST: Metric = metric("CPU", "|Latest"),
    CPU_DEVIATION: Metric = metric("CPU", "STD"),
    CPU_ANY: Metric = metric("CPU", ""),
    MEMORY_AVERAGE: Metric = metric("Memory", "AVG"),
    MEMORY_LATEST: Metric = metric("Memory", "|Latest"),
    MEMORY_DEVIATION: Metric = metric("Memory", "STD"),
    MEMORY_ANY: Metric = metric("Memory", ""),
}

/// Memory is counted in MiB.
const MEBI: f64 = 1.0 / 1024.0 / 1024.0;

/// The plugin.
pub struct RiskBalancing {
    settings: Settings,
}

/// What is known of a resource of a node, and what the pod wants of it.
#[derive(Clone, Copy, Debug)]
struct Stats {
    capacity: f64,
    request: f64,
    mean: f64,
    deviation: f64,
}

impl Plugin for RiskBalancing {
    type Config = Value;
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("LoadVariationRiskBalancing")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Prefers nodes whose load is low and steady")
            .columns(COLUMNS)
            .metrics(METRICS)
            .pure()
            .no_events()
    }

    fn new(config: Value) -> Result<Self, Error> {
        Ok(Self { settings: Settings::read(&config)? })
    }
}

/// What was measured, as a share of `capacity`; `None` where nothing was. An average counts before a single value, and without
/// either the mean is 0.
fn stats(
    node: Node<'_>,
    (average, latest, deviation, any): (Metric, Metric, Metric, Metric),
    capacity: f64,
    request: f64,
) -> Option<Stats> {
    node.metric(any)?;
    let mean = node.metric(average).or_else(|| node.metric(latest)).unwrap_or(0.0);
    let deviation = node.metric(deviation).unwrap_or(0.0);
    Some(Stats { capacity, request, mean: mean * capacity / 100.0, deviation: deviation * capacity / 100.0 })
}

impl Stats {
    /// 100 for a node without load, 0 for one that is always full.
    fn score(self, settings: &Settings) -> f64 {
        let Self { capacity, request, mean, deviation } = self;
        if capacity <= 0.0 {
            return 0.0;
        }
        let mean = mean.min(capacity).max(0.0);
        let deviation = deviation.min(capacity).max(0.0);
        let mu = ((mean + request.max(0.0)) / capacity).clamp(0.0, 1.0);
        let sigma = (deviation / capacity).clamp(0.0, 1.0).powf(1.0 / settings.sensitivity);
        let sigma = (sigma * settings.margin).clamp(0.0, 1.0);
        (1.0 - (mu + sigma) / 2.0) * 100.0
    }
}

impl Score for RiskBalancing {
    fn score(&self, cycle: &Cycle<Self>, node: Node<'_>) -> i64 {
        let score = |stats: Stats| stats.score(&self.settings);
        let cpu = (CPU_AVERAGE, CPU_LATEST, CPU_DEVIATION, CPU_ANY);
        let cpu = stats(node, cpu, node.number(CPU) as f64, cycle.pod.request("cpu") as f64).map(score);
        let memory = (MEMORY_AVERAGE, MEMORY_LATEST, MEMORY_DEVIATION, MEMORY_ANY);
        let size = |bytes: i64| bytes as f64 * MEBI;
        let request = size(cycle.pod.request("memory"));
        let memory = stats(node, memory, size(node.number(MEMORY)), request).map(score);
        let worse = match (cpu, memory) {
            (Some(cpu), Some(memory)) => cpu.min(memory),
            (cpu, memory) => cpu.or(memory).unwrap_or(0.0),
        };
        worse.round() as i64
    }
}

export_plugin!(RiskBalancing: Score, Metrics);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Node as Made, Run};

    fn node(name: &str) -> Made {
        Made::new(name).allocatable("cpu", 1000).allocatable("memory", 1 << 30)
    }

    /// With a value, which also counts as any value of its kind.
    fn measured(node: Made, metric: Metric, any: Metric, value: f64) -> Made {
        node.metric(metric, value).metric(any, value)
    }

    #[track_caller]
    fn check(config: &str, node: Made, request: i64, want: i64) {
        let cluster = Cluster::new().node(node);
        let mut run = Run::<RiskBalancing>::configured(config, &cluster).unwrap();
        let pod = Pod::new("shop", "web").with_request("cpu", request);
        assert_eq!(run.score(&pod).into_values().next(), Some(want), "{config}");
    }

    #[test]
    fn mean_and_deviation_weigh_the_same() {
        let busy = measured(node("a"), CPU_AVERAGE, CPU_ANY, 40.0).metric(CPU_DEVIATION, 36.0);
        check("null", busy.clone(), 100, 57);
        check("null", busy.clone(), 5000, 32);
        check(r#"{"safeVarianceSensitivity": 2}"#, busy.clone(), 100, 45);
        check(r#"{"safeVarianceSensitivity": 0}"#, busy.clone(), 100, 75);
        check(r#"{"safeVarianceMargin": 0}"#, busy.clone(), 100, 75);
        check(r#"{"safeVarianceMargin": -1, "safeVarianceSensitivity": -1}"#, busy, 100, 57);
    }

    #[test]
    fn the_worse_of_both_counts_and_what_is_not_measured_does_not() {
        let busy = measured(node("a"), CPU_LATEST, CPU_ANY, 50.0);
        check("null", busy.clone(), 0, 75);
        check("null", measured(busy.clone(), MEMORY_AVERAGE, MEMORY_ANY, 90.0), 0, 55);
        check("null", measured(busy, CPU_AVERAGE, CPU_ANY, 10.0), 0, 95);
        check("null", measured(node("a"), CPU_DEVIATION, CPU_ANY, 50.0), 0, 75);
        check("null", node("a"), 0, 0);
        check("null", measured(Made::new("a"), CPU_AVERAGE, CPU_ANY, 50.0), 0, 0);
    }

    #[test]
    fn arguments_are_those_of_scheduler_plugins() {
        let error = |config: &str| Run::<RiskBalancing>::configured(config, &Cluster::new()).err();
        let refused = error(r#"{"safeVarianceMargin": "1", "margin": 1}"#).unwrap();
        let known = "known fields: apiVersion, kind, watcherAddress, metricProvider, safeVarianceMargin, safeVarianceSensitivity";
        let want = format!("safeVarianceMargin: must be a number, not \"1\"\nmargin: unknown field; {known}");
        assert_eq!(refused.message(), want);
    }
}
