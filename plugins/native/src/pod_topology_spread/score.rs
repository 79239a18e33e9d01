//! PreScore, Score and normalising: fewer matching pods in a node's domains is better.

use std::sync::Arc;

use longshore_framework::bitset::BitSet;
use longshore_framework::plugin::{AlikeNodes, Cycle, MAX_SCORE};
use longshore_framework::pod::SpreadConstraint;
use longshore_framework::snapshot::{NO_DOMAIN, PodQuery, Slot, Snapshot};

use super::charged::ChargedPods;
use super::constraints::{Inclusion, counted_pods};

/// What a node is charged for one `ScheduleAnyway` constraint.
#[derive(Clone, Debug)]
struct Charge {
    constraint: SpreadConstraint,
    /// Which pods are counted; `None` for none.
    pods: Option<PodQuery>,
    counted: ChargedPods,
    weight: f64,
}

/// What Score needs.
#[derive(Clone, Debug)]
pub(super) struct ScoreState {
    charges: Vec<Charge>,
    /// Nodes that lack a key are not counted, and feasible ones are ignored: their score is 0.
    require_all: bool,
}

impl ScoreState {
    /// Counts over all nodes; a constraint with an empty selector counts pods only if `empty_counts`. Nodes without pods that count
    /// are not looked at one by one.
    pub(super) fn count(
        cx: Cycle<'_>,
        constraints: Vec<SpreadConstraint>,
        require_all: bool,
        empty_counts: bool,
    ) -> Self {
        let charges = constraints.into_iter().map(|c| Charge::new(cx, c, empty_counts));
        let charges: Vec<Charge> = charges.collect();
        let columns = charges.iter().filter_map(|charge| Some(cx.snapshot.matching(charge.pods.as_ref()?)));
        let mut nodes: Vec<Slot> = columns.flat_map(|column| column.nodes().collect::<Vec<_>>()).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let mut state = Self { charges, require_all };
        state.recount(cx, nodes.into_iter());
        state
    }

    /// Counts some nodes anew. Whether there is a domain with an empty label now that was not there.
    pub(super) fn recount(&mut self, cx: Cycle<'_>, nodes: impl Iterator<Item = Slot>) -> bool {
        let sources: Vec<_> = self
            .charges
            .iter()
            .map(|charge| {
                let column = cx.snapshot.topology(&charge.constraint.topology_key);
                (column, charge.pods.as_ref().map(|query| cx.snapshot.matching(query)))
            })
            .collect();
        let mut anew = false;
        for (charge, (column, _)) in self.charges.iter_mut().zip(&sources) {
            anew |= charge.counted.follow(column);
        }
        for slot in nodes {
            let lacks_any = self.charges.iter().any(|charge| charge.counted.lacks(slot));
            let mut inclusion = Inclusion::new(cx.pod, cx.snapshot.node(slot));
            for (charge, (_, pods)) in self.charges.iter_mut().zip(&sources) {
                let pods = pods.as_ref().map_or(0, |pods| pods.get(slot));
                // A node of its own is counted whatever the inclusion policies say: it matters when it is feasible.
                let is_counted = pods > 0
                    && !(self.require_all && lacks_any)
                    && (charge.counted.is_by_node() || inclusion.includes(&charge.constraint));
                charge.counted.set(slot, if is_counted { pods } else { 0 });
            }
        }
        anew
    }

    /// The nodes where pods came or went that a constraint counts since this generation; `None` when that is not known.
    pub(super) fn recounts(&self, cx: Cycle<'_>, since: u64) -> Option<Vec<Slot>> {
        let mut nodes = Vec::new();
        for query in self.charges.iter().filter_map(|charge| charge.pods.as_ref()) {
            nodes.extend(cx.snapshot.matching(query).changed_since(since)?);
        }
        Some(nodes)
    }

