//! PreFilter and Filter: which domains hold the pods that required terms speak of.

use std::sync::Arc;

use longshore_framework::labels::Labels;
use longshore_framework::plugin::Cycle;
use longshore_framework::pod::{AffinityTerm, Pod};
use longshore_framework::reason::Reason;
use longshore_framework::snapshot::{PodQuery, Slot};
use longshore_framework::verdict::Verdict;
use smallvec::{SmallVec, smallvec};

use super::table::{Counts, KeyNumber};
use super::terms::{OwnTerm, matches_all, query};

/// What stays the same in every hypothesis.
#[derive(Debug)]
struct Own {
    affinity: Vec<OwnTerm>,
    anti_affinity: Vec<OwnTerm>,
    /// Pods that match all affinity terms, and those that match each anti-affinity term.
    company: Option<PodQuery>,
    averse: Vec<Option<PodQuery>>,
    /// By term, the number of its key.
    affinity_keys: Vec<KeyNumber>,
    anti_affinity_keys: Vec<KeyNumber>,
    /// Of the pod's namespace, for the terms of others.
    namespace_labels: Labels,
    /// The pod matches all its own affinity terms, so it may be the first of a group.
    may_be_first: bool,
    /// Some term of a pod on a node speaks of the pod.
    is_spoken_of: bool,
}

/// Pods of one node, by key.
type Pods = SmallVec<[i64; 4]>;

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
        let mut state = Self::new(cx);
        let concerned = match state.has_own_terms() {
            true => cx.snapshot.live(),
            false => cx.snapshot.with_required_anti_affinity(),
        };
        state.recount(cx, concerned.iter().map(Slot::from));
        state
    }

    /// The keys of the affinity are entered in any case: a node has to have them.
    fn new(cx: Cycle<'_>) -> Self {
        let terms = |terms: &[AffinityTerm]| terms.iter().map(|t| OwnTerm::new(t, cx.objects)).collect();
        let affinity: Vec<OwnTerm> = terms(&cx.pod.spec.pod_affinity.required);
        let anti_affinity: Vec<OwnTerm> = terms(&cx.pod.spec.pod_anti_affinity.required);
        let (mut company, mut averse) = (Counts::default(), Counts::default());
        let enter = |counts: &mut Counts, terms: &[OwnTerm]| {
            terms.iter().map(|t| counts.table_mut().key(cx.snapshot, &t.topology_key)).collect()
        };
        let namespace_labels = cx.objects.namespace_labels(&cx.pod.meta.namespace);
        let own = Own {
            is_spoken_of: !cx.snapshot.terms().speaking_of(cx.pod, &namespace_labels).is_empty(),
            may_be_first: matches_all(&affinity, cx.pod),
            company: query(&affinity),
            averse: anti_affinity.iter().map(|t| query(std::slice::from_ref(t))).collect(),
            affinity_keys: enter(&mut company, &affinity),
            anti_affinity_keys: enter(&mut averse, &anti_affinity),
            affinity,
            anti_affinity,
            namespace_labels,
        };
        let against_pod = Counts::default();
        Self { own: Arc::new(own), against_pod, affinity: company, anti_affinity: averse }
    }

    fn has_own_terms(&self) -> bool {
        !(self.own.affinity.is_empty() && self.own.anti_affinity.is_empty())
    }

    /// Counts the nodes anew. Whether there is a topology key now that there was not.
    pub(super) fn recount(&mut self, cx: Cycle<'_>, nodes: impl Iterator<Item = Slot> + Clone) -> bool {
        if self.has_own_terms() {
            self.recount_own(cx, nodes.clone());
        }
        self.own.is_spoken_of && self.recount_against_pod(cx, nodes)
    }

    /// Whether some term of a pod on a node spoke of the pod when all nodes were counted.
    pub(super) fn is_spoken_of(&self) -> bool {
        self.own.is_spoken_of
    }

    fn recount_own(&mut self, cx: Cycle<'_>, nodes: impl Iterator<Item = Slot>) {
        let own = Arc::clone(&self.own);
        let (affinity, averse) = (self.affinity.table_mut(), self.anti_affinity.table_mut());
        let (near, far) = (affinity.columns(cx.snapshot), averse.columns(cx.snapshot));
        let company = own.company.as_ref().map(|query| cx.snapshot.matching(query));
        let others: Vec<_> = own.averse.iter().map(|q| q.as_ref().map(|q| cx.snapshot.matching(q))).collect();
        for slot in nodes {
            // A key that several terms share counts once for each of them, as when a pod comes or goes.
            let mut amounts: Pods = smallvec![0; affinity.keys()];
            let pods = company.as_ref().map_or(0, |pods| pods.get(slot));
            for key in &own.affinity_keys {
                amounts[*key] += pods;
            }
            affinity.set(&near, slot, amounts.into_iter());
            let mut amounts: Pods = smallvec![0; averse.keys()];
            for (key, pods) in own.anti_affinity_keys.iter().zip(&others) {
                amounts[*key] += pods.as_ref().map_or(0, |pods| pods.get(slot));
            }
            averse.set(&far, slot, amounts.into_iter());
        }
    }

    fn recount_against_pod(&mut self, cx: Cycle<'_>, nodes: impl Iterator<Item = Slot>) -> bool {
        let concerned = cx.snapshot.with_required_anti_affinity();
        let table = self.against_pod.table_mut();
        let keys = table.keys();
        if keys == 0 && concerned.is_empty() {
            return false;
        }
        let mut columns = table.columns(cx.snapshot);
        for slot in nodes {
            let mut amounts: Pods = smallvec![0; table.keys()];
            if concerned.contains(slot.index()) {
                let terms = cx.snapshot.pods(slot).iter().flat_map(|p| &p.spec.pod_anti_affinity.required);
                for term in terms.filter(|t| t.matches(cx.pod, &self.own.namespace_labels)) {
                    let key = table.key(cx.snapshot, &term.topology_key);
                    amounts.resize(table.keys(), 0);
                    amounts[key] += 1;
                }
            }
            if columns.len() < table.keys() {
                columns = table.columns(cx.snapshot);
            }
            table.set(&columns, slot, amounts.into_iter());
        }
        table.keys() > keys
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

    /// Whether anything changes when the pod comes or goes.
    pub(super) fn counts(&self, cx: Cycle<'_>, other: &Pod) -> bool {
        let averse = &other.spec.pod_anti_affinity.required;
        averse.iter().any(|term| term.matches(cx.pod, &self.own.namespace_labels))
            || matches_all(&self.own.affinity, other)
            || self.own.anti_affinity.iter().any(|term| term.matches(other))
    }

    /// What tells nodes apart.
    pub(super) fn kind(&self, node: Slot, kind: &mut Vec<i64>) {
        for counts in [&self.affinity, &self.anti_affinity, &self.against_pod] {
            counts.kind(node, kind);
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
