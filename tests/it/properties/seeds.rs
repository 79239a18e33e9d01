//! Chance decides between equals and nothing else.

use longshore_engine::{Options, Outcome};
use longshore_simulation::{Record, Simulated};
use proptest::prelude::*;

use super::cluster::{ClusterDraft, cluster};
use super::{all_told, config, simulate};

/// The trace of a try without the node that was taken: what chance has no part in.
fn without_choice(record: &Record) -> String {
    match record {
        Record::Tried { attempt, retry, .. } => {
            let outcome = match &attempt.outcome {
                Outcome::Unschedulable { nominated: None, message } => message,
                Outcome::Unschedulable { .. } => "preempts",
                Outcome::Assumed { .. } => "has a node",
                other => return format!("{other:?}"),
            };
            let trace = attempt.trace.as_ref().expect("traces are kept");
            let preempts = trace.post_filter.as_ref().map(|p| {
                // In the order they were tried, which begins anywhere.
                let (mut candidates, mut failures) = (p.candidates.clone(), p.failures.clone());
                candidates.sort();
                failures.sort_by(|a, b| a.0.cmp(&b.0));
                (&p.acceptable, candidates, failures)
            });
            format!(
                "{} (again: {retry}) {outcome}\n{:?}\n{:?}\n{:?}\n{preempts:?}",
                attempt.pod.key(),
                trace.pre_filter,
                trace.nodes,
                trace.best
            )
        }
        other => super::told(other),
    }
}

/// The node taken is one of the best, the node nominated one of the acceptable.
#[track_caller]
fn check_choice(record: &Record) {
    let Record::Tried { attempt, .. } = record else { return };
    let trace = attempt.trace.as_ref().expect("traces are kept");
    match &attempt.outcome {
        Outcome::Assumed { node } if trace.tried_nominated.is_none() => {
            assert!(trace.best.contains(node), "{node} is not of {:?}", trace.best);
        }
        Outcome::Assumed { node } => assert_eq!(trace.tried_nominated.as_ref(), Some(node)),
        Outcome::Unschedulable { nominated: Some(node), .. } => {
            let tried = trace.post_filter.as_ref().expect("only PostFilter nominates");
            assert!(tried.acceptable.contains(node), "{node} is not of {:?}", tried.acceptable);
        }
        _ => {}
    }
}

fn run(draft: &ClusterDraft, seed: u64) -> Simulated {
    simulate(&draft.build(), Options { seed, ..Options::default() })
}

#[track_caller]
fn check(draft: &ClusterDraft, seeds: (u64, u64)) {
    let (one, other) = (run(draft, seeds.0), run(draft, seeds.1));
    assert_eq!(all_told(&one), all_told(&run(draft, seeds.0)), "the same seed decided differently");
    one.records.iter().chain(&other.records).for_each(check_choice);
    for (a, b) in one.records.iter().zip(&other.records) {
        assert_eq!(without_choice(a), without_choice(b), "another seed changed more than a choice");
        if super::told(a) != super::told(b) {
            // From here on these are two clusters.
            return;
        }
    }
    assert_eq!(one.records.len(), other.records.len());
}

proptest! {
    #![proptest_config(config(192))]

    #[test]
    fn a_seed_only_breaks_ties(draft in cluster(10, 24), one: u64, other: u64) {
        check(&draft, (one, other));
    }
}
