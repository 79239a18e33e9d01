//! Label selectors, node selectors, taints and tolerations.

use longshore_framework::labels::{LabelSelector, Operator, Requirement};
use longshore_framework::node_selector::{NodeOperator, NodeRequirement, NodeSelector, NodeSelectorTerm};
use longshore_framework::taint::{Taint, TaintEffect, Toleration, TolerationOperator};

use crate::error::{ObjectError, Within, quoted};
use crate::wire;

type Result<T> = std::result::Result<T, ObjectError>;

/// A label selector, `matchLabels` first.
pub(crate) fn label_selector(written: &wire::meta::LabelSelector) -> Result<LabelSelector> {
    let equal = written.match_labels.iter().map(|(k, v)| Ok(Requirement::equals(k.clone(), v.clone())));
    let expressions = written.match_expressions.iter().enumerate();
    let expressions = expressions.map(|(at, e)| label_requirement(e).within_item("matchExpressions", at));
    Ok(LabelSelector { requirements: equal.chain(expressions).collect::<Result<_>>()? })
}

/// A label selector in the field `name`; absent ones stay so.
pub(crate) fn optional(
    written: Option<&wire::meta::LabelSelector>,
    name: &str,
) -> Result<Option<LabelSelector>> {
    written.map(label_selector).transpose().within(name)
}

fn label_requirement(written: &wire::meta::Requirement) -> Result<Requirement> {
    let operator = match &*written.operator {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        other => return Err(unknown("operator", other, "In, NotIn, Exists or DoesNotExist")),
    };
    let values = match operator {
        Operator::In | Operator::NotIn => Values::Some,
        Operator::Exists | Operator::DoesNotExist => Values::None,
    };
    check_requirement(written, values)?;
    Ok(Requirement { key: written.key.clone(), operator, values: written.values.clone() })
}

/// How many values an operator takes.
#[derive(Clone, Copy, PartialEq)]
enum Values {
    None,
    One,
    Some,
}

fn check_requirement(written: &wire::meta::Requirement, takes: Values) -> Result<()> {
    if written.key.is_empty() {
        return Err(ObjectError::of("key", "must be given"));
    }
    let (operator, count) = (&written.operator, written.values.len());
    let message = match takes {
        Values::None if count > 0 => format!("must be empty with operator {operator}"),
        Values::One if count != 1 => format!("must hold exactly one value with operator {operator}"),
        Values::Some if count == 0 => format!("must hold at least one value with operator {operator}"),
        _ => return Ok(()),
    };
    Err(ObjectError::of("values", message))
}

/// A node selector. A malformed term of it matches no node.
pub(crate) fn node_selector(written: &wire::affinity::NodeSelector) -> Result<NodeSelector> {
    let terms = written.node_selector_terms.iter().enumerate();
    let terms =
        terms.map(|(at, t)| Ok(node_term(t).within_item("nodeSelectorTerms", at)?.unless_malformed()));
    Ok(NodeSelector { terms: terms.collect::<Result<_>>()? })
}

/// A term of a node selector.
pub(crate) fn node_term(written: &wire::affinity::NodeSelectorTerm) -> Result<NodeSelectorTerm> {
    let expressions = written.match_expressions.iter().enumerate();
    let fields = written.match_fields.iter().enumerate();
    Ok(NodeSelectorTerm {
        expressions: expressions
            .map(|(at, e)| node_requirement(e).within_item("matchExpressions", at))
            .collect::<Result<_>>()?,
        fields: fields
            .map(|(at, f)| field_requirement(f).within_item("matchFields", at))
            .collect::<Result<_>>()?,
    })
}

fn node_requirement(written: &wire::meta::Requirement) -> Result<NodeRequirement> {
    let (operator, values) = match &*written.operator {
        "In" => (NodeOperator::In, Values::Some),
        "NotIn" => (NodeOperator::NotIn, Values::Some),
        "Exists" => (NodeOperator::Exists, Values::None),
        "DoesNotExist" => (NodeOperator::DoesNotExist, Values::None),
        "Gt" => (NodeOperator::Gt, Values::One),
        "Lt" => (NodeOperator::Lt, Values::One),
        other => return Err(unknown("operator", other, "In, NotIn, Exists, DoesNotExist, Gt or Lt")),
    };
    check_requirement(written, values)?;
    Ok(NodeRequirement { key: written.key.clone(), operator, values: written.values.clone() })
}

