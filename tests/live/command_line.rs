//! Command lines of kube-scheduler, as they are.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use longshore_tests::control_plane::{
    Arena, LONG, Process, SCHEDULER, Scheduler, binaries, free_port, shared, until,
};
use serde_json::{Value, json};

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler";

/// What kubeadm 1.36 and 1.37 write into kube-scheduler's manifest (`cmd/kubeadm/app/phases/controlplane`), for this
/// cluster, with these flags more.
fn kubeadms(arena: &Arena, more: &[&str]) -> Scheduler {
    let kubeconfig = arena.plane.kubeconfig_file(SCHEDULER);
    let kubeconfig = kubeconfig.display();
    let mut command = Command::new(binaries::longshore());
    command
        .arg("run")
        .arg(format!("--authentication-kubeconfig={kubeconfig}"))
        .arg(format!("--authorization-kubeconfig={kubeconfig}"))
        .arg("--bind-address=127.0.0.1")
        .arg(format!("--kubeconfig={kubeconfig}"))
        .arg("--leader-elect=true");
    // Another port than kube-scheduler's own, which may be taken here.
    let port = free_port();
    command.arg(format!("--secure-port={port}")).args(more);
    command.env_remove("KUBECONFIG").env("HOME", arena.plane.folder());
    let process = Process::spawn("kubeadm", &mut command, &arena.plane.file("kubeadm.log"));
    let mut scheduler = Scheduler::attach(arena.plane, process, arena.plane.file("none.yaml"), port);
    scheduler.wait_until_ready();
    scheduler
}

#[test]
fn kubeadms_command_line_takes_kube_schedulers_place() {
    let arena = shared();
    // The lease of the test before this one would be waited for.
    let _ = arena.api.delete(LEASE);
    arena.node("a", &json!({}));
    let mut scheduler = kubeadms(&arena, &[]);
    arena.pod("web", &json!({ "spec": { "schedulerName": "default-scheduler" } }));
    assert_eq!(arena.until_bound("web"), "a");
    assert_ne!(arena.api.get(LEASE).unwrap()["spec"]["holderIdentity"], Value::Null);
    assert!(
        scheduler.http("/metrics").unwrap().contains("scheduler_schedule_attempts_total"),
        "a token is believed"
    );
    let log = scheduler.log();
    for said in [
        "No --config is given, so this process takes kube-scheduler's place",
        "the Lease kube-system/kube-scheduler",
        "Starting to schedule",
        "schedulerNames=\"default-scheduler\"",
    ] {
        assert!(log.contains(said), "{said}:\n{log}");
    }
    assert!(scheduler.process.stop().success(), "it ends well");
    let log = scheduler.log();
    let last = log.lines().last().unwrap_or_default();
    for said in ["Stopped", "bindings=\"1 done, 0 failed", "the lease is released", "events=\""] {
        assert!(last.contains(said), "{said}: {last}");
    }
}

#[test]
fn flags_that_change_nothing_say_so() {
    let arena = shared();
    let _ = arena.api.delete(LEASE);
    let more = [
        "--profiling=false",
        "--feature-gates=SchedulerAsyncAPICalls=true",
        "--tls-min-version=VersionTLS13",
        "--tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_GCM_SHA256",
        "--leader_elect=true",
    ];
    let scheduler = kubeadms(&arena, &more);
    let log = || scheduler.log();
    until("every line to be there", LONG, log, || {
        let log = scheduler.log();
        let said = [
            "--profiling is accepted",
            "--feature-gates=SchedulerAsyncAPICalls=true: accepted",
            "TLS_RSA_WITH_AES_128_GCM_SHA256 is not safe",
        ];
        said.iter().all(|line| log.contains(line)).then_some(())
    });
}

#[test]
fn an_unknown_gate_is_refused() {
    let mut command = Command::new(binaries::longshore());
    let output = command.args(["run", "--feature-gates=NoSuchGate=true"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("unrecognized feature gate: NoSuchGate"), "{said}");
}

/// The flags that a help text begins its lines with.
fn flags(help: &str) -> BTreeSet<String> {
    let lines = help.lines().map(str::trim_start);
    let lines = lines.map(|line| line.strip_prefix("-v, ").map_or(line, str::trim_start));
    let names = lines.filter_map(|line| line.strip_prefix("--"));
    names.map(|name| name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect()).collect()
}

#[test]
fn every_flag_of_kube_scheduler_is_known() {
    if !binaries::have("kube-scheduler") {
        return;
    }
    let help = |command: &mut Command| {
        let output = command.arg("--help").output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let theirs = flags(&help(&mut Command::new(binaries::need("kube-scheduler"))));
    let ours = flags(&help(Command::new(binaries::longshore()).arg("run")));
    assert!(theirs.len() > 50, "{theirs:?}");
    let missing: Vec<_> =
        theirs.difference(&ours).filter(|flag| !["help", "version"].contains(&flag.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// What a reload does not put in force is named, and is not shown as in force.
#[test]
fn a_reload_names_what_needs_a_restart() {
    use longshore_tests::control_plane::{Kind, SchedulerOptions};
    let arena = shared();
    let scheduler = arena.scheduler_with(&SchedulerOptions::new(Kind::Longshore));
    let text = std::fs::read_to_string(&scheduler.config).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    config["clientConnection"]["qps"] = json!(77);
    config["podMaxBackoffSeconds"] = json!(33);
    config["enableProfiling"] = json!(false);
    config["enableContentionProfiling"] = json!(true);
    std::fs::write(&scheduler.config, config.to_string()).unwrap();
    until(
        "the reload",
        Duration::from_secs(60),
        || scheduler.log(),
        || scheduler.log().contains("the configuration was read again and is in force").then_some(()),
    );
    let log = scheduler.log();
    assert!(log.contains("restart to use it") && log.contains("clientConnection.qps"), "{log}");
    assert!(log.contains("enableProfiling") && log.contains("no /debug/pprof"), "{log}");
    let shown: Value = serde_json::from_str(&scheduler.http("/configz").unwrap()).unwrap();
    let shown = &shown["componentconfig"];
    assert_eq!(
        (&shown["clientConnection"]["qps"], &shown["podMaxBackoffSeconds"]),
        (&json!(5000.0), &json!(33))
    );
}
