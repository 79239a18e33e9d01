//! Tests of NodeResourcesFit.

use super::*;
use longshore_framework::device::DeviceClass;
use longshore_framework::fields::Problem;
use longshore_framework::fixture::{NodeBuilder, node, pod};
use longshore_framework::objects::{Object, Objects};
use longshore_framework::snapshot::Snapshot;
use longshore_framework::verdict::RejectCode;
use longshore_framework::view::Hypothesis;
use serde_json::json;

/// Reads `args`, which must be right.
#[track_caller]
fn plugin(args: Value) -> NodeResourcesFit {
    let mut found = Vec::new();
    let plugin = args::read(&args, &FactoryContext::default(), &mut Problems::new(&mut found)).0;
    assert_eq!(found, []);
    plugin
}

fn verdict(plugin: &NodeResourcesFit, snapshot: &Snapshot, pod: &Pod, slot: Slot) -> Verdict {
    verdict_with(&Objects::default(), plugin, snapshot, pod, slot)
}

fn verdict_with(
    objects: &Objects,
    plugin: &NodeResourcesFit,
    snapshot: &Snapshot,
    pod: &Pod,
    slot: Slot,
) -> Verdict {
    let mut state = PluginState::default();
    let cx = Cycle { snapshot, objects, pod };
    plugin.pre_filter(cx, &mut state).unwrap();
    let real = plugin.filter(cx, &state, snapshot.view(slot)).unwrap();
    let hypothesis = Hypothesis::of(snapshot, slot);
    let supposed = plugin.filter(cx, &state, NodeView::supposed(snapshot, &hypothesis)).unwrap();
    let (mut left, mut rejected) = (vec![slot], Vec::new());
    plugin.filter_range(cx, &state, &mut FilterSink::new(&mut left, &mut rejected)).unwrap();
    let ranged = rejected.pop().map_or(Verdict::Pass, |(_, rejection)| Verdict::Reject(rejection));
    assert_eq!((&supposed, &ranged), (&real, &real), "one node, a hypothesis and a range disagree");
    real
}

/// `pod` on a node where `there` already run.
#[track_caller]
fn check_filter(node: NodeBuilder, there: &[Arc<Pod>], pod: &Pod, want: Option<(RejectCode, &str)>) {
    let mut snapshot = Snapshot::default();
    let slot = snapshot.set_node(node.build());
    for pod in there {
        snapshot.add_pod(slot, Arc::clone(pod));
    }
    let got = match verdict(&plugin(Value::Null), &snapshot, pod, slot) {
        Verdict::Pass => None,
        Verdict::Reject(rejection) => Some((rejection.code, rejection.message())),
    };
    assert_eq!(got, want.map(|(code, text)| (code, text.to_string())));
}

fn small() -> NodeBuilder {
    node("n").allocatable("cpu", "2").allocatable("memory", "1Gi").allocatable("x.io/gpu", "1")
}

#[test]
fn every_reason_is_given_in_order_and_the_total_decides_the_code() {
    use RejectCode::{Unschedulable, UnschedulableAndUnresolvable};
    let there = [pod("a").request("cpu", "1500m").request("x.io/gpu", "1").build()];
    check_filter(small(), &there, &pod("p").request("cpu", "500m").build(), None);
    check_filter(
        small(),
        &there,
        &pod("p").request("cpu", "600m").build(),
        Some((Unschedulable, "Insufficient cpu")),
    );
    check_filter(
        small(),
        &there,
        &pod("p").request("cpu", "3").build(),
        Some((UnschedulableAndUnresolvable, "Insufficient cpu")),
    );
    let greedy = pod("p")
        .request("cpu", "1")
        .request("memory", "2Gi")
        .request("ephemeral-storage", "1")
        .request("x.io/gpu", "1")
        .request("a.io/fpga", "1")
        .build();
    let all = "Too many pods, Insufficient cpu, Insufficient memory, Insufficient ephemeral-storage, \
               Insufficient a.io/fpga, Insufficient x.io/gpu";
    check_filter(
        small().allocatable("pods", "1"),
        &there,
        &greedy,
        Some((UnschedulableAndUnresolvable, all)),
    );
}

