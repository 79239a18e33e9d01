//! The same groups for kube-scheduler and for Longshore, beside each other in one cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use longshore_tests::control_plane::groups::{self, GroupApi};
use longshore_tests::control_plane::{
    Arena, Kind, LONG, SchedulerOptions, binaries, condition, objects, shared, until,
};
use serde_json::{Value, json};

/// Names of the schedulers. Each has nodes of its own, so that they do not take each other's room.
const SIDES: [&str; 2] = ["theirs", "ours"];

/// One side of the cluster.
struct Side<'a> {
    arena: &'a Arena,
    api: GroupApi,
    name: &'static str,
}

impl Side<'_> {
    /// The name of an object of this side.
    fn own(&self, name: &str) -> String {
        format!("{}-{name}", self.name)
    }

    /// A node with room for so many CPUs, for pods of one case.
    fn node(&self, case: &str, cpu: &str) {
        let labels = json!({ "metadata": { "labels": { "case": self.own(case) } }, "status": { "allocatable": { "cpu": cpu } } });
        self.arena.node(&self.own(case), &labels);
    }

    fn group(&self, name: &str, min: Option<usize>, more: &Value) {
        let group = self.api.group(&self.arena.namespace, &self.own(name), min);
        self.arena.api.create(&objects::with(group, more));
    }

    /// Pods that ask for a CPU each, of the case and its group.
    fn pods(&self, case: &str, count: usize, more: &Value) {
        for at in 0..count {
            self.pod(case, &format!("{case}-{at}"), more);
        }
    }

    fn pod(&self, case: &str, name: &str, more: &Value) {
        let own = json!({ "spec": {
            "schedulerName": self.name,
            "schedulingGroup": { "podGroupName": self.own(case) },
            "nodeSelector": { "case": self.own(case) },
        } });
        let pod = objects::asking(self.arena.new_pod(&self.own(name)), "1");
        self.arena.api.create(&objects::with(objects::with(pod, &own), more));
    }

    /// What is to be compared of the side, with the names of neither in it. Pods that are alike are not told apart: which of
    /// them comes first is up to chance at a start.
    fn traces(&self) -> Traces {
        let mut traces = Traces::new();
        let of_side = |object: &&Value| {
            object["metadata"]["name"].as_str().is_some_and(|name| name.starts_with(self.name))
        };
        for pod in self.arena.api.list(&self.arena.path("pods")).iter().filter(of_side) {
            let name = pod["metadata"]["name"].as_str().unwrap();
            let scheduled = condition(pod, "PodScheduled").unwrap_or_default();
            let said = ["status", "reason", "message"].map(|key| scheduled[key].to_string()).join(" ");
            let (node, nominated) = (&pod["spec"]["nodeName"], &pod["status"]["nominatedNodeName"]);
            let mut lines = vec![format!("node {node}, nominated {nominated}, condition {said}")];
            let events = self.arena.events(name).into_iter().filter(|e| e["reportingController"] != "kwok");
            let told: BTreeSet<String> = events.map(|event| told(&event)).collect();
            lines.extend(told);
            let text = lines.join("\n    ").replace(name, "POD");
            traces
                .entry(format!("pods of {}", alike(&self.normal(name))))
                .or_default()
                .push(self.normal(&text));
        }
        for group in self.arena.api.list(&self.api.collection(&self.arena.namespace)).iter().filter(of_side) {
            let name = group["metadata"]["name"].as_str().unwrap();
            let conditions = group["status"]["conditions"].as_array().cloned().unwrap_or_default();
            // The message is a sentence of our own.
            let line = |c: &Value| {
                ["type", "status", "reason", "observedGeneration"].map(|key| c[key].to_string()).join(" ")
            };
            traces.insert(format!("group {}", self.normal(name)), conditions.iter().map(line).collect());
        }
        traces.values_mut().for_each(|texts| texts.sort());
        traces
    }

    fn normal(&self, text: &str) -> String {
        text.replace(&self.own(""), "").replace(self.name, "NAME")
    }
}

/// By kind and name, as texts.
type Traces = BTreeMap<String, Vec<String>>;

/// The name without its number.
fn alike(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit())
}

fn told(event: &Value) -> String {
    let mut note = event["note"].as_str().unwrap_or_default();
    // There the group is named and a node that does not exist; here a pod of it and the node.
    if event["reason"] == "Preempted" {
        note = note.split_inclusive("by ").next().unwrap_or_default();
    }
    format!("event {} {} {} {note}", event["type"], event["reason"], event["action"])
}

