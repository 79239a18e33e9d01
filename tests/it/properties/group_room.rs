//! Room for a group: whoever is evicted for it matters less, goes with all that it goes together with, and once they are gone the
//! group starts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use longshore_engine::{Attempt, Engine, Evaluation, GroupOutcome, Options};
use longshore_framework::fixture::{affinity_term, node, pod};
use longshore_framework::group::{Disruption, GroupTopology, OwnGroup};
use longshore_framework::node::HOSTNAME;
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, Input};
use longshore_framework::{Str, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{PROFILES, config};

/// What matters as much as the group.
const PRIORITY: i32 = 5;

/// A pod on a node.
#[derive(Clone, Debug)]
struct There {
    node: usize,
    priority: i32,
    cpu: i64,
    /// The group that it goes together with, if any.
    whole: Option<usize>,
}

fn there() -> impl Strategy<Value = There> {
    let whole = prop_oneof![3 => Just(None), 1 => (0..3_usize).prop_map(Some)];
    (0..6_usize, 0..8_i32, 1..4_i64, whole).prop_map(|(node, priority, cpu, whole)| There {
        node,
        priority,
        cpu,
        whole,
    })
}

/// What the group is like.
#[derive(Clone, Debug)]
struct Wanted {
    pods: usize,
    min: usize,
    cpu: i64,
    spread: bool,
    rack: bool,
}

fn wanted() -> impl Strategy<Value = Wanted> {
    (1..6_usize, 1..6_usize, 1..5_i64, any::<bool>(), any::<bool>())
        .prop_map(|(pods, min, cpu, spread, rack)| Wanted { pods, min: min.min(pods), cpu, spread, rack })
}

struct World {
    engine: Engine,
    /// Pods on nodes: UID → priority and what it goes together with.
    there: BTreeMap<Str, (i32, Option<usize>)>,
    now: i64,
}

impl World {
    fn new(nodes: &[i64], pods: &[There]) -> Self {
        let options = Options { evaluation: Evaluation::Audited, ..Options::default() };
        let mut engine = Engine::new(PROFILES.clone(), options);
        for (at, cpu) in nodes.iter().enumerate() {
            let rack = format!("r{}", at % 2);
            let new = node(&format!("n{at}")).label("rack", &rack).allocatable("cpu", &cpu.to_string());
            engine.apply(Input::Node(new.build()));
        }
        let mut world = Self { engine, there: BTreeMap::new(), now: 0 };
        let mut left: Vec<i64> = nodes.to_vec();
        for (at, there) in pods.iter().enumerate() {
            let node = there.node % nodes.len();
            if left[node] < there.cpu {
                continue;
            }
            left[node] -= there.cpu;
            let mut new = pod(&format!("there-{at}")).priority(there.priority);
            new = new.request("cpu", &there.cpu.to_string()).on(&format!("n{node}"));
            if let Some(whole) = there.whole {
                let own = OwnGroup {
                    disruption: Disruption::All,
                    ..OwnGroup::new(&format!("whole-{whole}"), Some(1))
                };
                new = new.meta(|meta| meta.own_group = Some(Arc::new(own)));
            }
            let new = new.build();
            world.there.insert(Str::clone(&new.meta.uid), (there.priority, there.whole));
            world.engine.apply(Input::Pod(new));
        }
        world
    }

    fn group(&mut self, wanted: &Wanted) {
        let mut own = OwnGroup::new("g", Some(wanted.min));
        if wanted.rack {
            own.topology = GroupTopology { preferred: Vec::new(), required: Some("rack".into()) };
        }
        let own = Arc::new(own);
        for at in 0..wanted.pods {
            let mut new = pod(&format!("g-{at}")).priority(PRIORITY).request("cpu", &wanted.cpu.to_string());
            if wanted.spread {
                new = new.label("app", "g").spec(|spec| {
                    let apart = affinity_term(HOSTNAME, &[("app", "g")]);
                    spec.pod_anti_affinity.required = vec![apart];
                });
            }
            let new = new.meta(|meta| meta.own_group = Some(Arc::clone(&own))).build();
            self.engine.apply(Input::Pod(new));
        }
    }

    /// What of a whole group there is on nodes matters as much as the most important of it.
    fn matters(&self, uid: &Str) -> i32 {
        let (priority, whole) = self.there[uid];
        let of = self.there.values().filter(|(_, other)| whole.is_some() && *other == whole);
        of.map(|(priority, _)| *priority).max().unwrap_or(priority)
    }

    fn step(&mut self) -> Option<Attempt> {
        self.now += 20_000;
        self.engine.apply(Input::Time(Timestamp(self.now)));
        self.engine.step()
    }

    /// Does what the evictions of an attempt ask for; how many went.
    fn evict(&mut self, attempt: &Attempt) -> usize {
        let mut gone: Vec<(Arc<Pod>, Vec<Arc<Pod>>)> = Vec::new();
        for effect in &attempt.effects {
            if let Effect::Evict { preemptor, victims, .. } = effect {
                gone.push((Arc::clone(preemptor), victims.clone()));
            }
        }
        let victims: BTreeSet<Str> =
            gone.iter().flat_map(|(_, victims)| victims).map(|pod| Str::clone(&pod.meta.uid)).collect();
        for uid in &victims {
            assert!(self.matters(uid) < PRIORITY, "{uid} matters as much");
            let (_, whole) = self.there[uid];
            let with = self.there.iter().filter(|(_, (_, other))| whole.is_some() && *other == whole);
            for (other, _) in with {
                assert!(victims.contains(other), "{uid} goes and {other} stays");
            }
        }
        for uid in &victims {
            self.there.remove(uid);
            self.engine.apply(Input::PodDeleted { uid: Str::clone(uid) });
        }
        for (preemptor, _) in gone {
            self.engine.apply(Input::Evicted { uid: Str::clone(&preemptor.meta.uid), result: Ok(()) });
        }
        victims.len()
    }
}

/// The racks in which the pods of the group are.
fn racks(engine: &Engine) -> BTreeSet<String> {
    let cache = engine.cache();
    let group = cache.pods().filter(|(pod, _)| pod.meta.name.starts_with("g-"));
    let rack = |node: &Str| {
        let snapshot = cache.snapshot();
        snapshot.slot(node).and_then(|slot| snapshot.node(slot).labels.get("rack").map(ToString::to_string))
    };
    group.filter_map(|(_, node)| rack(node)).collect()
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn a_group_starts_once_its_victims_are_gone(
        nodes in vec(2..9_i64, 1..6),
        pods in vec(there(), 0..24),
        wanted in wanted(),
    ) {
        let mut world = World::new(&nodes, &pods);
        world.group(&wanted);
        let before = world.engine.cache().pods().count();
        let mut attempt = world.step().unwrap();
        let result = attempt.group.clone().unwrap();
        let gone = world.evict(&attempt);
        match result.outcome {
            GroupOutcome::Preempting => {
                prop_assert!(gone > 0);
                attempt = world.step().expect("the group is tried again");
                let result = attempt.group.clone().unwrap();
                prop_assert_eq!(result.outcome, GroupOutcome::Started, "{}", result.message);
                prop_assert_eq!(world.evict(&attempt), 0);
            }
            GroupOutcome::Started => prop_assert_eq!(gone, 0),
            GroupOutcome::Unschedulable => {
                prop_assert_eq!(gone, 0);
                prop_assert_eq!(world.engine.cache().pods().count(), before);
                prop_assert!(world.step().is_none(), "it is tried again, though nothing happened");
                return Ok(());
            }
            GroupOutcome::Broken => prop_assert!(false, "{}", result.message),
        }
        let placed = world.engine.cache().pods().count() - world.there.len();
        prop_assert!(placed >= wanted.min, "{placed} of {wanted:?}");
        prop_assert!(!wanted.rack || racks(&world.engine).len() == 1);
    }
}
