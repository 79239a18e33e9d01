//! What the engine keeps from decision to decision answers as if everything were asked anew.

use longshore_engine::{Evaluation, Options};
use longshore_framework::profile::Profile;
use proptest::collection::vec;
use proptest::prelude::*;

use super::extender::whims;
use super::profiles::{ASKING, BACKWARDS, REVERSED};
use super::world::{DESCRIBED, World};
use super::{Happening, PodDraft, check_against_fresh, happening, node_draft, pod_draft};
use crate::properties::storage::{first_changes, storage_change, volume_draft};
use crate::properties::{PROFILES, config, new_profiles};

/// Few kinds of pods, so that pods share a class, and what happens: a replica of one of them comes, or anything else.
fn history(length: usize) -> impl Strategy<Value = Vec<Happening>> {
    let replica = (0..16_usize).prop_map(Step::Replica);
    let labels = (0..2_usize, 0..3_u8).prop_map(|(at, label)| Happening::NamespaceLabelled(at, label));
    let service = (0..3_usize, any::<bool>()).prop_map(|(app, there)| Happening::ServiceSet(app, there));
    let step = prop_oneof![
        8 => replica,
        10 => Just(Step::Other(Happening::Step)),
        3 => (0..16_usize).prop_map(|at| Step::Other(Happening::BindingSucceeds(at))),
        8 => happening().prop_map(Step::Other),
        1 => labels.prop_map(Step::Other),
        1 => service.prop_map(Step::Other),
    ];
    let nodes = vec(node_draft(), 2..24);
    (vec(pod_draft(), 1..4), nodes, vec(step, 1..length)).prop_map(|(kinds, nodes, steps)| {
        let nodes = nodes.into_iter().enumerate().map(|(at, draft)| Happening::NodeSet(at, draft));
        nodes.chain(steps.into_iter().map(|step| step.of(&kinds))).collect()
    })
}

#[derive(Clone, Debug)]
enum Step {
    Replica(usize),
    Other(Happening),
}

impl Step {
    fn of(self, kinds: &[PodDraft]) -> Happening {
        match self {
            Self::Replica(at) => Happening::PodAdded(kinds[at % kinds.len()].clone()),
            Self::Other(happening) => happening,
        }
    }
}

/// The engine holds every decision against the literal one; the world does not stand errors.
#[track_caller]
fn check_settled(profiles: &[Profile], happenings: &[Happening]) {
    check(profiles, happenings).settle();
}

#[track_caller]
fn check(profiles: &[Profile], happenings: &[Happening]) -> World {
    check_with(profiles, Options::default(), happenings)
}

#[track_caller]
fn check_with(profiles: &[Profile], options: Options, happenings: &[Happening]) -> World {
    let options = Options { evaluation: Evaluation::Audited, described_nodes: DESCRIBED, ..options };
    let mut world = World::of(profiles.to_vec(), options);
    for happening in happenings {
        world.happens(happening);
    }
    world
}

/// Nodes that fill up with pods that matter little, then pods that matter more, whose evictions are under way for a while.
fn evictions(length: usize) -> impl Strategy<Value = Vec<Happening>> {
    let at = 0..16_usize;
    let step = prop_oneof![
        6 => at.clone().prop_map(Step::Replica),
        12 => Just(Step::Other(Happening::Step)),
        4 => (at.clone(), any::<bool>()).prop_map(|(at, well)| Step::Other(Happening::EvictionEnds(at, well))),
        3 => at.clone().prop_map(|at| Step::Other(Happening::BindingSucceeds(at))),
        3 => at.prop_map(|at| Step::Other(Happening::BindingSeen(at))),
        2 => (0..3_usize, 0..2_i32).prop_map(|(app, allowed)| Step::Other(Happening::BudgetSet(app, allowed))),
        3 => happening().prop_map(Step::Other),
    ];
    let kinds = |priority: u8, most: usize| {
        vec(pod_draft().prop_map(move |draft| draft.plain().of_priority(priority)), 1..most)
    };
    let nodes = vec(node_draft(), 2..10);
    (kinds(0, 4), kinds(3, 3), nodes, vec(step, 1..length)).prop_map(|(low, high, nodes, steps)| {
        let room = 3 * nodes.len();
        let filled = (0..room).flat_map(|at| {
            let pod = Happening::PodAdded(low[at % low.len()].clone());
            [pod, Happening::Step, Happening::BindingSucceeds(0), Happening::BindingSeen(0)]
        });
        let filled: Vec<Happening> = filled.collect();
        let nodes = nodes.into_iter().enumerate().map(|(at, draft)| Happening::NodeSet(at, draft));
        nodes.chain(filled).chain(steps.into_iter().map(|step| step.of(&high))).collect()
    })
}

