//! PodState: prefers nodes on which pods are ending, and avoids those that are promised to pods which are not there yet.
//!
//! The operator grants `engine`.

use catalogue_common::{Args, scores};
use longshore_plugin::prelude::*;
use serde_json::Value;

columns! {
    NAME: Text = name(),
    PODS: Number = pod_count(),
}

/// The plugin.
pub struct PodState;

impl Plugin for PodState {
    type Config = Value;
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("PodState")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Prefers nodes where pods are ending, and avoids nodes that are promised to others")
            .columns(COLUMNS)
            .no_events()
    }

    fn new(config: Value) -> Result<Self, Error> {
        Args::of(&config, "PodStateArgs").finish()?;
        Ok(Self)
    }
}

impl Score for PodState {
    fn score(&self, _: &Cycle<Self>, node: Node<'_>) -> i64 {
        let Some(name) = node.text(NAME) else { return 0 };
        let ending = if node.number(PODS) == 0 { 0 } else { host::engine::terminating(name).len() };
        let promised = host::engine::nominated(name).len();
        ending as i64 - promised as i64
    }
}

impl NormalizeScore for PodState {
    fn normalize_score(&self, (): &(), scores: &mut [i64]) -> Result<(), Error> {
        scores::stretch(scores);
        Ok(())
    }
}

export_plugin!(PodState: Score, NormalizeScore);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Node as Made, Run, set_nominated, set_terminating};

    #[test]
    fn ending_pods_count_for_a_node_and_promised_ones_against_it() {
        let pod = |name: &str| Pod::new("shop", name).info;
        let with = |name: &str, pods: usize| {
            (0..pods).fold(Made::new(name), |node, at| node.pod(pod(&format!("{name}-{at}"))))
        };
        let cluster = Cluster::new().node(with("a", 2)).node(with("b", 0)).node(with("c", 1));
        set_terminating(vec![("a".into(), "shop/a-0".into()), ("a".into(), "shop/a-1".into())]);
        set_nominated(vec![("b".into(), pod("x")), ("b".into(), pod("y"))]);
        let mut run = Run::new(PodState, &cluster);
        let web = Pod::new("shop", "web");
        assert_eq!(run.score(&web), [("a".into(), 2), ("b".into(), -2), ("c".into(), 0)].into());
        assert_eq!(
            run.normalized(&web).unwrap(),
            [("a".into(), 100), ("b".into(), 0), ("c".into(), 50)].into()
        );
    }
}
