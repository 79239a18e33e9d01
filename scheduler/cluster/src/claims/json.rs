//! What claims are given, as the API has it.

use longshore_framework::Str;
use longshore_framework::device::DriverConfig;
use longshore_framework::pod::Pod;
use longshore_framework::port::{ExtendedRequest, GeneratedClaim};
use longshore_framework::quantity::Quantity;
use longshore_framework::resource_claim::{
    AllocatedConfig, AllocatedDevice, Allocation, DeviceCount, DeviceRequest, DeviceWish,
    EXTENDED_RESOURCE_CLAIM, Wanted,
};
use longshore_manifest::written::{device_toleration, node_selector, texts};
use serde_json::{Map, Value, json};

/// `status.allocation`.
pub(super) fn allocation(allocation: &Allocation) -> Value {
    let results: Vec<Value> = allocation.devices.iter().map(device).collect();
    let mut devices = json!({ "results": results });
    if !allocation.config.is_empty() {
        devices["config"] = allocation.config.iter().map(config).collect();
    }
    let mut written = json!({ "devices": devices });
    if let Some(selector) = &allocation.node_selector {
        written["nodeSelector"] = node_selector(selector);
    }
    written
}

fn device(device: &AllocatedDevice) -> Value {
    let mut written = json!({
        "request": &*device.request,
        "driver": &*device.driver,
        "pool": &*device.pool,
        "device": &*device.device,
    });
    if device.admin {
        written["adminAccess"] = true.into();
    }
    if !device.tolerations.is_empty() {
        written["tolerations"] = device.tolerations.iter().map(device_toleration).collect();
    }
    if let Some(share) = &device.share {
        let made = || uuid::Uuid::new_v4().to_string();
        written["shareID"] = if share.is_empty() { made() } else { share.to_string() }.into();
    }
    if !device.consumed.is_empty() {
        written["consumedCapacity"] = amounts(&device.consumed);
    }
    if let Some(conditions) = &device.binding_conditions {
        written["bindingConditions"] = texts(conditions);
        written["bindingFailureConditions"] = texts(&device.binding_failure_conditions);
    }
    written
}

fn amounts(amounts: &[(Str, Quantity)]) -> Value {
    let amounts = amounts.iter().map(|(name, amount)| (name.to_string(), Value::from(quantity(*amount))));
    Value::Object(amounts.collect::<Map<_, _>>())
}

/// Whole mebibytes and more with a suffix, as people write memory.
fn quantity(amount: Quantity) -> String {
    const UNITS: [(&str, i64); 4] = [("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("", 1)];
    match amount.whole() {
        Some(0) | None => amount.to_string(),
        Some(whole) => {
            let fits = UNITS.into_iter().find(|(_, unit)| whole % unit == 0);
            fits.map_or_else(|| amount.to_string(), |(suffix, unit)| format!("{}{suffix}", whole / unit))
        }
    }
}

fn config(config: &AllocatedConfig) -> Value {
    let mut written = json!({"source": config.source.as_str(), "opaque": opaque(&config.config)});
    if !config.requests.is_empty() {
        written["requests"] = texts(&config.requests);
    }
    written
}

fn opaque(config: &DriverConfig) -> Value {
    // It was JSON when it was read.
    let parameters: Value = serde_json::from_str(&config.parameters).unwrap_or_default();
    json!({"driver": &*config.driver, "parameters": parameters})
}

/// A claim for extended resources of a pod, as it is created.
pub(super) fn generated(api_version: &str, pod: &Pod, claim: &GeneratedClaim) -> Value {
    let requests: Vec<Value> = claim.spec.requests.iter().filter_map(request).collect();
    json!({
        "apiVersion": api_version,
        "kind": "ResourceClaim",
        "metadata": {
            "namespace": &*pod.meta.namespace,
            "generateName": format!("{}-extended-resources-", pod.meta.name),
            "annotations": {EXTENDED_RESOURCE_CLAIM: "true"},
            "ownerReferences": [{
                "apiVersion": "v1",
                "kind": "Pod",
                "name": &*pod.meta.name,
                "uid": &*pod.meta.uid,
                "controller": true,
            }],
        },
        "spec": {"devices": {"requests": requests}},
    })
}

/// Schedulers make only requests of one kind.
fn request(request: &DeviceRequest) -> Option<Value> {
    let Wanted::Exactly(DeviceWish { class, count, .. }) = &request.wanted else { return None };
    let mut exactly = json!({"deviceClassName": &**class});
    match count {
        DeviceCount::Exactly(count) => {
            exactly["allocationMode"] = "ExactCount".into();
            exactly["count"] = (*count).into();
        }
        DeviceCount::All => exactly["allocationMode"] = "All".into(),
    }
    Some(json!({"name": &*request.name, "exactly": exactly}))
}

/// The patch of a pod's status that says which of its claims is for extended resources, and what is for whom.
pub(super) fn pod_status(uid: &str, claim: &str, requests: &[ExtendedRequest]) -> Value {
    let mappings = requests.iter().map(
        |r| json!({"containerName": &*r.container, "resourceName": &*r.resource, "requestName": &*r.request}),
    );
    let said = json!({"resourceClaimName": claim, "requestMappings": mappings.collect::<Vec<_>>()});
    json!({"metadata": {"uid": uid}, "status": {"extendedResourceClaimStatus": said}})
}
