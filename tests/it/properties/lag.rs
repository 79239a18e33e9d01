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
    /// It is worse to empty some nodes than others.
    pub(super) unlike: bool,
}

impl Draft {
    /// Pods that have to be evicted.
    fn needed(&self) -> usize {
        self.preemptors.len() * self.low
    }

    /// Pods on the nodes that preemptors other than the weakest ones take.
    fn of_stronger(&self) -> usize {
        let weakest = self.preemptors.iter().min();
        self.preemptors.iter().filter(|priority| Some(*priority) > weakest).count() * self.low
    }
}

/// Preemptors that matter as much as each other.
fn equals() -> impl Strategy<Value = Draft> {
    draft(Just(WEAK), any::<bool>())
}

/// A stronger preemptor may take a node that is made free for a weaker one, which then needs another.
fn unequals(unlike: impl Strategy<Value = bool>) -> impl Strategy<Value = Draft> {
    draft(prop_oneof![4 => Just(WEAK), 2 => Just(2 * WEAK), 1 => Just(3 * WEAK)], unlike)
}

/// The priority of the weakest preemptors.
const WEAK: i32 = 10;

fn draft(
    priority: impl Strategy<Value = i32>,
    unlike: impl Strategy<Value = bool>,
) -> impl Strategy<Value = Draft> {
    (1..7_usize, 1..3_usize, vec(priority, 1..7), any::<bool>(), unlike).prop_map(
        |(spare, low, preemptors, graceful, unlike)| Draft {
            nodes: preemptors.len() + spare - 1,
            low,
            preemptors,
            graceful,
            unlike,
        },
    )
}

/// More than twice as many nodes as are tried at the most.
fn large() -> impl Strategy<Value = Draft> {
    let priorities = vec(prop_oneof![Just(WEAK), Just(2 * WEAK)], 10..30);
    let draft = |(preemptors, graceful)| Draft { nodes: 250, low: 1, preemptors, graceful, unlike: false };
    (priorities, any::<bool>()).prop_map(draft)
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

/// Whatever is late, as many pods are evicted as have to be, or so many more at the most, and every preemptor has a node in
/// the end.
#[track_caller]
fn check_needed(draft: &Draft, happenings: &[Happening], more: usize) {
    let mut world = World::new(draft);
    for happening in happenings {
        world.happens(happening);
    }
    world.settle();
    let waiting = world.waiting();
    assert!(waiting.is_empty(), "{waiting:?} have no node in the end");
    let (evicted, needed) = (world.evicted(), draft.needed());
    let right = needed..=needed + more;
    assert!(right.contains(&evicted), "{evicted} instead of {right:?} of {} pods", draft.nodes * draft.low);
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
        check_needed(&draft, &happenings, 0);
    }

    #[test]
    fn nobody_is_evicted_in_vain_though_stronger_preemptors_take_the_nodes_of_weaker_ones(
        draft in unequals(Just(false)), happenings in vec(happening(), 1..150)
    ) {
        check_needed(&draft, &happenings, 0);
    }

    /// Which node it hurts least to empty goes first, as in kube-scheduler, also before one that is being emptied in vain.
    #[test]
    fn where_nodes_differ_a_stronger_preemptor_costs_one_more_node_at_the_most(
        draft in unequals(Just(true)), happenings in vec(happening(), 1..150)
    ) {
        check_needed(&draft, &happenings, draft.of_stronger());
    }

    #[test]
    fn no_preemptor_waits_for_ever_whatever_goes_wrong(
        draft in unequals(any::<bool>()), happenings in vec(trouble(), 1..150)
    ) {
        check_nobody_is_stuck(&draft, &happenings);
    }
}

proptest! {
    #![proptest_config(config(24))]

    /// Only some of the nodes are tried for each preemptor.
    #[test]
    fn in_a_large_cluster_nobody_is_evicted_in_vain_either(
        draft in large(), happenings in vec(happening(), 100..400)
    ) {
        check_needed(&draft, &happenings, 0);
    }
}
