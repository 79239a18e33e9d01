//! Peaks: prefers nodes whose power rises least with the pod, by a model of each node.
//!
//! The operator grants `metrics` and `raw`.

mod args;
mod exp;

use std::cell::RefCell;
use std::collections::BTreeMap;

use catalogue_common::{Capacities, scores};
use longshore_plugin::prelude::*;
use serde_json::Value;

use args::Model;
use exp::Exp;

columns! {
    NAME: Text = name(),
    CPU: Number = allocatable("cpu"),
}

metrics! {
    AVERAGE: Metric = metric("CPU", "AVG"),
    LATEST: Metric = metric("CPU", "Latest"),
    LAST: Metric = metric("CPU", "AVG|Latest"),
}

/// So many parts of a watt make a score.
const PARTS: f64 = 1e15;

/// The plugin.
pub struct Peaks {
    models: BTreeMap<String, Model>,
    capacities: Capacities,
    exp: Exp,
    known: RefCell<Vec<Option<Rise>>>,
}

/// How much the power of a row's node rises, and what that was made of: its version, its load, and what the pod requests.
#[derive(Clone, Copy)]
struct Rise {
    of: (u64, u64, i64),
    rise: i64,
}

impl Plugin for Peaks {
    type Config = Value;
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("Peaks")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Prefers nodes whose power rises least")
            .columns(COLUMNS)
            .metrics(METRICS)
            .no_events()
    }

    fn prepare(&self, _: &Pod, (): &(), _: &mut longshore_plugin::Words) -> Result<(), Error> {
        self.capacities.refill();
        Ok(())
    }

    fn new(config: Value) -> Result<Self, Error> {
        let models = args::read(&config)?;
        Ok(Self { models, capacities: Capacities::default(), exp: Exp::new(), known: RefCell::default() })
    }
}

/// How busy the node is, in percent: the first value of an average and a single value, where there are both.
fn busy(node: Node<'_>) -> Option<f64> {
    let last = node.metric(LAST)?;
    match (node.metric(AVERAGE), node.metric(LATEST)) {
        (Some(average), Some(latest)) => Some(if last == average { latest } else { average }),
        _ => Some(last),
    }
}

/// As Go on amd64 makes a whole number of one.
fn whole(number: f64) -> i64 {
    let fits = number >= i64::MIN as f64 && number < i64::MAX as f64;
    if fits { number as i64 } else { i64::MIN }
}

impl Peaks {
    fn rise(&self, node: Node<'_>, now: f64, request: i64) -> i64 {
        let capacity = self.capacities.milli_cpu(node, NAME, CPU) as f64;
        let used = now / 100.0 * capacity;
        let then = if capacity == 0.0 { 0.0 } else { 100.0 * (used + request as f64) / capacity };
        if then > 100.0 {
            return 0;
        }
        let model = node.text(NAME).and_then(|name| self.models.get(name));
        let Some(Model { k1, k2 }) = model else { return 0 };
        whole(k1 * (self.exp.of(k2 * then) - self.exp.of(k2 * now)) * PARTS)
    }
}

impl Score for Peaks {
    fn score(&self, cycle: &Cycle<Self>, node: Node<'_>) -> i64 {
        let Some(now) = busy(node) else { return 0 };
        let of = (node.version(), now.to_bits(), cycle.pod.request("cpu"));
        let row = node.row() as usize;
        if let Some(known) = self.known.borrow().get(row).copied().flatten()
            && known.of == of
        {
            return known.rise;
        }
        let rise = self.rise(node, now, of.2);
        let mut known = self.known.borrow_mut();
        if known.len() <= row {
            known.resize(row + 1, None);
        }
        known[row] = Some(Rise { of, rise });
        rise
    }
}

impl NormalizeScore for Peaks {
    fn normalize_score(&self, (): &(), scores: &mut [i64]) -> Result<(), Error> {
        scores::invert(scores);
        Ok(())
    }
}

export_plugin!(Peaks: Score, NormalizeScore, Metrics);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Node as Made, Run, set_raw_nodes};

    const MODELS: &str = r#"{"NodePowerModel": {"a": {"k1": 1, "k2": 0.01}, "b": {"k1": 2, "k2": 0.01}, "c": {"k1": 1, "k2": 0.1},
        "e": {"k1": 1, "k2": 0.01}}}"#;

    fn node(name: &str, metrics: &[(Metric, f64)]) -> Made {
        let node = Made::new(name).allocatable("cpu", 3000);
        metrics.iter().fold(node, |node, (metric, value)| node.metric(*metric, *value))
    }

    fn run(cluster: &Cluster) -> Run<Peaks> {
        let raw = |name: &str| (name.to_owned(), r#"{"status": {"capacity": {"cpu": "4"}}}"#.to_owned());
        set_raw_nodes(["a", "b", "c", "d"].map(raw).into());
        Run::configured(MODELS, cluster).unwrap()
    }

    #[test]
    fn the_node_whose_power_rises_least_is_best() {
        let half = [(AVERAGE, 50.0), (LAST, 50.0)];
        let cluster =
            ["a", "b", "c"].iter().fold(Cluster::new(), |cluster, name| cluster.node(node(name, &half)));
        let mut run = run(&cluster);
        let web = Pod::new("shop", "web").with_request("cpu", 1000);
        // Half of four cores and one more are 75 percent.
        let rise = ((0.75_f64).exp() - (0.5_f64).exp()) * PARTS;
        let scores = run.score(&web);
        assert_eq!((scores["a"], scores["b"]), (rise as i64, (2.0 * rise) as i64));
        let normal = run.normalized(&web).unwrap();
        assert_eq!((normal["a"], normal["b"], normal["c"]), (100, 100, 0));
    }

    #[test]
    fn a_node_that_would_be_too_full_or_of_which_nothing_is_known_scores_zero() {
        let full = [(LATEST, 90.0), (LAST, 90.0)];
        let cluster = Cluster::new().node(node("a", &full)).node(node("b", &[])).node(node("d", &full));
        let scores = run(&cluster).score(&Pod::new("shop", "web").with_request("cpu", 1000));
        assert!(scores.values().all(|score| *score == 0), "{scores:?}");
    }

    #[test]
    fn the_first_of_two_values_counts_and_capacity_is_what_the_node_has() {
        let both = |last| [(AVERAGE, 20.0), (LATEST, 40.0), (LAST, last)];
        let cluster = Cluster::new().node(node("a", &both(20.0))).node(node("e", &both(40.0)));
        let scores = run(&cluster).score(&Pod::new("shop", "web").with_request("cpu", 600));
        let rise = |then: f64, now: f64| (((0.01 * then).exp() - (0.01 * now).exp()) * PARTS) as i64;
        // Nobody says what e has as a whole.
        assert_eq!((scores["a"], scores["e"]), (rise(55.0, 40.0), rise(40.0, 20.0)));
    }

    #[test]
    fn what_is_no_whole_number_is_the_least_one() {
        assert_eq!([whole(-2.9), whole(1e19), whole(f64::NAN)], [-2, i64::MIN, i64::MIN]);
    }
}