fn field_requirement(written: &wire::meta::Requirement) -> Result<NodeRequirement> {
    if &*written.key != "metadata.name" {
        return Err(unknown("key", &written.key, "metadata.name"));
    }
    let operator = match &*written.operator {
        "In" => NodeOperator::In,
        "NotIn" => NodeOperator::NotIn,
        other => return Err(unknown("operator", other, "In or NotIn")),
    };
    check_requirement(written, Values::One)?;
    Ok(NodeRequirement { key: written.key.clone(), operator, values: written.values.clone() })
}

/// A taint.
pub(crate) fn taint(written: &wire::node::Taint) -> Result<Taint> {
    if written.key.is_empty() {
        return Err(ObjectError::of("key", "must be given"));
    }
    let effect = effect(&written.effect)?;
    Ok(Taint { key: written.key.clone(), value: written.value.clone(), effect })
}

fn effect(written: &str) -> Result<TaintEffect> {
    Ok(match written {
        "NoSchedule" => TaintEffect::NoSchedule,
        "PreferNoSchedule" => TaintEffect::PreferNoSchedule,
        "NoExecute" => TaintEffect::NoExecute,
        other => return Err(unknown("effect", other, "NoSchedule, PreferNoSchedule or NoExecute")),
    })
}

/// A toleration.
pub(crate) fn toleration(written: &wire::affinity::Toleration) -> Result<Toleration> {
    let operator = match &*written.operator {
        "" | "Equal" => TolerationOperator::Equal,
        "Exists" => TolerationOperator::Exists,
        "Lt" => TolerationOperator::Lt,
        "Gt" => TolerationOperator::Gt,
        other => return Err(unknown("operator", other, "Equal, Exists, Lt or Gt")),
    };
    if written.key.is_empty() && operator != TolerationOperator::Exists {
        return Err(ObjectError::of("operator", "must be Exists when key is empty"));
    }
    let effect = if written.effect.is_empty() { None } else { Some(effect(&written.effect)?) };
    let (key, value) = (written.key.clone(), written.value.clone());
    Ok(Toleration { key, operator, value, effect, compares: false })
}

/// A word that is none of the known ones.
pub(crate) fn unknown(field: &str, written: &str, known: &str) -> ObjectError {
    ObjectError::of(field, format!("must be {known}, not {}", quoted(written)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::decode;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(term: Value, message: &str) {
        let written = decode(&term).unwrap();
        let found = node_term(&written).err().map(|e| e.to_string()).unwrap_or_default();
        assert_eq!(found, message);
    }

    fn expression(operator: &str, values: &[&str]) -> Value {
        json!({"matchExpressions": [{"key": "k", "operator": operator, "values": values}]})
    }

    #[test]
    fn operators_take_the_values_they_need() {
        check(expression("In", &["a"]), "");
        check(
            expression("In", &[]),
            "matchExpressions[0].values: must hold at least one value with operator In",
        );
        check(expression("Exists", &["a"]), "matchExpressions[0].values: must be empty with operator Exists");
        check(
            expression("in", &["a"]),
            "matchExpressions[0].operator: must be In, NotIn, Exists, DoesNotExist, Gt or Lt, not \"in\"",
        );
    }

    #[test]
    fn a_malformed_bound_is_accepted() {
        check(expression("Gt", &["many"]), "");
        check(
            expression("Lt", &[]),
            "matchExpressions[0].values: must hold exactly one value with operator Lt",
        );
    }

    #[test]
    fn only_the_name_is_a_node_field() {
        check(json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}), "");
        check(
            json!({"matchFields": [{"key": "spec.x", "operator": "In", "values": ["n"]}]}),
            "matchFields[0].key: must be metadata.name, not \"spec.x\"",
        );
    }

    #[test]
    fn tolerations_by_comparison_are_kept_apart() {
        let written = decode(&json!({"key": "k", "operator": "Gt", "value": "1"})).unwrap();
        assert_eq!(toleration(&written).unwrap().operator, TolerationOperator::Gt);
        let written = decode(&json!({"effect": "NoSchedule"})).unwrap();
        assert_eq!(toleration(&written).unwrap_err().field, "operator");
    }
}
