//! Node selectors (`core/v1.NodeSelector`): the terms of node affinity and of a volume's node affinity.

use crate::Str;
use crate::labels::Labels;
use crate::node::{HOSTNAME, Node};
use crate::resources::is_qualified_part;
use serde::{Deserialize, Serialize};

/// How a [`NodeRequirement`] compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NodeOperator {
    /// The label is present with one of the values.
    In,
    /// The label is absent, or has none of the values.
    NotIn,
    /// The label is present.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// The label parses as an integer greater than the value.
    Gt,
    /// The label parses as an integer less than the value.
    Lt,
}

impl NodeOperator {
    /// The API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "In",
            Self::NotIn => "NotIn",
            Self::Exists => "Exists",
            Self::DoesNotExist => "DoesNotExist",
            Self::Gt => "Gt",
            Self::Lt => "Lt",
        }
    }
}

/// One condition on one node label or field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeRequirement {
    /// Label key, or field name in `matchFields` (only `metadata.name`).
    pub key: Str,
    /// How to compare.
    pub operator: NodeOperator,
    /// Values; exactly one for `Gt` and `Lt`.
    pub values: Vec<Str>,
}

impl NodeRequirement {
    /// Whether the value found at the key (`None`: absent) meets the requirement. A `Gt` or `Lt` whose own value is not
    /// an integer never matches; [`NodeSelectorTerm::problem`] tells it apart.
    fn meets(&self, found: Option<&str>) -> bool {
        let listed = |v: &str| self.values.iter().any(|have| &**have == v);
        match self.operator {
            NodeOperator::In => found.is_some_and(listed),
            NodeOperator::NotIn => found.is_none_or(|v| !listed(v)),
            NodeOperator::Exists => found.is_some(),
            NodeOperator::DoesNotExist => found.is_none(),
            NodeOperator::Gt => self.ordered(found, |label, bound| label > bound),
            NodeOperator::Lt => self.ordered(found, |label, bound| label < bound),
        }
    }

    fn ordered(&self, found: Option<&str>, holds: fn(i64, i64) -> bool) -> bool {
        let (Some(bound), Some(label)) = (self.bound(), found.and_then(|v| v.parse().ok())) else {
            return false;
        };
        holds(label, bound)
    }

    fn bound(&self) -> Option<i64> {
        match self.values.as_slice() {
            [one] => one.parse().ok(),
            _ => None,
        }
    }
}

/// A conjunction of conditions. A term without any matches no node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeSelectorTerm {
    /// Conditions on node labels.
    pub expressions: Vec<NodeRequirement>,
    /// Conditions on node fields.
    pub fields: Vec<NodeRequirement>,
}

impl NodeSelectorTerm {
    /// Whether the node meets every condition and there is at least one.
    pub fn matches(&self, node: &Node) -> bool {
        self.matches_labels_and_name(&node.labels, &node.name)
    }

    /// The same on labels and name alone.
    pub fn matches_labels_and_name(&self, labels: &Labels, name: &str) -> bool {
        if self.is_empty() {
            return false;
        }
        self.expressions.iter().all(|r| r.meets(labels.get(&r.key).map(|v| &**v)))
            && self.fields.iter().all(|r| &*r.key == "metadata.name" && r.meets(Some(name)))
    }

    /// Whether the term has no condition.
    pub fn is_empty(&self) -> bool {
        self.expressions.is_empty() && self.fields.is_empty()
    }

    /// What is malformed in the term, in the API's words: the API server lets a `Gt` or `Lt` with a value that is no
    /// integer pass, and a value that cannot be one of a label (such as `-5`). kube-scheduler fails the cycle over it
    /// when it stands in a *preferred* term; in a required one see [`Self::unless_malformed`].
    pub fn problem(&self, index: usize) -> Option<String> {
        self.problems(index).next()
    }

