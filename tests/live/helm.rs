//! The chart: installed with helm, then played by a process with exactly the configuration, the flags and the rights that it
//! rendered.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use longshore_cluster::rights::rights;
use longshore_tests::control_plane::{
    ADMIN, Arena, Kind, Process, Scheduler, SchedulerOptions, binaries, groups, kubeconfig, objects, shared,
};
use serde_json::{Value, json};

const RELEASE: &str = "longshore";

/// What is asked for only when something goes wrong, goes on for long, has to do with our own port, or has an API that not every
/// cluster serves.
const RARE: [[&str; 3]; 6] = [
    ["update", "coordination.k8s.io", "leases"],
    ["get", "", "nodes"],
    ["patch", "events.k8s.io", "events"],
    ["patch", "", "persistentvolumeclaims"],
    ["create", "authentication.k8s.io", "tokenreviews"],
    ["create", "authorization.k8s.io", "subjectaccessreviews"],
];

fn helm(arena: &Arena, arguments: &[&str]) -> String {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/longshore");
    let output = Command::new(binaries::need("helm"))
        .args(arguments)
        .arg(chart)
        .args(["--namespace", &arena.namespace])
        .env("KUBECONFIG", arena.plane.kubeconfig_file(ADMIN))
        // Not the charts and settings of whoever runs the tests.
        .env("HELM_CONFIG_HOME", arena.plane.file("helm-config"))
        .env("HELM_CACHE_HOME", arena.plane.file("helm-cache"))
        .env("HELM_DATA_HOME", arena.plane.file("helm-data"))
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "helm {arguments:?}\n{out}{err}");
    out.into_owned()
}

fn get(arena: &Arena, path: &str) -> Value {
    let path = format!("{}/{RELEASE}", path.replace("NS", &arena.namespace));
    arena.api.get(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Removes what is not in a namespace, which the sweep does not know.
struct Uninstall<'a>(&'a Arena);

impl Drop for Uninstall<'_> {
    fn drop(&mut self) {
        let label = "labelSelector=app.kubernetes.io/instance=longshore";
        for path in ["clusterroles", "clusterrolebindings"] {
            let _ = self.0.api.delete(&format!("/apis/rbac.authorization.k8s.io/v1/{path}?{label}"));
        }
        let _ = self.0.api.delete(&format!("/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas?{label}"));
    }
}

/// What the kubelet would run: the flags of the Deployment, with the files where this machine has them.
fn flags(deployment: &Value, config: &Path, port: u16) -> Vec<String> {
    let arguments = deployment["spec"]["template"]["spec"]["containers"][0]["args"].as_array().unwrap();
    let place = |argument: &Value| {
        let argument = argument.as_str().unwrap();
        if argument.starts_with("--config=") {
            return format!("--config={}", config.display());
        }
        if argument.starts_with("--secure-port=") {
            return format!("--secure-port={port}");
        }
        argument.to_owned()
    };
    arguments.iter().map(place).collect()
}

fn write_files(arena: &Arena) -> (PathBuf, PathBuf) {
    let config = arena.plane.file("helm-config.yaml");
    let map = get(arena, "/api/v1/namespaces/NS/configmaps");
    fs::write(&config, map["data"]["config.yaml"].as_str().unwrap()).unwrap();
    let token = arena.plane.service_account_token(&arena.namespace, RELEASE);
    let path = arena.plane.file("helm.kubeconfig");
    kubeconfig::write(&path, &arena.plane.kubeconfig_with_token(&token));
    (config, path)
}

