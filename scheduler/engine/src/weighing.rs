//! What a preemption weighed: on which nodes evictions would make room, what each would cost, and what decided between them.

use std::cmp::Reverse;
use std::sync::Arc;

use longshore_framework::plugin::{Candidate, DryRun, PostFilterOutcome};
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::{Str, Timestamp};

/// Nodes that are kept, the chosen one first.
const NODES: usize = 5;

/// Victims that are kept by name for each node.
const VICTIMS: usize = 10;

/// What was weighed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weighing {
    /// Nodes that were tried.
    pub tried: usize,
    /// Nodes among them where evictions would make room.
    pub helped: usize,
    /// Nodes that are as good as the chosen one, that one included.
    pub equal: usize,
    /// What told the chosen node from those that are not as good; `None` when it is not known, as of plugins of one's own.
    pub decided_by: Option<Criterion>,
    /// The chosen node, then the others that cost the least.
    pub candidates: Vec<WeighedNode>,
}

/// A node where evictions would make room, and what they would cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeighedNode {
    /// The node.
    pub node: Str,
    /// `namespace/name` of the first victims, most important first.
    pub victims: Vec<String>,
    /// How many victims there are in all.
    pub count: usize,
    /// How many of them a PodDisruptionBudget protects.
    pub protected: usize,
    /// The highest of their priorities.
    pub highest: i32,
    /// The sum of their priorities.
    pub sum: i128,
    /// When the first of those with the highest priority started; `None` when none of them has.
    pub earliest: Option<Timestamp>,
}

/// By what candidates are told apart, in the order in which kube-scheduler's DefaultPreemption looks at them. Each counts
/// only among the nodes that those before it leave equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// There was one candidate.
    OnlyCandidate,
    /// The fewest victims that a PodDisruptionBudget protects.
    FewestProtectedVictims,
    /// The lowest priority of the most important victim.
    LowestHighestPriority,
    /// The lowest sum of the victims' priorities.
    LowestSumOfPriorities,
    /// The fewest victims.
    FewestVictims,
    /// The latest start of the most important victims.
    LatestStart,
    /// Nothing: all candidates are equally good.
    AllEqual,
}

/// What evictions from a node cost, in the order of [`Criterion`].
type Cost = (usize, i32, i128, usize, Reverse<Timestamp>);

impl Weighing {
    /// What came of trying nodes, when evictions were decided on; `None` when no node was chosen.
    pub(crate) fn of(
        snapshot: &Snapshot,
        outcome: &PostFilterOutcome,
        chosen: Option<Slot>,
    ) -> Option<Box<Self>> {
        let mut candidates: Vec<&Candidate> =
            outcome.tried.iter().filter_map(|(_, run)| candidate(run)).collect();
        let chosen = candidates.iter().position(|c| Some(c.node) == chosen)?;
        let decided_by = decided_by(&candidates, chosen);
        let costs = cost(candidates[chosen]);
        let equal = candidates.iter().filter(|c| cost(c) == costs).count();
        candidates.swap(0, chosen);
        let (first, others) = candidates.split_first_mut()?;
        others.sort_by_cached_key(|c| (cost(c), Arc::clone(&snapshot.node(c.node).name)));
        let best = std::iter::once(&*first).chain(&*others).take(NODES);
        Some(Box::new(Self {
            tried: outcome.tried.len(),
            helped: 1 + others.len(),
            equal,
            decided_by,
            candidates: best.map(|c| weighed(snapshot, c)).collect(),
        }))
    }
}

fn candidate(run: &DryRun) -> Option<&Candidate> {
    match run {
        DryRun::Candidate(candidate) => Some(candidate),
        DryRun::Rejected { .. } => None,
    }
}

fn cost(candidate: &Candidate) -> Cost {
    let loss = candidate.loss;
    (candidate.violations, loss.highest, loss.sum, candidate.victims.len(), Reverse(loss.earliest))
}

fn weighed(snapshot: &Snapshot, candidate: &Candidate) -> WeighedNode {
    let count = candidate.victims.len();
    WeighedNode {
        node: Arc::clone(&snapshot.node(candidate.node).name),
        victims: candidate.victims.iter().take(VICTIMS).map(|pod| pod.key()).collect(),
        count,
        protected: candidate.violations,
        highest: candidate.loss.highest,
        sum: candidate.victims.iter().map(|pod| i128::from(pod.spec.priority)).sum(),
        earliest: Some(candidate.loss.earliest).filter(|at| at.0 != i64::MAX),
    }
}

