//! A plugin that reads what is measured on nodes, as its tests and the scheduler run it.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use longshore_plugin::Instance;
use longshore_plugin::bindings::exports::longshore::scheduler::metrics::Update;
use longshore_plugin::prelude::*;
use longshore_plugin::testing::{Cluster, Node as TestNode, Run};

metrics! {
    CPU: Metric = metric("CPU", "AVG").rollup("15m").max_age(Duration::from_secs(60)),
    GPU: Metric = query("gpu").timed(),
}

struct Busy;

impl Plugin for Busy {
    type Config = Option<String>;
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("Busy").metrics(METRICS).pure()
    }

    fn describe(query: &Option<String>) -> Result<Manifest, Error> {
        Ok(match query {
            Some(query) => {
                Self::manifest().replace_metric(GPU, Measure::query(query.clone()).stale(Stale::Fail))
            }
            None => Self::manifest(),
        })
    }

    fn new(_query: Option<String>) -> Result<Self, Error> {
        Ok(Self)
    }
}

impl Score for Busy {
    fn score(&self, _cycle: &Cycle<Self>, node: Node<'_>) -> i64 {
        let gpu = node.measured(GPU).map_or(0, |(value, time)| value as i64 + time as i64);
        node.metric(CPU).map_or(-1, |percent| percent as i64) + gpu
    }
}

#[track_caller]
fn check(run: &mut Run<Busy>, want: &str) {
    let scores = run.score(&Pod::new("default", "web"));
    let text: Vec<_> = scores.iter().map(|(node, score)| format!("{node}={score}")).collect();
    assert_eq!(text.join(" "), want);
}

#[test]
fn values_are_read_of_each_node() {
    let cluster = Cluster::new()
        .node(TestNode::new("a").metric(CPU, 40.0))
        .node(TestNode::new("b").metric(CPU, 10.0).measured(GPU, 5.0, 100))
        .node(TestNode::new("c"));
    let mut run = Run::new(Busy, &cluster);
    check(&mut run, "a=40 b=115 c=-1");
    run.change(&Cluster::new().node(TestNode::new("a")));
    check(&mut run, "a=-1");
}

#[test]
fn only_what_changed_is_told_until_everything_is_forgotten() {
    let cluster = Cluster::new().node(TestNode::new("a")).node(TestNode::new("b"));
    let mut instance = Instance::of(Busy);
    instance.apply(cluster.delta(&[]));
    let update = |metric, rows: &[u32], values: &[f64]| Update {
        metric,
        rows: rows.to_vec(),
        values: values.to_vec(),
        times: Vec::new(),
    };
    let mut scores = |reset, updates| {
        instance.apply_metrics(reset, updates);
        instance.begin(Pod::new("default", "web"), &[]).unwrap();
        instance.score(&[0b11]).unwrap()
    };
    assert_eq!(scores(true, vec![update(0, &[0, 1], &[1.0, 2.0])]), [1, 2]);
    assert_eq!(scores(false, vec![update(0, &[1], &[3.0])]), [1, 3]);
    assert_eq!(scores(false, vec![update(0, &[0], &[f64::NAN])]), [-1, 3]);
    assert_eq!(scores(true, Vec::new()), [-1, -1]);
}

#[test]
#[should_panic(expected = "told of a metric that was not declared")]
fn a_metric_that_was_not_declared_stops_the_plugin() {
    let update = Update { metric: 2, rows: Vec::new(), values: Vec::new(), times: Vec::new() };
    Instance::of(Busy).apply_metrics(false, vec![update]);
}
