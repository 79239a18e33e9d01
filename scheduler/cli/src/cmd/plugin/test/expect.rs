//! What a case expects, and what came instead.

use longshore_framework::fields::{Fields, Problems};
use serde_json::{Map, Value, json};

use crate::rehearsal::report::PluginRun;
use crate::render::plugin::said;

/// The fields of `expect`, in the order in which they are written.
const FIELDS: [&str; 20] = [
    "load",
    "preEnqueue",
    "preFilter",
    "filter",
    "feasible",
    "rejected",
    "leftOut",
    "postFilter",
    "preScore",
    "raw",
    "scores",
    "chosen",
    "reserve",
    "permit",
    "preBind",
    "bind",
    "log",
    "events",
    "allowed",
    "turnedAway",
];

/// What came of a case.
pub(super) enum CaseOutcome {
    /// The plugin could not be loaded with this config and these grants.
    NotLoaded(String),
    /// It was asked.
    Run(Box<PluginRun>),
}

/// What is expected: only what is named is looked at.
pub(super) struct Expected(Map<String, Value>);

impl Expected {
    /// Reads `expect`; null expects nothing.
    pub(super) fn read(value: &Value, problems: &mut Problems<'_>) -> Self {
        if value.is_null() {
            return Self(Map::new());
        }
        let mut fields = Fields::of(value, problems);
        let mut named = Map::new();
        for field in FIELDS {
            if let Some(value) = fields.value(field) {
                named.insert(field.to_string(), value.clone());
            }
        }
        fields.finish(problems);
        Self(named)
    }

    /// One line for each thing that is not as expected.
    pub(super) fn differences(&self, seen: &CaseOutcome) -> Vec<String> {
        if self.0.is_empty() {
            return vec!["expect is empty: --update fills it in".to_string()];
        }
        let have = facts(seen);
        let mut lines = Vec::new();
        if let (CaseOutcome::NotLoaded(why), None) = (seen, self.0.get("load")) {
            return vec![format!("it could not be loaded: {why}")];
        }
        for (field, want) in self.in_order() {
            let have = have.get(field).unwrap_or(&Value::Null);
            if !agrees(field, want, have) {
                lines.extend(diff(field, want, have));
            }
        }
        // A plugin that broke is no match for a case that does not say so.
        if let CaseOutcome::Run(run) = seen {
            let broke = run.stages.iter().filter(|s| s.answer == "Failed");
            let unsaid = broke.filter(|s| !self.0.contains_key(field_of(s.stage)));
            lines.extend(unsaid.map(|s| format!("{}: {}", s.stage, said(s))));
        }
        lines
    }

    /// The same fields with what was seen; all that have something to say when none is named.
    pub(super) fn of(&self, seen: &CaseOutcome) -> Vec<(String, Value)> {
        let have = facts(seen);
        let named = |field: &&str| match (self.0.is_empty(), seen) {
            (_, CaseOutcome::NotLoaded(_)) => *field == "load",
            (true, _) => have.get(*field).is_some_and(|value| !is_empty(value)),
            (false, _) => self.0.contains_key(*field) && *field != "load",
        };
        let value = |field: &str| have.get(field).cloned().unwrap_or(Value::Null);
        FIELDS.into_iter().filter(named).map(|field| (field.to_string(), value(field))).collect()
    }

