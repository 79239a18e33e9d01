//! PreScore, Score and normalising: the weights of the terms that are met in a node's domains.

use std::sync::Arc;

use longshore_framework::labels::Labels;
use longshore_framework::plugin::{Cycle, MAX_SCORE};
use longshore_framework::pod::{AffinityTerm, Pod};
use longshore_framework::snapshot::{NO_DOMAIN, PodQuery, Slot, TopologyColumn};
use smallvec::{SmallVec, smallvec};

use super::table::{KeyNumber, Table};
use super::terms::{OwnTerm, query};

/// A preference of the pod itself.
#[derive(Clone, Debug)]
struct Preference {
    /// Below 0 for an aversion.
    weight: i64,
    key: KeyNumber,
    pods: PodQuery,
}

/// Weights that one node adds, by key, and whether any term was met at all: weights may cancel out.
type Met = SmallVec<[(i64, bool); 4]>;

/// What Score needs: weights by domain.
#[derive(Clone, Debug)]
pub(super) struct ScoreState {
    table: Table,
    preferences: Vec<Preference>,
    hard_weight: i64,
    /// Of the pod's namespace, for the terms of others.
    namespace_labels: Labels,
    /// Whether some term was met on a node with its key.
    any: bool,
}

impl ScoreState {
    /// Sums the weights over all nodes; without preferences of the pod only over those whose pods have terms.
    pub(super) fn count(cx: Cycle<'_>, hard_weight: i64) -> Self {
        let mut state = Self::new(cx, hard_weight);
        let concerned = match state.preferences.is_empty() {
            true => cx.snapshot.with_affinity(),
            false => cx.snapshot.live(),
        };
        state.recount(cx, concerned.iter().map(Slot::from));
        state
    }

    fn new(cx: Cycle<'_>, hard_weight: i64) -> Self {
        let mut table = Table::default();
        let mut preferences = Vec::new();
        let (attract, repel) =
            (&cx.pod.spec.pod_affinity.preferred, &cx.pod.spec.pod_anti_affinity.preferred);
        for (weight, term) in weighted(attract, 1).chain(weighted(repel, -1)) {
            let key = table.key(cx.snapshot, &term.topology_key);
            if let Some(pods) = query(&[OwnTerm::new(term, cx.objects)]) {
                preferences.push(Preference { weight, key, pods });
            }
        }
        let namespace_labels = cx.objects.namespace_labels(&cx.pod.meta.namespace);
        Self { table, preferences, hard_weight, namespace_labels, any: false }
    }

    /// Whether no term was met anywhere when all nodes were counted.
    pub(super) fn is_idle(&self) -> bool {
        !self.any
    }

    /// Counts the nodes anew: of the pods there only those with terms are looked at, what the pod itself prefers is
    /// counted in columns. Whether there is a topology key now that there was not.
    pub(super) fn recount(&mut self, cx: Cycle<'_>, nodes: impl Iterator<Item = Slot>) -> bool {
        let keys = self.table.keys();
        let theirs = cx.snapshot.with_affinity();
        if keys == 0 && theirs.is_empty() {
            return false;
        }
        let own: Vec<_> = self.preferences.iter().map(|p| cx.snapshot.matching(&p.pods)).collect();
        let mut columns = self.table.columns(cx.snapshot);
        for slot in nodes {
            let mut met: Met = smallvec![(0, false); self.table.keys()];
            for (preference, pods) in self.preferences.iter().zip(&own) {
                let pods = pods.get(slot);
                if pods > 0 {
                    add(&mut met, preference.key, preference.weight.saturating_mul(pods));
                }
            }
            if theirs.contains(slot.index()) {
                let pods = cx.snapshot.pods(slot).iter().filter(|p| p.has_pod_affinity());
                pods.for_each(|existing| self.add_theirs(cx, existing, &mut met));
            }
            if columns.len() < self.table.keys() {
                columns = self.table.columns(cx.snapshot);
            }
            let on_key = |((_, met), column): (&(i64, bool), &Arc<TopologyColumn>)| {
                *met && column.domain(slot) != NO_DOMAIN
            };
            self.any = self.any || met.iter().zip(&columns).any(on_key);
            self.table.set(&columns, slot, met.iter().map(|(weight, _)| *weight));
        }
        self.table.keys() > keys
    }

    /// Adds the terms of `existing` that speak of the pod.
    fn add_theirs(&mut self, cx: Cycle<'_>, existing: &Pod, met: &mut Met) {
        let (attract, repel) = (&existing.spec.pod_affinity, &existing.spec.pod_anti_affinity);
        let hard = attract.required.iter().map(|term| (self.hard_weight, term));
        let hard = hard.filter(|(weight, _)| *weight > 0);
        let soft = weighted(&attract.preferred, 1).chain(weighted(&repel.preferred, -1));
        let speaking = |(_, term): &(i64, &AffinityTerm)| term.matches(cx.pod, &self.namespace_labels);
        for (weight, term) in hard.chain(soft).filter(speaking) {
            let key = self.table.key(cx.snapshot, &term.topology_key);
            add(met, key, weight);
        }
    }

    /// The raw score of a node, the higher the better; below 0 where aversions prevail.
    pub(super) fn raw(&self, node: Slot) -> i64 {
        self.table.sum(node)
    }

    /// What tells nodes apart.
    pub(super) fn kind(&self, node: Slot, kind: &mut Vec<i64>) {
        self.table.kind(node, kind);
    }
}

fn add(met: &mut Met, key: KeyNumber, weight: i64) {
    if met.len() <= key {
        met.resize(key + 1, (0, false));
    }
    met[key] = (met[key].0.saturating_add(weight), true);
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
