//! What `longshore run --record` keeps of a real cluster comes out the same, and is explained afterwards.

use std::path::Path;
use std::process::{Command, Output};

use longshore_tests::control_plane::{Arena, Kind, Scheduler, SchedulerOptions, binaries, objects, shared};
use serde_json::{Value, json};

fn recording(arena: &Arena, folder: &Path) -> Scheduler {
    let options = SchedulerOptions::new(Kind::Longshore);
    arena.scheduler_with(&options.flag(format!("--record={}", folder.display())))
}

fn longshore(args: &[&str]) -> Output {
    Command::new(binaries::longshore()).args(args).env_remove("LONGSHORE_SERVER").output().unwrap()
}

#[track_caller]
fn replayed(folder: &Path) -> Value {
    let output = longshore(&["replay", folder.to_str().unwrap(), "-o", "json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    serde_json::from_str(&text).unwrap()
}

/// Pods of two priorities, and room for half of them: the important ones evict the others.
fn storm(arena: &Arena, from: usize) {
    let pod = |name: &str, class: &str| {
        let pod = objects::asking(arena.new_pod(name), "1");
        objects::with(pod, &json!({ "spec": { "priorityClassName": class } }))
    };
    for at in from..from + 12 {
        arena.api.create(&pod(&format!("low-{at}"), "low"));
    }
    for at in from..from + 4 {
        arena.api.create(&pod(&format!("high-{at}"), "high"));
    }
    for at in from..from + 4 {
        arena.until_bound(&format!("high-{at}"));
    }
}

#[test]
fn a_storm_with_preemptions_and_restarts_comes_out_as_it_was() {
    let arena = shared();
    arena.api.create(&objects::priority_class("low", 10));
    arena.api.create(&objects::priority_class("high", 1000));
    std::thread::sleep(std::time::Duration::from_millis(200));
    for name in ["a", "b", "c"] {
        arena.node(name, &json!({}));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut scheduler = recording(&arena, folder.path());
    storm(&arena, 0);
    assert!(scheduler.process.stop().success());
    let mut scheduler = recording(&arena, folder.path());
    storm(&arena, 12);
    // What was told in the last second may be lost.
    std::thread::sleep(std::time::Duration::from_millis(2500));
    scheduler.process.kill();
    let document = replayed(folder.path());
    let stretches = document["stretches"].as_array().unwrap();
    assert_eq!(stretches.len(), 2, "{document:#}");
    for stretch in stretches {
        assert_eq!((&stretch["exact"], &stretch["differences"]), (&json!(true), &json!(0)), "{document:#}");
        assert!(stretch["placed"].as_u64().unwrap() >= 4, "{document:#}");
    }
    let node = arena.node_of("high-13").unwrap();
    let recorded = folder.path().to_str().unwrap();
    let explained = |pod: &str| {
        let output = longshore(&["explain", pod, "-n", &arena.namespace, "--recording", recorded]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        text
    };
    let text = explained("high-13");
    assert!(text.contains(&format!("The recording says: node {node}")), "{text}");
    // It came first, when all nodes were free: they were scored.
    let text = explained("low-0");
    assert!(text.contains("The recording says: node") && text.contains("TOTAL"), "{text}");
}
