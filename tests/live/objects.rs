//! Plugins in WebAssembly that read objects, and that wake pods.

use longshore_tests::control_plane::{
    ADMIN, Arena, Kind, LONG, SCHEDULER, Scheduler, SchedulerOptions, objects, shared, until,
};
use serde_json::{Value, json};

use crate::wasm::until_told;

/// What is outside the test's namespace: removed at the end.
struct Outside<'a>(&'a Arena, Vec<Value>);

impl Drop for Outside<'_> {
    fn drop(&mut self) {
        for object in &self.1 {
            let _ = self.0.api.delete(&objects::path(object));
        }
        // A kind is there until all of its objects are gone.
        let gone = || self.1.iter().all(|object| self.0.api.get(&objects::path(object)).is_err());
        let end = std::time::Instant::now() + LONG;
        while !gone() && std::time::Instant::now() < end {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

/// The kind PodQuota.
fn kind() -> Value {
    let schema = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "podquotas.example.com" },
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": { "kind": "PodQuota", "plural": "podquotas", "singular": "podquota" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": schema } }],
        },
    })
}

/// The kind PodQuota, and the right of the scheduler to read it.
fn quotas(arena: &Arena) -> Outside<'_> {
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": { "name": "podquotas" },
        "rules": [{ "apiGroups": ["example.com"], "resources": ["podquotas"], "verbs": ["list", "watch"] }],
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": { "name": "podquotas" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "podquotas" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": SCHEDULER }],
    });
    let all = vec![binding, role, kind()];
    for object in all.iter().rev() {
        arena.api.create(object);
    }
    until_served(arena);
    Outside(arena, all)
}

fn until_served(arena: &Arena) {
    let served = || arena.api.get("/apis/example.com/v1").ok();
    until("the new kind to be served", LONG, String::new, served);
}

/// Waits until the objects of the kind are known to the scheduler, or are not watched any more.
fn until_watched(scheduler: &Scheduler, watched: bool) {
    let looks = || {
        let synced = scheduler.metrics().sum("longshore_watch_synced", &[("resource", "podquotas")]);
        ((synced == 1.0) == watched).then_some(())
    };
    until(&format!("watched: {watched}"), LONG, || scheduler.log(), looks);
}

fn profiles(plugin: &str, guest: &str, granted: &[&str]) -> Value {
    let file = format!("file://{}/guests/{guest}.wasm", env!("CARGO_MANIFEST_DIR"));
    json!([{
        "schedulerName": "default-scheduler",
        "plugins": { "multiPoint": { "enabled": [{ "name": plugin }] } },
        "pluginConfig": [{ "name": plugin, "args": { "source": file, "capabilities": granted } }],
    }])
}

fn with(plugin: &str, guest: &str, granted: &[&str]) -> SchedulerOptions {
    SchedulerOptions::new(Kind::Longshore)
        .config(&json!({ "profiles": profiles(plugin, guest, granted) }))
        .flag("--plugin-cache-dir=")
        .flag("-v=4")
}

fn quota(arena: &Arena, running: usize) -> Value {
    json!({
        "apiVersion": "example.com/v1", "kind": "PodQuota",
        "metadata": { "name": "batch", "namespace": arena.namespace },
        "spec": { "running": running, "matchLabels": { "app": "batch" } },
    })
}

#[test]
fn a_pod_waits_for_a_custom_resource_and_is_tried_when_it_changes() {
    let arena = shared();
    arena.node("a", &json!({}));
    let _outside = quotas(&arena);
    let first = quota(&arena, 1);
    arena.api.create(&first);
    let scheduler = arena.scheduler_with(&with("PodQuota", "pod-quota", &["objects", "pods"]));
    let batch = json!({ "metadata": { "labels": { "app": "batch" } } });
    arena.pod("one", &batch);
    arena.until_bound("one");
    arena.pod("two", &batch);
    let why = arena.until_unschedulable("two");
    assert!(why.contains("PodQuota batch lets 1 pod(s) run"), "{why}");
    arena.pod("other", &json!({}));
    arena.until_bound("other");
    arena.api.patch(&objects::path(&first), &json!({ "spec": { "running": 2 } })).unwrap();
    arena.until_bound("two");
    arena.pod("three", &batch);
    arena.until_unschedulable("three");
    arena.api.delete(&objects::path(&first)).unwrap();
    arena.until_bound("three");
    until_watched(&scheduler, true);
}

#[test]
fn a_kind_that_is_not_served_is_named_and_pods_are_scheduled() {
    let arena = shared();
    arena.node("a", &json!({}));
    let scheduler = arena.scheduler_with(&with("PodQuota", "pod-quota", &["objects", "pods"]));
    arena.pod("one", &json!({ "metadata": { "labels": { "app": "batch" } } }));
    arena.until_bound("one");
    let log = scheduler.log();
    assert!(log.contains("PodQuota.v1.example.com") && log.contains("not served here"), "{log}");
}

