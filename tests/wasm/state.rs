//! What is kept: verdicts of pure plugins, and what a plugin set aside, when its instance goes.

use std::sync::Arc;

use longshore_framework::fixture::{node, pod};
use longshore_framework::pod::Pod;
use longshore_framework::verdict::Verdict;
use longshore_wasm::{LoadError, Settings};

use crate::cluster::Stand;
use crate::wat::{ALL_FIT, OK, Wat, guest, same_score};

/// `none` inside `ok`: Reserve sets aside.
const RESERVES: &str =
    "(i32.store8 (i32.const 256) (i32.const 0)) (i32.store8 (i32.const 260) (i32.const 0)) (i32.const 256)";

fn count(stand: &Stand, stage: &str) -> usize {
    stand.heard.calls.lock().unwrap().iter().filter(|called| **called == stage).count()
}

/// Replicas of one class: the same but for name and UID.
fn replica(at: usize) -> Arc<Pod> {
    pod(&format!("web-{at}")).label("app", "web").request("cpu", "1").build()
}

#[test]
fn a_pure_plugin_is_asked_once_about_replicas_and_again_about_nodes_that_changed() {
    let stand = Stand::new();
    // pod-count: a column that pods change.
    let wat = guest().pure().column(13, "").filter(ALL_FIT).score(&same_score(5));
    // Questions about few nodes come from the engine, which keeps the answers itself.
    let names: Vec<String> = (0..20).map(|at| format!("n{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut asked = stand.load(&wat.build(), &Settings::default()).unwrap().nodes(&names);
    for at in 0..5 {
        assert_eq!(asked.filter(&replica(at)).unwrap().len(), 20);
        assert_eq!(asked.score(&replica(at)).unwrap(), [5; 20]);
    }
    assert_eq!((count(&stand, "Filter"), count(&stand, "Score"), count(&stand, "Begin")), (1, 1, 1));
    let slot = asked.snapshot.slot("n7").unwrap();
    asked.snapshot.add_pod(slot, replica(9));
    asked.filter(&replica(0)).unwrap();
    asked.filter(&replica(1)).unwrap();
    assert_eq!((count(&stand, "Filter"), count(&stand, "Table")), (2, 2));
    asked.filter(&pod("other").build()).unwrap();
    assert_eq!(count(&stand, "Filter"), 3);
}

#[test]
fn another_snapshot_is_another_table() {
    let stand = Stand::new();
    let mut asked = stand
        .load(&guest().column(0, "").filter(ALL_FIT).build(), &Settings::default())
        .unwrap()
        .nodes(&["a"]);
    let p = pod("p").build();
    asked.filter(&p).unwrap();
    asked.snapshot = asked.snapshot.clone();
    asked.snapshot.set_node(node("b").build());
    assert_eq!(asked.filter(&p).unwrap().len(), 2);
    assert_eq!(count(&stand, "Table"), 2);
}

fn reserving(permit: &str) -> Wat {
    guest()
        .function("reserve#reserve", "(param i32) (result i32)", RESERVES)
        .function("reserve#unreserve", "(param i32)", "")
        .function("permit#permit", "(param i32) (result i32)", permit)
}

#[test]
fn what_was_set_aside_is_told_to_the_instance_that_replaces_a_broken_one() {
    let stand = Stand::new();
    let mut asked =
        stand.load(&reserving("unreachable").build(), &Settings::default()).unwrap().nodes(&["n"]);
    let slot = asked.snapshot.slot("n").unwrap();
    let pods: Vec<_> = (0..3).map(replica).collect();
    for p in &pods {
        asked.snapshot.add_pod(slot, Arc::clone(p));
        assert_eq!(asked.reserve(p, "n").unwrap(), Verdict::Pass);
    }
    asked.unreserve(&pods[1], "n");
    asked.permit(&pods[0], "n").unwrap_err();
    assert_eq!(count(&stand, "Reserve"), 3);
    // The next question makes an instance, which hears of the two that are left.
    asked.reserve(&pods[1], "n").unwrap();
    assert_eq!(count(&stand, "Reserve"), 3 + 2 + 1);
}

#[test]
fn what_was_set_aside_goes_over_to_a_plugin_that_takes_the_place() {
    let stand = Stand::new();
    let bytes = reserving(OK).build();
    let mut old = stand.load(&bytes, &Settings::default()).unwrap().nodes(&["n"]);
    let slot = old.snapshot.slot("n").unwrap();
    let (first, second) = (replica(0), replica(1));
    old.snapshot.add_pod(slot, Arc::clone(&first));
    old.reserve(&first, "n").unwrap();
    let mut new = stand.load(&bytes, &Settings::default()).unwrap();
    new.guest.take_over(&old.guest);
    new.snapshot = old.snapshot.clone();
    new.reserve(&second, "n").unwrap();
    assert_eq!(count(&stand, "Reserve"), 1 + 1 + 1);
}

#[test]
fn modules_that_are_no_plugins_are_refused_in_words() {
    let stand = Stand::new();
    let refused = |wat: Wat| stand.load(&wat.build(), &Settings::default()).map(|_| ()).unwrap_err();
    assert!(matches!(
        refused(guest().raw_pod().filter(ALL_FIT)),
        LoadError::NotGranted { capability: "raw", .. }
    ));
    assert!(matches!(refused(guest()), LoadError::Foreign(why) if why.contains("no stage")));
    let core = wat::parse_str(guest().foreign_import("").without("lifecycle#init").text()).unwrap();
    assert!(longshore_plugin_build::componentize(&core).is_err());
}
