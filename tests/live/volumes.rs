//! Volumes that wait for their first consumer.

use longshore_tests::control_plane::{Kind, SHORT, objects, shared, until};
use serde_json::json;

both!(
    a_claim_is_bound_to_the_volume_of_the_chosen_node,
    a_provisioner_is_told_the_node,
    a_claim_that_does_not_exist_is_waited_for,
);

const NOBODY: &str = "kubernetes.io/no-provisioner";

fn a_claim_is_bound_to_the_volume_of_the_chosen_node(kind: Kind) {
    let arena = shared();
    let ns = arena.namespace.as_str();
    arena.api.create(&objects::storage_class("local", NOBODY));
    for name in ["a", "b", "c"] {
        arena.node(name, &json!({}));
    }
    arena.api.create(&objects::local_volume("on-b", "local", "b"));
    arena.api.create(&objects::claim(ns, "data", "local"));
    let _scheduler = arena.scheduler(kind);
    arena.api.create(&objects::mounting(arena.new_pod("db"), "data"));
    assert_eq!(arena.until_bound("db"), "b");
    // The controller writes the phase last: a pod may be bound before.
    let claim = until("the claim is bound", SHORT, String::new, || {
        let claim = arena.api.get(&arena.path("persistentvolumeclaims/data")).unwrap();
        (claim["status"]["phase"] == "Bound").then_some(claim)
    });
    assert_eq!(claim["spec"]["volumeName"], "on-b");
    // No second volume: the next one has nowhere to go.
    arena.api.create(&objects::claim(ns, "more", "local"));
    arena.api.create(&objects::mounting(arena.new_pod("late"), "more"));
    let why = arena.until_unschedulable("late");
    assert!(why.contains("3 node(s) didn't find available persistent volumes to bind"), "{why}");
    arena.api.create(&objects::local_volume("on-c", "local", "c"));
    assert_eq!(arena.until_bound("late"), "c");
}

fn a_provisioner_is_told_the_node(kind: Kind) {
    let arena = shared();
    let ns = arena.namespace.as_str();
    arena.api.create(&objects::storage_class("dynamic", "test.longshore.dev/provisioner"));
    arena.node("a", &json!({ "metadata": { "labels": { "disk": "no" } } }));
    arena.node("b", &json!({ "metadata": { "labels": { "disk": "yes" } } }));
    arena.api.create(&objects::claim(ns, "data", "dynamic"));
    let _scheduler = arena.scheduler(kind);
    let pod = objects::mounting(arena.new_pod("db"), "data");
    arena.api.create(&objects::with(pod, &json!({ "spec": { "nodeSelector": { "disk": "yes" } } })));
    let path = arena.path("persistentvolumeclaims/data");
    let claim = arena.until("the claim to name the node", "db", || {
        let claim = arena.api.get(&path).ok()?;
        claim["metadata"]["annotations"]["volume.kubernetes.io/selected-node"].is_string().then_some(claim)
    });
    assert_eq!(claim["metadata"]["annotations"]["volume.kubernetes.io/selected-node"], "b");
    assert_eq!(arena.node_of("db"), None, "it is bound before there is a volume");
    // What an external provisioner does next.
    let owner = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": ns, "name": "data",
        "uid": claim["metadata"]["uid"], "resourceVersion": claim["metadata"]["resourceVersion"],
    });
    let volume = objects::local_volume("made", "dynamic", "b");
    let provisioned = json!({
        "metadata": { "annotations": { "pv.kubernetes.io/provisioned-by": "test.longshore.dev/provisioner" } },
        "spec": { "claimRef": owner },
    });
    arena.api.create(&objects::with(volume, &provisioned));
    assert_eq!(arena.until_bound("db"), "b");
}

fn a_claim_that_does_not_exist_is_waited_for(kind: Kind) {
    let arena = shared();
    arena.api.create(&objects::storage_class("local", NOBODY));
    arena.node("a", &json!({}));
    arena.api.create(&objects::local_volume("on-a", "local", "a"));
    let _scheduler = arena.scheduler(kind);
    arena.api.create(&objects::mounting(arena.new_pod("db"), "data"));
    let why = arena.until_unschedulable("db");
    assert!(why.contains("persistentvolumeclaim \"data\" not found"), "{why}");
    arena.api.create(&objects::claim(&arena.namespace, "data", "local"));
    assert_eq!(arena.until_bound("db"), "a");
}
