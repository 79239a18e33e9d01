//! Whatever happens, in whatever order: no pod is lost or held twice, and the columns say what the pods say.

mod extender;
mod incremental;
mod profiles;
mod recorded;
mod world;

use longshore_framework::plugin::Cycle;
use longshore_framework::profile::Profile;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::verdict::Verdict;
use proptest::collection::vec;
use proptest::prelude::*;

use super::cluster::{NodeDraft, PodDraft, node_draft, pod_draft};
use super::range::{feasible, judges, scores};
use super::storage::StorageChange;
use super::{PROFILES, config};
use world::World;

/// Something that happens to the cluster or to the engine. Numbers choose among what there is.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    PodAdded(PodDraft),
    PodChanged(usize, u8),
    PodTerminates(usize),
    PodDeleted(usize),
    NodeSet(usize, NodeDraft),
    NodeDeleted(usize),
    BudgetSet(usize, i32),
    NamespaceLabelled(usize, u8),
    ServiceSet(usize, bool),
    Storage(StorageChange),
    Step,
    BindingSucceeds(usize),
    BindingFails(usize),
    BindingSeen(usize),
    EvictionEnds(usize, bool),
    TimePasses(i64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let at = 0..64_usize;
    prop_oneof![
        8 => pod_draft().prop_map(Happening::PodAdded),
        2 => (at.clone(), 0..3_u8).prop_map(|(pod, label)| Happening::PodChanged(pod, label)),
        1 => at.clone().prop_map(Happening::PodTerminates),
        2 => at.clone().prop_map(Happening::PodDeleted),
        4 => (0..6_usize, node_draft()).prop_map(|(at, node)| Happening::NodeSet(at, node)),
        1 => (0..6_usize).prop_map(Happening::NodeDeleted),
        1 => (0..3_usize, 0..2_i32).prop_map(|(app, allowed)| Happening::BudgetSet(app, allowed)),
        12 => Just(Happening::Step),
        3 => at.clone().prop_map(Happening::BindingSucceeds),
        2 => at.clone().prop_map(Happening::BindingFails),
        3 => at.clone().prop_map(Happening::BindingSeen),
        2 => (at, any::<bool>()).prop_map(|(at, well)| Happening::EvictionEnds(at, well)),
        3 => prop_oneof![100..3_000_i64, Just(400_000)].prop_map(Happening::TimePasses),
    ]
}

/// What each node holds, by name: requests, ports and pods. Unused columns are left out.
fn columns(snapshot: &Snapshot) -> Vec<String> {
    let mut rows: Vec<String> = snapshot.live().iter().map(|at| row(snapshot, Slot::from(at))).collect();
    rows.sort();
    rows
}

fn row(snapshot: &Snapshot, slot: Slot) -> String {
    let view = snapshot.view(slot);
    let mut used: Vec<_> = snapshot
        .resource_names()
        .map(|(id, name)| (name, view.requested(id), view.allocatable(id)))
        .filter(|(_, requested, allocatable)| (*requested, *allocatable) != (0, 0))
        .collect();
    used.sort();
    let at = slot.index();
    let mut ports: Vec<String> =
        view.pods().iter().flat_map(|p| p.host_ports()).map(|p| format!("{p:?}")).collect();
    ports.sort();
    let mut pods: Vec<_> = view.pods().iter().map(|p| &p.meta.uid).collect();
    pods.sort();
    let nonzero = (snapshot.nonzero_cpu()[at], snapshot.nonzero_memory()[at]);
    let flags = (
        snapshot.cordoned().contains(at),
        snapshot.tainted().contains(at),
        snapshot.with_affinity().contains(at),
        snapshot.with_required_anti_affinity().contains(at),
    );
    let counts = (view.pod_count(), view.allowed_pods());
    format!("{} {used:?} {nonzero:?} {counts:?} {flags:?} {ports:?} {pods:?}", view.name())
}

/// What the plugins of a profile say of `cx.pod` on every node, by name.
fn said(profile: &Profile, cx: Cycle<'_>) -> Vec<String> {
    let slots: Vec<Slot> = cx.snapshot.live().iter().map(Slot::from).collect();
    let name = |slot: &Slot| &cx.snapshot.node(*slot).name;
    let judges = judges(profile, cx);
    let mut lines = Vec::new();
    for judge in &judges {
        for slot in &slots {
            let verdict = judge.of(cx.snapshot.view(*slot));
            if verdict != Verdict::Pass {
                lines.push(format!("{} {} {verdict:?}", name(slot), judge.name));
            }
        }
    }
    let feasible = feasible(&judges, &slots);
    if feasible.len() > 1 {
        for (plugin, raw, normal) in scores(profile, cx, &feasible) {
            let row = |(at, slot)| format!("{} {plugin} {} {}", name(slot), raw[at], normal[at]);
            lines.extend(feasible.iter().enumerate().map(row));
        }
    }
    lines.sort();
    lines
}

/// An engine that lived through everything and one that is told how it ended must agree.
#[track_caller]
fn check_against_fresh(world: &World) {
    let fresh = world.fresh_engine();
    let engine = &world.engine;
    assert_eq!(columns(engine.snapshot()), columns(fresh.snapshot()));
    for pod in world.pending() {
        let of = |engine: &longshore_engine::Engine, profile: &Profile| {
            said(profile, Cycle { snapshot: engine.snapshot(), objects: engine.cache().objects(), pod: &pod })
        };
        // What plugins remember of nodes is no part of what they say.
        assert_eq!(of(engine, &world.profiles[0]), of(&fresh, &PROFILES[0]), "of {}", pod.key());
    }
}

#[track_caller]
fn check(happenings: &[Happening]) {
    let mut world = World::new();
    for happening in happenings {
        world.happens(happening);
        world.check_places(happening);
    }
    check_against_fresh(&world);
    world.settle();
    check_against_fresh(&world);
}

/// A binding that fails leaves no trace: the node is as it was and the pod waits.
#[track_caller]
fn check_undone(happenings: &[Happening]) {
    let mut world = World::new();
    for happening in happenings {
        world.happens(happening);
    }
    for _ in 0..happenings.len() {
        let before = columns(world.engine.snapshot());
        let Some(uid) = world.step() else { break };
        if world.engine.cache().is_assumed(&uid) {
            world.fail_binding(&uid);
            assert_eq!(columns(world.engine.snapshot()), before, "{uid} left something behind");
            assert!(world.engine.waiting(&uid).is_some(), "{uid} does not wait");
        }
        world.check_places(&Happening::Step);
    }
}

proptest! {
    #![proptest_config(config(384))]

    #[test]
    fn every_pod_is_in_one_place_whatever_happens(happenings in vec(happening(), 1..80)) {
        check(&happenings);
    }

    #[test]
    fn a_failed_binding_is_undone(happenings in vec(happening(), 1..50)) {
        check_undone(&happenings);
    }
}
