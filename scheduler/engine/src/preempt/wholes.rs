//! Groups whose pods go together when room is made for others, or not at all.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Slot;
use rustc_hash::{FxHashMap, FxHashSet};

/// Those of which some pods are on nodes.
#[derive(Debug, Default)]
pub(crate) struct Wholes {
    groups: Vec<Whole>,
    by_slot: FxHashMap<Slot, Vec<usize>>,
    uids: FxHashSet<Str>,
}

/// Such a group.
#[derive(Debug)]
pub(crate) struct Whole {
    /// Its pods that have a node, by UID, and where they are; on a node that is not known nowhere.
    pub(crate) pods: Vec<(Option<Slot>, Arc<Pod>)>,
    /// What it matters: its own priority, or the highest of its pods.
    pub(crate) priority: i32,
}

impl Wholes {
    /// Another group; `priority` is its own if it has one.
    pub(crate) fn add(&mut self, mut pods: Vec<(Option<Slot>, Arc<Pod>)>, priority: Option<i32>) {
        let Some(highest) = pods.iter().map(|(_, pod)| pod.spec.priority).max() else { return };
        pods.sort_by(|(_, a), (_, b)| a.meta.uid.cmp(&b.meta.uid));
        let at = self.groups.len();
        for (slot, pod) in &pods {
            self.uids.insert(Arc::clone(&pod.meta.uid));
            let Some(slot) = slot else { continue };
            let there = self.by_slot.entry(*slot).or_default();
            if there.last() != Some(&at) {
                there.push(at);
            }
        }
        self.groups.push(Whole { pods, priority: priority.unwrap_or(highest) });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    pub(crate) fn all(&self) -> &[Whole] {
        &self.groups
    }

    /// Whether the pod is of one of them.
    pub(crate) fn have(&self, pod: &Pod) -> bool {
        !self.uids.is_empty() && self.uids.contains(&pod.meta.uid)
    }

    /// Whether any has a pod on the node.
    pub(super) fn are_on(&self, slot: Slot) -> bool {
        self.by_slot.contains_key(&slot)
    }

    /// Those that have a pod on the node.
    pub(super) fn on(&self, slot: Slot) -> impl Iterator<Item = &Whole> {
        self.by_slot.get(&slot).into_iter().flatten().map(|at| &self.groups[*at])
    }
}
