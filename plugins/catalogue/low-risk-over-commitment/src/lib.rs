//! LowRiskOverCommitment: prefers nodes where it is least of a risk that pods use more than they request: by what they may use, which
//! the node may not have, and by what is measured.
//!
//! The operator grants `metrics`, `pods` and `raw`.

mod amounts;
mod args;
mod beta;
mod risk;

use std::cell::RefCell;

use catalogue_common::RawPod;
use longshore_plugin::prelude::*;
use serde_json::Value;

use amounts::{Demand, Sums};
use args::Settings;
use risk::Load;

columns! {
    CPU: Number = allocatable("cpu"),
    MEMORY: Number = allocatable("memory"),
    CPU_REQUESTED: Number = requested("cpu"),
    MEMORY_REQUESTED: Number = requested("memory"),
    PODS: Pods = pods(),
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
    ANY: Metric = metric("", ""),
}

/// The plugin.
pub struct LowRisk {
    settings: Settings,
    rows: RefCell<Sums>,
    loads: RefCell<Vec<[Option<Risk>; 2]>>,
}

/// The risk that comes from the load, and what it was made of.
#[derive(Clone, Copy)]
struct Risk {
    of: ((f64, f64), i64, i64, i64),
    risk: f64,
}

impl Plugin for LowRisk {
    type Config = Value;
    type Shared = ();
    type Prepared = Demand;

    fn manifest() -> Manifest {
        Manifest::new("LowRiskOverCommitment")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Prefers nodes where overcommitment is least of a risk")
            .columns(COLUMNS)
            .metrics(METRICS)
            .raw_pod()
            .no_events()
    }

    fn new(config: Value) -> Result<Self, Error> {
        let settings = Settings::read(&config)?;
        Ok(Self { settings, rows: RefCell::default(), loads: RefCell::default() })
    }

    fn prepare(&self, pod: &Pod, (): &(), _: &mut longshore_plugin::Words) -> Result<Demand, Error> {
        self.rows.borrow().refill();
        Ok(Demand::of(&RawPod::of(pod)?))
    }
}

/// Mean and deviation in percent; `None` where nothing was measured. An average counts before a single value.
fn measured(node: Node<'_>, [average, latest, deviation, any]: [Metric; 4]) -> Option<(f64, f64)> {
    node.metric(any)?;
    let mean = node.metric(average).or_else(|| node.metric(latest)).unwrap_or(0.0);
    Some((mean, node.metric(deviation).unwrap_or(0.0)))
}

/// A resource of a node: its place in pairs, how it is counted, how much limits weigh, and its metrics.
struct Resource {
    at: usize,
    column: Number,
    unit: f64,
    weight: f64,
    metrics: [Metric; 4],
}

impl LowRisk {
    fn resources(&self) -> [Resource; 2] {
        [
            Resource {
                at: 0,
                column: CPU,
                unit: 1.0,
                weight: self.settings.cpu,
                metrics: [CPU_AVERAGE, CPU_LATEST, CPU_DEVIATION, CPU_ANY],
            },
            Resource {
                at: 1,
                column: MEMORY,
                unit: 1.0 / 1024.0 / 1024.0,
                weight: self.settings.memory,
                metrics: [MEMORY_AVERAGE, MEMORY_LATEST, MEMORY_DEVIATION, MEMORY_ANY],
            },
        ]
    }

    /// From 0 to 1, with the pod, where `there` is what other pods of the node want.
    fn risk(&self, node: Node<'_>, resource: &Resource, pod: Demand, there: Demand) -> f64 {
        let (at, capacity) = (resource.at, node.number(resource.column));
        let with = there.plus(pod);
        let limits = risk::of_limits(with.requests[at].min(capacity), with.limits[at], capacity);
        let load = measured(node, resource.metrics).map_or(0.0, |measured| {
            let key = (measured, there.requests[at].min(capacity), there.limits[at], capacity);
            self.of_load(node, resource, key)
        });
        let weight = resource.weight;
        (weight * limits + (1.0 - weight) * load).clamp(0.0, 1.0)
    }