#[test]
fn a_pod_without_requests_needs_only_a_place() {
    let there = [pod("a").request("cpu", "2").build()];
    check_filter(small(), &there, &pod("p").build(), None);
    let full = Some((RejectCode::Unschedulable, "Too many pods"));
    check_filter(small().allocatable("pods", "1"), &there, &pod("p").build(), full);
    check_filter(small().allocatable("pods", "1"), &there, &pod("p").request("x.io/gpu", "0").build(), full);
}

#[test]
fn a_resource_that_devices_give_where_nodes_have_none_is_left_to_them() {
    let class = |name: &str, resource: Option<&str>, created: i64| {
        let (name, extended_resource) = (name.into(), resource.map(Into::into));
        let created = Some(longshore_framework::Timestamp(created));
        Object::DeviceClass(Arc::new(DeviceClass {
            name,
            extended_resource,
            created,
            ..DeviceClass::default()
        }))
    };
    let mut objects = Objects::default();
    objects.set(class("old", Some("x.io/gpu"), 1));
    objects.set(class("new", Some("x.io/gpu"), 2));
    objects.set(class("twin", Some("x.io/gpu"), 2));
    objects.set(class("net", None, 1));
    let mut snapshot = Snapshot::default();
    let without = snapshot.set_node(node("without").build());
    let with = snapshot.set_node(small().build());
    let check = |resource: &str, amount: &str, slot: Slot, want: Option<&str>| {
        let wants = pod("p").request(resource, amount).build();
        let got = match verdict_with(&objects, &plugin(Value::Null), &snapshot, &wants, slot) {
            Verdict::Pass => None,
            Verdict::Reject(rejection) => Some(rejection.message()),
        };
        assert_eq!(got.as_deref(), want, "{resource}");
    };
    check("x.io/gpu", "1", without, None);
    // Where a device plugin offers it, it is as any other.
    check("x.io/gpu", "1", with, None);
    check("x.io/gpu", "2", with, Some("Insufficient x.io/gpu"));
    let implicit = "deviceclass.resource.kubernetes.io/net";
    check(implicit, "1", without, None);
    let unknown = "deviceclass.resource.kubernetes.io/other";
    check(unknown, "1", without, Some(&format!("Insufficient {unknown}")));
    check("y.io/none", "1", without, Some("Insufficient y.io/none"));
}

#[test]
fn ignored_resources_are_left_out() {
    let mut snapshot = Snapshot::default();
    let slot = snapshot.set_node(small().build());
    let wants = pod("p").request("acme.com/a", "1").request("acme.com/b", "1").build();
    for (args, want) in [
        (json!({}), Some("Insufficient acme.com/a, Insufficient acme.com/b")),
        (json!({"ignoredResources": ["acme.com/a"]}), Some("Insufficient acme.com/b")),
        (json!({"ignoredResourceGroups": ["acme.com"]}), None),
    ] {
        let got = match verdict(&plugin(args), &snapshot, &wants, slot) {
            Verdict::Pass => None,
            Verdict::Reject(rejection) => Some(rejection.message()),
        };
        assert_eq!(got.as_deref(), want);
    }
}

#[test]
fn an_extender_replaces_the_ignored_resources() {
    let context =
        FactoryContext { extender_ignored_resources: vec!["acme.com/b".into()], ..Default::default() };
    let mut found = Vec::new();
    let args = json!({"ignoredResources": ["acme.com/a"]});
    let instance = build(&args, &context, &mut Problems::new(&mut found));
    assert_eq!(instance.args["ignoredResources"], json!(["acme.com/b"]));
}

fn score(plugin: &NodeResourcesFit, snapshot: &Snapshot, pod: &Pod, slots: &[Slot]) -> Vec<i64> {
    let (objects, state) = (Objects::default(), PluginState::default());
    let cx = Cycle { snapshot, objects: &objects, pod };
    let mut scores = vec![-1; slots.len()];
    plugin.score_range(cx, &state, slots, &mut scores).unwrap();
    let single: Vec<_> = slots.iter().map(|s| plugin.score(cx, &state, snapshot.view(*s)).unwrap()).collect();
    assert_eq!(scores, single, "one node and a list disagree");
    scores
}