#[test]
fn a_kind_that_is_installed_later_is_read_and_one_that_is_deleted_is_named() {
    let arena = shared();
    arena.node("a", &json!({}));
    let scheduler = arena.scheduler_with(&with("PodQuota", "pod-quota", &["objects", "pods"]));
    let batch = json!({ "metadata": { "labels": { "app": "batch" } } });
    arena.pod("one", &batch);
    arena.until_bound("one");
    let _outside = quotas(&arena);
    arena.api.create(&quota(&arena, 1));
    until_watched(&scheduler, true);
    until_told(&arena, &scheduler, "PluginKindServed", "PodQuota.v1.example.com");
    arena.pod("two", &batch);
    let why = arena.until_unschedulable("two");
    assert!(why.contains("PodQuota batch lets 1 pod(s) run"), "{why}");
    // With the kind its objects go, and the pod is tried again.
    arena.api.delete(&objects::path(&kind())).unwrap();
    arena.until_bound("two");
    until_told(&arena, &scheduler, "PluginKindAbsent", "PodQuota.v1.example.com");
    until_watched(&scheduler, false);
    // And back again.
    let gone = || arena.api.get(&objects::path(&kind())).is_err().then_some(());
    until("the kind to be gone", LONG, String::new, gone);
    arena.api.create(&kind());
    until_served(&arena);
    arena.api.create(&quota(&arena, 2));
    until_watched(&scheduler, true);
    arena.pod("three", &batch);
    arena.until_unschedulable("three");
}

#[test]
fn a_plugin_that_takes_the_place_of_another_reads_kinds_that_nobody_read_before() {
    let arena = shared();
    arena.node("a", &json!({}));
    let _outside = quotas(&arena);
    arena.api.create(&quota(&arena, 1));
    let scheduler = arena.scheduler_with(&with("NodeNumber", "nodenumber", &[]));
    let batch = json!({ "metadata": { "labels": { "app": "batch" } } });
    for name in ["one", "two"] {
        arena.pod(name, &batch);
        arena.until_bound(name);
    }
    let text = std::fs::read_to_string(&scheduler.config).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    config["profiles"] = profiles("PodQuota", "pod-quota", &["objects", "pods"]);
    std::fs::write(&scheduler.config, config.to_string()).unwrap();
    until_told(&arena, &scheduler, "PluginReloaded", "plugin PodQuota is loaded");
    // Its objects were known before it was asked anything.
    arena.pod("three", &batch);
    let why = arena.until_unschedulable("three");
    assert!(why.contains("PodQuota batch lets 1 pod(s) run"), "{why}");
    until_watched(&scheduler, true);
    std::fs::write(&scheduler.config, text).unwrap();
    arena.until_bound("three");
    until_watched(&scheduler, false);
}

#[test]
fn check_looks_for_the_kinds_of_plugins_and_the_right_to_read_them() {
    let arena = shared();
    let file = arena.plane.file("with-objects.yaml");
    let source = format!("file://{}/guests/pod-quota.wasm", env!("CARGO_MANIFEST_DIR"));
    let config = json!({
        "apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration",
        "profiles": [{
            "schedulerName": "longshore",
            "plugins": { "multiPoint": { "enabled": [{ "name": "PodQuota" }] } },
            "pluginConfig": [{ "name": "PodQuota", "args": { "source": source, "capabilities": ["objects", "pods"] } }],
        }],
    });
    std::fs::write(&file, config.to_string()).unwrap();
    let check = || {
        let output = std::process::Command::new(longshore_tests::control_plane::binaries::longshore())
            .args(["check", "--pre", "--plugin-cache-dir=", "--config"])
            .arg(&file)
            .arg("--kubeconfig")
            .arg(arena.plane.kubeconfig_file(ADMIN))
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let before = check();
    assert!(before.contains("example.com/v1 PodQuota, which a plugin reads, is served"), "{before}");
    assert!(before.contains("it is not; plugins that read it see no such object"), "{before}");
    let _outside = quotas(&arena);
    let after = check();
    assert!(!after.contains("plugins that read it see no such object"), "{after}");
    assert!(after.contains("podquotas"), "{after}");
}

#[test]
fn the_last_pod_of_a_set_wakes_the_others() {
    let arena = shared();
    arena.node("a", &json!({}));
    let _scheduler = arena.scheduler_with(&with("Siblings", "siblings", &["engine", "pods", "raw"]));
    let member = json!({
        "metadata": { "labels": { "example.com/set": "train", "example.com/set-size": "3" } },
    });
    arena.pod("one", &member);
    arena.pod("two", &member);
    for name in ["one", "two"] {
        let why = arena.until_unschedulable(name);
        assert!(why.contains("more pod(s) of its set"), "{why}");
    }
    arena.pod("three", &member);
    arena.until_all_bound(3);
}
