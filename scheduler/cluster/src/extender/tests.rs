//! Extenders against a real HTTP server: what is sent, what comes of each answer, and of none.

mod hostile;
mod secure;
mod server;

use std::sync::Arc;
use std::time::Duration;

use longshore_framework::extender::{Extender, FilterAnswer, NamedVictims, NodeVictims};
use longshore_framework::fixture::{node, pod};
use longshore_framework::port::Binding;
use longshore_framework::verdict::PluginError;
use serde_json::{Value, json, value::RawValue};
use tokio::runtime::Runtime;

use super::*;
use server::{Reply, Server};

/// A server, the extender that asks it, and the runtime of both.
struct World {
    runtime: Runtime,
    server: Server,
    extender: HttpExtender,
}

fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap()
}

/// Pods `p` and `v`, nodes `a` and `b`.
fn store() -> Arc<RawStore> {
    let store = RawStore::default();
    for name in ["p", "v"] {
        let whole = json!({"metadata": {"name": name, "uid": format!("default/{name}")}, "spec": {"x": 1}});
        store.set_pod(format!("default/{name}").into(), raw(&whole));
    }
    for name in ["a", "b"] {
        store.set_node(
            name.into(),
            name.into(),
            raw(&json!({"metadata": {"name": name}, "status": {"y": 2}})),
        );
    }
    Arc::new(store)
}

fn options(url: &str) -> ExtenderOptions {
    ExtenderOptions {
        url_prefix: url.to_string(),
        filter_verb: "filter".to_string(),
        prioritize_verb: "prioritize".to_string(),
        preempt_verb: "preempt".to_string(),
        bind_verb: "bind".to_string(),
        weight: 3,
        ..ExtenderOptions::default()
    }
}

fn world(reply: Reply, change: impl FnOnce(&mut ExtenderOptions)) -> World {
    let runtime = Runtime::new().unwrap();
    let server = Server::start(&runtime, reply);
    let mut options = options(&format!("http://{}/scheduler/", server.address));
    change(&mut options);
    let extender = HttpExtender::new(options, store(), runtime.handle().clone()).unwrap();
    World { runtime, server, extender }
}

fn json_reply(value: Value) -> Reply {
    Reply::Body(200, value.to_string())
}

impl World {
    fn filter(&self) -> Result<FilterAnswer, PluginError> {
        let (a, b) = (node("a").build(), node("b").build());
        self.extender.filter(&pod("p").build(), &[&a, &b])
    }

    fn victims() -> [NodeVictims; 1] {
        [NodeVictims { node: "a".into(), victims: vec![pod("v").build()], violations: 1 }]
    }

    fn bind(&self) -> Result<(), PluginError> {
        self.runtime.block_on(self.extender.bind(&binding()))
    }
}

fn binding() -> Binding {
    Binding::of(&pod("p").build(), &"a".into())
}

fn whole_pod(name: &str) -> Value {
    json!({"metadata": {"name": name, "uid": format!("default/{name}")}, "spec": {"x": 1}})
}

#[test]
fn the_nodes_are_sent_whole() {
    let answer = json!({"Nodes": {"items": [{"metadata": {"name": "b"}}]}, "FailedNodes": {"a": "busy"}});
    let world = world(json_reply(answer), |_| {});
    let want = FilterAnswer {
        kept: vec!["b".into()],
        failed: vec![("a".into(), "busy".to_string())],
        failed_and_unresolvable: vec![],
    };
    assert_eq!(world.filter(), Ok(want));
    let nodes = ["a", "b"].map(|name| json!({"metadata": {"name": name}, "status": {"y": 2}}));
    let asked = world.server.asked();
    assert_eq!(asked.line, "POST /scheduler/filter application/json");
    let list = json!({"metadata": {}, "items": nodes});
    assert_eq!(asked.body, json!({"Pod": whole_pod("p"), "Nodes": list, "NodeNames": null}));
}

#[test]
fn an_extender_that_knows_the_nodes_is_sent_their_names() {
    let world = world(json_reply(json!({"NodeNames": ["a"]})), |o| o.node_cache_capable = true);
    assert_eq!(world.filter().unwrap().kept, ["a".into()]);
    let want = json!({"Pod": whole_pod("p"), "Nodes": null, "NodeNames": ["a", "b"]});
    assert_eq!(world.server.asked().body, want);
}

#[test]
fn scores_come_by_host() {
    let answer = json!([{"Host": "a", "Score": 7}, {"Host": "b", "Score": 0}]);
    let world = world(json_reply(answer), |o| o.node_cache_capable = true);
    let nodes = [node("a").build(), node("b").build()];
    let scores = world.extender.prioritize(&pod("p").build(), &[&nodes[0], &nodes[1]]);
    assert_eq!(scores, Ok(vec![("a".into(), 7), ("b".into(), 0)]));
    assert_eq!(world.server.asked().line, "POST /scheduler/prioritize application/json");
    assert_eq!(world.extender.weight(), 3);
}