/// A node of 4 cores and 8 GiB of which one pod uses 1 core and 2 GiB.
#[track_caller]
fn check_score(strategy: Value, pod: &Pod, want: i64) {
    let mut snapshot = Snapshot::default();
    let slot = snapshot.set_node(
        node("n").allocatable("cpu", "4").allocatable("memory", "8Gi").allocatable("x.io/gpu", "4").build(),
    );
    let there = longshore_framework::fixture::pod("a").request("cpu", "1").request("memory", "2Gi").build();
    snapshot.add_pod(slot, there);
    let plugin = plugin(json!({ "scoringStrategy": strategy }));
    assert_eq!(score(&plugin, &snapshot, pod, &[slot]), [want]);
}

fn ratio(shape: &[(i64, i64)]) -> Value {
    let points: Vec<_> = shape.iter().map(|(u, s)| json!({"utilization": u, "score": s})).collect();
    json!({"type": "RequestedToCapacityRatio", "requestedToCapacityRatio": {"shape": points}})
}

#[test]
fn the_strategies_weigh_how_full_the_node_would_be() {
    let usual = pod("p").request("cpu", "500m").request("memory", "1Gi").build();
    check_score(Value::Null, &usual, 62);
    check_score(Value::Null, &pod("p").build(), 72);
    check_score(json!({"type": "MostAllocated"}), &usual, 37);
    check_score(ratio(&[(0, 0), (100, 10)]), &usual, 37);
    check_score(ratio(&[(0, 10), (70, 5), (100, 0)]), &usual, 74);
    check_score(ratio(&[(50, 3), (80, 10)]), &usual, 30);
    check_score(ratio(&[(0, 0), (10, 7)]), &usual, 70);
}

#[test]
fn weights_count_and_a_scalar_only_when_requested() {
    let three = |kind: &str| {
        json!({"type": kind, "resources": [
            {"name": "cpu", "weight": 3}, {"name": "memory"}, {"name": "x.io/gpu", "weight": 6}]})
    };
    let usual = pod("p").request("cpu", "500m").request("memory", "5Gi");
    check_score(three("LeastAllocated"), &usual.build(), (62 * 3 + 12) / 4);
    let with_gpu = pod("p").request("cpu", "500m").request("memory", "5Gi").request("x.io/gpu", "1").build();
    check_score(three("LeastAllocated"), &with_gpu, (62 * 3 + 12 + 75 * 6) / 10);
    check_score(three("MostAllocated"), &with_gpu, (37 * 3 + 87 + 25 * 6) / 10);
}

#[test]
fn a_resource_scored_nothing_by_its_shape_is_left_out_of_the_mean() {
    let usual = pod("p").request("cpu", "3").request("memory", "1Gi").build();
    // cpu is full and scores 0; memory is used by 37 percent and scores 63.
    check_score(ratio(&[(0, 10), (100, 0)]), &usual, 63);
}

#[test]
fn absurd_amounts_do_not_overflow() {
    let most = "9223372036854775807";
    let mut snapshot = Snapshot::default();
    let slot = snapshot.set_node(node("n").allocatable("cpu", "1").allocatable("memory", most).build());
    for at in 0..3 {
        snapshot.add_pod(slot, pod(&format!("a{at}")).request("memory", most).build());
    }
    let wants = pod("p").request("cpu", "0").request("memory", most).build();
    let least = plugin(Value::Null);
    assert!(matches!(verdict(&least, &snapshot, &wants, slot), Verdict::Reject(_)));
    let scores = score(&least, &snapshot, &wants, &[slot]);
    assert!((0..=100).contains(&scores[0]), "{scores:?}");
    let half = pod("p").request("cpu", "0").request("memory", "4611686018427387904").build();
    let mut empty = Snapshot::default();
    let slot = empty.set_node(node("n").allocatable("memory", most).build());
    assert_eq!(score(&least, &empty, &half, &[slot]), [49]);
}

