//! Objects that a real API server took are taken here as well when no API server has seen them, and read the same in every
//! version.

#![allow(clippy::unwrap_used, reason = "tests may")]

use std::io::{BufRead, BufReader};
use std::path::Path;

use longshore_manifest as manifest;
use serde_json::{Map, Value};

/// Slices, claims, templates and classes of the recorded cases.
fn recorded() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/data-dra");
    let lines = ["dra-golden.jsonl.gz", "dra.jsonl.gz"].into_iter().flat_map(|file| {
        let file = std::fs::File::open(folder.join(file)).unwrap();
        BufReader::new(flate2::read::GzDecoder::new(file)).lines()
    });
    let cases = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let objects = cases.flat_map(|case| case["objects"].as_array().unwrap().clone());
    objects.filter(|object| object["apiVersion"] == "resource.k8s.io/v1").collect()
}

#[test]
fn what_the_api_server_took_is_taken() {
    let objects = recorded();
    assert!(objects.len() > 1000, "{}", objects.len());
    for mut object in objects {
        object["metadata"].as_object_mut().unwrap().remove("uid");
        let read = manifest::read_values(std::slice::from_ref(&object));
        assert_eq!(read.problems, [], "{object}");
    }
}

fn list<'v>(object: &'v mut Value, path: &str) -> impl Iterator<Item = &'v mut Map<String, Value>> {
    object
        .pointer_mut(path)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}

/// The object as v1beta1 writes it.
fn older(object: &Value) -> Value {
    let mut older = object.clone();
    older["apiVersion"] = "resource.k8s.io/v1beta1".into();
    for device in list(&mut older, "/spec/devices") {
        let basic = std::mem::take(device);
        let (name, basic): (Map<_, _>, Map<_, _>) = basic.into_iter().partition(|(field, _)| field == "name");
        *device = name;
        device.insert("basic".into(), basic.into());
    }
    for request in list(&mut older, "/spec/devices/requests") {
        if let Some(Value::Object(exactly)) = request.remove("exactly") {
            request.extend(exactly);
        }
    }
    older
}

#[test]
fn every_version_reads_the_same() {
    for object in recorded() {
        let older = older(&object);
        let newer = Value::from("resource.k8s.io/v1beta2");
        let middle = Value::Object({
            let mut middle = object.as_object().unwrap().clone();
            middle.insert("apiVersion".into(), newer);
            middle
        });
        match object["kind"].as_str().unwrap() {
            "ResourceSlice" => {
                let read = manifest::resource_slice(&object).unwrap();
                assert_eq!(manifest::resource_slice(&older).unwrap(), read);
                assert_eq!(manifest::resource_slice(&middle).unwrap(), read);
            }
            "ResourceClaim" => {
                let read = manifest::resource_claim(&object).unwrap();
                assert_eq!(manifest::resource_claim(&older).unwrap(), read);
                assert_eq!(manifest::resource_claim(&middle).unwrap(), read);
            }
            _ => {}
        }
    }
}
