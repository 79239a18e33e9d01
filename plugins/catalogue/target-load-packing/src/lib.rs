//! TargetLoadPacking: packs nodes up to a load of their processors, and spreads pods once nodes are busier. Pods that metrics do not
//! show yet count with what they will probably use.
//!
//! The operator grants `clock`, `metrics`, `pods` and `raw`.

mod args;
mod usage;

use std::cell::RefCell;

use catalogue_common::{Capacities, RawPod, Rows};
use longshore_plugin::prelude::*;
use serde_json::Value;

use args::Settings;
use usage::{There, unmeasured};

columns! {
    NAME: Text = name(),
    CPU: Number = allocatable("cpu"),
    PODS: Pods = pods(),
}

metrics! {
    LOAD: Metric = metric("CPU", "AVG|Latest").timed(),
}

/// The plugin.
pub struct LoadPacking {
    settings: Settings,
    capacities: Capacities,
    rows: RefCell<Rows<There>>,
}

impl Plugin for LoadPacking {
    type Config = Value;
    type Shared = ();
    /// What the pod will use, in thousandths of a core.
    type Prepared = i64;

    fn manifest() -> Manifest {
        Manifest::new("TargetLoadPacking")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Packs nodes up to a load")
            .columns(COLUMNS)
            .metrics(METRICS)
            .raw_pod()
            .no_events()
    }

    fn new(config: Value) -> Result<Self, Error> {
        let settings = Settings::read(&config)?;
        Ok(Self { settings, capacities: Capacities::default(), rows: RefCell::new(usage::rows()) })
    }

    fn prepare(&self, pod: &Pod, (): &(), _: &mut longshore_plugin::Words) -> Result<i64, Error> {
        self.capacities.refill();
        self.rows.borrow().refill();
        Ok(usage::predicted(&RawPod::of(pod)?, &self.settings))
    }
}

/// The best node is one that reaches the target; beyond it, the emptier the better.
fn score(load: f64, target: f64) -> i64 {
    let score = if load > 100.0 {
        0.0
    } else if load > target {
        target * (100.0 - load) / (100.0 - target)
    } else {
        (100.0 - target) * load / target + target
    };
    (score.round() as i64).clamp(0, 100)
}

impl Score for LoadPacking {
    fn score(&self, cycle: &Cycle<Self>, node: Node<'_>) -> i64 {
        let Some((percent, end)) = node.measured(LOAD) else { return 0 };
        let capacity = self.capacities.milli_cpu(node, NAME, CPU) as f64;
        let end = i64::try_from(end / 1000).unwrap_or(i64::MAX);
        let mut rows = self.rows.borrow_mut();
        // A pod that cannot be read counts for nothing.
        let others = unmeasured(&mut rows, node, PODS, end, &self.settings).unwrap_or(0);
        let used = percent / 100.0 * capacity;
        let load = if capacity == 0.0 {
            0.0
        } else {
            100.0 * (used + cycle.prepared as f64 + others as f64) / capacity
        };
        score(load, self.settings.target)
    }
}

export_plugin!(LoadPacking: Score, Metrics);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Node as Made, Run, set_now, set_raw_pods};
    use serde_json::json;

    /// When the metrics' span ends, in milliseconds.
    const END: u64 = 1_000_000;

    fn node(percent: f64) -> Made {
        Made::new("a").allocatable("cpu", 10_000).measured(LOAD, percent, END)
    }

    fn pod(milli: i64, since: Option<&str>) -> String {
        let resources = json!({"limits": {"cpu": format!("{milli}m")}});
        let conditions: Vec<Value> = since
            .map(|since| json!({"type": "PodScheduled", "status": "True", "lastTransitionTime": since}))
            .into_iter()
            .collect();
        let spec = json!({"containers": [{"resources": resources}]});
        json!({"spec": spec, "status": {"conditions": conditions}}).to_string()
    }

    fn web() -> Pod {
        Pod { raw: Some(pod(1000, None).into()), ..Pod::new("shop", "web") }
    }

    #[track_caller]
    fn check(run: &mut Run<LoadPacking>, cluster: &Cluster, want: i64) {
        run.change(cluster);
        assert_eq!(run.score(&web())["a"], want);
    }

    #[test]
    fn nodes_are_best_at_the_target() {
        assert_eq!([0.0, 20.0, 40.0].map(|load| score(load, 40.0)), [40, 70, 100]);
        assert_eq!([40.1, 70.0, 100.0, 100.1].map(|load| score(load, 40.0)), [40, 20, 0, 0]);
        assert_eq!([50.0, 100.0, 101.0].map(|load| score(load, 100.0)), [100, 100, 0]);
        let mut run = Run::<LoadPacking>::configured("null", &Cluster::new()).unwrap();
        check(&mut run, &Cluster::new().node(node(10.0)), 70);
        check(&mut run, &Cluster::new().node(node(90.0)), 0);
        check(&mut run, &Cluster::new().node(Made::new("a").allocatable("cpu", 1000)), 0);
        check(&mut run, &Cluster::new().node(Made::new("a").measured(LOAD, 10.0, END)), 40);
    }

    #[test]
    fn pods_count_that_metrics_do_not_show_yet() {
        let on = |name: &str| Cluster::new().node(node(0.0).pod(Pod::new("shop", name).info));
        let at = |name: &str, since: Option<&str>| (format!("shop/{name}"), pod(1000, since));
        set_raw_pods(vec![
            at("long-ago", Some("1970-01-01T00:15:40Z")),
            at("just-before", Some("1970-01-01T00:15:41Z")),
            at("after", Some("1970-01-02T00:00:00Z")),
            at("just-placed", None),
        ]);
        set_now(END);
        let mut run = Run::<LoadPacking>::configured("null", &Cluster::new()).unwrap();
        check(&mut run, &on("long-ago"), 55);
        check(&mut run, &on("just-before"), 70);
        check(&mut run, &on("after"), 70);
        check(&mut run, &on("just-placed"), 70);
        // Nobody says so of a pod that is there already.
        set_now(0);
        check(&mut run, &on("just-placed"), 70);
        check(&mut run, &on("unknown"), 55);
    }

    #[test]
    fn pods_of_a_large_cluster_are_read_bit_by_bit() {
        set_now(END);
        let raws = (0..300).map(|at| (format!("shop/old-{at}"), pod(10, None)));
        set_raw_pods(raws.collect());
        let there =
            (0..300).fold(node(0.0), |node, at| node.pod(Pod::new("shop", &format!("old-{at}")).info));
        let cluster = Cluster::new().node(there);
        let mut run = Run::<LoadPacking>::configured("null", &cluster).unwrap();
        // 256 of them at once: with the pod itself 35.6 percent are in use.
        assert_eq!(run.score(&web())["a"], 93);
        assert_eq!(run.score(&web())["a"], 100);
    }
}
