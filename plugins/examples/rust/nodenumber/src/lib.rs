//! Prefers nodes whose name ends in the digit in which the pod's name ends.

use longshore_plugin::prelude::*;
use serde::Deserialize;

columns! {
    NAME: Text = name(),
}

/// The plugin's config.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Prefers the nodes with another digit.
    reverse: bool,
}

/// The plugin.
pub struct NodeNumber {
    config: Config,
}

/// The score of a node that is preferred.
const BEST: i64 = 100;

fn last_digit(name: &str) -> Option<u8> {
    name.bytes().last().filter(u8::is_ascii_digit)
}

impl Plugin for NodeNumber {
    type Config = Config;
    type Shared = ();
    /// The pod's digit.
    type Prepared = Option<u8>;

    fn manifest() -> Manifest {
        Manifest::new("NodeNumber")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Prefers nodes whose last digit is that of the pod")
            .columns(COLUMNS)
            .event("Node", &["Add"])
    }

    fn new(config: Config) -> Result<Self, Error> {
        Ok(Self { config })
    }

    fn prepare(&self, pod: &Pod, _shared: &(), _words: &mut Words) -> Result<Option<u8>, Error> {
        Ok(last_digit(&pod.name))
    }
}

impl Score for NodeNumber {
    fn score(&self, cycle: &Cycle<Self>, node: Node<'_>) -> i64 {
        let Some(wanted) = cycle.prepared else { return 0 };
        let equal = node.text(NAME).and_then(last_digit) == Some(wanted);
        if equal != self.config.reverse { BEST } else { 0 }
    }
}

export_plugin!(NodeNumber: Score);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Node, Run};

    #[track_caller]
    fn check(config: &str, pod: &str, scores: [i64; 3]) {
        let nodes = ["node-1", "node-2", "node-x"];
        let cluster = nodes.iter().fold(Cluster::new(), |cluster, name| cluster.node(Node::new(name)));
        let mut run = Run::<NodeNumber>::configured(config, &cluster).unwrap();
        let found = run.score(&Pod::new("default", pod));
        assert_eq!(nodes.map(|name| found[name]), scores);
    }

    #[test]
    fn the_node_with_the_pods_digit_is_preferred() {
        check("null", "web-2", [0, 100, 0]);
    }

    #[test]
    fn reversed_the_others_are_preferred() {
        check(r#"{"reverse": true}"#, "web-2", [100, 0, 100]);
    }

    #[test]
    fn a_pod_without_a_digit_has_no_preference() {
        check("null", "web", [0, 0, 0]);
        check(r#"{"reverse": true}"#, "web", [0, 0, 0]);
    }

    #[test]
    fn unknown_fields_are_refused() {
        let error = Run::<NodeNumber>::configured(r#"{"revers": true}"#, &Cluster::new()).err().unwrap();
        assert!(error.message().contains("revers"), "{error:?}");
    }
}
