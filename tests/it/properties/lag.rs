//! Preemption while the watch is behind: what was asked of the API server, what it answers and what the watch shows come in
//! any order. Nobody is evicted in vain, and no preemptor waits for ever.

mod server;
mod world;

use proptest::collection::vec;
use proptest::prelude::*;

use super::config;
use world::World;

/// Something that happens. Numbers choose among what there is.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    /// The engine is shown the next change of a pod.
    Shown,
    /// The engine tries a pod.
    Step,
    /// The API server does something it was asked to.
    Called(usize),
    /// The engine hears how something went.
    Answered(usize),
    /// A nomination is written.
    StatusWritten(usize),
    /// A terminating pod ends.
    Ended(usize),
    Second,
    /// What should not happen, or seldom.
    Trouble(Trouble),
}

#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// An eviction fails.
    EvictionFails(usize),
    /// Somebody else deletes a pod that matters little.
    LowDeleted(usize),
    PreemptorDeleted(usize),
    PreemptorChanged(usize),
    NodeDeleted(usize),
    /// The watch begins anew: what was not shown yet comes as the difference that it makes.
    Relisted,
}

/// A full cluster and pods that matter more. Each of them takes a whole node.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) nodes: usize,
    /// Pods on each node.
    pub(super) low: usize,
    /// Priorities of the preemptors; there are enough nodes for all.
    pub(super) preemptors: Vec<i32>,
    /// Victims take their time to end.
    pub(super) graceful: bool,
}

/// Preemptors that matter as much as each other.
fn equals() -> impl Strategy<Value = Draft> {
    draft(Just(10))
}

/// A stronger preemptor may take a node that is made free for a weaker one, which then needs another.
fn unequals() -> impl Strategy<Value = Draft> {
    draft(prop_oneof![4 => Just(10), 1 => Just(20)])
}

fn draft(priority: impl Strategy<Value = i32>) -> impl Strategy<Value = Draft> {
    (1..7_usize, 1..3_usize, vec(priority, 1..7), any::<bool>()).prop_map(
        |(spare, low, preemptors, graceful)| Draft {
            nodes: preemptors.len() + spare - 1,
            low,
            preemptors,
            graceful,
        },
    )
}

fn happening() -> impl Strategy<Value = Happening> {
    let at = 0..16_usize;
    prop_oneof![
        4 => Just(Happening::Shown),
        6 => Just(Happening::Step),
        6 => at.clone().prop_map(Happening::Called),
        5 => at.clone().prop_map(Happening::Answered),
        2 => at.clone().prop_map(Happening::StatusWritten),
        2 => at.prop_map(Happening::Ended),
        1 => Just(Happening::Second),
    ]
}

fn trouble() -> impl Strategy<Value = Happening> {
    let at = 0..16_usize;
    let trouble = prop_oneof![
        2 => at.clone().prop_map(Trouble::EvictionFails),
        2 => at.clone().prop_map(Trouble::LowDeleted),
        1 => at.clone().prop_map(Trouble::PreemptorDeleted),
        1 => at.clone().prop_map(Trouble::PreemptorChanged),
        1 => at.prop_map(Trouble::NodeDeleted),
        1 => Just(Trouble::Relisted),
    ];
    prop_oneof![5 => happening(), 1 => trouble.prop_map(Happening::Trouble)]
}

/// Whatever is late, as many pods are evicted as have to be, and every preemptor has a node in the end.
#[track_caller]
fn check_needed(draft: &Draft, happenings: &[Happening]) {
    let mut world = World::new(draft);
    for happening in happenings {
        world.happens(happening);
    }
    world.settle();
    let waiting = world.waiting();
    assert!(waiting.is_empty(), "{waiting:?} have no node in the end");
    let needed = draft.preemptors.len() * draft.low;
    assert_eq!(world.evicted(), needed, "of {} pods", draft.nodes * draft.low);
}

/// Whatever goes wrong, every preemptor has a node in the end if there are enough.
#[track_caller]
fn check_nobody_is_stuck(draft: &Draft, happenings: &[Happening]) {
    let mut world = World::new(draft);
    for happening in happenings {
        world.happens(happening);
    }
    world.settle();
    let (waiting, free) = (world.waiting(), world.nodes_without_preemptor());
    assert!(waiting.is_empty() || free == 0, "{waiting:?} have no node in the end, with {free} left");
}

proptest! {
    #![proptest_config(config(1024))]

    #[test]
    fn nobody_is_evicted_in_vain_while_the_watch_is_behind(
        draft in equals(), happenings in vec(happening(), 1..150)
    ) {
        check_needed(&draft, &happenings);
    }

    #[test]
    fn no_preemptor_waits_for_ever_whatever_goes_wrong(
        draft in unequals(), happenings in vec(trouble(), 1..150)
    ) {
        check_nobody_is_stuck(&draft, &happenings);
    }
}