#[test]
fn an_installed_chart_schedules_with_the_rights_that_it_has() {
    if !binaries::have("helm") {
        return;
    }
    let arena = shared();
    let _uninstall = Uninstall(&arena);
    let _definition = groups::Definition::install(&arena.api);
    helm(&arena, &["install", RELEASE, "--set", "logging.level=4"]);
    let deployment = get(&arena, "/apis/apps/v1/namespaces/NS/deployments");
    let (config, kubeconfig) = write_files(&arena);
    let port = longshore_tests::control_plane::free_port();
    let mut command = Command::new(binaries::longshore());
    command
        .args(flags(&deployment, &config, port))
        .arg("--bind-address=127.0.0.1")
        .env("KUBECONFIG", kubeconfig)
        .env("HOME", arena.plane.folder());
    let process = Process::spawn("longshore", &mut command, &arena.plane.file("helm-longshore.log"));
    let mut scheduler = Scheduler::attach(arena.plane, process, config, port);
    scheduler.wait_until_ready();
    everything(&arena);
    let log = scheduler.log();
    let refused = log.lines().find(|line| line.to_lowercase().contains("forbidden"));
    assert_eq!(refused, None, "in\n{log}");
    let metrics = scheduler.metrics();
    assert!(metrics.sum("scheduler_schedule_attempts_total", &[("result", "scheduled")]) >= 1.0);
    every_right_is_used(&log);
}

/// A verb, a group and a resource.
type Asked = (String, String, String);

/// Nothing is asked for that is not in the list, and nothing is in the list that is not asked for.
fn every_right_is_used(log: &str) {
    let asked: BTreeSet<Asked> = log.lines().filter_map(asked).collect();
    let listed: BTreeSet<Asked> = rights(true, &[])
        .iter()
        .flat_map(|right| right.verbs.iter().map(|verb| [*verb, right.group, right.resource]))
        .map(|words| words.map(str::to_string).into())
        .collect();
    assert_eq!(asked.difference(&listed).collect::<Vec<_>>(), Vec::<&Asked>::new(), "not listed");
    // Only where the server has no streaming lists, or a watch has to begin anew.
    let listed: BTreeSet<Asked> = listed.into_iter().filter(|(verb, ..)| verb != "list").collect();
    let rare: BTreeSet<Asked> = RARE.iter().map(|words| words.map(str::to_string).into()).collect();
    // Claims for devices are written by the tests of devices, under the same rights.
    let is_of_devices = |(verb, group, _): &Asked| group == "resource.k8s.io" && verb != "watch";
    // Older minors have no such groups.
    let is_of_groups = |(_, group, _): &Asked| group == "scheduling.k8s.io" && groups::api().is_none();
    let is_expected =
        |right: &&Asked| !rare.contains(*right) && !is_of_devices(right) && !is_of_groups(right);
    let idle = listed.difference(&asked).filter(is_expected);
    assert_eq!(idle.collect::<Vec<_>>(), Vec::<&Asked>::new(), "not used");
}

/// What a line of the log says was asked of the API server; `None` for discovery and for other lines.
fn asked(line: &str) -> Option<Asked> {
    let text = |name: &str| line.split_once(&format!("{name}=\""))?.1.split('"').next();
    let (method, uri) = (text("method")?, text("uri")?);
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let path = path.split_once("/api").map(|(_, path)| path)?;
    let (group, rest) = match path.strip_prefix("s/") {
        Some(path) => path.split_once('/')?,
        None => ("", path.strip_prefix('/')?),
    };
    let mut parts: Vec<&str> = rest.split('/').skip(1).collect();
    if parts.len() > 2 && parts[0] == "namespaces" {
        parts.drain(..2);
    }
    let (kind, name, part) = (*parts.first()?, parts.get(1), parts.get(2));
    let resource = part.map_or(kind.to_string(), |part| format!("{kind}/{part}"));
    let verb = match method {
        "GET" if query.contains("watch=true") => "watch",
        "GET" if name.is_some() => "get",
        "GET" => "list",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        _ => "delete",
    };
    Some((verb.to_string(), group.to_string(), resource))
}

