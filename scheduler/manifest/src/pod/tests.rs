use std::sync::Arc;

use longshore_framework::features::{Features, Minor};
use longshore_framework::labels::Operator;
use longshore_framework::volume::VolumeSource;
use serde_json::json;

use super::*;

/// A pod of one container with this spec and status.
#[track_caller]
fn read(mut spec: Value, status: Value) -> Pod {
    if spec.get("containers").is_none() {
        spec["containers"] = json!([{"name": "c"}]);
    }
    let labels = json!({"app": "web", "hash": "1"});
    pod(&json!({"metadata": {"name": "a", "namespace": "n", "uid": "u", "labels": labels}, "spec": spec, "status": status}))
        .unwrap()
}

#[test]
fn what_the_kubelet_reports_is_found_by_container_name() {
    let pod = read(
        json!({"containers": [{"name": "c", "resources": {"requests": {"cpu": 1}}}, {"name": "d"}]}),
        json!({
            "containerStatuses": [
                {"name": "d", "allocatedResources": {"cpu": 7}},
                {"name": "c", "resources": {"requests": {"cpu": 3}}, "allocatedResources": {"cpu": 2}},
            ],
            "conditions": [{"type": "PodResizePending", "status": "True", "reason": "Infeasible"}],
        }),
    );
    let other = pod.spec.containers[1].actual.as_ref().unwrap();
    assert!(!other.has_resources && other.requests.is_empty());
    assert_eq!(other.allocated.get("cpu").map(|q| q.value()), Some(7));
    let actual = pod.spec.containers[0].actual.as_ref().unwrap();
    assert_eq!(actual.requests.get("cpu").map(|q| q.value()), Some(3));
    assert!(pod.spec.resize_infeasible);
    // The greatest sum over both: 2 + 7 are allocated, and 3 + 7 in force.
    assert_eq!((pod.resources.request.milli_cpu, pod.resources.usage.milli_cpu), (1000, 10_000));
    let before = Arc::new(pod).taken_by(Features::of(Minor::V1_36));
    assert_eq!(before.resources.usage.milli_cpu, 3000);
}

#[test]
fn pod_level_requests_are_filled_in_from_containers_then_limits() {
    let containers = json!([{"resources": {"limits": {"cpu": 1, "hugepages-2Mi": "4Mi"}}}, {"resources": {"requests": {"cpu": "500m"}}}]);
    let requests = |resources: Value| {
        let spec = json!({"containers": containers, "resources": resources});
        let pod = pod(&json!({"metadata": {"name": "a", "namespace": "n"}, "spec": spec})).unwrap();
        let requests = pod.spec.pod_level.requests.clone();
        let milli = |name: &str| requests.get(name).map(|q| q.milli_value());
        (milli("cpu"), milli("memory"), milli("hugepages-2Mi").is_some())
    };
    assert_eq!(requests(json!({"limits": {"cpu": 4, "memory": 2}})), (Some(1500), Some(2000), true));
    assert_eq!(requests(json!({"requests": {"cpu": 3}, "limits": {"cpu": 4}})), (Some(3000), None, true));
    assert_eq!(requests(json!({})), (None, None, false));
    let served = read(json!({"resources": {"limits": {"cpu": 4}}}), json!({}));
    assert!(served.spec.pod_level.requests.is_empty(), "what an API server returned is as it is");
}

#[test]
fn label_keys_of_affinity_terms_were_merged_by_the_api_server() {
    let term = |selector: Value| json!({"topologyKey": "z", "labelSelector": selector, "matchLabelKeys": ["app", "none"], "mismatchLabelKeys": ["hash"]});
    let terms = [term(json!({"matchLabels": {"app": "web"}})), term(Value::Null)];
    let spec =
        json!({"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}});
    let required = read(spec, json!({})).spec.pod_affinity.required.clone();
    let merged = &required[0].selector.as_ref().unwrap().requirements;
    let merged: Vec<_> = merged.iter().map(|r| (&*r.key, r.operator, &*r.values[0])).collect();
    assert_eq!(merged, [("app", Operator::In, "web")]);
    assert_eq!(required[1].selector, None);
    assert_eq!(required[0].namespaces, ["n".into()]);
}

#[test]
fn volumes_that_scheduling_does_not_read_are_left_out() {
    let volumes = json!([
        {"name": "a", "emptyDir": {}},
        {"name": "b", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "c", "rbd": {"monitors": ["m"], "image": "i"}},
        {"name": "d", "cinder": {"volumeID": "v"}},
        {"name": "e", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}},
        {"name": "f", "image": {"reference": "model:1"}},
    ]);
    let pod = read(json!({"volumes": volumes}), json!({}));
    let names: Vec<_> = pod.spec.volumes.iter().map(|v| &*v.name).collect();
    assert_eq!(names, ["b", "c", "d", "e", "f"]);
    let pool = |v: &VolumeSource| matches!(v, VolumeSource::Rbd { pool, .. } if &**pool == "rbd");
    assert!(pool(&pod.spec.volumes[1].source));
    let plugin = |v: &VolumeSource| matches!(v, VolumeSource::Migratable { plugin, .. } if &**plugin == "kubernetes.io/cinder");
    assert!(plugin(&pod.spec.volumes[2].source));
}

#[test]
fn features_that_nodes_must_declare() {
    let rules = json!([{"name": "c", "restartPolicyRules": [{"action": "RestartAllContainers"}]}]);
    let pod = read(json!({"containers": rules, "hostNetwork": true, "hostUsers": false}), json!({}));
    assert_eq!(
        pod.spec.required_features,
        ["RestartAllContainersOnContainerExits".into(), "UserNamespacesHostNetworkSupport".into()]
    );
    assert!(read(json!({"hostNetwork": true}), json!({})).spec.required_features.is_empty());
}

#[test]
fn status_and_owner() {
    let owners = json!([{"kind": "Other", "name": "x", "uid": "1"}, {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": "2", "controller": true}]);
    let value = json!({
        "metadata": {"name": "a", "ownerReferences": owners, "deletionTimestamp": "2026-01-02T00:00:00Z"},
        "spec": {"containers": [{}], "nodeName": ""},
        "status": {
            "nominatedNodeName": "n1",
            "startTime": "1970-01-01T00:00:02Z",
            "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}],
        },
    });
    let meta = pod(&value).unwrap().meta;
    let owner = meta.owner.unwrap();
    assert_eq!((&*owner.api_version, &*owner.name), ("apps/v1", "rs"));
    assert_eq!((meta.nominated_node.as_deref(), meta.started.map(|t| t.0)), (Some("n1"), Some(2000)));
    assert!(meta.terminating && meta.preempted);
}