/// The last criterion that left a candidate out; `None` when the chosen one is not among those that cost the least, as when
/// an extender or another plugin had a say.
fn decided_by(candidates: &[&Candidate], chosen: usize) -> Option<Criterion> {
    use Criterion::{
        AllEqual, FewestProtectedVictims, FewestVictims, LatestStart, LowestHighestPriority,
        LowestSumOfPriorities, OnlyCandidate,
    };
    let costs: Vec<Cost> = candidates.iter().map(|c| cost(c)).collect();
    let best = costs[chosen];
    if costs.iter().any(|cost| *cost < best) {
        return None;
    }
    if costs.len() == 1 {
        return Some(OnlyCandidate);
    }
    // How many of its criteria a candidate shares with the best: those that share the most were left out last.
    let shared = |cost: &Cost| {
        let same = [cost.0 == best.0, cost.1 == best.1, cost.2 == best.2, cost.3 == best.3];
        same.iter().take_while(|same| **same).count()
    };
    let last = costs.iter().filter(|cost| **cost != best).map(shared).max();
    let order =
        [FewestProtectedVictims, LowestHighestPriority, LowestSumOfPriorities, FewestVictims, LatestStart];
    Some(last.map_or(AllEqual, |at| order[at]))
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::{node, pod};
    use longshore_framework::pod::Pod;

    use super::*;

    fn victims(priorities: &[i32], started: i64) -> Vec<Arc<Pod>> {
        let make = |(at, priority): (usize, &i32)| {
            let name = format!("v{at}");
            pod(&name).priority(*priority).meta(|m| m.started = Some(Timestamp(started))).build()
        };
        priorities.iter().enumerate().map(make).collect()
    }

    /// Candidates as priorities of the victims, how many of these are protected, and when they started. The first is chosen.
    #[track_caller]
    fn check(candidates: &[(&[i32], usize, i64)], want: Option<Criterion>, equal: usize) {
        let mut snapshot = Snapshot::default();
        let tried = candidates.iter().enumerate().map(|(at, (priorities, protected, started))| {
            let slot = snapshot.set_node(node(&format!("n{at}")).build());
            let candidate = Candidate::new(slot, victims(priorities, *started), *protected);
            (slot, Arc::new(DryRun::Candidate(candidate)))
        });
        let outcome = PostFilterOutcome { tried: tried.collect(), ..PostFilterOutcome::default() };
        let weighing = Weighing::of(&snapshot, &outcome, Some(outcome.tried[0].0)).unwrap();
        assert_eq!((weighing.decided_by, weighing.equal), (want, equal));
        assert_eq!(&*weighing.candidates[0].node, "n0");
        assert_eq!((weighing.tried, weighing.helped), (candidates.len(), candidates.len()));
        assert_eq!(weighing.candidates.len(), candidates.len().min(NODES));
    }

    #[test]
    fn the_criterion_that_left_out_the_last_is_the_one_that_decided() {
        use Criterion::*;
        check(&[(&[1], 0, 5)], Some(OnlyCandidate), 1);
        check(&[(&[1], 0, 5), (&[1], 0, 5)], Some(AllEqual), 2);
        check(&[(&[5], 0, 5), (&[1], 1, 5)], Some(FewestProtectedVictims), 1);
        check(&[(&[1, 1], 0, 5), (&[2], 0, 5), (&[1], 1, 5)], Some(LowestHighestPriority), 1);
        check(&[(&[2, 1], 0, 5), (&[2, 2], 0, 5)], Some(LowestSumOfPriorities), 1);
        check(&[(&[1], 0, 9), (&[1], 0, 5), (&[2], 0, 9)], Some(LatestStart), 1);
        // From the lowest priority there is, more victims are always a higher sum.
        check(&[(&[0], 0, 5), (&[0, i32::MIN], 0, 5)], Some(FewestVictims), 1);
        check(&[(&[2], 0, 5), (&[1], 0, 5)], None, 1);
        check(&[(&[1], 0, 5), (&[1], 0, 5), (&[2], 0, 5)], Some(LowestHighestPriority), 2);
        check(&[(&[1][..], 0, 5); 9], Some(AllEqual), 9);
    }
}