    /// Everything that [`problem`](Self::problem) could tell, in order.
    pub fn problems(&self, index: usize) -> impl Iterator<Item = String> + '_ {
        self.expressions.iter().enumerate().flat_map(move |(at, r)| {
            let place = move |n: usize| format!("[{index}].matchExpressions[{at}].values[{n}]");
            let ordered = matches!(r.operator, NodeOperator::Gt | NodeOperator::Lt);
            let order = (ordered && r.bound().is_none()).then(|| {
                let value = r.values.first().map_or("", |v| v);
                format!(
                    "{}: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer",
                    place(0)
                )
            });
            let impossible =
                r.values.iter().enumerate().filter(|(_, v)| !is_label_value(v)).map(move |(n, v)| {
                    format!("{}[{}]: Invalid value: \"{v}\": cannot be the value of a label", place(n), r.key)
                });
            order.into_iter().chain(impossible)
        })
    }

    /// The term as it counts among required ones: a malformed term matches no node. The nodes that it names in
    /// `fields` stay, because they narrow the search all the same.
    pub fn unless_malformed(self) -> Self {
        let Some(first) = self.expressions.first().filter(|_| self.problems(0).next().is_some()) else {
            return self;
        };
        let never =
            NodeRequirement { key: first.key.clone(), operator: NodeOperator::In, values: Vec::new() };
        Self { expressions: vec![never], fields: self.fields }
    }
}

/// Whether a label can have this value.
fn is_label_value(value: &str) -> bool {
    value.is_empty() || is_qualified_part(value)
}

/// A disjunction of terms; without terms it matches no node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeSelector {
    /// Any of these may match.
    pub terms: Vec<NodeSelectorTerm>,
}

impl NodeSelector {
    /// Whether some term matches the node.
    pub fn matches(&self, node: &Node) -> bool {
        self.terms.iter().any(|t| t.matches(node))
    }

    /// A label that a node must have with one of some values, when the selector says so in the plain way: one term with an
    /// `In`. The host name is preferred, as it tells most.
    pub fn pin(&self) -> Option<(&Str, &[Str])> {
        let [term] = self.terms.as_slice() else { return None };
        let mut listed = term.expressions.iter().filter(|e| e.operator == NodeOperator::In);
        let found = listed.clone().find(|e| &*e.key == HOSTNAME).or_else(|| listed.next())?;
        Some((&found.key, &found.values))
    }
}

/// A term with a weight, of `preferredDuringSchedulingIgnoredDuringExecution`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PreferredTerm {
    /// Weight, 1 to 100; a term with weight 0 counts for nothing.
    pub weight: i64,
    /// What to match.
    pub term: NodeSelectorTerm,
}

/// `core/v1.NodeAffinity`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeAffinity {
    /// The node must match, when present.
    pub required: Option<NodeSelector>,
    /// Matching nodes are preferred.
    pub preferred: Vec<PreferredTerm>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(operator: NodeOperator, values: &[&str], label: Option<&str>, want: bool) {
        let r = NodeRequirement {
            key: "k".into(),
            operator,
            values: values.iter().map(|v| (*v).into()).collect(),
        };
        assert_eq!(r.meets(label), want, "{operator:?} {values:?} on {label:?}");
    }

    #[test]
    fn order_needs_integers_on_both_sides() {
        check(NodeOperator::Gt, &["5"], Some("6"), true);
        check(NodeOperator::Gt, &["5"], Some("5"), false);
        check(NodeOperator::Lt, &["5"], Some("4"), true);
        check(NodeOperator::Lt, &["5"], Some("x"), false);
        check(NodeOperator::Gt, &["x"], Some("6"), false);
        check(NodeOperator::Gt, &["1", "2"], Some("6"), false);
        check(NodeOperator::Lt, &["5"], None, false);
    }

    #[test]
    fn a_required_term_with_an_impossible_label_value_matches_nothing() {
        let node = Labels::from_iter([("k", "6")]);
        let term = |operator, values: &[&str]| NodeSelectorTerm {
            expressions: vec![NodeRequirement {
                key: "k".into(),
                operator,
                values: values.iter().map(|v| (*v).into()).collect(),
            }],
            fields: Vec::new(),
        };
        let counts = |term: NodeSelectorTerm| term.unless_malformed().matches_labels_and_name(&node, "n");
        assert!(counts(term(NodeOperator::Gt, &["5"])));
        assert!(!counts(term(NodeOperator::Gt, &["-5"])), "a label cannot be -5");
        assert!(!counts(term(NodeOperator::In, &["6", "a b"])));
        assert!(!counts(term(NodeOperator::NotIn, &["a_"])));
        assert!(counts(term(NodeOperator::NotIn, &["", "a_b.c-d"])));
        assert_eq!(term(NodeOperator::Lt, &["x-"]).problems(0).count(), 2, "no integer and no label value");
    }

    #[test]
    fn an_empty_term_matches_nothing() {
        assert!(!NodeSelectorTerm::default().matches_labels_and_name(&Labels::default(), "n"));
        assert!(!NodeSelector::default().matches(&Node::default()));
    }
}
