//! Nodes whose labels meet an expression, such as `topology.kubernetes.io/zone in (a, b) && !spot`.

mod expression;

use longshore_plugin::prelude::*;
use serde::Deserialize;

use expression::{Expression, Prepared};

columns! {
    LABELS: Labels = labels(),
}

/// The plugin's config.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the labels of a node have to meet: keys, `key = value`, `key != value`, `key in (a, b)`, `key notin (a, b)`,
    /// joined by `!`, `&&`, `||` and parentheses.
    expression: String,
}

/// The plugin.
pub struct LabelExpression {
    expression: Expression,
}

impl Plugin for LabelExpression {
    type Config = Config;
    type Shared = ();
    /// The expression in the table's words. Absent only before there is one.
    type Prepared = Option<Prepared>;

    fn manifest() -> Manifest {
        Manifest::new("LabelExpression")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Nodes whose labels meet an expression")
            .columns(COLUMNS)
            .pure()
            .event("Node", &["Add", "UpdateNodeLabel"])
    }

    fn new(config: Config) -> Result<Self, Error> {
        let expression = Expression::parse(&config.expression)
            .map_err(|e| format!("expression `{}`: {e}", config.expression))?;
        Ok(Self { expression })
    }

    fn prepare(&self, _pod: &Pod, _shared: &(), words: &mut Words) -> Result<Self::Prepared, Error> {
        Ok(Some(self.expression.prepare(words)))
    }
}

impl Filter for LabelExpression {
    fn filter(&self, cycle: &Cycle<Self>, node: Node<'_>) -> Verdict {
        let value = |key: Word| {
            let found = node.label_words(LABELS).find(|(other, _)| *other == key);
            found.map_or(Word::ABSENT, |(_, value)| value)
        };
        if cycle.prepared.as_ref().is_some_and(|expression| expression.holds(&value)) {
            Verdict::Fit
        } else {
            // No eviction changes labels.
            Verdict::unresolvable("node's labels do not meet the expression")
        }
    }
}

export_plugin!(LabelExpression: Filter);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Node, Run};

    #[track_caller]
    fn check(expression: &str, fitting: &[&str]) {
        let cluster = Cluster::new()
            .node(Node::new("a").label("zone", "a").label("disk", "ssd"))
            .node(Node::new("b").label("zone", "b").label("spot", "true"))
            .node(Node::new("c").label("zone", "c").label("disk", "hdd"))
            .node(Node::new("bare"));
        let config = format!("{{\"expression\": \"{expression}\"}}");
        let verdicts =
            Run::<LabelExpression>::configured(&config, &cluster).unwrap().filter(&Pod::new("d", "p"));
        let fits: Vec<_> =
            verdicts.iter().filter(|(_, verdict)| verdict.fits()).map(|(name, _)| name).collect();
        assert_eq!(fits, fitting);
    }

    #[test]
    fn each_operator_does_what_it_says() {
        check("zone in (a, b)", &["a", "b"]);
        check("zone notin (a, b)", &["bare", "c"]);
        check("disk", &["a", "c"]);
        check("!spot", &["a", "bare", "c"]);
        check("zone = a", &["a"]);
        check("zone == a", &["a"]);
        check("zone != a", &["b", "bare", "c"]);
    }

    #[test]
    fn and_binds_tighter_than_or() {
        check("zone in (a,b) && !spot", &["a"]);
        check("zone = c || zone = a && disk = hdd", &["c"]);
        check("(zone = c || zone = a) && disk = ssd", &["a"]);
        check("!(zone = a || zone = b) && zone", &["c"]);
    }

    #[test]
    fn a_broken_expression_is_refused_with_its_place() {
        let refused = |text: &str| {
            let config = format!("{{\"expression\": \"{text}\"}}");
            Run::<LabelExpression>::configured(&config, &Cluster::new()).err().unwrap().message().to_owned()
        };
        assert!(refused("").contains("a label's key is missing at the end"));
        assert!(refused("zone in a").contains("`(` is missing at `a`"));
        assert!(refused("zone = a disk").contains("`disk` is too much"));
        assert!(refused("(zone").contains("`)` is missing at the end"));
        assert!(refused("zone = %").contains("`%`"));
        assert!(refused(&"!".repeat(500)).contains("nested"));
    }
}
