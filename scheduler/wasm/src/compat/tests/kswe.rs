//! The project's own guests, as they come: 42 modules of 11 MB, which are another project's and not ours to keep here. The tests
//! beside this file cover the same with guests of our own in the fast suite. To run these, name a checkout of
//! kubernetes-sigs/kube-scheduler-wasm-extension, whose repository has the modules (commit 9b2791f of 2025-11-23 is known to pass):
//!
//! ```text
//! git clone https://github.com/kubernetes-sigs/kube-scheduler-wasm-extension
//! LONGSHORE_KSWE=$PWD/kube-scheduler-wasm-extension cargo test -p longshore-wasm --lib kswe -- --ignored --nocapture
//! ```

use longshore_framework::event::{Action, EventPattern, Resource};
use longshore_framework::fixture::node;
use longshore_framework::node::NodeImage;
use longshore_framework::plugin::MAX_SCORE;
use longshore_framework::port::Request;
use longshore_framework::verdict::PreFilterVerdict;

use super::super::verdicts::DEFAULT_EVENTS;
use super::*;

/// Names and UIDs of the project's own tests.
const UID: &str = "384900cd-dc7b-41ec-837e-9c4c1762363e";

fn bytes(path: &str) -> Vec<u8> {
    let folder = std::env::var("LONGSHORE_KSWE").expect("LONGSHORE_KSWE names a checkout");
    std::fs::read(format!("{folder}/{path}.wasm")).unwrap()
}

fn guest(path: &str, args: Value) -> World {
    let args = super::args(args);
    let mut world = World::with(&bytes(path), &args, &["good-node", "bad-node", "bad"], Whole::default());
    world.snapshot.set_node(node("node1").build());
    world
}

fn mode(path: &str, mode: &str) -> World {
    guest(&format!("guest/testdata/{path}/main"), json!({"Args": ["test", mode]}))
}

fn placed(name: &str, uid: &str, on: &str) -> Arc<Pod> {
    pod(name)
        .meta(|m| {
            m.uid = uid.into();
            m.node_name = Some(on.into()).filter(|n: &Str| !n.is_empty());
        })
        .build()
}

fn good_pod() -> Arc<Pod> {
    placed("good-pod", UID, "good-node")
}

fn ask(world: &World, export: Export, pod: &Arc<Pod>, input: Input) -> Result<Reply, Failure> {
    world.raw(export, Input { pod: Some(world.source(pod)), ..input })
}

#[track_caller]
fn check(world: &World, export: Export, pod: &Arc<Pod>, input: Input, want: (i32, i32, &str)) {
    let reply = ask(world, export, pod, input).unwrap();
    assert_eq!((reply.high(), reply.low(), &*reply.pushed.reason), want, "{export:?}");
    println!("{:<14} {want:?}", export.name());
}

