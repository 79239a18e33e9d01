//! Groups are started together or not at all, whatever happens meanwhile, and none keeps another from starting for ever.
//!
//! All pods take the same: one place for a pod. So what has to be at the end can be counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use longshore_engine::{Engine, Evaluation, Options};
use longshore_framework::fixture::{node, pod};
use longshore_framework::group::{GroupApi, OwnGroup, PodGroup};
use longshore_framework::objects::Object;
use longshore_framework::pod::{Pod, PodMeta};
use longshore_framework::port::{Effect, Input};
use longshore_framework::{Str, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{PROFILES, config};

/// Something that happens. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Happening {
    /// Another pod of the group with this number, or of none.
    Pod(usize),
    Deleted(usize),
    Node(usize),
    NodeDeleted,
    Step,
    Bound(usize),
    BindingFails(usize),
    /// The watch shows a pod on its node.
    Shown(usize),
    /// The group takes another number of pods.
    Takes(usize, usize),
    Seconds,
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::{BindingFails, Bound, Deleted, Node, NodeDeleted, Pod, Seconds, Shown, Step, Takes};
    prop_oneof![
        8 => (0..8_usize).prop_map(Pod),
        2 => (0..99_usize).prop_map(Deleted),
        2 => (1..4_usize).prop_map(Node),
        1 => Just(NodeDeleted),
        6 => Just(Step),
        6 => (0..99_usize).prop_map(Bound),
        1 => (0..99_usize).prop_map(BindingFails),
        3 => (0..99_usize).prop_map(Shown),
        1 => (0..4_usize, 1..4_usize).prop_map(|(group, min)| Takes(group, min)),
        3 => Just(Seconds),
    ]
}

/// How groups are written: the first four have objects, the others annotations.
const GROUPS: [(&str, GroupApi, usize); 6] = [
    ("g0", GroupApi::Kubernetes, 2),
    ("g1", GroupApi::Kubernetes, 3),
    ("g2", GroupApi::Coscheduling, 3),
    ("g3", GroupApi::Kubernetes, 5),
    ("g4", GroupApi::Annotations, 2),
    ("g5", GroupApi::Annotations, 4),
];

struct World {
    engine: Engine,
    /// Pods that exist, by UID, with the number of their group.
    pods: BTreeMap<Str, (Arc<Pod>, Option<usize>)>,
    mins: Vec<usize>,
    /// Groups that lost a pod, or whose binding failed, or that take another number than when they started.
    disturbed: BTreeSet<usize>,
    /// Bindings that are under way.
    bindings: Vec<Str>,
    /// Nodes and how many places each has.
    nodes: BTreeMap<Str, usize>,
    made: usize,
    now: i64,
}

impl World {
    fn new() -> Self {
        let options = Options { evaluation: Evaluation::Audited, ..Options::default() };
        let mut world = Self {
            engine: Engine::new(PROFILES.clone(), options),
            pods: BTreeMap::new(),
            mins: GROUPS.iter().map(|(.., min)| *min).collect(),
            disturbed: BTreeSet::new(),
            bindings: Vec::new(),
            nodes: BTreeMap::new(),
            made: 0,
            now: 0,
        };
        for group in 0..GROUPS.len() {
            world.tell_group(group);
        }
        world
    }

    fn tell_group(&mut self, group: usize) {
        let (name, api, _) = GROUPS[group];
        if api != GroupApi::Annotations {
            let object = PodGroup::new(api, "default", name, Some(self.mins[group]));
            self.tell(Input::Object(Object::PodGroup(Arc::new(object))));
        }
    }