#[test]
fn ranges_and_single_nodes_agree_on_random_clusters() {
    let mut seed = 1_u64;
    let mut below = |bound: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % bound
    };
    for round in 0..50 {
        let mut snapshot = Snapshot::default();
        let mut slots = Vec::new();
        for at in 0..8 + round {
            let mut builder = node(&format!("n{at}")).allocatable("pods", &below(4).to_string());
            for resource in ["cpu", "memory", "ephemeral-storage", "x.io/gpu"] {
                builder = builder.allocatable(resource, &below(6).to_string());
            }
            // Of a resource that few nodes have there is no flat column.
            if below(20) == 0 {
                builder = builder.allocatable("z.io/rare", &below(6).to_string());
            }
            slots.push(snapshot.set_node(builder.build()));
            for _ in 0..below(3) {
                let name = format!("a{at}-{}", snapshot.generation());
                let there = pod(&name).request("cpu", &below(3).to_string());
                let there = there.request("z.io/rare", &(below(40) / 38).to_string());
                snapshot.add_pod(slots[at], there.build());
            }
        }
        let mut wants = pod("p");
        for resource in ["cpu", "memory", "x.io/gpu", "y.io/none", "z.io/rare"] {
            if below(3) > 0 {
                wants = wants.request(resource, &below(4).to_string());
            }
        }
        let wants = wants.build();
        for slot in &slots {
            verdict(&plugin(Value::Null), &snapshot, &wants, *slot);
        }
        let resources = json!([{"name": "cpu"}, {"name": "z.io/rare", "weight": 3}]);
        let rare = json!({"type": "MostAllocated", "resources": resources});
        for strategy in [Value::Null, json!({"type": "MostAllocated"}), ratio(&[(0, 2), (60, 9)]), rare] {
            score(&plugin(json!({ "scoringStrategy": strategy })), &snapshot, &wants, &slots);
        }
    }
}

#[track_caller]
fn check_hint(pod: &Pod, event: ClusterEvent, want: Hint) {
    let (snapshot, objects) = (Snapshot::default(), Objects::default());
    let cluster = HintContext { snapshot: &snapshot, objects: &objects };
    assert_eq!(plugin(Value::Null).hint(pod, &event, cluster), want);
}

#[test]
fn room_made_by_other_pods_wakes_the_pod() {
    use longshore_framework::event::Subject;
    let waiting = pod("p").request("cpu", "1").build();
    let gone =
        |p: Arc<Pod>| ClusterEvent::new(Resource::AssignedPod, Action::DELETE, Subject::Pod(Some(p), None));
    check_hint(&waiting, gone(pod("a").on("n").build()), Hint::Queue);
    check_hint(&waiting, gone(pod("a").build()), Hint::Skip);
    let scaled = |old: Arc<Pod>, new: Arc<Pod>| {
        let subject = Subject::Pod(Some(old), Some(new));
        ClusterEvent::new(Resource::AssignedPod, Action::POD_SCALE_DOWN, subject)
    };
    let running = |resource: &str, amount: &str| pod("a").on("n").request(resource, amount).build();
    check_hint(&waiting, scaled(running("cpu", "2"), running("cpu", "1")), Hint::Queue);
    check_hint(&waiting, scaled(running("memory", "2"), running("memory", "1")), Hint::Skip);
    check_hint(&waiting, scaled(waiting.clone(), waiting.clone()), Hint::Queue);
}

#[test]
fn a_node_that_grew_enough_wakes_the_pod() {
    use longshore_framework::event::Subject;
    let waiting = pod("p").request("cpu", "2").build();
    let sized = |cpu: &str, memory: &str| {
        Some(node("n").allocatable("cpu", cpu).allocatable("memory", memory).build())
    };
    for (old, new, want) in [
        (None, sized("2", "1"), Hint::Queue),
        (None, sized("1", "1"), Hint::Skip),
        (sized("2", "1"), sized("3", "1"), Hint::Queue),
        (sized("2", "1"), sized("2", "2"), Hint::Skip),
        (sized("0", "1"), sized("1", "1"), Hint::Skip),
    ] {
        let event = ClusterEvent::new(Resource::Node, Action::NODE_ALLOCATABLE, Subject::Node(old, new));
        check_hint(&waiting, event, want);
    }
}

