//! The fixture does what it promises.

use std::env;
use std::fs;
use std::process::Command;
use std::time::Duration;

use longshore_tests::control_plane::{
    ControlPlane, Kind, Options, Scheduler, SchedulerOptions, alone, code, objects, shared, until,
};
use serde_json::json;

#[test]
fn kube_scheduler_binds_a_pod_and_says_so() {
    let arena = shared();
    arena.node("a", &json!({}));
    let scheduler = arena.scheduler(Kind::KubeScheduler);
    arena.pod("web", &json!({}));
    assert_eq!(arena.until_bound("web"), "a");
    let event = arena.until_event("web", "Scheduled");
    assert_eq!(event["note"], format!("Successfully assigned {}/web to a", arena.namespace));
    let attempts = scheduler.metrics().sum("scheduler_schedule_attempts_total", &[("result", "scheduled")]);
    assert!(attempts >= 1.0, "{attempts}");
    let running = || arena.get_pod("web").filter(|pod| pod["status"]["phase"] == "Running");
    arena.until("kwok to run the pod", "web", running);
}

#[test]
fn a_user_without_rights_is_refused_and_an_account_gets_a_token() {
    let arena = shared();
    let nobody = arena.plane.api("nobody");
    assert_eq!(code(&nobody.get("/api/v1/nodes").unwrap_err()), 403);
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": { "namespace": arena.namespace, "name": "robot" },
    });
    arena.api.create(&account);
    let token = arena.plane.service_account_token(&arena.namespace, "robot");
    let robot = longshore_tests::control_plane::Api::new(arena.plane.kubeconfig_with_token(&token));
    assert_eq!(code(&robot.get("/api/v1/nodes").unwrap_err()), 403);
    let path = objects::path(&account);
    assert!(robot.get(&path).unwrap_err().to_string().contains("system:serviceaccount:"), "it has a name");
}

#[test]
fn objects_outlive_a_restart_of_the_api_server() {
    let _turn = alone();
    let mut plane = ControlPlane::start(&Options::default());
    let api = plane.api("admin");
    api.create(&objects::node("a"));
    plane.stop_api_server();
    assert!(api.get("/api/v1/nodes/a").is_err());
    plane.start_api_server();
    assert!(api.get("/api/v1/nodes/a").is_ok());
}

/// Set for the copy of this program that is to die.
const DOOMED: &str = "LONGSHORE_TEST_DOOMED";

/// Starts a cluster with a scheduler and dies; does nothing unless the test below asks for it.
#[test]
fn doomed() {
    if env::var_os(DOOMED).is_none() {
        return;
    }
    let plane = ControlPlane::start(&Options { kwok: true, ..Options::default() });
    let scheduler = Scheduler::start(&plane, &SchedulerOptions::new(Kind::KubeScheduler));
    fs::write(env::var_os(DOOMED).unwrap(), plane.folder().to_str().unwrap()).unwrap();
    drop(scheduler.log());
    std::process::abort();
}

#[test]
fn a_test_program_that_dies_leaves_no_process_and_no_folder() {
    let _turn = alone();
    let note = tempfile::NamedTempFile::new().unwrap();
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", "fixture::doomed", "--test-threads=1"])
        .env(DOOMED, note.path())
        .output()
        .unwrap();
    assert!(!status.status.success(), "it was to die");
    let folder = fs::read_to_string(note.path()).unwrap();
    assert!(folder.contains("longshore-test-"), "{}", String::from_utf8_lossy(&status.stderr));
    let limit = Duration::from_secs(30);
    until(
        "every process to end",
        limit,
        || processes(&folder).join("\n"),
        || (processes(&folder).is_empty() && !fs::exists(&folder).unwrap()).then_some(()),
    );
}

/// Command lines of the processes that have to do with `folder`.
fn processes(folder: &str) -> Vec<String> {
    let numbers = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = numbers.filter_map(|entry| fs::read_to_string(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.contains(folder)).map(|line| line.replace('\0', " ")).collect()
}
