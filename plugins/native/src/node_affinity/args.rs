//! `NodeAffinityArgs`: an affinity in the shape of `core/v1.NodeAffinity` that holds for all pods of the profile.

use longshore_framework::fields::{Fields, Problems};
use longshore_framework::node_selector::{
    NodeAffinity, NodeOperator, NodeRequirement, NodeSelector, NodeSelectorTerm, PreferredTerm,
};
use longshore_framework::resources::{is_qualified_name, is_qualified_part};
use serde_json::{Value, json};

const OPERATORS: &[(&str, NodeOperator)] = &[
    ("In", NodeOperator::In),
    ("NotIn", NodeOperator::NotIn),
    ("Exists", NodeOperator::Exists),
    ("DoesNotExist", NodeOperator::DoesNotExist),
    ("Gt", NodeOperator::Gt),
    ("Lt", NodeOperator::Lt),
];

/// Which node fields can be matched, and how.
const FIELD_OPERATORS: &[(&str, NodeOperator)] = &[("In", NodeOperator::In), ("NotIn", NodeOperator::NotIn)];

/// Reads the arguments; returns the added affinity and the effective arguments.
pub(super) fn read(args: &Value, problems: &mut Problems<'_>) -> (NodeAffinity, Value) {
    let mut fields = Fields::of_args(args, "NodeAffinityArgs", problems);
    let added = fields.value("addedAffinity");
    fields.finish(problems);
    match added {
        Some(value) => {
            (affinity(value, &mut problems.field("addedAffinity")), json!({ "addedAffinity": value }))
        }
        None => (NodeAffinity::default(), json!({})),
    }
}

fn affinity(value: &Value, problems: &mut Problems<'_>) -> NodeAffinity {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    let mut fields = Fields::of(value, problems);
    let required = fields.value(REQUIRED).map(|v| selector(v, &mut problems.field(REQUIRED)));
    let preferred = fields.list(PREFERRED, problems);
    let mut under = problems.field(PREFERRED);
    let preferred = preferred.iter().enumerate().map(|(at, v)| preference(v, &mut under.index(at))).collect();
    fields.finish(problems);
    NodeAffinity { required, preferred }
}

fn selector(value: &Value, problems: &mut Problems<'_>) -> NodeSelector {
    let mut fields = Fields::of(value, problems);
    let list = fields.list("nodeSelectorTerms", problems);
    let mut under = problems.field("nodeSelectorTerms");
    let terms = list.iter().enumerate().map(|(at, v)| term(v, &mut under.index(at))).collect();
    fields.finish(problems);
    NodeSelector { terms }
}

fn preference(value: &Value, problems: &mut Problems<'_>) -> PreferredTerm {
    let mut fields = Fields::of(value, problems);
    let weight = fields.int("weight", 0..=100, problems).unwrap_or(0);
    let term = match fields.value("preference") {
        Some(v) => term(v, &mut problems.field("preference")),
        None => NodeSelectorTerm::default(),
    };
    fields.finish(problems);
    PreferredTerm { weight, term }
}

fn term(value: &Value, problems: &mut Problems<'_>) -> NodeSelectorTerm {
    let mut fields = Fields::of(value, problems);
    let expressions = fields.list("matchExpressions", problems);
    let matched = fields.list("matchFields", problems);
    fields.finish(problems);
    NodeSelectorTerm {
        expressions: requirements(expressions, &mut problems.field("matchExpressions"), expression),
        fields: requirements(matched, &mut problems.field("matchFields"), field),
    }
}

type Check = fn(&NodeRequirement, &mut Problems<'_>);

fn requirements(list: &[Value], problems: &mut Problems<'_>, check: Check) -> Vec<NodeRequirement> {
    let read = |(at, value)| requirement(value, &mut problems.index(at), check);
    list.iter().enumerate().filter_map(read).collect()
}

fn requirement(value: &Value, problems: &mut Problems<'_>, check: Check) -> Option<NodeRequirement> {
    let mut fields = Fields::of(value, problems);
    let key = fields.string("key", problems);
    let operator = fields.word("operator", OPERATORS, problems);
    let values = fields.strings("values", problems).into_iter().map(Into::into).collect();
    fields.finish(problems);
    if key.is_none() {
        problems.field("key").report("is missing; say which label or field to compare");
    }
    if operator.is_none() && value.get("operator").is_none_or(Value::is_null) {
        problems.field("operator").report("is missing; say how to compare");
    }
    let found = NodeRequirement { key: key?.into(), operator: operator?, values };
    check(&found, problems);
    Some(found)
}

/// The rules for a condition on a label.
fn expression(found: &NodeRequirement, problems: &mut Problems<'_>) {
    if !is_qualified_name(&found.key) {
        problems.field("key").report(format!("{:?} is not the key of a label", &*found.key));
    }
    let mut values = problems.field("values");
    let count = found.values.len();
    match found.operator {
        NodeOperator::In | NodeOperator::NotIn if count == 0 => {
            values.report("must not be empty: In and NotIn compare with at least one value");
        }
        NodeOperator::Exists | NodeOperator::DoesNotExist if count > 0 => {
            values.report("must be left out: Exists and DoesNotExist compare with no value");
        }
        NodeOperator::Gt | NodeOperator::Lt if count != 1 || found.values[0].parse::<i64>().is_err() => {
            values.report("must be one whole number: Gt and Lt compare with nothing else");
        }
        _ => {}
    }
    for (at, value) in found.values.iter().enumerate() {
        if !value.is_empty() && !is_qualified_part(value) {
            values.index(at).report(format!("{:?} is not the value of a label", &**value));
        }
    }
}

/// The rules for a condition on a field of the node.
fn field(found: &NodeRequirement, problems: &mut Problems<'_>) {
    if &*found.key != "metadata.name" {
        problems.field("key").report("must be metadata.name: no other field can be matched");
    }
    if !FIELD_OPERATORS.iter().any(|(_, operator)| *operator == found.operator) {
        problems.field("operator").report("must be In or NotIn: fields are compared in no other way");
    }
    if found.values.len() != 1 {
        problems.field("values").report("must be exactly one name");
    }
}