/// CPUs of the node of each case.
const NODES: [(&str, &str); 7] = [
    ("fits", "3"),
    ("large", "2"),
    ("more", "2"),
    ("basic", "1"),
    ("unlike", "4"),
    ("evicts", "2"),
    ("spares", "2"),
];

/// Groups with one fate each.
fn play(side: &Side<'_>) {
    let none = json!({});
    // All fit.
    side.group("fits", Some(3), &none);
    side.pods("fits", 3, &none);
    // One fits too few.
    side.group("large", Some(3), &none);
    side.pods("large", 3, &none);
    // It lacks a pod.
    side.group("lacks", Some(3), &none);
    side.pods("lacks", 2, &none);
    // Nobody has made the group.
    side.pods("missing", 2, &none);
    // A pod more than it takes, for which there is no room.
    side.group("more", Some(2), &none);
    side.pods("more", 3, &none);
    // Each starts as it fits.
    side.group("basic", None, &none);
    side.pods("basic", 2, &none);
    // Pods of several priorities.
    side.group("unlike", Some(2), &none);
    side.pod("unlike", "unlike-0", &json!({ "spec": { "priorityClassName": "high" } }));
    side.pod("unlike", "unlike-1", &none);
}

/// A group that gets its room by eviction, and one that would not get enough.
fn preemption(side: &Side<'_>) {
    let high = json!({ "spec": { "priorityClassName": "high" } });
    let loose = json!({ "spec": { "schedulingGroup": null } });
    for (case, keeps) in [("evicts", "low"), ("spares", "high")] {
        let stays = json!({ "metadata": { "finalizers": ["longshore.dev/look"] } });
        side.pod(case, &format!("{case}-low"), &objects::with(loose.clone(), &stays));
        let more = objects::with(loose.clone(), &json!({ "spec": { "priorityClassName": keeps } }));
        side.pod(case, &format!("{case}-keeps"), &objects::with(more, &stays));
        for name in ["low", "keeps"] {
            side.arena.until_bound(&side.own(&format!("{case}-{name}")));
        }
        side.group(case, Some(2), &high);
        side.pods(case, 2, &high);
    }
}

#[test]
fn groups_fare_as_under_kube_scheduler_beside_it() {
    let Some(api) = groups::api().filter(|_| binaries::have("kube-scheduler")) else { return };
    let arena = shared();
    arena.api.create(&objects::priority_class("low", 10));
    arena.api.create(&objects::priority_class("high", 1000));
    let sides = SIDES.map(|name| Side { arena: &arena, api, name });
    for side in &sides {
        NODES.iter().for_each(|(case, cpu)| side.node(case, cpu));
        // All of it is there before the schedulers are: they hear of it in one order.
        play(side);
    }
    let _schedulers = [Kind::KubeScheduler, Kind::Longshore].map(|kind| {
        let name = if kind == Kind::Longshore { "ours" } else { "theirs" };
        let profiles = json!({ "profiles": [{ "schedulerName": name }] });
        arena.scheduler_with(&SchedulerOptions::new(kind).config(&profiles).flag(api.flag()))
    });
    sides.iter().for_each(preemption);
    // Until nothing changes any more.
    let mut last = BTreeMap::new();
    until("both to come to rest", LONG, String::new, || {
        thread::sleep(Duration::from_secs(4));
        let now: BTreeMap<_, _> = sides.iter().map(|side| (side.name, side.traces())).collect();
        (std::mem::replace(&mut last, now.clone()) == now).then_some(())
    });
    // Pods beyond those that it takes are tried by themselves, and what comes of that may be written over what was written a
    // moment ago: whoever reads the group has not seen it yet.
    for side in last.values_mut() {
        let started = ["more", "basic"].map(|name| side.remove(&format!("group {name}")).unwrap_or_default());
        assert!(started.iter().all(|lines| lines.len() == 1), "{started:?}");
    }
    let (theirs, ours) = (&last["theirs"], &last["ours"]);
    let all: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let differing = all.into_iter().filter(|what| theirs.get(*what) != ours.get(*what));
    let found: Vec<String> = differing
        .map(|what| {
            let say = |side: &Traces| side.get(what).map_or_else(String::new, |texts| texts.join("\n  "));
            format!("{what}\n  THEIRS\n  {}\n  OURS\n  {}", say(theirs), say(ours))
        })
        .collect();
    release(&arena);
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}

/// Lets pods go that were kept to be looked at.
fn release(arena: &Arena) {
    for pod in arena.api.list(&arena.path("pods")) {
        if pod["metadata"]["finalizers"].is_array() {
            let path = arena.path(&format!("pods/{}", pod["metadata"]["name"].as_str().unwrap()));
            let _ = arena.api.patch(&path, &json!({ "metadata": { "finalizers": null } }));
        }
    }
}
