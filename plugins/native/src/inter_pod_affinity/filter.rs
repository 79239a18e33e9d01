//! PreFilter and Filter: which domains hold the pods that required terms speak of.

use std::sync::Arc;

use longshore_framework::labels::Labels;
use longshore_framework::plugin::Cycle;
use longshore_framework::pod::{AffinityTerm, Pod};
use longshore_framework::reason::Reason;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::verdict::Verdict;

use super::table::{Counts, KeyNumber, Table};
use super::terms::{OwnTerm, matches_all, matching};

/// What stays the same in every hypothesis.
#[derive(Debug)]
struct Own {
    affinity: Vec<OwnTerm>,
    anti_affinity: Vec<OwnTerm>,
    /// Of the pod's namespace, for the terms of others.
    namespace_labels: Labels,
    /// The pod matches all its own affinity terms, so it may be the first of a group.
    may_be_first: bool,
}

/// What Filter needs.
#[derive(Clone, Debug)]
pub(super) struct FilterState {
    own: Arc<Own>,
    /// Pods whose required anti-affinity terms match the pod, by the terms' keys.
    against_pod: Counts,
    /// Pods that match all required affinity terms, by every key of these.
    affinity: Counts,
    /// Pods that match a required anti-affinity term, by its key.
    anti_affinity: Counts,
}

impl FilterState {
    /// Counts over all nodes; without required terms of the pod only over those that hold anti-affinity terms.
    pub(super) fn count(cx: Cycle<'_>) -> Self {
        let terms = |terms: &[AffinityTerm]| terms.iter().map(|t| OwnTerm::new(t, cx.objects)).collect();
        let affinity: Vec<OwnTerm> = terms(&cx.pod.spec.pod_affinity.required);
        let own = Own {
            may_be_first: matches_all(&affinity, cx.pod),
            affinity,
            anti_affinity: terms(&cx.pod.spec.pod_anti_affinity.required),
            namespace_labels: cx.objects.namespace_labels(&cx.pod.meta.namespace),
        };
        let against_pod = count_against_pod(cx, &own.namespace_labels);
        let (affinity, anti_affinity) = count_own(cx.snapshot, &own);
        Self {
            own: Arc::new(own),
            against_pod: against_pod.into(),
            affinity: affinity.into(),
            anti_affinity: anti_affinity.into(),
        }
    }

    /// Whether there is nothing to filter by.
    pub(super) fn is_idle(&self) -> bool {
        self.own.affinity.is_empty() && self.own.anti_affinity.is_empty() && self.against_pod.is_empty()
    }

    /// A pod comes to `node` (`delta` 1) or leaves it (−1).
    pub(super) fn change(&mut self, cx: Cycle<'_>, changed: &Pod, node: Slot, delta: i64) {
        for term in &changed.spec.pod_anti_affinity.required {
            if term.matches(cx.pod, &self.own.namespace_labels) {
                self.against_pod.change(cx.snapshot, &term.topology_key, node, delta);
            }
        }
        if matches_all(&self.own.affinity, changed) {
            for term in &self.own.affinity {
                self.affinity.change(cx.snapshot, &term.topology_key, node, delta);
            }
        }
        for term in &self.own.anti_affinity {
            if term.matches(changed) {
                self.anti_affinity.change(cx.snapshot, &term.topology_key, node, delta);
            }
        }
    }

    /// Whether the pod may go to the node: its affinity first, then its anti-affinity, then that of others.
    pub(super) fn judge(&self, node: Slot) -> Verdict {
        if !self.has_company(node) {
            return Verdict::unresolvable(Reason::PodAffinity);
        }
        if self.anti_affinity.any(node) {
            return Verdict::unschedulable(Reason::PodAntiAffinity);
        }
        if self.against_pod.any(node) {
            return Verdict::unschedulable(Reason::ExistingPodAntiAffinity);
        }
        Verdict::Pass
    }

    /// Whether the node has every key of the pod's affinity, and in each of these domains a matching pod. When there is
    /// no matching pod in any domain and the pod matches itself, it goes first and needs the keys only.
    fn has_company(&self, node: Slot) -> bool {
        let mut company = true;
        for count in self.affinity.at(node) {
            match count {
                None => return false,
                Some(count) => company &= count > 0,
            }
        }
        company || (self.affinity.is_empty() && self.own.may_be_first)
    }
}

fn count_against_pod(cx: Cycle<'_>, namespace_labels: &Labels) -> Table {
    let mut table = Table::default();
    for slot in cx.snapshot.with_required_anti_affinity().iter().map(Slot::from) {
        let terms = cx.snapshot.pods(slot).iter().flat_map(|p| &p.spec.pod_anti_affinity.required);
        for term in terms.filter(|t| t.matches(cx.pod, namespace_labels)) {
            let key = table.key(cx.snapshot, &term.topology_key);
            table.add(key, slot, 1);
        }
    }
    table
}

/// The counts of the pod's own affinity and anti-affinity. The keys of the affinity are entered in any case: a node has
/// to have them.
fn count_own(snapshot: &Snapshot, own: &Own) -> (Table, Table) {
    let (mut affinity, mut anti_affinity) = (Table::default(), Table::default());
    // A key that several terms share counts once for each of them, as when a pod comes or goes.
    let affinity_keys: Vec<KeyNumber> =
        own.affinity.iter().map(|t| affinity.key(snapshot, &t.topology_key)).collect();
    let anti_keys: Vec<KeyNumber> =
        own.anti_affinity.iter().map(|t| anti_affinity.key(snapshot, &t.topology_key)).collect();
    if affinity_keys.is_empty() && anti_keys.is_empty() {
        return (affinity, anti_affinity);
    }
    let company = matching(snapshot, &own.affinity);
    let averse = own.anti_affinity.iter().map(|t| matching(snapshot, std::slice::from_ref(t)));
    let averse: Vec<_> = averse.zip(anti_keys).collect();
    for slot in snapshot.live().iter().map(Slot::from) {
        let pods = company.as_ref().map_or(0, |c| c.get(slot));
        if pods > 0 {
            for key in &affinity_keys {
                affinity.add(*key, slot, pods);
            }
        }
        for (pods, key) in &averse {
            let pods = pods.as_ref().map_or(0, |p| p.get(slot));
            if pods > 0 {
                anti_affinity.add(*key, slot, pods);
            }
        }
    }
    (affinity, anti_affinity)
}
