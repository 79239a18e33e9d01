//! `NodeResourcesFitArgs`, and the list of weighted resources that other plugins share.

use longshore_framework::Str;
use longshore_framework::features::{Gate, Rule};
use longshore_framework::fields::{Fields, Problems};
use longshore_framework::registry::FactoryContext;
use longshore_framework::resources::{CPU, EPHEMERAL_STORAGE, MEMORY, is_qualified_name};
use serde_json::{Map, Value, json};

use super::NodeResourcesFit;
use super::score::Strategy;
use crate::dynamic_resources::count::Counter;
use crate::shape::{self, Shape};

#[derive(Clone, Copy, PartialEq)]
enum Type {
    LeastAllocated,
    MostAllocated,
    RequestedToCapacityRatio,
}

const TYPES: &[(&str, Type)] = &[
    ("LeastAllocated", Type::LeastAllocated),
    ("MostAllocated", Type::MostAllocated),
    ("RequestedToCapacityRatio", Type::RequestedToCapacityRatio),
];

/// Reads the arguments; returns the plugin and the effective arguments.
pub(super) fn read(
    args: &Value,
    context: &FactoryContext,
    problems: &mut Problems<'_>,
) -> (NodeResourcesFit, Value) {
    let mut fields = Fields::of_args(args, "NodeResourcesFitArgs", problems);
    let mut ignored = names(&mut fields, "ignoredResources", problems, |name| {
        (!is_qualified_name(name)).then_some("is not the name of a resource")
    });
    let ignored_groups = names(&mut fields, "ignoredResourceGroups", problems, |group| match group {
        _ if group.contains('/') => Some("must stop before the '/': it is the prefix of resource names"),
        _ => (!is_qualified_name(group)).then_some("is not the prefix of a resource name"),
    });
    let strategy = fields.value("scoringStrategy");
    fields.finish(problems);
    if !context.extender_ignored_resources.is_empty() {
        ignored = context.extender_ignored_resources.clone();
    }
    let (kind, resources, shape) = strategy_of(strategy, problems);
    let effective = effective(&ignored, &ignored_groups, kind, &resources, shape.as_deref());
    let strategy = match kind {
        Type::LeastAllocated => Strategy::LeastAllocated,
        Type::MostAllocated => Strategy::MostAllocated,
        Type::RequestedToCapacityRatio => Strategy::ratio(shape.as_deref().unwrap_or_default()),
    };
    let basic = [CPU, MEMORY, EPHEMERAL_STORAGE].map(Str::from);
    let wakes_when_shrunk = context.features.follow(Rule::ShrunkNodeWakes);
    let leaves_to_devices = context.features.enabled(Gate::DRAExtendedResource);
    let plugin = NodeResourcesFit {
        ignored,
        ignored_groups,
        strategy,
        resources,
        basic,
        leaves_to_devices,
        counter: Counter::default(),
        wakes_when_shrunk,
    };
    (plugin, effective)
}

/// A list of names, each checked by `wrong`.
fn names(
    fields: &mut Fields<'_>,
    field: &'static str,
    problems: &mut Problems<'_>,
    wrong: impl Fn(&str) -> Option<&'static str>,
) -> Vec<Str> {
    let list = fields.strings(field, problems);
    let mut under = problems.field(field);
    for (at, name) in list.iter().enumerate() {
        if let Some(why) = wrong(name) {
            under.index(at).report(format!("{name:?} {why}"));
        }
    }
    list.into_iter().map(Str::from).collect()
}

fn strategy_of(value: Option<&Value>, problems: &mut Problems<'_>) -> (Type, Vec<(Str, i64)>, Option<Shape>) {
    let Some(value) = value else { return (Type::LeastAllocated, cpu_and_memory(), None) };
    let mut under = problems.field("scoringStrategy");
    let problems = &mut under;
    let mut fields = Fields::of(value, problems);
    let kind = fields.word("type", TYPES, problems);
    if kind.is_none() && value.get("type").is_none_or(Value::is_null) {
        problems
            .field("type")
            .report("is missing; say LeastAllocated, MostAllocated or RequestedToCapacityRatio");
    }
    let resources = resources(&mut fields, 100, problems);
    let ratio = fields.value("requestedToCapacityRatio");
    fields.finish(problems);
    let mut under = problems.field("requestedToCapacityRatio");
    match (kind, ratio) {
        (Some(Type::RequestedToCapacityRatio), None) => {
            under.report("is missing; the type RequestedToCapacityRatio needs a shape");
        }
        (Some(Type::LeastAllocated | Type::MostAllocated), Some(_)) => {
            under.report("must be left out unless the type is RequestedToCapacityRatio");
        }
        _ => {}
    }
    let shape = ratio.map(|v| ratio_shape(v, &mut under));
    (kind.unwrap_or(Type::LeastAllocated), resources, shape)
}

fn ratio_shape(value: &Value, problems: &mut Problems<'_>) -> Shape {
    let mut fields = Fields::of(value, problems);
    let list = fields.list("shape", problems);
    fields.finish(problems);
    let mut under = problems.field("shape");
    shape::read(list, &mut under)
}

/// What is scored when nothing is said.
pub(crate) fn cpu_and_memory() -> Vec<(Str, i64)> {
    vec![(CPU.into(), 1), (MEMORY.into(), 1)]
}

/// The field `resources`: names with weights from 1 to `max_weight`; a weight of 0 or none stands for 1, and an empty
/// list for cpu and memory.
pub(crate) fn resources(
    fields: &mut Fields<'_>,
    max_weight: i64,
    problems: &mut Problems<'_>,
) -> Vec<(Str, i64)> {
    let list = fields.list("resources", problems);
    let mut under = problems.field("resources");
    let mut resources = Vec::new();
    for (at, value) in list.iter().enumerate() {
        let mut under = under.index(at);
        let mut fields = Fields::of(value, &mut under);
        let name = fields.string("name", &mut under).unwrap_or_default();
        let weight = fields.int("weight", 0..=max_weight, &mut under).unwrap_or(1).max(1);
        fields.finish(&mut under);
        if name.is_empty() {
            under.field("name").report("is missing; say which resource to score");
        }
        resources.push((Str::from(name), weight));
    }
    if resources.is_empty() { cpu_and_memory() } else { resources }
}

/// The resources as the arguments have them.
pub(crate) fn resources_json(resources: &[(Str, i64)]) -> Value {
    resources.iter().map(|(name, weight)| json!({ "name": **name, "weight": weight })).collect()
}

fn effective(
    ignored: &[Str],
    ignored_groups: &[Str],
    kind: Type,
    resources: &[(Str, i64)],
    shape: Option<&[(i64, i64)]>,
) -> Value {
    let mut args = Map::new();
    for (field, names) in [("ignoredResources", ignored), ("ignoredResourceGroups", ignored_groups)] {
        if !names.is_empty() {
            args.insert(field.into(), names.iter().map(|n| Value::from(&**n)).collect());
        }
    }
    let name = TYPES.iter().find(|(_, t)| *t == kind).map_or("", |(name, _)| name);
    let mut strategy = json!({ "type": name, "resources": resources_json(resources) });
    if let Some(shape) = shape {
        strategy["requestedToCapacityRatio"] = json!({ "shape": shape::written(shape) });
    }
    args.insert("scoringStrategy".into(), strategy);
    Value::Object(args)
}
