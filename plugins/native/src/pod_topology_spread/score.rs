//! PreScore, Score and normalising: fewer matching pods in a node's domains is better.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::bitset::BitSet;
use longshore_framework::node::HOSTNAME;
use longshore_framework::plugin::{Cycle, MAX_SCORE};
use longshore_framework::pod::SpreadConstraint;
use longshore_framework::snapshot::{NO_DOMAIN, PodColumn, Slot, Snapshot, TopologyColumn};

use super::constraints::{Inclusion, counted_pods};

/// What a node is charged for one `ScheduleAnyway` constraint.
#[derive(Debug)]
struct Charge {
    constraint: SpreadConstraint,
    column: Arc<TopologyColumn>,
    /// Keyed by hostname: every node is its own domain, and its pods are counted directly.
    by_node: bool,
    /// Matching pods, by slot when `by_node`, else by domain; `None` where no feasible node is.
    counts: Vec<Option<i64>>,
    /// Where nodes without the key are counted: with those whose label is empty, as in kube-scheduler.
    blank: usize,
    weight: f64,
}

/// What Score needs.
#[derive(Clone, Debug)]
pub(super) struct ScoreState(Arc<Scores>);

#[derive(Debug)]
struct Scores {
    charges: Vec<Charge>,
    /// Feasible nodes that lack a key when every key is required.
    ignored: BitSet,
}

impl ScoreState {
    /// Counts over all nodes, for the domains that the feasible nodes belong to. With `require_all`, nodes that lack a
    /// key are not counted, and feasible ones are ignored: their score is 0.
    pub(super) fn count(
        cx: Cycle<'_>,
        constraints: Vec<SpreadConstraint>,
        feasible: &[Slot],
        require_all: bool,
    ) -> Self {
        let namespace = &cx.pod.meta.namespace;
        let pods: Vec<_> = constraints.iter().map(|c| counted_pods(cx.snapshot, namespace, c)).collect();
        let mut charges: Vec<Charge> = constraints.into_iter().map(|c| Charge::new(cx.snapshot, c)).collect();
        let mut ignored = BitSet::default();
        for slot in feasible {
            if require_all && lacks_key(&charges, *slot) {
                ignored.insert(slot.index());
                continue;
            }
            for charge in &mut charges {
                charge.register(*slot);
            }
        }
        for charge in &mut charges {
            charge.weigh();
        }
        let mut scores = Scores { charges, ignored };
        scores.count(cx, &pods, feasible, require_all);
        Self(Arc::new(scores))
    }

    /// The raw score of a feasible node: the lower the better.
    pub(super) fn raw(&self, node: Slot) -> i64 {
        if self.0.ignored.contains(node.index()) {
            return 0;
        }
        let charged = self.0.charges.iter().filter_map(|charge| charge.of(node));
        charged.fold(0.0, |sum, charge| sum + charge).round() as i64
    }

    /// Turns raw scores round, into 0 to 100.
    pub(super) fn normalise(&self, nodes: &[Slot], scores: &mut [i64]) {
        let ignored = |node: &Slot| self.0.ignored.contains(node.index());
        let counting =
            || nodes.iter().zip(&*scores).filter(|(node, _)| !ignored(node)).map(|(_, score)| *score);
        let (min, max) = (counting().min().unwrap_or(0), counting().max().unwrap_or(0));
        for (node, score) in nodes.iter().zip(scores) {
            *score = match max {
                _ if ignored(node) => 0,
                0 => MAX_SCORE,
                _ => MAX_SCORE.saturating_mul(max.saturating_add(min).saturating_sub(*score)) / max,
            };
        }
    }
}

impl Scores {
    /// Adds up `pods`, by constraint.
    fn count(
        &mut self,
        cx: Cycle<'_>,
        pods: &[Option<Arc<PodColumn>>],
        feasible: &[Slot],
        require_all: bool,
    ) {
        if self.charges.iter().all(|c| c.by_node) {
            for slot in feasible {
                self.count_on(cx, pods, *slot);
            }
            return;
        }
        for slot in cx.snapshot.live().iter().map(Slot::from) {
            if cx.snapshot.pod_counts()[slot.index()] > 0 && !(require_all && lacks_key(&self.charges, slot))
            {
                self.count_on(cx, pods, slot);
            }
        }
    }

    fn count_on(&mut self, cx: Cycle<'_>, pods: &[Option<Arc<PodColumn>>], slot: Slot) {
        let mut inclusion = Inclusion::new(cx.pod, cx.snapshot.node(slot));
        for (charge, pods) in self.charges.iter_mut().zip(pods) {
            let count = pods.as_ref().map_or(0, |p| p.get(slot));
            // A node of its own is counted whatever the inclusion policies say: it is feasible.
            if count > 0
                && charge.is_registered(slot)
                && (charge.by_node || inclusion.includes(&charge.constraint))
            {
                charge.add(slot, count);
            }
        }
    }
}

impl Charge {
    fn new(snapshot: &Snapshot, constraint: SpreadConstraint) -> Self {
        let column = snapshot.topology(&constraint.topology_key);
        let by_node = &*constraint.topology_key == HOSTNAME;
        let domains = column.domain_count();
        let (blank, cells) = if by_node { (0, snapshot.slots()) } else { (blank(&column), domains + 1) };
        Self { constraint, column, by_node, counts: vec![None; cells], blank, weight: 0.0 }
    }

    /// Where the node's pods are counted.
    fn cell(&self, slot: Slot) -> usize {
        match self.column.domain(slot) {
            _ if self.by_node => slot.index(),
            NO_DOMAIN => self.blank,
            domain => domain as usize,
        }
    }

    fn register(&mut self, slot: Slot) {
        let cell = self.cell(slot);
        self.counts[cell] = Some(0);
    }

    fn is_registered(&self, slot: Slot) -> bool {
        self.counts[self.cell(slot)].is_some()
    }

    fn add(&mut self, slot: Slot, pods: i64) {
        let cell = self.cell(slot);
        self.counts[cell] = self.counts[cell].map(|count| count.saturating_add(pods));
    }

    /// The more domains, the more a pod weighs, so that a key with few domains does not drown one with many.
    fn weigh(&mut self) {
        let domains = self.counts.iter().flatten().count();
        self.weight = ((domains + 2) as f64).ln();
    }

    /// What the node is charged; nothing when it lacks the key.
    fn of(&self, node: Slot) -> Option<f64> {
        if self.column.domain(node) == NO_DOMAIN {
            return None;
        }
        let count = self.counts[self.cell(node)].unwrap_or(0);
        Some(count as f64 * self.weight + f64::from(self.constraint.max_skew.saturating_sub(1)))
    }
}

fn lacks_key(charges: &[Charge], slot: Slot) -> bool {
    charges.iter().any(|c| c.column.domain(slot) == NO_DOMAIN)
}

/// The number of the domain with the empty label value; one beyond the last when there is none.
fn blank(column: &TopologyColumn) -> usize {
    let domains = column.domain_count();
    let is_blank =
        |at: &usize| u32::try_from(*at).ok().and_then(|d| column.value(d)) == Some(&Str::default());
    (0..domains).find(is_blank).unwrap_or(domains)
}