#[test]
fn a_promised_node_that_became_too_small_wakes_the_pod_since_1_38() {
    use longshore_framework::event::Subject;
    use longshore_framework::features::{Features, Minor};
    let check = |minor, promised: &str, resource: &str, want: Hint| {
        let waiting = pod("p").request("cpu", "2").request("x.io/gpu", "2");
        let waiting = waiting.meta(|meta| meta.nominated_node = Some(promised.into())).build();
        let sized = |amount| {
            let node = node("n").allocatable("cpu", "2").allocatable("x.io/gpu", "2");
            Some(node.allocatable(resource, amount).build())
        };
        let context = FactoryContext { features: Features::of(minor), ..FactoryContext::default() };
        let plugin = args::read(&Value::Null, &context, &mut Problems::new(&mut Vec::new())).0;
        let subject = Subject::Node(sized("2"), sized("1"));
        let event = ClusterEvent::new(Resource::Node, Action::NODE_ALLOCATABLE, subject);
        let (snapshot, objects) = (Snapshot::default(), Objects::default());
        let cluster = HintContext { snapshot: &snapshot, objects: &objects };
        assert_eq!(plugin.hint(&waiting, &event, cluster), want, "{minor} {promised} {resource}");
    };
    check(Minor::V1_38, "n", "cpu", Hint::Queue);
    check(Minor::V1_38, "n", "x.io/gpu", Hint::Skip);
    check(Minor::V1_38, "other", "cpu", Hint::Skip);
    check(Minor::V1_37, "n", "cpu", Hint::Skip);
}

#[track_caller]
fn check_args(args: &Value, want: &[&str]) {
    let mut found = Vec::new();
    let mut problems = Problems::new(&mut found);
    build(args, &FactoryContext::default(), &mut problems.field("args"));
    assert_eq!(found.iter().map(Problem::to_string).collect::<Vec<_>>(), want);
}

#[test]
fn every_problem_of_the_arguments_is_found() {
    check_args(&json!({"kind": "NodeResourcesFitArgs"}), &[]);
    check_args(
        &json!({"kind": "NodeAffinityArgs"}),
        &["args.kind: must be NodeResourcesFitArgs, or be left out, not \"NodeAffinityArgs\""],
    );
    let bad = json!({
        "ignoredResources": ["a b"],
        "ignoredResourceGroups": ["acme.com/x"],
        "scoringStrategy": {"type": "LeastAllocated", "resources": [{"name": "cpu", "weight": 101}],
            "requestedToCapacityRatio": {"shape": []}}});
    check_args(
        &bad,
        &[
            "args.ignoredResources[0]: \"a b\" is not the name of a resource",
            "args.ignoredResourceGroups[0]: \"acme.com/x\" must stop before the '/': it is the prefix of resource names",
            "args.scoringStrategy.resources[0].weight: must be a whole number from 0 to 100, not 101",
            "args.scoringStrategy.requestedToCapacityRatio: must be left out unless the type is RequestedToCapacityRatio",
            "args.scoringStrategy.requestedToCapacityRatio.shape: must have at least one point of utilization and score",
        ],
    );
    let falling = json!({"scoringStrategy": ratio(&[(50, 1), (50, 11)])});
    check_args(
        &falling,
        &[
            "args.scoringStrategy.requestedToCapacityRatio.shape[1].score: must be a whole number from 0 to 10, not 11",
            "args.scoringStrategy.requestedToCapacityRatio.shape[1].utilization: must be higher than that of the point before",
        ],
    );
    check_args(
        &json!({"scoringStrategy": {}}),
        &[
            "args.scoringStrategy.type: is missing; say LeastAllocated, MostAllocated or RequestedToCapacityRatio",
        ],
    );
}

#[test]
fn the_effective_arguments_have_every_default() {
    let instance = build(&Value::Null, &FactoryContext::default(), &mut Problems::new(&mut Vec::new()));
    let want = json!({"scoringStrategy": {"type": "LeastAllocated",
        "resources": [{"name": "cpu", "weight": 1}, {"name": "memory", "weight": 1}]}});
    assert_eq!(instance.args, want);
}