#[test]
fn requests_are_read_as_rights() {
    #[track_caller]
    fn check(method: &str, path: &str, want: Option<[&str; 3]>) {
        let line = format!(r#"I] "request" method="{method}" uri="https://127.0.0.1:6443{path}""#);
        assert_eq!(asked(&line), want.map(|words| words.map(str::to_string).into()));
    }
    check("GET", "/version", None);
    check("GET", "/apis/apps/v1", None);
    check("GET", "/api/v1/namespaces?&limit=500", Some(["list", "", "namespaces"]));
    check("GET", "/apis/apps/v1/replicasets?&watch=true", Some(["watch", "apps", "replicasets"]));
    check("POST", "/api/v1/namespaces/a/pods/b/binding", Some(["create", "", "pods/binding"]));
    check("PATCH", "/api/v1/persistentvolumes/v", Some(["patch", "", "persistentvolumes"]));
    let leases = "/apis/coordination.k8s.io/v1/namespaces/a/leases/l";
    check("PUT", leases, Some(["update", "coordination.k8s.io", "leases"]));
}

/// A little of everything that needs a right of its own: binding, status, eviction, volumes, events.
fn everything(arena: &Arena) {
    let ours = json!({ "spec": { "schedulerName": RELEASE } });
    arena.api.create(&objects::priority_class("high", 1000));
    arena.api.create(&objects::storage_class("local", "kubernetes.io/no-provisioner"));
    arena.api.create(&objects::local_volume("disk", "local", "a"));
    arena.api.create(&objects::claim(&arena.namespace, "data", "local"));
    arena.node("a", &json!({}));
    arena.api.create(&objects::with(objects::mounting(arena.new_pod("db"), "data"), &ours));
    assert_eq!(arena.until_bound("db"), "a");
    arena.until_event("db", "Scheduled");
    arena.api.create(&objects::with(objects::asking(arena.new_pod("low"), "3"), &ours));
    arena.until_bound("low");
    arena.api.create(&objects::with(objects::asking(arena.new_pod("huge"), "30"), &ours));
    arena.until_unschedulable("huge");
    let high = objects::with(
        objects::asking(arena.new_pod("high"), "3"),
        &json!({ "spec": { "priorityClassName": "high" } }),
    );
    arena.api.create(&objects::with(high, &ours));
    assert_eq!(arena.until_bound("high"), "a");
    arena.until_event("low", "Preempted");
    groups_of_both_apis(arena);
}

/// Groups that start, and whose status says so.
fn groups_of_both_apis(arena: &Arena) {
    let namespace = &arena.namespace;
    let label = json!({ "metadata": { "labels": { "scheduling.x-k8s.io/pod-group": "theirs" } } });
    let theirs = groups::coscheduling_group(namespace, "theirs", 2);
    let mut all = vec![(theirs, groups::coscheduling_collection(namespace), label)];
    if let Some(api) = groups::api() {
        let field = json!({ "spec": { "schedulingGroup": { "podGroupName": "upstream" } } });
        all.push((api.group(namespace, "upstream", Some(2)), api.collection(namespace), field));
    }
    for (group, collection, belongs) in all {
        arena.api.create(&group);
        let name = group["metadata"]["name"].as_str().unwrap();
        for at in 0..2 {
            let pod = objects::with(arena.new_pod(&format!("{name}-{at}")), &belongs);
            arena.api.create(&objects::with(pod, &json!({ "spec": { "schedulerName": RELEASE } })));
        }
        arena.until_bound(&format!("{name}-1"));
        arena.until("the status of the group", &format!("{name}-1"), || {
            let status = arena.api.get(&format!("{collection}/{name}")).unwrap()["status"].clone();
            (status["phase"] == "Scheduling" || status["conditions"].is_array()).then_some(())
        });
    }
}

#[test]
fn a_service_account_without_the_chart_has_no_rights() {
    let arena = shared();
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": { "namespace": arena.namespace, "name": RELEASE },
    });
    arena.api.create(&account);
    let token = arena.plane.service_account_token(&arena.namespace, RELEASE);
    let path = arena.plane.file("bare.kubeconfig");
    kubeconfig::write(&path, &arena.plane.kubeconfig_with_token(&token));
    let options = SchedulerOptions::new(Kind::Longshore).kubeconfig(path).without_waiting();
    let scheduler = arena.scheduler_with(&options);
    let log = || scheduler.log();
    longshore_tests::control_plane::until("a refusal", longshore_tests::control_plane::LONG, log, || {
        scheduler.log().to_lowercase().contains("forbidden").then_some(())
    });
}
