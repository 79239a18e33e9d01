//! Objects as JSON, small enough to read in a test.

use serde_json::{Value, json};

/// Kinds of the tests that live outside namespaces.
const CLUSTER_SCOPED: &[&str] = &[
    "Node",
    "Namespace",
    "PersistentVolume",
    "StorageClass",
    "CSINode",
    "CSIDriver",
    "PriorityClass",
    "ClusterRole",
    "ClusterRoleBinding",
    "RuntimeClass",
    "DeviceClass",
    "ResourceSlice",
    "CustomResourceDefinition",
];

/// The path of the collection that `object` belongs to.
pub fn collection(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let root = if version.contains('/') { "apis" } else { "api" };
    let lower = kind.to_lowercase();
    let plural = match lower.as_bytes() {
        [.., b's'] => format!("{lower}es"),
        [stem @ .., b'y'] => format!("{}ies", String::from_utf8_lossy(stem)),
        _ => format!("{lower}s"),
    };
    if CLUSTER_SCOPED.contains(&kind.as_str()) {
        return format!("/{root}/{version}/{plural}");
    }
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
    format!("/{root}/{version}/namespaces/{namespace}/{plural}")
}

/// The path of `object` itself.
pub fn path(object: &Value) -> String {
    format!("{}/{}", collection(object), object["metadata"]["name"].as_str().unwrap_or_default())
}

/// `base` with `patch` over it: objects merge, null removes, everything else replaces (RFC 7396).
#[must_use]
pub fn with(mut base: Value, patch: &Value) -> Value {
    merge(&mut base, patch);
    base
}

fn merge(base: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *base = patch.clone();
        return;
    };
    if !base.is_object() {
        *base = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            base.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut base[key], value);
        }
    }
}

/// A ready node with 4 CPUs, 32Gi and 110 pods, and its hostname label.
pub fn node(name: &str) -> Value {
    let resources = json!({ "cpu": "4", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi" });
    let condition = |kind: &str, status: &str| json!({ "type": kind, "status": status, "reason": "Test" });
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": { "name": name, "labels": { "kubernetes.io/hostname": name } },
        "status": {
            "allocatable": resources,
            "capacity": resources,
            "conditions": [condition("Ready", "True"), condition("MemoryPressure", "False")],
        },
    })
}

/// A pod that asks for 100m and 500Mi, requests equal to limits, as the benches use it.
pub fn pod(namespace: &str, name: &str) -> Value {
    let resources = json!({ "cpu": "100m", "memory": "500Mi" });
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "namespace": namespace, "name": name, "labels": { "app": name } },
        "spec": {
            "containers": [{
                "name": "main",
                "image": "registry.k8s.io/pause:3.10",
                "ports": [{ "containerPort": 80 }],
                "resources": { "requests": resources, "limits": resources },
            }],
        },
    })
}

/// `pod` asking for `cpu` CPUs instead, and for nothing else.
#[must_use]
pub fn asking(mut pod: Value, cpu: &str) -> Value {
    pod["spec"]["containers"][0]["resources"] = json!({ "requests": { "cpu": cpu } });
    pod
}

/// A disruption budget for the pods with the label `app`.
pub fn pod_disruption_budget(namespace: &str, name: &str, app: &str, min_available: u32) -> Value {
    json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": { "namespace": namespace, "name": name },
        "spec": { "minAvailable": min_available, "selector": { "matchLabels": { "app": app } } },
    })
}

/// A priority class.
pub fn priority_class(name: &str, value: i32) -> Value {
    json!({
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": { "name": name },
        "value": value,
    })
}

/// A class of volumes that wait for their first consumer, made by `provisioner`.
pub fn storage_class(name: &str, provisioner: &str) -> Value {
    json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": { "name": name },
        "provisioner": provisioner,
        "volumeBindingMode": "WaitForFirstConsumer",
    })
}

/// A volume of 1Gi that only `node` can reach.
pub fn local_volume(name: &str, class: &str, node: &str) -> Value {
    let here = json!({ "key": "kubernetes.io/hostname", "operator": "In", "values": [node] });
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": { "name": name },
        "spec": {
            "capacity": { "storage": "1Gi" },
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": class,
            "local": { "path": "/mnt/disk" },
            "nodeAffinity": { "required": { "nodeSelectorTerms": [{ "matchExpressions": [here] }] } },
        },
    })
}

/// A claim of 1Gi.
pub fn claim(namespace: &str, name: &str, class: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": { "namespace": namespace, "name": name },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": class,
            "resources": { "requests": { "storage": "1Gi" } },
        },
    })
}

/// `pod` with the claim `name` mounted.
#[must_use]
pub fn mounting(mut pod: Value, name: &str) -> Value {
    pod["spec"]["volumes"] = json!([{ "name": "data", "persistentVolumeClaim": { "claimName": name } }]);
    pod
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(object: &Value, expected: &str) {
        assert_eq!(path(object), expected);
    }

    #[test]
    fn every_kind_has_the_path_that_the_api_server_gives_it() {
        check(&pod("a", "p"), "/api/v1/namespaces/a/pods/p");
        check(&node("n"), "/api/v1/nodes/n");
        check(&storage_class("s", "x"), "/apis/storage.k8s.io/v1/storageclasses/s");
        check(
            &pod_disruption_budget("a", "b", "c", 1),
            "/apis/policy/v1/namespaces/a/poddisruptionbudgets/b",
        );
    }

    #[test]
    fn a_patch_goes_into_objects_and_replaces_lists() {
        let patched =
            with(json!({ "a": { "b": 1, "c": [1] }, "d": 2 }), &json!({ "a": { "c": [2] }, "d": null }));
        assert_eq!(patched, json!({ "a": { "b": 1, "c": [2] } }));
    }
}
