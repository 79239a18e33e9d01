//! Real output against `docs/schema`, and the schemas against `docs/output.md`.

use longshore_engine::{Engine, Options};
use longshore_framework::port::Input;
use longshore_framework::{Timestamp, fixture};
use longshore_service::decisions::{Decisions, Limits};
use serde_json::Value;

use crate::support::{NODE, pod, run, run_with};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");

fn schema(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(format!("{DOCS}/schema/{name}.json")).unwrap()).unwrap()
}

/// The words of JSON Schema that the schemas use. Any other is an error, so that none is passed over.
fn validate(schema: &Value, value: &Value, path: &str) -> Result<(), String> {
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "$schema" | "title" => {}
            "type" => {
                is_of(rule, value).then_some(()).ok_or(format!("{path}: {value} is not of type {rule}"))?
            }
            "enum" => {
                let listed = rule.as_array().unwrap().contains(value);
                listed.then_some(()).ok_or(format!("{path}: {value} is not one of {rule}"))?;
            }
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    validate(rule, item, &format!("{path}[{at}]"))?;
                }
            }
            "required" => {
                for name in rule.as_array().unwrap() {
                    let name = name.as_str().unwrap();
                    value.get(name).map(|_| ()).ok_or(format!("{path}: {name} is missing"))?;
                }
            }
            "properties" | "additionalProperties" => {}
            other => panic!("unknown word {other}"),
        }
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        match (schema["properties"].get(name), &schema["additionalProperties"]) {
            (Some(known), _) => validate(known, field, &path)?,
            (None, Value::Object(_)) => validate(&schema["additionalProperties"], field, &path)?,
            (None, _) => return Err(format!("{path} is not described")),
        }
    }
    Ok(())
}

fn is_of(rule: &Value, value: &Value) -> bool {
    match rule.as_str() {
        None => rule.as_array().unwrap().iter().any(|one| is_of(one, value)),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some(other) => panic!("unknown type {other}"),
    }
}

/// Fails unless the document is as its schema says.
#[track_caller]
pub(crate) fn check(name: &str, document: &Value) {
    if let Err(error) = validate(&schema(name), document, name) {
        panic!("{error}");
    }
}

#[test]
fn simulations_are_as_described() {
    check(
        "simulation",
        &run(&["simulate", "-f", "examples/cluster", "-f", "examples/workload", "-o", "json", "--trace"])
            .json(),
    );
    check(
        "simulation",
        &run(&[
            "simulate",
            "-f",
            "examples/cluster",
            "-f",
            "examples/workload",
            "-o",
            "json",
            "--tie-break",
            "first",
        ])
        .json(),
    );
    check("simulation", &run(&["simulate", "-f", "examples/devices", "-o", "json"]).json());
    let bad = format!("{NODE}{}---\nkind: [\n", pod("bad", "lots"));
    check("simulation", &run_with(&["simulate", "-f", "-", "-o", "json", "--trace"], &bad).exits(1).json());
}

#[test]
fn explanations_are_as_described() {
    for pod in ["recommender", "checkout", "orders-0", "search-0", "migration", "index", "train-2774r"] {
        let args = ["explain", pod, "-f", "examples/cluster", "-f", "examples/workload", "-o", "json"];
        check("explanation", &run(&args).exits(0).json());
    }
    let args = ["explain", "train-tgbdb", "-f", "examples/devices", "-o", "json"];
    check("explanation", &run(&args).exits(0).json());
    let skipped = pod("other", "1").replace("spec:", "spec:\n  schedulerName: unknown");
    let args = ["explain", "other", "-f", "-", "-o", "json", "--config", "profiles/default.yaml"];
    check("explanation", &run_with(&args, &format!("{NODE}{skipped}")).exits(0).json());
}

#[test]
fn checks_are_as_described() {
    let args = ["check", "--kubeconfig", "/nowhere/config", "-o", "json"];
    let document = run(&args).exits(1).json();
    check("check", &document);
    assert_eq!(document["groups"][0]["checks"][0]["status"], "Failed");
}

#[test]
fn decisions_are_as_described() {
    let profiles = longshore_profile::default_profile(
        &longshore_loader::registry(),
        longshore_loader::default_multi_point(),
    );
    let options = Options { adopt_all: true, trace: true, example_nodes: Some(2), ..Options::default() };
    let mut engine = Engine::new(profiles.unwrap().profiles, options);
    for name in ["a", "b"] {
        engine.apply(Input::Node(fixture::node(name).allocatable("cpu", "2").build()));
    }
    engine.apply(Input::Pod(fixture::pod("small").request("cpu", "1").build()));
    engine.apply(Input::Pod(fixture::pod("large").request("cpu", "9").build()));
    let mut ring = Decisions::new(Limits::default(), None);
    while let Some(attempt) = engine.step() {
        ring.add(&attempt, Timestamp(0));
    }
    for name in ["small", "large"] {
        let document = serde_json::to_value(ring.document("default", name).unwrap()).unwrap();
        check("decisions", &document);
    }
}

#[test]
fn versions_are_as_described() {
    check("version", &run(&["version", "-o", "json"]).json());
}

#[test]
fn a_document_that_is_not_as_described_is_found_out() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut document = run(&["version", "-o", "json"]).json();
        change(&mut document);
        assert!(validate(&schema("version"), &document, "").is_err(), "{document}");
    };
    refused(&|d| d["more"] = 1.into());
    refused(&|d| d["version"] = 1.into());
    refused(&|d| d["kind"] = "Other".into());
    refused(&|d| {
        d.as_object_mut().unwrap().remove("kubeScheduler");
    });
}

#[test]
fn every_field_is_in_the_documentation() {
    fn names(schema: &Value, found: &mut Vec<String>) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            found.push(name.clone());
            names(field, found);
        }
        for inner in ["items", "additionalProperties"] {
            if schema[inner].is_object() {
                names(&schema[inner], found);
            }
        }
    }
    let text = std::fs::read_to_string(format!("{DOCS}/output.md")).unwrap();
    let plugin = ["inspection", "run", "test", "check", "bench"].map(|name| format!("plugin-{name}"));
    let others = ["simulation", "comparison", "dump", "explanation", "decisions", "check", "version"]
        .map(str::to_string);
    for document in others.iter().chain(&plugin) {
        let mut found = Vec::new();
        names(&schema(document), &mut found);
        for name in found {
            assert!(
                text.contains(&format!("`{name}`")) || text.contains(&format!("`{name}:")),
                "{document}: {name}"
            );
        }
    }
}