#[test]
fn victims_are_sent_whole_or_by_uid() {
    let answer = || json_reply(json!({"NodeNameToMetaVictims": {"a": {"Pods": [{"UID": "default/v"}]}}}));
    let want = NamedVictims { node: "a".into(), victims: vec!["default/v".into()], violations: 0 };
    let whole = world(answer(), |_| {});
    let preempt = |w: &World| w.extender.preempt(&pod("p").build(), &World::victims());
    assert_eq!(preempt(&whole), Ok(vec![want.clone()]));
    let victims = json!({"a": {"Pods": [whole_pod("v")], "NumPDBViolations": 1}});
    assert_eq!(
        whole.server.asked().body,
        json!({"Pod": whole_pod("p"), "NodeNameToVictims": victims, "NodeNameToMetaVictims": null})
    );
    let by_uid = world(answer(), |o| o.node_cache_capable = true);
    assert_eq!(preempt(&by_uid), Ok(vec![want]));
    let victims = json!({"a": {"Pods": [{"UID": "default/v"}], "NumPDBViolations": 1}});
    assert_eq!(
        by_uid.server.asked().body,
        json!({"Pod": whole_pod("p"), "NodeNameToVictims": null, "NodeNameToMetaVictims": victims})
    );
}

#[test]
fn a_binding_is_asked_for_by_name() {
    let world = world(json_reply(json!({"Error": ""})), |_| {});
    assert_eq!(world.bind(), Ok(()));
    let want = json!({"PodName": "p", "PodNamespace": "default", "PodUID": "default/p", "Node": "a"});
    assert_eq!(world.server.asked().body, want);
}

#[test]
fn a_pod_that_is_not_known_whole_is_an_error() {
    let world = world(json_reply(json!({})), |_| {});
    let error = world.extender.filter(&pod("new").build(), &[]).unwrap_err();
    assert_eq!(error.to_string(), "pod default/new is not known as a whole, as the extender wants it");
    let strange = node("strange").build();
    let error = world.extender.filter(&pod("p").build(), &[&strange]).unwrap_err();
    assert_eq!(error.to_string(), "node strange is not known as a whole, as the extender wants it");
}

#[test]
fn an_ignorable_binder_that_fails_is_passed_over_and_another_is_not() {
    let names = |w: &World| vec![w.extender.name().into(), "http://elsewhere".into()];
    let bind = |ignorable, reply| {
        let world = world(reply, |o| o.ignorable = ignorable);
        let names = names(&world);
        let binders = Binders::of(&[Arc::new(world.extender)]);
        world.runtime.block_on(binders.bind(&names, &binding()))
    };
    let conflict = || json_reply(json!({"Error": "conflict"}));
    assert_eq!(bind(false, conflict()), Some(Err(PluginError::new("conflict"))));
    assert_eq!(bind(true, conflict()), None);
    assert_eq!(bind(true, json_reply(json!({}))), Some(Ok(())));
}

#[test]
fn only_what_is_sent_whole_has_to_be_kept() {
    let runtime = Runtime::new().unwrap();
    let wants = |change: fn(&mut ExtenderOptions)| {
        let mut options = ExtenderOptions { url_prefix: "http://e".to_string(), ..Default::default() };
        change(&mut options);
        let extender = HttpExtender::new(options, store(), runtime.handle().clone()).unwrap();
        let Wants { waiting_pods, placed_pods, nodes } = Wants::of(&[Arc::new(extender)]);
        [waiting_pods, placed_pods, nodes]
    };
    assert_eq!(wants(|o| o.bind_verb = "b".to_string()), [false; 3]);
    assert_eq!(wants(|o| o.filter_verb = "f".to_string()), [true, false, true]);
    assert_eq!(wants(|o| o.preempt_verb = "p".to_string()), [true, true, false]);
    let by_name = |o: &mut ExtenderOptions| {
        (o.filter_verb, o.preempt_verb) = ("f".to_string(), "p".to_string());
        o.node_cache_capable = true;
    };
    assert_eq!(wants(by_name), [true, false, false]);
}

#[test]
fn what_it_takes_part_in_is_what_it_has_a_verb_for() {
    let runtime = Runtime::new().unwrap();
    let silent = ExtenderOptions { url_prefix: "http://e".to_string(), ..ExtenderOptions::default() };
    let of = |options| HttpExtender::new(options, store(), runtime.handle().clone()).unwrap();
    for (extender, want) in [(of(silent), false), (of(options("http://e")), true)] {
        let does = [extender.is_filter(), extender.is_prioritizer(), extender.is_binder()];
        assert_eq!((does, extender.supports_preemption()), ([want; 3], want));
    }
    let gpu = ExtenderOptions { managed_resources: vec!["acme.com/gpu".to_string()], ..options("http://e") };
    assert!(!of(gpu).is_interested(&pod("p").build()));
}
