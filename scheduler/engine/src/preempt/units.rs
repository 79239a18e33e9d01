//! What goes or stays as one when room is made: a pod, or a group whose pods go together.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use longshore_framework::features::Features;
use longshore_framework::objects::Objects;
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::{Slot, Snapshot};

use super::budgets::Ledger;
use super::wholes::{Whole, Wholes};
use crate::cycle::Evaluator;

/// A pod, or a group.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    /// The pods, and where they are; nowhere when their node is not known.
    pub(crate) pods: Vec<(Option<Slot>, Arc<Pod>)>,
    pub(crate) priority: i32,
    pub(crate) is_group: bool,
    /// How many of its pods budgets protect.
    pub(crate) violations: usize,
    started: i64,
}

impl Unit {
    fn one(slot: Slot, pod: &Arc<Pod>) -> Self {
        let pods = vec![(Some(slot), Arc::clone(pod))];
        Self { pods, priority: pod.spec.priority, is_group: false, violations: 0, started: started(pod) }
    }

    fn whole(whole: &Whole) -> Self {
        let first = whole.pods.iter().map(|(_, pod)| started(pod)).min();
        Self {
            pods: whole.pods.clone(),
            priority: whole.priority,
            is_group: true,
            violations: 0,
            started: first.unwrap_or(i64::MAX),
        }
    }

    /// The more important first: the higher priority, groups before pods, the larger group, the earlier start.
    pub(crate) fn importance(&self, other: &Self) -> Ordering {
        let key = |unit: &Self| {
            (Reverse(unit.priority), Reverse(unit.is_group), Reverse(unit.pods.len()), unit.started)
        };
        key(self).cmp(&key(other))
    }
}

/// A pod that has not started counts as starting now.
fn started(pod: &Pod) -> i64 {
    pod.meta.started.map_or(i64::MAX, |at| at.0)
}

/// What on a node may have to go for the pod, most important first.
pub(super) fn on_node(evaluator: &Evaluator<'_>, slot: Slot, wholes: &Wholes) -> Vec<Unit> {
    let priority = evaluator.pod.spec.priority;
    let pods = evaluator.snapshot.pods(slot).iter();
    let pods = pods.filter(|pod| pod.spec.priority < priority && !wholes.have(pod));
    let groups = wholes.on(slot).filter(|whole| whole.priority < priority);
    sorted(pods.map(|pod| Unit::one(slot, pod)).chain(groups.map(Unit::whole)).collect())
}

/// What in the whole cluster may have to go for somebody of this priority, most important first.
pub(crate) fn everywhere(snapshot: &Snapshot, wholes: &Wholes, priority: i32) -> Vec<Unit> {
    let on = |slot: &Slot| {
        let slot = *slot;
        snapshot.pods(slot).iter().map(move |pod| (slot, pod))
    };
    let pods = snapshot.order().iter().flat_map(on);
    let pods = pods.filter(|(_, pod)| pod.spec.priority < priority && !wholes.have(pod));
    let groups = wholes.all().iter().filter(|whole| whole.priority < priority);
    sorted(pods.map(|(slot, pod)| Unit::one(slot, pod)).chain(groups.map(Unit::whole)).collect())
}

fn sorted(mut units: Vec<Unit>) -> Vec<Unit> {
    units.sort_by(Unit::importance);
    units
}

/// How many pods of each of these units, most important first, budgets protect.
pub(crate) fn count_violations(objects: &Objects, features: Features, units: &mut [Unit]) {
    if objects.disruption_budgets.is_empty() {
        return;
    }
    let mut ledger = Ledger::new(objects, features);
    for Unit { pods, violations, .. } in units {
        *violations = pods.iter().filter(|(_, pod)| ledger.take(pod)).count();
    }
}