/// The same with pods that have volumes, and storage objects that come, change and go.
fn storage(length: usize) -> impl Strategy<Value = Vec<Happening>> {
    let at = 0..16_usize;
    let step = prop_oneof![
        8 => at.clone().prop_map(Step::Replica),
        10 => Just(Step::Other(Happening::Step)),
        4 => at.clone().prop_map(|at| Step::Other(Happening::BindingSucceeds(at))),
        1 => at.prop_map(|at| Step::Other(Happening::BindingFails(at))),
        6 => storage_change().prop_map(|change| Step::Other(Happening::Storage(change))),
        4 => happening().prop_map(Step::Other),
    ];
    let kind = (pod_draft(), vec(volume_draft(), 1..3)).prop_map(|(pod, volumes)| pod.with_volumes(volumes));
    let before = vec(storage_change().prop_map(Happening::Storage), 0..24);
    (vec(kind, 1..4), vec(node_draft(), 2..12), before, vec(step, 1..length)).prop_map(
        |(kinds, nodes, before, steps)| {
            let nodes = nodes.into_iter().enumerate().map(|(at, draft)| Happening::NodeSet(at, draft));
            let first = first_changes().into_iter().map(Happening::Storage);
            nodes.chain(first).chain(before).chain(steps.into_iter().map(|step| step.of(&kinds))).collect()
        },
    )
}

proptest! {
    #![proptest_config(config(768))]

    #[test]
    fn pods_with_volumes_are_decided_from_what_is_kept_as_from_everything(happenings in storage(100)) {
        let mut world = check(&new_profiles(), &happenings);
        check_against_fresh(&world);
        world.settle();
        check_against_fresh(&world);
    }

    #[test]
    fn so_are_they_whatever_the_order_of_filters(happenings in storage(80)) {
        check_settled(&REVERSED, &happenings);
    }

    #[test]
    fn a_decision_from_what_is_kept_is_one_from_everything(happenings in history(120)) {
        check_settled(&PROFILES, &happenings);
    }

    #[test]
    fn it_is_so_whatever_the_order_of_filters(happenings in history(80)) {
        check_settled(&REVERSED, &happenings);
    }

    #[test]
    fn who_is_asked_every_time_spoils_nothing(happenings in history(80)) {
        check_settled(&ASKING, &happenings);
    }

    #[test]
    fn nor_does_who_only_looks_at_the_pod_or_comes_first(happenings in history(80)) {
        check_settled(&BACKWARDS, &happenings);
    }

    #[test]
    fn nor_do_extenders(happenings in history(80)) {
        check_with(&PROFILES, Options { extenders: whims(), ..Options::default() }, &happenings).settle();
    }

    #[test]
    fn nor_do_extenders_that_have_a_say_in_evictions(happenings in evictions(80)) {
        check_with(&PROFILES, Options { extenders: whims(), ..Options::default() }, &happenings).settle();
    }

    #[test]
    fn an_eviction_that_was_tried_before_is_one_that_is_tried_now(happenings in evictions(80)) {
        check_settled(&PROFILES, &happenings);
    }
}