    /// The pod has no part in it, so it is the same until the node is another.
    fn of_load(&self, node: Node<'_>, resource: &Resource, key: ((f64, f64), i64, i64, i64)) -> f64 {
        let mut rows = self.loads.borrow_mut();
        let row = node.row() as usize;
        if rows.len() <= row {
            rows.resize(row + 1, [None; 2]);
        }
        let known = &mut rows[row][resource.at];
        if let Some(risk) = known.filter(|known| known.of == key) {
            return risk.risk;
        }
        let (measured, request, limit, capacity) = key;
        let load = Load::of(measured, capacity as f64 * resource.unit, self.settings.window);
        let risk = risk::of_load(load, request, limit, capacity);
        *known = Some(Risk { of: key, risk });
        risk
    }
}

impl Score for LowRisk {
    fn score(&self, cycle: &Cycle<Self>, node: Node<'_>) -> i64 {
        let pod = cycle.prepared;
        if pod.is_nothing() || node.metric(ANY).is_none() {
            return 0;
        }
        let requested = [node.number(CPU_REQUESTED), node.number(MEMORY_REQUESTED)];
        let there = self.rows.borrow_mut().sum(node, PODS, requested);
        let [cpu, memory] = self.resources().map(|resource| self.risk(node, &resource, pod, there));
        ((1.0 - cpu.max(memory)) * 100.0).round() as i64
    }
}

export_plugin!(LowRisk: Score, Metrics);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Node as Made, Run, set_raw_pods};
    use serde_json::json;

    fn raw(requests: i64, limits: i64) -> String {
        let resources =
            json!({"requests": {"cpu": format!("{requests}m")}, "limits": {"cpu": format!("{limits}m")}});
        json!({"spec": {"containers": [{"resources": resources}]}}).to_string()
    }

    fn web(raw: String) -> Pod {
        Pod { raw: Some(raw.into()), ..Pod::new("shop", "web") }
    }

    fn node(name: &str, load: f64) -> Made {
        let node = Made::new(name).allocatable("cpu", 4000).allocatable("memory", 8 << 30);
        [CPU_AVERAGE, CPU_ANY, ANY].into_iter().fold(node, |node, metric| node.metric(metric, load))
    }

    #[test]
    fn the_less_risk_the_better() {
        let old = || Pod::new("shop", "old").info;
        set_raw_pods(vec![("shop/old".into(), raw(1000, 4000))]);
        let cluster = Cluster::new()
            .node(node("empty", 10.0).metric(CPU_DEVIATION, 0.0))
            .node(node("within", 10.0).pod(old()))
            .node(node("beyond", 60.0).pod(old()))
            .node(Made::new("unknown"));
        let mut run = Run::<LowRisk>::configured("null", &cluster).unwrap();
        let scores = run.score(&web(raw(1000, 2000)));
        // Six cores may be used where there are four, and two are requested.
        assert_eq!(["empty", "within", "beyond", "unknown"].map(|name| scores[name]), [100, 75, 25, 0]);
        let mut run = Run::<LowRisk>::configured(r#"{"riskLimitWeights": {"cpu": 0}}"#, &cluster).unwrap();
        assert_eq!(run.score(&web(raw(1000, 2000)))["within"], 100);
        assert_eq!(run.score(&web("{}".into()))["within"], 0);
    }

    #[test]
    fn a_pod_that_comes_changes_what_is_known() {
        set_raw_pods(vec![("shop/old".into(), raw(1000, 4000))]);
        let before = Cluster::new().node(node("a", 10.0));
        let mut run = Run::<LowRisk>::configured("null", &before).unwrap();
        assert_eq!(run.score(&web(raw(1000, 2000)))["a"], 100);
        run.change(&Cluster::new().node(node("a", 10.0).pod(Pod::new("shop", "old").info)));
        assert_eq!(run.score(&web(raw(1000, 2000)))["a"], 75);
    }

    #[test]
    fn pods_of_a_large_cluster_are_read_bit_by_bit() {
        let name = |at: usize| format!("old-{at}");
        set_raw_pods((0..300).map(|at| (format!("shop/{}", name(at)), raw(1, 20))).collect());
        let there = (0..300).fold(node("a", 1.0), |node, at| {
            node.pod(Pod::new("shop", &name(at)).with_request("cpu", 1).info)
        });
        let mut run = Run::<LowRisk>::configured("null", &Cluster::new().node(there)).unwrap();
        // Until all are read they may use no more than they request.
        assert_eq!(run.score(&web(raw(1000, 1000)))["a"], 100);
        // Seven cores may be used where there are four, and 1.3 are requested.
        assert_eq!(run.score(&web(raw(1000, 1000)))["a"], 74);
    }
}
