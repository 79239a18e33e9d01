//! A scheduler that is killed while a group is half bound, again and again.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use longshore_tests::control_plane::{LONG, objects, shared, until};
use serde_json::{Value, json};

use super::fixture::{Groups, Way, placed};

/// How often: `LONGSHORE_GROUP_KILLS=50` for all of it.
fn kills() -> usize {
    std::env::var("LONGSHORE_GROUP_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

/// Nodes of four CPUs; there is room for two groups of eight pods.
const NODES: usize = 2;
const PODS: usize = 8;
const CPU: &str = "500m";

/// What runs on.
struct Storm {
    groups: Groups,
    ways: Vec<Way>,
    /// How many groups there were.
    made: usize,
    /// How many pods each group takes, by name.
    minimum: BTreeMap<String, usize>,
}

/// How many pods have a node, by group.
type Placed = BTreeMap<String, usize>;

impl Storm {
    /// A group more: some take all of their pods, some do without two.
    fn add(&mut self) {
        let name = format!("g{}", self.made);
        let way = self.ways[self.made % self.ways.len()];
        let min = if self.made.is_multiple_of(2) { PODS } else { PODS - 2 };
        self.groups.whole(way, &name, (min, PODS), CPU);
        self.minimum.insert(name, min);
        self.made += 1;
    }

    fn placed(&self) -> Placed {
        let mut placed: Placed = self.minimum.keys().map(|name| (name.clone(), 0)).collect();
        for pod in self.groups.arena.api.list(&self.groups.arena.path("pods")) {
            let name = pod["metadata"]["name"].as_str().unwrap().rsplit_once('-').unwrap().0;
            if pod["spec"]["nodeName"].is_string()
                && let Some(count) = placed.get_mut(name)
            {
                *count += 1;
            }
        }
        placed
    }

    /// Groups of which some pods have a node and fewer than the group takes.
    fn halves(&self, placed: &Placed) -> Vec<String> {
        let is_half = |(name, count): &(&String, &usize)| (1..self.minimum[*name]).contains(*count);
        placed.iter().filter(is_half).map(|(name, _)| name.clone()).collect()
    }

    /// Waits until a group is half bound, with this many pods if it gets there.
    fn until_half(&mut self, pods: usize) {
        let start = Instant::now();
        loop {
            let placed = self.placed();
            let halves = self.halves(&placed);
            let far = halves.iter().any(|name| placed[name] >= pods);
            if far || !halves.is_empty() && start.elapsed() > Duration::from_secs(2) {
                return;
            }
            // They were too fast to be seen half bound.
            if halves.is_empty() && start.elapsed() > Duration::from_secs(5) {
                self.finish();
            }
            assert!(start.elapsed() < LONG, "no group is half bound: {placed:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until these groups have the pods that they take, though nobody makes room.
    fn until_whole(&self, names: &[String]) {
        let whole = |placed: &Placed| names.iter().all(|name| placed[name] >= self.minimum[name]);
        let story = || format!("{:?} of {:?}\n{}", self.placed(), self.minimum, self.stories(names));
        until(&format!("{names:?} to be whole"), LONG, story, || whole(&self.placed()).then_some(()));
    }

    fn stories(&self, names: &[String]) -> String {
        let of = |name: &String| {
            let pods = self.groups.pods_of(name);
            let waiting = pods.iter().find(|pod| pod["spec"]["nodeName"].is_null());
            format!("{name}: {}", waiting.map_or(&Value::Null, |pod| &pod["status"]["conditions"]))
        };
        names.iter().map(of).collect::<Vec<_>>().join("\n")
    }

    /// Groups that have started are done: their pods go.
    fn finish(&mut self) {
        for (name, count) in self.placed() {
            if count >= self.minimum[&name] {
                for pod in self.groups.pods_of(&name) {
                    let path = format!("pods/{}", pod["metadata"]["name"].as_str().unwrap());
                    self.groups.arena.api.delete(&self.groups.arena.path(&path)).unwrap();
                }
                self.minimum.remove(&name);
            }
        }
    }
}

/// Pods that matter more than any group and would take its room, if they were asked first.
fn eager(storm: &Storm) -> Vec<Value> {
    let more = json!({ "spec": { "priorityClassName": "eager" } });
    let arena = &storm.groups.arena;
    let pod = |at: usize| objects::with(objects::asking(arena.new_pod(&format!("eager-{at}")), CPU), &more);
    (0..4).map(|at| arena.api.create(&pod(at))).collect()
}

#[test]
fn a_scheduler_that_is_killed_in_mid_group_leaves_no_group_half_bound() {
    let groups = Groups::on(shared());
    let class =
        objects::with(objects::priority_class("eager", 1000), &json!({ "preemptionPolicy": "Never" }));
    groups.arena.api.create(&class);
    for at in 0..NODES {
        groups.arena.node(&format!("n{at}"), &json!({}));
    }
    // One that never fits: half of it would.
    groups.whole(Way::Annotations, "huge", (3 * PODS, 3 * PODS), CPU);
    let ways = groups.ways();
    let mut storm = Storm { groups, ways, made: 0, minimum: BTreeMap::new() };
    // So slow that there is always a binding that waits to be sent.
    let slow = json!({ "clientConnection": { "qps": 25, "burst": 1 } });
    let options = storm.groups.options().config(&slow);
    let mut scheduler = storm.groups.arena.scheduler_with(&options);
    let mut in_the_middle = 0;
    for life in 0..kills() {
        // Twice as many as there is room for.
        while storm.minimum.len() < 4 {
            storm.add();
        }
        storm.until_half(1 + life * 5 % (PODS - 3));
        scheduler.process.kill();
        let halves = storm.halves(&storm.placed());
        in_the_middle += usize::from(!halves.is_empty());
        let eager = eager(&storm);
        scheduler = storm.groups.arena.scheduler_with(&options);
        storm.until_whole(&halves);
        for pod in eager {
            storm.groups.arena.api.delete(&objects::path(&pod)).unwrap();
        }
        storm.finish();
    }
    let end = Instant::now() + LONG * 2;
    while !storm.minimum.is_empty() {
        assert!(Instant::now() < end, "not all groups have been whole: {:?}", storm.placed());
        storm.finish();
        thread::sleep(Duration::from_millis(100));
    }
    // A binding that was on its way may have made a group whole after all.
    assert!(in_the_middle * 2 > kills(), "{in_the_middle} of {} kills left a group half bound", kills());
    assert_eq!(storm.groups.placed("huge"), 0);
    let left = storm.groups.arena.api.list(&storm.groups.arena.path("pods"));
    assert_eq!(placed(&left), 0, "nothing but the group that does not fit is left");
}
