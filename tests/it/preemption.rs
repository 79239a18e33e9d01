//! Preemption in a cluster of which only a part is tried for each pod.

use std::collections::BTreeSet;
use std::sync::Arc;

use longshore_engine::{Engine, Options, Outcome};
use longshore_framework::fixture::{node, pod};
use longshore_framework::objects::{DisruptionBudget, Object};
use longshore_framework::port::Input;

use crate::properties::PROFILES;

/// Candidates that are enough for DefaultPreemption.
const ENOUGH: usize = 100;

/// The node that is made free for a pod, of so many nodes that are full of one pod each. A budget protects all of these but
/// that of one node, if one is given.
fn made_free(seed: u64, nodes: usize, unprotected: Option<usize>) -> usize {
    let mut engine = Engine::new(PROFILES.clone(), Options { seed, ..Options::default() });
    for at in 0..nodes {
        let name = format!("n{at}");
        engine.apply(Input::Node(node(&name).allocatable("cpu", "1").build()));
        let app = if unprotected.is_none_or(|other| other == at) { "other" } else { "web" };
        let low = pod(&format!("low-{at}")).label("app", app).request("cpu", "1").on(&name);
        engine.apply(Input::Pod(low.build()));
    }
    let budget = DisruptionBudget {
        namespace: "default".into(),
        name: "web".into(),
        selector: Some([("app", "web")].into_iter().collect()),
        ..DisruptionBudget::default()
    };
    engine.apply(Input::Object(Object::DisruptionBudget(Arc::new(budget))));
    engine.apply(Input::Pod(pod("high").priority(10).request("cpu", "1").build()));
    match engine.step().unwrap().outcome {
        Outcome::Unschedulable { nominated: Some(node), .. } => node[1..].parse().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_search_begins_anywhere() {
    let found: BTreeSet<usize> = (0..32).map(|seed| made_free(seed, 3 * ENOUGH, None) / ENOUGH).collect();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn the_search_goes_on_while_every_candidate_breaks_a_budget() {
    for seed in 0..8 {
        assert_eq!(made_free(seed, 2 * ENOUGH, Some(ENOUGH / 2)), ENOUGH / 2);
    }
}
