//! PreFilter and Filter: how many matching pods each domain has, and where one more is too many.

use std::sync::Arc;

use longshore_framework::plugin::Cycle;
use longshore_framework::pod::{Pod, SpreadConstraint};
use longshore_framework::reason::Reason;
use longshore_framework::snapshot::{NO_DOMAIN, PodQuery, Slot};
use longshore_framework::verdict::Verdict;
use smallvec::SmallVec;

use super::constraints::{Inclusion, counted_pods, selects};
use super::counts::DomainCounts;

/// A `DoNotSchedule` constraint with what was counted for it.
#[derive(Clone, Debug)]
struct Counted {
    constraint: SpreadConstraint,
    /// Which pods are counted; `None` for none.
    pods: Option<PodQuery>,
    counts: DomainCounts,
    /// 1 when the pod itself will count, else 0.
    own: i64,
}

/// Changes of one constraint's counts: domain, and by how much it differs from what was counted.
type Changes = SmallVec<[(u32, i64); 1]>;

/// By constraint, the highest count of matching pods that a domain may have for the pod to go there.
pub(super) type Ceilings = SmallVec<[i64; 4]>;

/// What Filter needs: the counts of the cluster as it is, and how a hypothesis differs from them.
#[derive(Clone, Debug)]
pub(super) struct FilterState {
    counted: Arc<Vec<Counted>>,
    changes: SmallVec<[Changes; 2]>,
}

impl FilterState {
    /// Counts over all nodes that carry the key of every constraint; a constraint with an empty selector counts pods only if
    /// `empty_counts`.
    pub(super) fn count(cx: Cycle<'_>, constraints: Vec<SpreadConstraint>, empty_counts: bool) -> Self {
        let counted: Vec<Counted> =
            constraints.into_iter().map(|c| Counted::new(cx, c, empty_counts)).collect();
        let changes = SmallVec::from_elem(Changes::new(), counted.len());
        let mut state = Self { counted: Arc::new(counted), changes };
        state.recount(cx, cx.snapshot.live().iter().map(Slot::from));
        state
    }

    /// Counts some nodes anew.
    pub(super) fn recount(&mut self, cx: Cycle<'_>, nodes: impl Iterator<Item = Slot>) {
        let counted = Arc::make_mut(&mut self.counted);
        let columns: SmallVec<[_; 4]> =
            counted.iter().map(|c| cx.snapshot.topology(&c.constraint.topology_key)).collect();
        let pods: SmallVec<[_; 4]> =
            counted.iter().map(|c| c.pods.as_ref().map(|query| cx.snapshot.matching(query))).collect();
        for slot in nodes {
            let complete = columns.iter().all(|column| column.domain(slot) != NO_DOMAIN);
            let mut inclusion = Inclusion::new(cx.pod, cx.snapshot.node(slot));
            for ((counted, pods), column) in counted.iter_mut().zip(&pods).zip(&columns) {
                let included = complete && inclusion.includes(&counted.constraint);
                let pods = included.then(|| pods.as_ref().map_or(0, |pods| pods.get(slot)));
                counted.counts.set(slot, column.domain(slot), pods);
            }
        }
    }

    /// What tells nodes apart.
    pub(super) fn kind(&self, node: Slot, kind: &mut Vec<i64>) {
        kind.extend(self.counted.iter().map(|counted| counted.counts.kind(node)));
    }

    /// A pod comes to `node` (`delta` 1) or leaves it (−1). As in kube-scheduler a pod that is being deleted changes
    /// the count here, although it was not counted at first.
    pub(super) fn change(&mut self, cx: Cycle<'_>, changed: &Pod, node: Slot, delta: i64) {
        if changed.meta.namespace != cx.pod.meta.namespace
            || self.counted.iter().any(|c| c.counts.domain(node) == NO_DOMAIN)
        {
            return;
        }
        let mut inclusion = Inclusion::new(cx.pod, cx.snapshot.node(node));
        for (counted, changes) in self.counted.iter().zip(&mut self.changes) {
            if selects(&counted.constraint, &changed.meta.labels) && inclusion.includes(&counted.constraint) {
                add_change(changes, counted.counts.domain(node), delta);
            }
        }
    }

    /// Whether some count can change when the pod comes or goes.
    pub(super) fn counts(&self, cx: Cycle<'_>, other: &Pod) -> bool {
        other.meta.namespace == cx.pod.meta.namespace
            && self.counted.iter().any(|counted| selects(&counted.constraint, &other.meta.labels))
    }

    /// The highest counts that pass, to be computed once for many nodes.
    pub(super) fn ceilings(&self) -> Ceilings {
        self.counted.iter().zip(&self.changes).map(|(counted, changes)| counted.ceiling(changes)).collect()
    }

    /// Whether the pod may go to the node. The constraints are asked in the pod's order; the first that fails decides.
    pub(super) fn judge(&self, ceilings: &Ceilings, node: Slot) -> Verdict {
        for ((counted, changes), ceiling) in self.counted.iter().zip(&self.changes).zip(ceilings) {
            let domain = counted.counts.domain(node);
            if domain == NO_DOMAIN {
                return Verdict::unresolvable(Reason::TopologySpreadMissingLabel);
            }
            let change = changes.iter().find(|(d, _)| *d == domain).map_or(0, |(_, delta)| *delta);
            if counted.counts.get(domain).saturating_add(change) > *ceiling {
                return Verdict::unschedulable(Reason::TopologySpread);
            }
        }
        Verdict::Pass
    }
}

impl Counted {
    fn new(cx: Cycle<'_>, constraint: SpreadConstraint, empty_counts: bool) -> Self {
        let counts = DomainCounts::new(cx.snapshot, &constraint.topology_key);
        let own = i64::from(selects(&constraint, &cx.pod.meta.labels));
        let pods = counted_pods(&cx.pod.meta.namespace, &constraint, empty_counts);
        Self { constraint, pods, counts, own }
    }

    /// `count + own − least ≤ maxSkew`, solved for the count.
    fn ceiling(&self, changes: &Changes) -> i64 {
        let enough = self.counts.domains() >= i64::from(self.constraint.min_domains);
        let least = if enough { self.counts.least(changes) } else { 0 };
        least.saturating_add(i64::from(self.constraint.max_skew)).saturating_sub(self.own)
    }
}

/// A change that is undone leaves no entry, so that the least count stays cheap.
fn add_change(changes: &mut Changes, domain: u32, delta: i64) {
    match changes.iter().position(|(d, _)| *d == domain) {
        Some(at) => {
            changes[at].1 = changes[at].1.saturating_add(delta);
            if changes[at].1 == 0 {
                changes.swap_remove(at);
            }
        }
        None => changes.push((domain, delta)),
    }
}
