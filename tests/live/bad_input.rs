//! What nobody means well: each gets a clear message and a defined behaviour.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use longshore_tests::control_plane::{
    ADMIN, Arena, ControlPlane, Kind, LONG, NOBODY, Options, SCHEDULER, Scheduler, SchedulerOptions, alone,
    kubeconfig, new_authority_certificate, objects, shared, until,
};
use serde_json::{Value, json};

fn longshore() -> SchedulerOptions {
    SchedulerOptions::new(Kind::Longshore)
}

/// It ends with a failure and says each of `words`.
#[track_caller]
fn ends_saying(scheduler: &mut Scheduler, words: &[&str]) {
    let status = scheduler.process.wait_for_exit(Duration::from_secs(20));
    let log = scheduler.log();
    assert!(!status.success(), "{status}\n{log}");
    for word in words {
        assert!(log.contains(word), "no {word:?} in\n{log}");
    }
}

/// It says one of `words`, and until then is not ready.
#[track_caller]
fn says(scheduler: &Scheduler, words: &[&str]) {
    until(
        &format!("one of {words:?} in the log"),
        Duration::from_secs(20),
        || scheduler.log(),
        || {
            let log = scheduler.log();
            words.iter().any(|word| log.contains(word)).then_some(())
        },
    );
}

/// `text` as a kubeconfig of the shared cluster.
fn kubeconfig_of(arena: &Arena, name: &str, text: &str) -> PathBuf {
    let path = arena.plane.file(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_kubeconfig_that_is_none() {
    let arena = shared();
    let path = kubeconfig_of(&arena, "garbage.kubeconfig", "clusters: [this is: no kubeconfig");
    let mut scheduler = arena.scheduler_with(&longshore().kubeconfig(path).without_waiting());
    ends_saying(&mut scheduler, &["garbage.kubeconfig"]);
}

#[test]
fn a_kubeconfig_that_is_not_there() {
    let arena = shared();
    let path = arena.plane.file("no-such.kubeconfig");
    let mut scheduler = arena.scheduler_with(&longshore().kubeconfig(path).without_waiting());
    ends_saying(&mut scheduler, &["no-such.kubeconfig"]);
}

#[test]
fn a_configuration_with_mistakes_names_them_all() {
    let arena = shared();
    let profile =
        json!({ "schedulerName": "x", "plugins": { "score": { "enabled": [{ "name": "NoSuch" }] } } });
    let config = json!({ "profiles": [profile], "percentageOfNodesToScore": 200 });
    let mut scheduler = arena.scheduler_with(&longshore().config(&config).without_waiting());
    ends_saying(&mut scheduler, &["NoSuch", "percentageOfNodesToScore"]);
}

#[test]
fn a_server_that_another_authority_signed() {
    let arena = shared();
    let authority = kubeconfig_of(&arena, "other-ca.crt", &new_authority_certificate());
    let token = json!({ "token": arena.plane.token(SCHEDULER) });
    let document = kubeconfig::kubeconfig(&arena.plane.server(), &authority, token);
    let path = kubeconfig_of(&arena, "wrong-ca.kubeconfig", &document.to_string());
    let scheduler = arena.scheduler_with(&longshore().kubeconfig(path).without_waiting());
    says(&scheduler, &["certificate", "UnknownIssuer"]);
    assert!(scheduler.http("/readyz").is_err(), "it cannot be ready");
}

#[test]
fn a_token_that_nobody_has() {
    let arena = shared();
    let document = arena.plane.kubeconfig_with_token("no-such-token");
    let path = kubeconfig_of(&arena, "wrong-token.kubeconfig", &document.to_string());
    let scheduler = arena.scheduler_with(&longshore().kubeconfig(path).without_waiting());
    says(&scheduler, &["401", "Unauthorized", "unauthorized"]);
    assert!(scheduler.http("/readyz").is_err(), "it cannot be ready");
}

#[test]
fn a_user_who_may_do_nothing() {
    let arena = shared();
    let path = arena.plane.kubeconfig_file(NOBODY);
    let scheduler = arena.scheduler_with(&longshore().kubeconfig(path).without_waiting());
    says(&scheduler, &["forbidden", "403", "may not"]);
    assert!(scheduler.http("/readyz").is_err(), "it cannot be ready without pods and nodes");
}

#[test]
fn a_server_that_is_late_and_one_that_goes_and_comes_back() {
    let _turn = alone();
    let mut plane = ControlPlane::start(&Options::default());
    let api = plane.api(ADMIN);
    api.create(&objects::node("a"));
    plane.stop_api_server();
    let mut scheduler = Scheduler::start(&plane, &longshore().without_waiting());
    std::thread::sleep(Duration::from_secs(2));
    assert!(scheduler.process.exited().is_none(), "it waits: {}", scheduler.log());
    assert!(scheduler.http("/readyz").is_err(), "it cannot be ready");
    plane.start_api_server();
    scheduler.wait_until_ready();
    let bound = |name: &str| {
        api.create(&objects::pod("default", name));
        let path = format!("/api/v1/namespaces/default/pods/{name}");
        until(
            &format!("{name} to be bound"),
            LONG,
            || scheduler.log(),
            || api.get(&path).ok().filter(|pod| pod["spec"]["nodeName"] == "a"),
        );
    };
    bound("early");
    plane.stop_api_server();
    std::thread::sleep(Duration::from_secs(2));
    plane.start_api_server();
    bound("late");
    assert!(scheduler.log().lines().count() < 200, "it says it once, not all the time");
}

/// Rewrites the configuration of a running scheduler.
fn rewrite(scheduler: &Scheduler, change: impl FnOnce(&mut Value)) {
    let mut config: Value = serde_json::from_slice(&fs::read(&scheduler.config).unwrap()).unwrap();
    change(&mut config);
    // As a ConfigMap changes under a kubelet: the name points to something else all at once.
    let new = scheduler.config.with_extension("new");
    kubeconfig::write(&new, &config);
    fs::rename(&new, &scheduler.config).unwrap();
}

#[test]
fn a_profile_that_becomes_invalid_leaves_the_last_good_one() {
    let arena = shared();
    arena.node("a", &json!({ "metadata": { "labels": { "side": "left" } } }));
    arena.node("b", &json!({ "metadata": { "labels": { "side": "right" } } }));
    let only = |side: &str| {
        let here = json!({ "matchExpressions": [{ "key": "side", "operator": "In", "values": [side] }] });
        let required = json!({ "nodeSelectorTerms": [here] });
        let added = json!({ "requiredDuringSchedulingIgnoredDuringExecution": required });
        json!([{ "name": "NodeAffinity", "args": { "addedAffinity": added } }])
    };
    let profile = json!({ "schedulerName": "one", "pluginConfig": only("left") });
    let scheduler = arena.scheduler_with(&longshore().config(&json!({ "profiles": [profile] })));
    let pod = |name: &str| {
        arena.pod(name, &json!({ "spec": { "schedulerName": "one" } }));
        arena.until_bound(name)
    };
    assert_eq!(pod("first"), "a");
    rewrite(&scheduler, |config| config["profiles"][0]["plugins"] = json!({ "score": "nonsense" }));
    says(&scheduler, &["profiles[0].plugins.score"]);
    assert_eq!(pod("second"), "a", "by the last good profile");
    rewrite(&scheduler, |config| {
        config["profiles"][0] = json!({ "schedulerName": "one", "pluginConfig": only("right") });
    });
    let mut tries = 0;
    arena.until("the new profile to decide", "first", || {
        tries += 1;
        (pod(&format!("later-{tries}")) == "b").then_some(())
    });
}