    fn in_order(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        FIELDS.into_iter().filter_map(|field| Some((field, self.0.get(field)?)))
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// `PreFilter` to `preFilter`.
fn field_of(stage: &str) -> &'static str {
    FIELDS.into_iter().find(|field| field.eq_ignore_ascii_case(stage)).unwrap_or("scores")
}

/// Everything that can be expected, as it is.
fn facts(seen: &CaseOutcome) -> Map<String, Value> {
    let run = match seen {
        CaseOutcome::NotLoaded(why) => return Map::from_iter([("load".to_string(), json!(why))]),
        CaseOutcome::Run(run) => run,
    };
    let of = |verdict: &str| run.nodes.iter().filter(|n| n.verdict == verdict).collect::<Vec<_>>();
    let names = |verdict: &str| of(verdict).iter().map(|n| n.node.clone()).collect::<Vec<String>>();
    let numbers = |pick: fn(&crate::rehearsal::report::NodeResult) -> Option<i64>| {
        let pairs = run.nodes.iter().filter_map(|n| Some((n.node.clone(), json!(pick(n)?))));
        Value::Object(pairs.collect())
    };
    let rejected = of("Rejected").into_iter().map(|n| (n.node.clone(), json!(n.message)));
    let mut facts = Map::from_iter([
        ("feasible".to_string(), json!(names("Fits"))),
        ("rejected".to_string(), Value::Object(rejected.collect())),
        ("leftOut".to_string(), json!(names("LeftOut"))),
        ("raw".to_string(), numbers(|n| n.raw)),
        ("scores".to_string(), numbers(|n| n.score)),
        ("chosen".to_string(), json!(run.chosen)),
        ("log".to_string(), run.log.iter().map(|l| json!(format!("{}: {}", l.level, l.message))).collect()),
        ("events".to_string(), json!(run.events)),
        ("allowed".to_string(), json!(run.allowed)),
        ("turnedAway".to_string(), json!(run.turned_away)),
    ]);
    let quiet = |s: &&crate::rehearsal::report::StageResult| !(s.stage == "Filter" && s.answer == "Pass");
    for stage in run.stages.iter().filter(quiet) {
        let field = field_of(stage.stage);
        if !facts.contains_key(field) || stage.answer == "Failed" {
            facts.insert(field.to_string(), json!(said(stage)));
        }
    }
    facts
}

/// Stages may be named by the word they begin with, `load` by a part of the message, `feasible` in any order, and `log`
/// by a part of each line.
fn agrees(field: &str, want: &Value, have: &Value) -> bool {
    match (field, want, have) {
        ("load", Value::String(want), Value::String(have)) => have.contains(want.as_str()),
        ("load", _, have) => want == have,
        ("feasible" | "leftOut" | "allowed", Value::Array(want), Value::Array(have)) => {
            let sorted = |list: &[Value]| {
                let mut list: Vec<String> = list.iter().map(ToString::to_string).collect();
                list.sort();
                list
            };
            sorted(want) == sorted(have)
        }
        ("log", Value::Array(want), Value::Array(have)) => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
            want.len() == have.len() && want.iter().zip(have).all(|(w, h)| text(h).contains(&text(w)))
        }
        (_, Value::String(want), Value::String(have)) => {
            want == have || have.strip_prefix(want.as_str()).is_some_and(|rest| rest.starts_with([':', ' ']))
        }
        (_, want, have) => want == have || (is_empty(want) && is_empty(have)),
    }
}

/// The lines that say how two values differ: entry by entry where they have entries.
fn diff(field: &str, want: &Value, have: &Value) -> Vec<String> {
    let (Value::Object(want), Value::Object(have)) = (want, have) else {
        return vec![format!("{field}: expected {}, got {}", short(want), short(have))];
    };
    let keys: std::collections::BTreeSet<&String> = want.keys().chain(have.keys()).collect();
    let get = |of: &Map<String, Value>, key: &String| of.get(key).map_or("nothing".to_string(), short);
    keys.into_iter()
        .filter(|key| want.get(*key) != have.get(*key))
        .map(|key| format!("{field}.{key}: expected {}, got {}", get(want, key), get(have, key)))
        .collect()
}

fn short(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(field: &str, want: Value, have: Value, agree: bool) {
        assert_eq!(agrees(field, &want, &have), agree, "{field}: {want} {have}");
    }

    #[test]
    fn a_stage_is_named_by_its_word_or_in_full() {
        check("permit", json!("Wait"), json!("Wait for at most 30 s"), true);
        check("permit", json!("Wait for at most 30 s"), json!("Wait for at most 30 s"), true);
        check("permit", json!("Wa"), json!("Wait for at most 30 s"), false);
        check("reserve", json!("Reject"), json!("Reject: no room (Unschedulable)"), true);
        check("reserve", json!("Pass"), json!(null), false);
    }

    #[test]
    fn lists_of_names_have_no_order_and_nothing_is_empty() {
        check("feasible", json!(["b", "a"]), json!(["a", "b"]), true);
        check("feasible", json!(["a"]), json!(["a", "b"]), false);
        check("rejected", json!({}), json!(null), true);
        check("log", json!(["third"]), json!(["info: the third pod"]), true);
        check("log", json!([]), json!(["info: the third pod"]), false);
    }

    #[test]
    fn differences_are_told_entry_by_entry() {
        let lines = diff("scores", &json!({"a": 1, "b": 2}), &json!({"a": 1, "b": 3, "c": 4}));
        assert_eq!(lines, ["scores.b: expected 2, got 3", "scores.c: expected nothing, got 4"]);
        assert_eq!(diff("chosen", &json!("a"), &json!(null)), ["chosen: expected \"a\", got nothing"]);
    }

    #[test]
    fn unknown_expectations_are_refused() {
        let mut found = Vec::new();
        Expected::read(&json!({"feasibel": []}), &mut Problems::new(&mut found));
        assert!(found[0].to_string().contains("feasibel"), "{found:?}");
    }
}