    fn tell(&mut self, input: Input) {
        let effects = self.engine.apply(input);
        self.perform(effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        let bound = effects.into_iter().filter_map(|effect| match effect {
            Effect::Bind { pod, .. } => Some(Str::clone(&pod.meta.uid)),
            _ => None,
        });
        self.bindings.extend(bound);
    }

    fn step(&mut self) -> bool {
        let Some(attempt) = self.engine.step() else { return false };
        self.perform(attempt.effects);
        true
    }

    fn happen(&mut self, happening: &Happening) {
        match *happening {
            Happening::Pod(group) => self.new_pod(group),
            Happening::Deleted(at) => {
                let Some((uid, (_, group))) = nth(&self.pods, at) else { return };
                let uid = Str::clone(uid);
                self.disturbed.extend(*group);
                self.pods.remove(&uid);
                self.tell(Input::PodDeleted { uid });
            }
            Happening::Node(places) => self.new_node(places),
            Happening::NodeDeleted => self.node_deleted(),
            Happening::Step => drop(self.step()),
            Happening::Bound(at) => self.answer(at, Ok(())),
            Happening::BindingFails(at) => self.answer(at, Err("gone wrong".into())),
            Happening::Shown(at) => self.shown(at),
            Happening::Takes(group, _) if GROUPS[group].1 == GroupApi::Annotations => {}
            Happening::Takes(group, min) => {
                self.disturbed.insert(group);
                self.mins[group] = min;
                self.tell_group(group);
            }
            Happening::Seconds => {
                self.now += 20_000;
                self.tell(Input::Time(Timestamp(self.now)));
            }
        }
        self.check_at_any_time();
    }

    fn new_pod(&mut self, group: usize) {
        self.made += 1;
        let mut new = pod(&format!("p{:03}", self.made));
        let of = GROUPS.get(group).map(|_| group);
        if let Some((name, api, min)) = GROUPS.get(group) {
            new = match api {
                GroupApi::Kubernetes => new.spec(|s| s.scheduling_group = Some((*name).into())),
                GroupApi::Coscheduling => new.label(longshore_framework::group::GROUP_LABEL, name),
                GroupApi::Annotations => {
                    let own = OwnGroup::new(name, Some(*min));
                    new.meta(|m| m.own_group = Some(Arc::new(own)))
                }
            };
        }
        let new = new.build();
        self.pods.insert(Str::clone(&new.meta.uid), (Arc::clone(&new), of));
        self.tell(Input::Pod(new));
    }

    fn new_node(&mut self, places: usize) {
        self.made += 1;
        let name: Str = format!("n{:03}", self.made).into();
        self.nodes.insert(Str::clone(&name), places);
        self.tell_node(&name, places);
    }

    fn tell_node(&mut self, name: &Str, places: usize) {
        self.tell(Input::Node(node(name).allocatable("pods", &places.to_string()).build()));
    }

    /// The scheduler is killed. Of the bindings that are under way some are written all the same; another scheduler is told of
    /// everything, of the pods in an order that begins with any.
    fn killed(&mut self, written: &[bool], first: usize) {
        let lost = std::mem::take(&mut self.bindings);
        let lost = lost.into_iter().enumerate().filter(|(at, _)| !written[at % written.len()]);
        let lost: BTreeSet<Str> = lost.map(|(_, uid)| uid).collect();
        let mut pods: Vec<Arc<Pod>> = Vec::new();
        for (uid, (pod, _)) in &self.pods {
            let meta = &pod.meta;
            let node_name = self.node_of(uid).filter(|_| !lost.contains(uid)).cloned();
            let meta = PodMeta { node_name, ..meta.clone() };
            pods.push(Arc::new(Pod { meta, ..Pod::clone(pod) }));
        }
        let from = first % pods.len().max(1);
        pods.rotate_left(from);
        let Self { engine, mins, .. } = Self::new();
        assert_eq!(mins, self.mins, "groups take what they took");
        self.engine = engine;
        self.tell(Input::Time(Timestamp(self.now)));
        for (name, places) in self.nodes.clone() {
            self.tell_node(&name, places);
        }
        for pod in pods {
            self.tell(Input::Pod(pod));
        }
    }

    /// Everything is tried that can be tried now, and every binding is written.
    fn decide_all(&mut self) {
        while self.step() {}
        while !self.bindings.is_empty() {
            self.answer(0, Ok(()));
        }
    }

    /// A node goes, and whoever was on it.
    fn node_deleted(&mut self) {
        let Some((name, _)) = self.nodes.pop_first() else { return };
        let on: Vec<Str> = self.pods.keys().filter(|uid| self.node_of(uid) == Some(&name)).cloned().collect();
        for uid in on {
            let group = self.pods.remove(&uid).and_then(|(_, group)| group);
            self.disturbed.extend(group);
            self.tell(Input::PodDeleted { uid });
        }
        self.tell(Input::NodeDeleted { name });
    }

    fn answer(&mut self, at: usize, result: Result<(), Str>) {
        if self.bindings.is_empty() {
            return;
        }
        let uid = self.bindings.swap_remove(at % self.bindings.len());
        if result.is_err()
            && let Some((_, group)) = self.pods.get(&uid)
        {
            self.disturbed.extend(*group);
        }
        self.tell(Input::Bound { uid, result });
    }

    fn shown(&mut self, at: usize) {
        let Some((uid, (pod, _))) = nth(&self.pods, at) else { return };
        if self.bindings.contains(uid) {
            return;
        }
        let Some(node) = self.node_of(uid).cloned() else { return };
        let meta = PodMeta { node_name: Some(node), ..pod.meta.clone() };
        self.tell(Input::Pod(Arc::new(Pod { meta, ..Pod::clone(pod) })));
    }

    fn node_of(&self, uid: &str) -> Option<&Str> {
        self.engine.cache().pod(uid).map(|(_, node)| node)
    }

    /// How many pods of a group have a place, and how many there are.
    fn counts(&self, group: Option<usize>) -> (usize, usize) {
        let of = self.pods.iter().filter(|(_, (_, of))| *of == group);
        let known: Vec<&Str> = of.map(|(uid, _)| uid).collect();
        (known.iter().filter(|uid| self.node_of(uid).is_some()).count(), known.len())
    }

    fn check_at_any_time(&self) {
        for group in (0..GROUPS.len()).filter(|group| !self.disturbed.contains(group)) {
            let (placed, known) = self.counts(Some(group));
            assert!(
                placed == 0 || placed >= self.mins[group],
                "group {group}: {placed} of {known} have a place, and it takes {}",
                self.mins[group]
            );
        }
    }

    /// Everything that is under way comes to its end.
    fn settle(&mut self) {
        for _ in 0..40 {
            self.happen(&Happening::Seconds);
            while self.step() {
                self.check_at_any_time();
            }
            while !self.bindings.is_empty() {
                self.answer(0, Ok(()));
            }
        }
        for at in 0..self.pods.len() {
            self.shown(at);
        }
    }

    fn check_settled(&self) {
        assert_eq!(self.engine.reserved(), 0, "something is still reserved");
        let places: usize = self.nodes.values().sum();
        let taken = self.pods.keys().filter(|uid| self.node_of(uid).is_some()).count();
        let free = places - taken;
        let (placed, known) = self.counts(None);
        assert!(placed == known || free == 0, "{} pods wait while {free} places are free", known - placed);
        for (group, min) in self.mins.iter().enumerate() {
            let (placed, known) = self.counts(Some(group));
            let lacks = min.saturating_sub(placed).max(1);
            assert!(
                placed == known || known < *min || free < lacks,
                "group {group}: {placed} of {known} have a place, it takes {min}, and {free} are free"
            );
        }
        let counts = self.engine.queue_counts();
        let waiting = counts.active + counts.backoff + counts.unschedulable + counts.gated;
        assert_eq!(waiting, self.pods.len() - taken, "{counts:?}");
        assert_eq!(self.engine.waiting_pods().count(), waiting);
    }
}

fn nth<K, V>(map: &BTreeMap<K, V>, at: usize) -> Option<(&K, &V)> {
    map.iter().nth(at % map.len().max(1))
}

/// What happens while nothing is taken away and nothing fails.
fn quiet() -> impl Strategy<Value = Happening> {
    prop_oneof![
        8 => (0..8_usize).prop_map(Happening::Pod),
        2 => (1..4_usize).prop_map(Happening::Node),
        6 => Just(Happening::Step),
        4 => (0..99_usize).prop_map(Happening::Bound),
        3 => (0..99_usize).prop_map(Happening::Shown),
        1 => Just(Happening::Seconds),
    ]
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn whoever_follows_a_scheduler_that_was_killed_ends_what_it_began(
        lives in vec((vec(quiet(), 1..60), vec(any::<bool>(), 1..8), any::<usize>()), 1..4)
    ) {
        let mut world = World::new();
        for (history, written, first) in &lives {
            for happening in history {
                world.happen(happening);
            }
            world.killed(written, *first);
            world.decide_all();
            // Nobody has made room, and others waited for it too.
            world.check_at_any_time();
        }
        world.settle();
        world.check_settled();
    }

    #[test]
    fn groups_start_together_or_not_at_all(history in vec(happening(), 1..120)) {
        let mut world = World::new();
        for happening in &history {
            world.happen(happening);
        }
        world.settle();
        world.check_settled();
    }
}
