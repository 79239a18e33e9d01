//! What is known of the catalogue's plugins where their modules are not: names, stages, and the fields of their args. It is enough
//! to say whether a configuration is valid.

use longshore_framework::fields::{Fields, Problems, nearest};
use longshore_framework::registry::Stage;
use serde_json::{Map, Value};

/// The plugins of the catalogue: lines of folder, name and capabilities.
const LISTED: &str = include_str!("../../../../plugins/catalogue/plugins.txt");
/// Their stages and args.
const DECLARED: &str = include_str!("../../../../plugins/catalogue/declared.json");

/// The names of the catalogue's plugins.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let lines = LISTED.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_whitespace().nth(1))
}

/// What is declared of a plugin; all stages, and no word on its args, where nothing is.
pub(crate) struct Declared {
    /// Its stages.
    pub(crate) stages: Vec<Stage>,
    /// Stages that the Go plugin has in some release, and where this one has nothing to do.
    pub(crate) idle: Vec<Stage>,
    args: Option<Value>,
}

impl Declared {
    /// That of the catalogue's plugin called `name`; `None` when there is no such plugin.
    pub(crate) fn of(name: &str) -> Option<Self> {
        names().find(|listed| *listed == name)?;
        let mut all: Map<String, Value> = serde_json::from_str(DECLARED).unwrap_or_default();
        let Some(mut found) = all.remove(name) else {
            return Some(Self { stages: Stage::ALL.to_vec(), idle: Vec::new(), args: None });
        };
        let listed = |field: &str| -> Vec<Stage> {
            let names: Vec<&str> =
                found[field].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            Stage::ALL.into_iter().filter(|stage| names.contains(&stage.field())).collect()
        };
        let (stages, idle) = (listed("stages"), listed("idle"));
        Some(Self { stages, idle, args: Some(found["args"].take()) })
    }

    /// Reports what is wrong with args of the plugin called `name`.
    pub(crate) fn check(&self, name: &str, args: &Value, problems: &mut Problems<'_>) {
        let Some(Value::Object(fields)) = &self.args else { return };
        // Says what is wrong with apiVersion and kind; it knows no other field, so it is not finished.
        Fields::of_args(args, &format!("{name}Args"), problems);
        let header = |field: &str| matches!(field, "apiVersion" | "kind");
        object(fields, args, header, problems);
    }
}

/// Checks `value`, which is absent when it is null, by what stands for it in the declaration: a type; words, one of which it is; the
/// one element of a list; fields; or `*` for fields of any name.
fn check(declared: &Value, value: &Value, problems: &mut Problems<'_>) {
    if value.is_null() {
        return;
    }
    match declared {
        Value::String(kind) => {
            let (good, what) = match kind.as_str() {
                "string" => (value.is_string(), "a string"),
                "integer" => (value.is_i64(), "a whole number"),
                "number" => (value.is_number(), "a number"),
                "boolean" => (value.is_boolean(), "true or false"),
                _ => (value.is_string() || value.is_number(), "an amount such as 100m or 1Gi"),
            };
            if !good {
                problems.report(format!("must be {what}"));
            }
        }
        Value::Array(one) if one.len() == 1 => match value.as_array() {
            Some(list) => {
                list.iter().enumerate().for_each(|(at, each)| check(&one[0], each, &mut problems.index(at)))
            }
            None => problems.report("must be a list"),
        },
        Value::Array(words) if !words.contains(value) => {
            let all: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            problems.report(format!("must be one of {}", all.join(", ")));
        }
        Value::Object(fields) => object(fields, value, |_| false, problems),
        _ => {}
    }
}

fn object(
    declared: &Map<String, Value>,
    value: &Value,
    also: impl Fn(&str) -> bool,
    problems: &mut Problems<'_>,
) {
    let Some(fields) = value.as_object() else {
        if !value.is_null() {
            problems.report("must be an object with fields");
        }
        return;
    };
    for (name, value) in fields.iter().filter(|(name, _)| !also(name)) {
        let problems = &mut problems.field(name);
        match declared.get(name).or(declared.get("*")) {
            Some(kind) => check(kind, value, problems),
            None => problems.report(match nearest(name, declared.keys().map(String::as_str)) {
                Some(near) => format!("unknown field; did you mean {near}?"),
                None if declared.is_empty() => "unknown field; the plugin has no args".to_string(),
                None => {
                    let known: Vec<&str> = declared.keys().map(String::as_str).collect();
                    format!("unknown field; known fields: {}", known.join(", "))
                }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn problems(name: &str, args: Value) -> Vec<String> {
        let mut found = Vec::new();
        Declared::of(name).unwrap().check(name, &args, &mut Problems::new(&mut found));
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_declaration_can_be_read() {
        let all: Map<String, Value> = serde_json::from_str(DECLARED).unwrap();
        for (name, declared) in &all {
            let stages = declared["stages"].as_array().unwrap();
            assert!(stages.iter().all(|stage| Stage::ALL.iter().any(|s| *stage == s.field())), "{name}");
            assert!(!stages.is_empty() && declared["args"].is_object(), "{name}");
        }
        assert!(names().count() >= 9);
        assert!(Declared::of("NodeResourcesFit").is_none());
    }

    #[test]
    fn args_are_checked_by_what_is_declared() {
        let good = json!({
            "apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "NodeResourceTopologyMatchArgs",
            "scoringStrategy": {"type": "LeastNUMANodes", "resources": [{"name": "cpu", "weight": 1}]},
            "cacheResyncPeriodSeconds": 5, "discardReservedNodes": true, "cache": {"resyncScope": "All"},
        });
        assert_eq!(problems("NodeResourceTopologyMatch", good), Vec::<String>::new());
        assert_eq!(problems("PodState", Value::Null), Vec::<String>::new());
        assert_eq!(
            problems(
                "NodeResourceTopologyMatch",
                json!({"kind": "XArgs", "scoringStrategy": {"type": "Least", "resources": {}, "of": 1},
                       "cacheResyncPeriodSeconds": "5", "discardReserved": true}),
            ),
            [
                "kind: must be NodeResourceTopologyMatchArgs, or be left out, not \"XArgs\"",
                "cacheResyncPeriodSeconds: must be a whole number",
                "discardReserved: unknown field; known fields: cache, cacheResyncPeriodSeconds, discardReservedNodes, preemptionMode, \
                 scoringStrategy",
                "scoringStrategy.of: unknown field; known fields: resources, type",
                "scoringStrategy.resources: must be a list",
                "scoringStrategy.type: must be one of MostAllocated, BalancedAllocation, LeastAllocated, LeastNUMANodes",
            ]
        );
        assert_eq!(problems("PodState", json!({"mode": 1})), ["mode: unknown field; the plugin has no args"]);
        assert_eq!(
            problems("TopologicalSort", json!({"namespaces": [1]})),
            ["namespaces[0]: must be a string"]
        );
    }
}
