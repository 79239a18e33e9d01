//! What both schedulers write of the same claims.

use std::collections::BTreeMap;

use longshore_tests::control_plane::{Kind, SHORT, binaries, shared, until};
use serde_json::{Value, json};

use super::fixture::Devices;

/// Devices of all kinds on one node, and pods of which each has one possible fate; what was written of each pod's claims.
fn play(kind: Kind) -> BTreeMap<String, Value> {
    let devices = Devices::on(shared());
    offer(&devices);
    ask(&devices);
    let _scheduler = devices.arena.scheduler(kind);
    let mut written = BTreeMap::new();
    for template in ["exact", "first", "tolerant", "part", "admin", "none"] {
        devices.pod(template, &[template]);
        match template {
            "none" => drop(devices.arena.until_unschedulable(template)),
            _ => drop(devices.arena.until_bound(template)),
        }
        let normal = |value: Value| normal(value, &devices);
        written.insert(format!("claim of {template}"), normal(devices.claim_of(template)));
        let told = until("an event", SHORT, String::new, || {
            let told =
                devices.arena.events(template).into_iter().find(|e| e["reportingController"] != "kwok")?;
            Some(json!([told["type"], told["reason"], told["action"], told["note"]]))
        });
        written.insert(format!("event of {template}"), normal(told));
    }
    written
}

/// One node with a device of each kind.
fn offer(devices: &Devices) {
    devices.arena.node("n", &json!({}));
    let label = json!({"metadata": {"labels": {"resource.kubernetes.io/admin-access": "true"}}});
    devices.arena.api.patch(&format!("/api/v1/namespaces/{}", devices.arena.namespace), &label).unwrap();
    let device = |name: &str, more: Value| {
        let mut device = json!({
            "name": name,
            "attributes": {"model": {"string": name}, "size": {"int": 1}},
            "capacity": {"memory": {"value": "40Gi"}},
        });
        device.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        device
    };
    let policy = json!({"default": "1Gi", "validRange": {"min": "1Gi", "step": "1Gi"}});
    devices.slice(
        "n",
        vec![
            device("plain-0", json!({})),
            device("plain-1", json!({})),
            device("plain-2", json!({})),
            device(
                "tainted",
                json!({"taints": [{"key": "test/broken", "value": "a-bit", "effect": "NoSchedule"}]}),
            ),
            device(
                "shared",
                json!({
                    "allowMultipleAllocations": true,
                    "capacity": {"memory": {"value": "40Gi", "requestPolicy": policy}},
                }),
            ),
        ],
    );
}

/// A class, and a template of claims for each fate.
fn ask(devices: &Devices) {
    let driver = devices.driver.clone();
    let opaque = |value: &str| json!({"driver": driver, "parameters": {"mode": value}});
    devices.class("gpu", &json!({"config": [{"opaque": opaque("class")}]}));
    let named = |name: &str| {
        let expression = format!("device.attributes[\"{driver}\"].model.startsWith(\"{name}\")");
        json!([{"cel": {"expression": expression}}])
    };
    let exactly = |name: &str, more: Value| {
        let mut exactly = json!({"deviceClassName": "gpu", "selectors": named(name)});
        exactly.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        exactly
    };
    devices.template_of(
        "exact",
        &json!({
            "requests": [{"name": "r", "exactly": exactly("plain", json!({"count": 2}))}],
            "constraints": [{"matchAttribute": format!("{driver}/size")}],
            "config": [{"requests": ["r"], "opaque": opaque("claim")}],
        }),
    );
    let large = exactly("none", json!({"name": "large"}));
    let small = exactly("plain", json!({"name": "small"}));
    devices.template_of("first", &json!({"requests": [{"name": "r", "firstAvailable": [large, small]}]}));
    let tolerations = json!([{"key": "test/broken", "operator": "Exists", "effect": "NoSchedule"}]);
    devices.template("tolerant", &exactly("tainted", json!({ "tolerations": tolerations })));
    devices.template("part", &exactly("shared", json!({"capacity": {"requests": {"memory": "3Gi"}}})));
    devices.template("admin", &exactly("plain-0", json!({"adminAccess": true})));
    devices.template("none", &exactly("plain", json!({})));
}

/// Without what is another in every run.
fn normal(value: Value, devices: &Devices) -> Value {
    let text = value.to_string().replace(&devices.arena.namespace, "NAMESPACE");
    let mut value: Value = serde_json::from_str(&text).unwrap();
    let Some(claim) = value.as_object_mut().filter(|claim| claim.contains_key("status")) else {
        return value;
    };
    claim.retain(|field, _| matches!(field.as_str(), "status" | "metadata"));
    claim["metadata"] = json!({"finalizers": claim["metadata"]["finalizers"]});
    let status = &mut claim["status"];
    for user in status["reservedFor"].as_array_mut().into_iter().flatten() {
        user["uid"] = "UID".into();
    }
    if status["allocation"]["allocationTimestamp"].is_string() {
        status["allocation"]["allocationTimestamp"] = "TIME".into();
    }
    for result in status["allocation"]["devices"]["results"].as_array_mut().into_iter().flatten() {
        if result["shareID"].is_string() {
            result["shareID"] = "SHARE".into();
        }
    }
    value
}

#[test]
fn claims_and_events_are_those_of_the_original() {
    if !binaries::have("kube-scheduler") {
        return;
    }
    let (theirs, ours) = (play(Kind::KubeScheduler), play(Kind::Longshore));
    let differing = theirs.iter().filter(|(key, value)| ours.get(*key) != Some(value));
    let said = differing.map(|(key, value)| format!("{key}\n  theirs {value}\n  ours   {}", ours[key]));
    let said: Vec<String> = said.collect();
    assert!(said.is_empty(), "{} differences:\n{}", said.len(), said.join("\n"));
}