    /// Weighs the constraints by the domains that the feasible nodes belong to: of each kind a node, and how many there
    /// are. The more domains, the more a pod weighs, so that a key with few domains does not drown one with many.
    pub(super) fn weigh(&mut self, feasible: impl Iterator<Item = (Slot, usize)> + Clone) {
        let counted = feasible.filter(|(slot, _)| !self.ignores(*slot));
        let weights: Vec<f64> =
            self.charges.iter().map(|c| ((c.domains(counted.clone()) + 2) as f64).ln()).collect();
        for (charge, weight) in self.charges.iter_mut().zip(weights) {
            charge.weight = weight;
        }
    }

    fn ignores(&self, node: Slot) -> bool {
        self.require_all && self.charges.iter().any(|charge| charge.counted.lacks(node))
    }

    /// The raw score of a feasible node: the lower the better.
    pub(super) fn raw(&self, node: Slot) -> i64 {
        if self.ignores(node) {
            return 0;
        }
        let charged = self.charges.iter().filter_map(|charge| charge.of(node));
        charged.fold(0.0, |sum, charge| sum + charge).round() as i64
    }

    /// What tells nodes apart.
    pub(super) fn kind(&self, node: Slot, kind: &mut Vec<i64>) {
        for charge in &self.charges {
            let counted = &charge.counted;
            kind.push(if counted.is_shared() { i64::from(counted.cell(node)) } else { counted.of(node) });
            kind.push(i64::from(counted.lacks(node)));
        }
    }

    /// Nodes that share the domains of the shared keys are of one kind, but for those that have pods where a node is a domain of its
    /// own. `None` when some lack a key of the latter sort: they are of a kind of their own.
    pub(super) fn alike(&self, snapshot: &Snapshot) -> Option<AlikeNodes> {
        let mut alike = AlikeNodes::default();
        for Charge { constraint, counted, .. } in &self.charges {
            if counted.is_shared() {
                alike.keys.push(Arc::clone(&constraint.topology_key));
            } else if counted.is_on_all(snapshot) {
                alike.except.extend(counted.nodes());
            } else {
                return None;
            }
        }
        Some(alike)
    }

    /// Turns raw scores round, into 0 to 100.
    pub(super) fn normalise(&self, nodes: &[Slot], scores: &mut [i64]) {
        let counting =
            || nodes.iter().zip(&*scores).filter(|(node, _)| !self.ignores(**node)).map(|(_, score)| *score);
        let (min, max) = (counting().min().unwrap_or(0), counting().max().unwrap_or(0));
        for (node, score) in nodes.iter().zip(scores) {
            *score = match max {
                _ if self.ignores(*node) => 0,
                0 => MAX_SCORE,
                _ => MAX_SCORE.saturating_mul(max.saturating_add(min).saturating_sub(*score)) / max,
            };
        }
    }
}

impl Charge {
    /// With no pod counted yet.
    fn new(cx: Cycle<'_>, constraint: SpreadConstraint, empty_counts: bool) -> Self {
        Self {
            pods: counted_pods(&cx.pod.meta.namespace, &constraint, empty_counts),
            counted: ChargedPods::new(cx.snapshot.topology(&constraint.topology_key)),
            weight: 0.0,
            constraint,
        }
    }

    /// To how many domains the nodes belong; those without the key are as one.
    fn domains(&self, nodes: impl Iterator<Item = (Slot, usize)>) -> usize {
        if self.counted.is_by_node() {
            return nodes.map(|(_, count)| count).sum();
        }
        let (mut seen, mut single, mut lacking) = (BitSet::default(), 0, false);
        for (node, count) in nodes {
            match self.counted.cell(node) {
                NO_DOMAIN => lacking = true,
                cell if self.counted.is_shared() => {
                    seen.insert(cell as usize);
                }
                _ => single += count,
            }
        }
        seen.len() + single + usize::from(lacking)
    }

    /// What the node is charged; nothing when it lacks the key.
    fn of(&self, node: Slot) -> Option<f64> {
        if self.counted.lacks(node) {
            return None;
        }
        let count = self.counted.of(node);
        Some(count as f64 * self.weight + f64::from(self.constraint.max_skew.saturating_sub(1)))
    }
}
