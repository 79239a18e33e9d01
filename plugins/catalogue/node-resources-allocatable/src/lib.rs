//! NodeResourcesAllocatable: prefers nodes that have the least to offer, or the most. Neither the pod nor what runs on the
//! node matters.

mod args;

use catalogue_common::{resources, scores};
use longshore_plugin::prelude::*;
use serde_json::Value;

use args::{Mode, Settings};

/// The plugin.
pub struct Allocatable {
    mode: Mode,
    /// What nodes count, with its weight.
    counted: Vec<(Number, i64)>,
    /// The weight of all resources, those included that nodes do not count.
    total: i64,
}

/// The resources that nodes count, in the order of their columns. Of others every node has nothing.
fn counted(settings: &Settings) -> impl Iterator<Item = (Column, i64)> {
    let counts =
        |name: &str| matches!(name, "cpu" | "memory" | "ephemeral-storage") || resources::is_scalar(name);
    let known = settings.weights.iter().filter(move |(name, _)| counts(name));
    known.map(|(name, weight)| (Column::Allocatable(name.clone().into()), *weight))
}

impl Plugin for Allocatable {
    type Config = Value;
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("NodeResourcesAllocatable")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Prefers nodes by how much they have to offer")
            .pure()
            .no_events()
    }

    fn describe(config: &Value) -> Result<Manifest, Error> {
        let settings = Settings::read(config)?;
        Ok(counted(&settings).fold(Self::manifest(), |manifest, (column, _)| manifest.column(column)))
    }

    fn new(config: Value) -> Result<Self, Error> {
        let settings = Settings::read(&config)?;
        let columns = counted(&settings).enumerate();
        let counted = columns.map(|(place, (column, weight))| (Number::at(place, &column), weight)).collect();
        let total = settings.weights.values().fold(0, |sum: i64, weight| sum.wrapping_add(*weight));
        Ok(Self { mode: settings.mode, counted, total })
    }
}

impl Score for Allocatable {
    fn score(&self, _: &Cycle<Self>, node: Node<'_>) -> i64 {
        let sum = self.counted.iter().fold(0, |sum: i64, (column, weight)| {
            sum.wrapping_add(node.number(*column).wrapping_mul(*weight))
        });
        let sum = if self.mode == Mode::Least { sum.wrapping_neg() } else { sum };
        if self.total == 0 { 0 } else { sum.wrapping_div(self.total) }
    }
}

impl NormalizeScore for Allocatable {
    fn normalize_score(&self, (): &(), scores: &mut [i64]) -> Result<(), Error> {
        scores::stretch(scores);
        Ok(())
    }
}

export_plugin!(Allocatable: Score, NormalizeScore);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Node as Made, Run};

    #[track_caller]
    fn check(config: &str, want: [i64; 3]) {
        let node = |name: &str, cpu: i64, memory: i64, gpus: i64| {
            let node = Made::new(name).allocatable("cpu", cpu).allocatable("memory", memory << 20);
            node.allocatable("vendor.com/gpu", gpus)
        };
        let nodes = [node("a", 1000, 1000, 0), node("b", 2000, 2000, 1), node("c", 5000, 1000, 4)];
        let cluster = nodes.into_iter().fold(Cluster::new(), Cluster::node);
        let mut run = Run::<Allocatable>::configured(config, &cluster).unwrap();
        let found = run.normalized(&Pod::new("shop", "web")).unwrap();
        assert_eq!(["a", "b", "c"].map(|name| found[name]), want, "{config}");
    }

    #[test]
    fn the_least_or_the_most_is_best() {
        check("null", [100, 50, 0]);
        check(r#"{"mode": "Most"}"#, [0, 50, 100]);
        check(r#"{"mode": "Most", "resources": [{"name": "vendor.com/gpu", "weight": 7}]}"#, [0, 25, 100]);
        check(r#"{"resources": [{"name": "memory", "weight": 1}]}"#, [100, 0, 100]);
        check(r#"{"resources": [{"name": "pods", "weight": 1}]}"#, [0, 0, 0]);
    }
}
