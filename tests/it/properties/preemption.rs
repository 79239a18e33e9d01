//! Preemption evicts only what matters less, and what it makes room for then fits.

use longshore_engine::{Options, Outcome};
use longshore_framework::port::Effect;
use longshore_simulation::Record;
use proptest::prelude::*;

use super::cluster::{ClusterDraft, cluster};
use super::{config, simulate};

#[track_caller]
fn check(draft: &ClusterDraft, seed: u64) {
    let done = simulate(&draft.build(), Options { seed, ..Options::default() });
    let mut records = done.records.iter().peekable();
    while let Some(record) = records.next() {
        let Record::Tried { attempt, retry: false, .. } = record else { continue };
        let evictions = attempt.effects.iter().find_map(|e| match e {
            Effect::Evict { preemptor, victims, node } => Some((preemptor, victims, node)),
            _ => None,
        });
        let Some((preemptor, victims, node)) = evictions else { continue };
        assert!(!victims.is_empty(), "an eviction of nobody");
        assert_eq!(preemptor.meta.uid, attempt.pod.meta.uid);
        for victim in victims {
            let (theirs, own) = (victim.spec.priority, preemptor.spec.priority);
            assert!(theirs < own, "{} ({theirs}) for {} ({own})", victim.key(), preemptor.key());
        }
        let Some(Record::Tried { attempt: again, retry: true, .. }) = records.peek() else {
            panic!("{} was not tried again", preemptor.key());
        };
        assert_eq!(again.pod.meta.uid, preemptor.meta.uid);
        assert_eq!(
            again.outcome,
            Outcome::Assumed { node: node.clone() },
            "{} does not fit",
            preemptor.key()
        );
    }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn a_preemptor_fits_where_it_evicted_what_matters_less(draft in cluster(6, 32), seed: u64) {
        check(&draft, seed);
    }
}
