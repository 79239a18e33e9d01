//! Claims for devices, without a driver: the tests publish slices and set conditions as one would.

mod fixture;
mod same;
mod storm;

use longshore_tests::control_plane::{Kind, shared};
use serde_json::{Value, json};

use fixture::Devices;

both!(
    a_pod_gets_the_devices_of_its_template,
    two_pods_share_a_claim,
    a_pod_waits_for_a_device_and_gets_it,
    an_extended_resource_is_served_by_a_class,
    a_device_is_waited_for_until_it_is_ready,
    a_device_that_fails_is_taken_back,
);

fn a_pod_gets_the_devices_of_its_template(kind: Kind) {
    let devices = Devices::on(shared());
    devices.node("plain", &[]);
    devices.node("big", &["gpu-0", "gpu-1"]);
    devices.class("gpu", &json!({}));
    devices.template("two", &json!({"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 2}));
    let _scheduler = devices.arena.scheduler(kind);
    devices.pod("train", &["two"]);
    assert_eq!(devices.arena.until_bound("train"), "big");
    let claim = devices.claim_of("train");
    assert_eq!(claim["metadata"]["finalizers"], json!(["resource.kubernetes.io/delete-protection"]));
    let pod = devices.arena.get_pod("train").unwrap();
    let user = json!([{"resource": "pods", "name": "train", "uid": pod["metadata"]["uid"]}]);
    assert_eq!(claim["status"]["reservedFor"], user);
    assert_eq!(fixture::names(&claim), ["gpu-0", "gpu-1"]);
    let here = json!([{"key": "metadata.name", "operator": "In", "values": ["big"]}]);
    let selector = &claim["status"]["allocation"]["nodeSelector"]["nodeSelectorTerms"];
    assert_eq!(*selector, json!([{ "matchFields": here }]));
    assert!(claim["status"]["allocation"]["allocationTimestamp"].is_string(), "{claim:#}");
}

fn two_pods_share_a_claim(kind: Kind) {
    let devices = Devices::on(shared());
    devices.node("a", &[]);
    devices.node("b", &["gpu-0"]);
    devices.class("gpu", &json!({}));
    devices.claim("shared", &json!({"deviceClassName": "gpu"}));
    let _scheduler = devices.arena.scheduler(kind);
    for name in ["first", "second"] {
        devices.pod_with(name, &json!([{"name": "x", "resourceClaimName": "shared"}]));
        assert_eq!(devices.arena.until_bound(name), "b");
    }
    let claim = devices.get("shared");
    let users = claim["status"]["reservedFor"].as_array().unwrap().iter().map(|user| user["name"].clone());
    assert_eq!(users.collect::<Vec<_>>(), ["first", "second"]);
}

fn a_pod_waits_for_a_device_and_gets_it(kind: Kind) {
    let devices = Devices::on(shared());
    devices.node("a", &["gpu-0"]);
    devices.class("gpu", &json!({}));
    devices.template("one", &json!({"deviceClassName": "gpu"}));
    let _scheduler = devices.arena.scheduler(kind);
    devices.pod("first", &["one"]);
    devices.arena.until_bound("first");
    devices.pod("second", &["one"]);
    let why = devices.arena.until_unschedulable("second");
    assert!(why.contains("cannot allocate all claims"), "{why}");
    // The controller takes the device back when the pod is gone.
    devices.arena.api.delete(&devices.arena.path("pods/first")).unwrap();
    assert_eq!(devices.arena.until_bound("second"), "a");
}

fn an_extended_resource_is_served_by_a_class(kind: Kind) {
    let devices = Devices::on(shared());
    if devices.arena.minor() < 36 {
        return;
    }
    devices.node("a", &["gpu-0", "gpu-1"]);
    devices.class("gpu", &json!({"extendedResourceName": "example.com/gpu"}));
    let _scheduler = devices.arena.scheduler(kind);
    let resources = json!({"requests": {"example.com/gpu": "2"}, "limits": {"example.com/gpu": "2"}});
    devices.arena.pod(
        "train",
        &json!({"spec": {"containers": [{"name": "main", "image": "i", "resources": resources}]}}),
    );
    assert_eq!(devices.arena.until_bound("train"), "a");
    let pod = devices.arena.get_pod("train").unwrap();
    let said = &pod["status"]["extendedResourceClaimStatus"];
    let mapping = json!([{"containerName": "main", "resourceName": "example.com/gpu", "requestName": "container-0-request-0"}]);
    assert_eq!(said["requestMappings"], mapping);
    let claim = devices.get(said["resourceClaimName"].as_str().unwrap());
    assert_eq!(claim["metadata"]["annotations"]["resource.kubernetes.io/extended-resource-claim"], "true");
    assert_eq!(claim["metadata"]["ownerReferences"][0]["uid"], pod["metadata"]["uid"]);
    assert_eq!(fixture::names(&claim), ["gpu-0", "gpu-1"]);
}

/// A node with one device that has to be attached.
fn attached(devices: &Devices) {
    devices.node("a", &[]);
    let device = json!({
        "name": "gpu-0", "bindsToNode": true,
        "bindingConditions": ["test/Attached"], "bindingFailureConditions": ["test/Broken"],
    });
    devices.slice("a", vec![device]);
    devices.class("gpu", &json!({}));
    devices.template("one", &json!({"deviceClassName": "gpu"}));
}

fn condition(kind: &str) -> Value {
    json!([{
        "type": kind, "status": "True", "reason": "Test", "message": "said by the test",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }])
}

fn a_device_is_waited_for_until_it_is_ready(kind: Kind) {
    let devices = Devices::on(shared());
    attached(&devices);
    let _scheduler = devices.arena.scheduler(kind);
    devices.pod("train", &["one"]);
    let event = devices.arena.until_event("train", "BindingConditionsPending");
    assert_eq!(event["note"], "waiting for binding conditions for device on node a");
    assert_eq!((&event["type"], &event["action"]), (&json!("Normal"), &json!("Scheduling")));
    assert_eq!(devices.arena.node_of("train"), None);
    devices.set_conditions("train", &condition("test/Attached"));
    assert_eq!(devices.arena.until_bound("train"), "a");
}

fn a_device_that_fails_is_taken_back(kind: Kind) {
    let devices = Devices::on(shared());
    attached(&devices);
    let scheduler = devices.arena.scheduler(kind);
    devices.pod("train", &["one"]);
    devices.arena.until_event("train", "BindingConditionsPending");
    let before = devices.claim_of("train")["status"]["allocation"]["allocationTimestamp"].clone();
    devices.set_conditions("train", &condition("test/Broken"));
    // What failed is given back, and given again: there is nothing else.
    devices.arena.until("the device to be given anew", "train", || {
        let status = devices.claim_of("train")["status"].clone();
        let anew = status["devices"].is_null() && status["allocation"]["allocationTimestamp"].is_string();
        (anew && status["allocation"]["allocationTimestamp"] != before).then_some(())
    });
    devices.set_conditions("train", &condition("test/Attached"));
    assert_eq!(devices.arena.until_bound("train"), "a");
    drop(scheduler);
}
