//! Several profiles in one scheduler.

use std::collections::BTreeSet;

use longshore_tests::control_plane::{Kind, SchedulerOptions, shared};
use serde_json::{Value, json};

both!(each_pod_is_judged_by_the_profile_it_names);

/// `spread` as usual, `pack` onto as few nodes as possible.
fn profiles() -> Value {
    let resources = json!([{ "name": "cpu", "weight": 1 }]);
    let fit = json!({ "scoringStrategy": { "type": "MostAllocated", "resources": resources } });
    let only = |names: &[&str]| {
        let enabled: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
        json!({ "enabled": enabled, "disabled": [{ "name": "*" }] })
    };
    json!({ "profiles": [
        { "schedulerName": "spread" },
        {
            "schedulerName": "pack",
            "plugins": { "score": only(&["NodeResourcesFit"]) },
            "pluginConfig": [{ "name": "NodeResourcesFit", "args": fit }],
        },
    ] })
}

fn each_pod_is_judged_by_the_profile_it_names(kind: Kind) {
    let arena = shared();
    for name in ["a", "b", "c", "d"] {
        arena.node(name, &json!({}));
    }
    let _scheduler = arena.scheduler_with(&SchedulerOptions::new(kind).config(&profiles()));
    let nodes = |profile: &str| {
        let names: Vec<_> = (0..4).map(|n| format!("{profile}-{n}")).collect();
        for name in &names {
            arena.pod(name, &json!({ "spec": { "schedulerName": profile } }));
            arena.until_bound(name);
        }
        names.iter().map(|name| arena.until_bound(name)).collect::<BTreeSet<_>>()
    };
    let packed = nodes("pack");
    assert_eq!(packed.len(), 1, "one node is enough");
    let spread = nodes("spread");
    assert_eq!(spread.len(), 3, "never where the others are packed: {packed:?} {spread:?}");
    let event = arena.until_event("pack-0", "Scheduled");
    assert_eq!(event["reportingController"], "pack");
}