#[test]
#[ignore = "needs the modules of another project, in the checkout that LONGSHORE_KSWE names; see the top of the file"]
fn filter() {
    let pre = mode("filter", "preFilter");
    let names_of = |pod: &Arc<Pod>| {
        let plugin = pre.instance.pre_filter.as_ref().unwrap();
        plugin.pre_filter(pre.cycle(pod), &mut PluginState::default()).unwrap()
    };
    assert_eq!(names_of(&good_pod()), PreFilterVerdict::Pass(Some(names(&["good-node"]))));
    assert_eq!(names_of(&placed("good-pod", UID, "")), PreFilterVerdict::Pass(None));
    let world = mode("filter", "filter");
    check(&world, Export::Filter, &good_pod(), on_node("good-node"), (0, 0, ""));
    check(&world, Export::Filter, &good_pod(), on_node("bad-node"), (0, 2, "good-node != bad-node"));
    let world = mode("filter", "postFilter");
    let statuses = |json: &str| Input { statuses: Some(json.into()), ..Input::default() };
    check(&world, Export::PostFilter, &good_pod(), statuses(r#"{"good-node":0}"#), (1, 0, ""));
    let bad = statuses(r#"{"good-node":2}"#);
    check(&world, Export::PostFilter, &good_pod(), bad, (0, 3, "good-node is unschedulable"));
}

#[test]
#[ignore = "needs the modules of another project, in the checkout that LONGSHORE_KSWE names; see the top of the file"]
fn pre_filter_extensions() {
    let world = mode("filter", "preFilterExtensions");
    let target = |name: &str| Some(world.source(&pod(name).build()));
    for export in [Export::AddPod, Export::RemovePod] {
        let reason = "Node name is good-node and PodInfo name is good-pod";
        let input = Input { target: target("good-pod"), ..on_node("good-node") };
        let reply = ask(&world, export, &good_pod(), input).unwrap();
        assert_eq!(reply.low(), 0, "{reason}");
        let input = Input { target: target("bad-pod"), ..on_node("bad") };
        check(&world, export, &good_pod(), input, (0, 1, "Node name is bad and PodInfo name is bad-pod"));
    }
}

#[test]
#[ignore = "needs the modules of another project, in the checkout that LONGSHORE_KSWE names; see the top of the file"]
fn score() {
    let world = mode("score", "preScore");
    for (list, count) in [("[]", 0), (r#"["node1"]"#, 1), (r#"["good-node","bad-node"]"#, 2)] {
        let input = Input { filtered_nodes: Some(list.into()), ..Input::default() };
        check(&world, Export::PreScore, &good_pod(), input, (0, count, ""));
    }
    let world = mode("score", "score");
    check(&world, Export::Score, &good_pod(), on_node("good-node"), (100, 0, ""));
    check(&world, Export::Score, &good_pod(), on_node("bad-node"), (0, 0, ""));
    let world = mode("score", "scoreExtensions");
    let input = Input { scores: Some(r#"{"good-node":1,"bad-node":0}"#.into()), ..Input::default() };
    let reply = ask(&world, Export::NormalizeScore, &good_pod(), input).unwrap();
    assert_eq!(reply.pushed.scores, Some(vec![("bad-node".into(), 0), ("good-node".into(), 100)]));
    // By name, whatever the order.
    let (state, mut scores) = (world.begin(&good_pod()), [0, 1, 0, 0]);
    let plugin = world.instance.score.as_ref().unwrap();
    plugin.normalise(world.cycle(&good_pod()), &state, &world.slots(), &mut scores).unwrap();
    assert_eq!(scores, [0, MAX_SCORE, 0, 0]);
}

#[test]
#[ignore = "needs the modules of another project, in the checkout that LONGSHORE_KSWE names; see the top of the file"]
fn permit_bind_and_reserve() {
    let world = guest("guest/testdata/permit/main", json!({}));
    check(&world, Export::Permit, &good_pod(), on_node("good"), (0, 0, ""));
    check(&world, Export::Permit, &good_pod(), on_node("bad"), (1, 0, "name is bad"));
    check(&world, Export::Permit, &good_pod(), on_node("wait"), (4, 10_000, "name is wait"));
    for (name, export) in [("preBind", Export::PreBind), ("bind", Export::Bind)] {
        let world = mode("bind", name);
        check(&world, export, &good_pod(), on_node("bad"), (0, 1, "name is bad"));
        assert_eq!(ask(&world, export, &good_pod(), on_node("good")).unwrap().low(), 0);
    }
    let world = mode("bind", "postBind");
    ask(&world, Export::PostBind, &good_pod(), on_node("good")).unwrap();
    let failure = ask(&world, Export::PostBind, &good_pod(), on_node("bad")).unwrap_err();
    assert!(failure.message.starts_with("wasm: postbind error: panic: name is bad\n"), "{failure}");
    let world = guest("guest/testdata/reserve/main", json!({}));
    check(&world, Export::Reserve, &good_pod(), on_node("bad"), (0, 1, "name is bad"));
    let lease = world.plugin.pool.begin(world.source(&good_pod()));
    for export in [Export::Reserve, Export::Unreserve] {
        let call = |calls: &mut super::super::pool::Calls<'_>| {
            let input = Input { pod: calls.input().pod, ..on_node("good-node") };
            calls.call(export, input)
        };
        assert_eq!(lease.run(export, 1, &[], call).unwrap().low(), 0);
    }
    let failure = ask(&world, Export::Unreserve, &good_pod(), on_node("good-node")).unwrap_err();
    assert!(failure.message.contains("panic: unreserve failed"), "{failure}");
}

/// Two cycles of all points in the order in which the guest insists on them.
#[test]
#[ignore = "needs the modules of another project, in the checkout that LONGSHORE_KSWE names; see the top of the file"]
fn cyclestate() {
    let delete = EventPattern::new(Resource::PersistentVolume, Action::DELETE);
    let add = EventPattern::new(Resource::Node, Action::ADD);
    assert_eq!(mode("cyclestate", "0").plugin.events, DEFAULT_EVENTS);
    assert_eq!(mode("cyclestate", "1").plugin.events, [delete]);
    assert_eq!(mode("cyclestate", "2").plugin.events, [add, delete]);
    let world = mode("cyclestate", "0");
    let first = super::cycle::decide(&world, &good_pod());
    let second = super::cycle::decide(&world, &placed("another", "another-uid", "good-node"));
    super::cycle::finish(&world, &good_pod(), &first);
    super::cycle::finish(&world, &placed("another", "another-uid", "good-node"), &second);
    assert_eq!(world.failures(), [""; 0]);
}

#[test]
#[ignore = "needs the modules of another project, in the checkout that LONGSHORE_KSWE names; see the top of the file"]
fn handle() {
    let world = mode("handle", "rejectWaitingPod");
    check(&world, Export::Filter, &placed("p", "nobody", "good-node"), on_node("good-node"), (0, 0, ""));
    let waits = placed("good-pod", "handle-test", "good-node");
    world.plugin.common.waiting.lock().unwrap().insert("handle-test".into(), world.source(&waits));
    check(&world, Export::Filter, &waits, on_node("good-node"), (0, 5, "UID is handle-test"));
    assert!(matches!(&world.requests.drain()[..], [Request::Reject { uid, .. }] if &**uid == "handle-test"));
    let world = mode("handle", "getWaitingPod");
    let failure = ask(&world, Export::Filter, &waits, on_node("good-node")).unwrap_err();
    println!("getWaitingPod: {failure}");
    assert!(failure.message.contains("panic: not implemented"), "{failure}");
}

#[track_caller]
fn check_node_number(path: &str, args: Value, want: [i64; 2]) {
    let mut world = guest(path, args);
    world.snapshot.set_node(node("node2").build());
    let pod = placed("pod1", "uid1", "happy1");
    let mut state = world.begin(&pod);
    let slots = [world.slot("node1"), world.slot("node2")];
    let pre_score = world.instance.pre_score.as_ref().unwrap();
    pre_score.pre_score(world.cycle(&pod), &mut state, &slots).unwrap();
    let mut scores = [0; 2];
    let plugin = world.instance.score.as_ref().unwrap();
    plugin.score_range(world.cycle(&pod), &state, &slots, &mut scores).unwrap();
    assert_eq!(scores, want, "{path}");
    println!("{path}: {scores:?} {:?} {:?}", world.plugin.events, world.requests.drain());
}

#[test]
#[ignore = "needs the modules of another project, in the checkout that LONGSHORE_KSWE names; see the top of the file"]
fn examples() {
    for path in ["examples/nodenumber/main", "examples/advanced/main"] {
        check_node_number(path, json!({"guestConfig": r#"{"reverse": false}"#}), [10, 0]);
        check_node_number(path, json!({"guestConfig": r#"{"reverse": true}"#}), [0, 10]);
    }
    // Built by a compiler whose reflection does not do JSON: with a config it panics at its start on any host.
    check_node_number("internal/e2e/scheduler_perf/wasm/nodenumber/main", json!({}), [10, 0]);
}

#[test]
#[ignore = "needs the modules of another project, in the checkout that LONGSHORE_KSWE names; see the top of the file"]
fn image_locality() {
    let mut world = guest("examples/imagelocality/main", json!({}));
    let image = |name: &str| NodeImage { names: vec![name.into()], size: 500 << 20 };
    for (name, images) in [("image-node1", vec![image("app:v1")]), ("image-node2", vec![])] {
        world.snapshot.set_node(node(name).with(|n| n.images = images).build());
    }
    let pod = pod("p").spec(|s| s.containers[0].image = "app:v1".into()).build();
    let score = |name: &str, state: &PluginState| {
        let plugin = world.instance.score.as_ref().unwrap();
        plugin.score(world.cycle(&pod), state, world.snapshot.view(world.slot(name)))
    };
    let state = world.begin(&pod);
    let first = score("image-node1", &state).unwrap();
    assert!(first > 0);
    // The guest loses the names of the nodes it knows when it lists them all.
    println!("image-node1: {first}; then image-node2: {:?}", score("image-node2", &state));
    assert_eq!(score("image-node2", &world.begin(&pod)), Ok(0));
}

#[test]
#[ignore = "needs the modules of another project, in the checkout that LONGSHORE_KSWE names; see the top of the file"]
fn panics() {
    let path = |name: &str| format!("scheduler/test/testdata/error/{name}");
    for (name, export) in [
        ("prefilter", Export::PreFilter),
        ("filter", Export::Filter),
        ("postfilter", Export::PostFilter),
        ("prefilterextensions", Export::AddPod),
        ("prescore", Export::PreScore),
        ("score", Export::Score),
        ("scoreextensions", Export::NormalizeScore),
        ("reserve", Export::Reserve),
        ("permit", Export::Permit),
        ("prebind", Export::PreBind),
        ("bind", Export::Bind),
        ("postbind", Export::PostBind),
    ] {
        let bytes = bytes(&path(&format!("panic_on_{name}")));
        let host = Host::new(HostOptions::default()).unwrap();
        match load(&host, "Test", &bytes, &settings(&args(json!({})))) {
            Err(error) => println!("{name}: {error}"),
            Ok(_) => {
                let world = World::with(&bytes, &args(json!({})), &["good-node"], Whole::default());
                let failure = world.raw(export, on_node("good-node")).unwrap_err();
                let want = format!("wasm: {} error: panic!\nwasm trap: wasm `unreachable`", export.name());
                assert!(failure.message.starts_with(&want), "{failure}");
                println!("{failure}");
            }
        }
    }
    for (name, want) in [
        ("not_plugin", "wasm: guest does not export any plugin functions"),
        ("prescore_without_score", "wasm: filter, score, reserve, permit or bind must be exported"),
        ("scoreextensions_without_score", "wasm: filter, score, reserve, permit or bind must be exported"),
        ("panic_on_start", "wasm: instantiate error: panic!\n"),
        ("panic_on_enqueue", "wasm: "),
        ("panic_on_get_config", "wasm: instantiate error: "),
    ] {
        let host = Host::new(HostOptions::default()).unwrap();
        let args = args(json!({"guestConfig": "hello"}));
        match load(&host, "Test", &bytes(&path(name)), &settings(&args)) {
            Err(error) => {
                println!("{name}: {error}");
                assert!(error.to_string().contains(want), "{name}: {error}");
            }
            Ok(plugin) => println!("{name}: taken, exports {:?}", plugin.exports),
        }
    }
}

#[test]
#[ignore = "needs the modules of another project, in the checkout that LONGSHORE_KSWE names; see the top of the file"]
fn extremes_pass_through() {
    let (min, max) = (i32::MIN, i32::MAX);
    for (name, export, high, low) in [
        ("prefilter", Export::PreFilter, None, Some("status_code_global")),
        ("filter", Export::Filter, None, Some("status_code_global")),
        ("postfilter", Export::PostFilter, Some("nominating_mode_global"), Some("status_code_global")),
        ("prefilterextensions", Export::AddPod, None, Some("status_code_global")),
        ("prefilterextensions", Export::RemovePod, None, Some("status_code_global")),
        ("prescore", Export::PreScore, None, Some("status_code_global")),
        ("score", Export::Score, Some("score_global"), Some("status_code_global")),
        ("scoreextensions", Export::NormalizeScore, None, Some("status_code_global")),
        ("permit", Export::Permit, Some("status_code_global"), Some("timeout_global")),
        ("prebind", Export::PreBind, None, Some("status_code_global")),
        ("bind", Export::Bind, None, Some("status_code_global")),
    ] {
        let bytes = bytes(&format!("scheduler/test/testdata/test/{name}_from_global"));
        let world = World::with(&bytes, &args(json!({})), &["good-node"], Whole::default());
        for (a, b) in [(min, max), (max, min)] {
            let globals: Vec<_> =
                [(high, a), (low, b)].into_iter().filter_map(|(n, v)| Some((n?, v))).collect();
            let reply = world.raw_with(export, on_node("good-node"), &globals).unwrap();
            let got = (high.map(|_| reply.high()), reply.low());
            assert_eq!(got, (high.map(|_| a), b), "{name}");
        }
        println!("{name}: {} passes i32::MIN and i32::MAX", export.name());
    }
    for (name, export) in [("reserve", Export::Unreserve), ("postbind", Export::PostBind)] {
        let bytes = bytes(&format!("scheduler/test/testdata/test/{name}_from_global"));
        let world = World::with(&bytes, &args(json!({})), &["good-node"], Whole::default());
        for flag in [0, 1] {
            let done = world.raw_with(export, on_node("good-node"), &[("flag_global", flag)]);
            println!("{name} flag {flag}: {done:?}");
            assert_eq!(done.is_err(), flag == 1);
        }
    }
}
