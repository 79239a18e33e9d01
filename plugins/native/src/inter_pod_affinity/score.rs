//! PreScore, Score and normalising: the weights of the terms that are met in a node's domains.

use std::sync::Arc;

use longshore_framework::labels::Labels;
use longshore_framework::plugin::{Cycle, MAX_SCORE};
use longshore_framework::pod::{AffinityTerm, Pod};
use longshore_framework::snapshot::Slot;

use super::table::Table;
use super::terms::{OwnTerm, matching};

/// What Score needs: weights by domain.
#[derive(Clone, Debug)]
pub(super) struct ScoreState(Arc<Table>);

impl ScoreState {
    /// Sums the weights; `None` when no term is met anywhere. Of the pods already there only those with terms are looked
    /// at; what the pod itself prefers is counted in columns.
    pub(super) fn sum(cx: Cycle<'_>, hard_weight: i64) -> Option<Self> {
        let mut sums = Sums::new(cx, hard_weight);
        sums.add_own(&cx.pod.spec.pod_affinity.preferred, 1);
        sums.add_own(&cx.pod.spec.pod_anti_affinity.preferred, -1);
        for slot in cx.snapshot.with_affinity().iter().map(Slot::from) {
            for existing in cx.snapshot.pods(slot).iter().filter(|p| p.has_pod_affinity()) {
                sums.add_theirs(slot, existing);
            }
        }
        sums.any.then(|| Self(Arc::new(sums.table)))
    }

    /// The raw score of a node, the higher the better; below 0 where aversions prevail.
    pub(super) fn raw(&self, node: Slot) -> i64 {
        self.0.sum(node)
    }
}

struct Sums<'a> {
    cx: Cycle<'a>,
    hard_weight: i64,
    /// Of the pod's namespace, for the terms of others.
    namespace_labels: Labels,
    table: Table,
    /// Whether some term was met on a node with its key.
    any: bool,
}

impl<'a> Sums<'a> {
    fn new(cx: Cycle<'a>, hard_weight: i64) -> Self {
        let namespace_labels = cx.objects.namespace_labels(&cx.pod.meta.namespace);
        Self { cx, hard_weight, namespace_labels, table: Table::default(), any: false }
    }

    /// The pod's preferences, `sign` −1 for aversions.
    fn add_own(&mut self, terms: &[(i32, AffinityTerm)], sign: i64) {
        let snapshot = self.cx.snapshot;
        for (weight, term) in weighted(terms, sign) {
            let key = self.table.key(snapshot, &term.topology_key);
            let Some(pods) = matching(snapshot, &[OwnTerm::new(term, self.cx.objects)]) else { continue };
            for slot in snapshot.live().iter().map(Slot::from) {
                let count = pods.get(slot);
                if count > 0 {
                    self.any |= self.table.add(key, slot, weight.saturating_mul(count));
                }
            }
        }
    }

    /// The terms of `existing` that speak of the pod.
    fn add_theirs(&mut self, node: Slot, existing: &Pod) {
        let (attract, repel) = (&existing.spec.pod_affinity, &existing.spec.pod_anti_affinity);
        if self.hard_weight > 0 {
            for term in &attract.required {
                self.add_term(node, self.hard_weight, term);
            }
        }
        for (weight, term) in weighted(&attract.preferred, 1).chain(weighted(&repel.preferred, -1)) {
            self.add_term(node, weight, term);
        }
    }

    fn add_term(&mut self, node: Slot, weight: i64, term: &AffinityTerm) {
        if term.matches(self.cx.pod, &self.namespace_labels) {
            let key = self.table.key(self.cx.snapshot, &term.topology_key);
            self.any |= self.table.add(key, node, weight);
        }
    }
}

fn weighted(terms: &[(i32, AffinityTerm)], sign: i64) -> impl Iterator<Item = (i64, &AffinityTerm)> {
    terms.iter().map(move |(weight, term)| (i64::from(*weight).saturating_mul(sign), term))
}

/// Stretches the scores so that the lowest becomes 0 and the highest 100; all 0 when they are equal.
pub(super) fn normalise(scores: &mut [i64]) {
    let (Some(min), Some(max)) = (scores.iter().copied().min(), scores.iter().copied().max()) else { return };
    let spread = max.saturating_sub(min) as f64;
    for score in scores {
        *score = match max > min {
            true => (MAX_SCORE as f64 * (score.saturating_sub(min) as f64 / spread)) as i64,
            false => 0,
        };
    }
}
