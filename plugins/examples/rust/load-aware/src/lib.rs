//! Pods go to nodes that are not busy.
//!
//! A node whose processors are in use by more than `mostPercent` (80 by default) takes no pods; the others score by what is not
//! in use. A node that nothing is known of, or nothing that is new enough, takes pods and scores 0; with `required` no pod is
//! decided as long as no node has an average that is new enough.

use std::time::Duration;

use longshore_plugin::prelude::*;
use serde::Deserialize;

metrics! {
    AVERAGE: Metric = metric("CPU", "AVG"),
    LATEST: Metric = metric("CPU", "Latest"),
}

/// The plugin's config.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Config {
    /// A node that is busier takes no pods: 1 to 100.
    most_percent: u8,
    /// A value that is older counts for none.
    max_age_seconds: u32,
    /// No pod is decided as long as no node has a value that is new enough.
    required: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { most_percent: 80, max_age_seconds: 300, required: false }
    }
}

/// The plugin.
pub struct LoadAware {
    most: f64,
}

impl Plugin for LoadAware {
    type Config = Config;
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("LoadAware")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Pods go to nodes that are not busy")
            .metrics(METRICS)
            .event("NodeMetrics", &["Update"])
            .event("Node", &["Add"])
            .pure()
    }

    fn describe(config: &Config) -> Result<Manifest, Error> {
        let age = Duration::from_secs(config.max_age_seconds.into());
        let stale = if config.required { Stale::Fail } else { Stale::Ignore };
        let measure = |operator| Measure::of("CPU", operator).max_age(age);
        let manifest = Self::manifest().replace_metric(AVERAGE, measure("AVG").stale(stale));
        Ok(manifest.replace_metric(LATEST, measure("Latest")))
    }

    fn new(config: Config) -> Result<Self, Error> {
        match config.most_percent {
            most @ 1..=100 => Ok(Self { most: most.into() }),
            most => Err(format!("mostPercent is {most}; it has to be in 1 to 100").into()),
        }
    }
}

/// How busy the node is, in percent.
fn busy(node: Node<'_>) -> Option<f64> {
    node.metric(AVERAGE).or_else(|| node.metric(LATEST))
}

impl Filter for LoadAware {
    fn filter(&self, _cycle: &Cycle<Self>, node: Node<'_>) -> Verdict {
        fit_if(busy(node).is_none_or(|percent| percent <= self.most), "node(s) were too busy")
    }
}

impl Score for LoadAware {
    fn score(&self, _cycle: &Cycle<Self>, node: Node<'_>) -> i64 {
        busy(node).map_or(0, |percent| (100.0 - percent).clamp(0.0, 100.0).round() as i64)
    }
}

export_plugin!(LoadAware: Filter, Score, Metrics);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Node, Run};

    fn cluster() -> Cluster {
        Cluster::new()
            .node(Node::new("idle").metric(AVERAGE, 5.4))
            .node(Node::new("busy").metric(AVERAGE, 80.0).metric(LATEST, 99.0))
            .node(Node::new("busier").metric(LATEST, 80.5))
            .node(Node::new("unknown"))
    }

    #[test]
    fn busy_nodes_take_no_pods() {
        let verdicts = Run::new(LoadAware { most: 80.0 }, &cluster()).filter(&Pod::new("shop", "web"));
        assert_eq!(verdicts["busier"], Verdict::unschedulable("node(s) were too busy"));
        assert!(["idle", "busy", "unknown"].iter().all(|node| verdicts[*node].fits()));
    }

    #[test]
    fn the_less_a_node_does_the_better() {
        let scores = Run::new(LoadAware { most: 80.0 }, &cluster()).score(&Pod::new("shop", "web"));
        let scores: Vec<_> = scores.iter().map(|(node, score)| format!("{node}={score}")).collect();
        assert_eq!(scores.join(" "), "busier=20 busy=20 idle=95 unknown=0");
    }

    #[test]
    fn the_config_is_checked() {
        let run = |config: &str| Run::<LoadAware>::configured(config, &cluster()).err();
        assert_eq!(run("null"), None);
        let refused = run(r#"{"mostPercent": 0}"#).unwrap();
        assert_eq!(refused.message(), "mostPercent is 0; it has to be in 1 to 100");
    }
}
