//! Good guests: what they answer is what the scheduler hears.

use std::time::Duration;

use longshore_framework::event::{Action, EventPattern, Resource};
use longshore_framework::fixture::pod;
use longshore_framework::port::Request;
use longshore_framework::verdict::{PermitVerdict, Verdict};
use longshore_wasm::{Capability, LoadError, Settings};

use crate::cluster::Stand;
use crate::wat::{ALL_FIT, OK, guest, same_score};

fn settings() -> Settings {
    Settings::default()
}

#[test]
fn a_plugin_has_the_stages_that_it_exports() {
    let asked =
        Stand::new().load(&guest().filter(ALL_FIT).score(&same_score(7)).build(), &settings()).unwrap();
    let about = asked.guest.about();
    assert_eq!(about.exports, ["lifecycle", "cycle", "filter", "score"]);
    assert!(asked.instance.filter.is_some() && asked.instance.score.is_some());
    assert!(asked.instance.pre_filter.is_none() && asked.instance.permit.is_none());
}

#[test]
fn a_plugin_hears_of_the_events_that_it_names() {
    let of = |resource, action| {
        let bytes = guest().event(resource, action).filter(ALL_FIT).build();
        Stand::new().load(&bytes, &settings()).map(|asked| asked.instance.events)
    };
    assert_eq!(of("NewPod", "Add").unwrap(), [EventPattern::new(Resource::NewPod, Action::ADD)]);
    assert_eq!(of("Pod", "Update").unwrap(), [EventPattern::new(Resource::Pod, Action::UPDATE)]);
    let refused = of("Pot", "Add").unwrap_err();
    assert!(matches!(&refused, LoadError::Manifest(why) if why.contains("Pot")), "{refused}");
}

#[test]
fn filter_and_score_are_asked_about_every_node_at_once() {
    let stand = Stand::new();
    let asked = stand.load(&guest().filter(ALL_FIT).score(&same_score(7)).build(), &settings()).unwrap();
    let asked = asked.nodes(&["a", "b", "c"]);
    let p = pod("p").build();
    assert_eq!(asked.filter(&p).unwrap().iter().filter(|(_, no)| no.is_empty()).count(), 3);
    assert_eq!(asked.score(&p).unwrap(), [7, 7, 7]);
    let calls = stand.heard.calls.lock().unwrap().clone();
    // One call for each stage; the second cycle needs neither table nor pod again.
    assert_eq!(calls, ["Describe", "Init", "Init", "Table", "Begin", "Filter", "Score"]);
}

#[test]
fn nodes_are_spread_over_instances() {
    let stand = Stand::with(|options| options.rows_per_instance = 64);
    let asked = stand.load(&guest().filter(ALL_FIT).score(&same_score(3)).build(), &settings()).unwrap();
    let names: Vec<String> = (0..200).map(|n| format!("n{n}")).collect();
    let asked = asked.nodes(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let p = pod("p").build();
    assert_eq!(asked.filter(&p).unwrap().iter().filter(|(_, no)| no.is_empty()).count(), 200);
    assert_eq!(asked.score(&p).unwrap(), vec![3; 200]);
    assert_eq!(asked.guest.status().instances, 1 + 4);
}

#[test]
fn what_is_not_granted_is_refused_and_what_is_granted_works() {
    let wat = guest().import("clock#now", "(result i64)").single().function(
        "pre-enqueue#pre-enqueue",
        "(param i32) (result i32)",
        &format!(
            "(if (i64.ne (call $clock_now) (i64.const 42)) (then unreachable)) (i32.store8 (i32.const 260) (i32.const 0)) {OK}"
        ),
    );
    let stand = Stand::new();
    let refused = stand.load(&wat.build(), &settings()).map(|_| ()).unwrap_err();
    assert!(matches!(refused, LoadError::NotGranted { capability: "clock", .. }), "{refused}");
    let granted = Settings { capabilities: [Capability::Clock].into(), ..settings() };
    let asked = stand.load(&wat.build(), &granted).unwrap();
    let p = pod("p").build();
    let cx =
        longshore_framework::plugin::EnqueueContext { pod: &p, evicting: false, objects: &asked.objects };
    assert_eq!(asked.instance.pre_enqueue.unwrap().pre_enqueue(cx), Verdict::Pass);
}

/// Permit: waits 1000 ms; the second pod that asks lets both go.
#[test]
fn a_pod_waits_until_the_plugin_lets_it_go() {
    let wait = "(i32.store8 (i32.const 256) (i32.const 0)) (i32.store8 (i32.const 264) (i32.const 1))
        (i64.store (i32.const 272) (i64.const 1000)) (i32.const 256)";
    let permit = format!(
        "(local $pod i32)
         (global.set $asked (i32.add (global.get $asked) (i32.const 1)))
         (if (i32.eq (global.get $asked) (i32.const 2)) (then
            (call $waiting_allow (i32.const 700) (i32.const 2))))
         {wait}"
    );
    let stand = Stand::new();
    let wat = guest()
        .import("waiting#allow", "(param i32 i32)")
        .extra("(global $asked (mut i32) (i32.const 0)) (data (i32.const 700) \"u1\")")
        .function("permit#permit", "(param $p i32) (result i32)", &permit);
    let asked = stand.load(&wat.build(), &settings()).unwrap().nodes(&["n"]);
    let one = pod("one").meta(|m| m.uid = "u1".into()).build();
    let two = pod("two").meta(|m| m.uid = "u2".into()).build();
    assert_eq!(asked.permit(&one, "n").unwrap(), PermitVerdict::Wait(Duration::from_secs(1)));
    assert!(stand.asked().is_empty());
    assert_eq!(asked.permit(&two, "n").unwrap(), PermitVerdict::Wait(Duration::from_secs(1)));
    let allow = Request::Allow { uid: "u1".into(), plugin: "Test".into() };
    assert_eq!(stand.asked(), [allow]);
}
