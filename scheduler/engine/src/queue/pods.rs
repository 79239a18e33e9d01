//! Every waiting pod, by number and by UID.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use longshore_framework::Str;
use rustc_hash::FxHashMap;

use super::QueuedPod;

/// A part of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Active,
    Backoff,
    /// As backoff, for pods of which nobody knows whether they fit because something broke.
    ErrorBackoff,
    /// Unschedulable or gated.
    Parked,
}

/// A pod and the one part it is in.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) queued: QueuedPod,
    pub(super) part: Part,
}

/// A slab: a pod keeps its number as long as it is here, and the number then goes to another pod.
#[derive(Debug, Default)]
pub(super) struct Pods {
    slots: Vec<Option<Waiting>>,
    free: Vec<usize>,
    numbers: FxHashMap<Str, usize>,
}

impl Pods {
    pub(super) fn number(&self, uid: &str) -> Option<usize> {
        self.numbers.get(uid).copied()
    }

    pub(super) fn get(&self, number: usize) -> Option<&Waiting> {
        self.slots.get(number)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut Waiting> {
        self.slots.get_mut(number)?.as_mut()
    }

    /// Every pod, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &QueuedPod> {
        self.slots.iter().flatten().map(|w| &w.queued)
    }

    /// Adds a pod; its number, and what was known by its UID before.
    pub(super) fn insert(&mut self, waiting: Waiting) -> (usize, Option<Waiting>) {
        let number = match self.numbers.entry(Arc::clone(&waiting.queued.pod.meta.uid)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let next = self.slots.len();
                *new.insert(self.free.pop().unwrap_or(next))
            }
        };
        if number == self.slots.len() {
            self.slots.push(None);
        }
        (number, self.slots[number].replace(waiting))
    }

    pub(super) fn remove(&mut self, number: usize) -> Option<Waiting> {
        let waiting = self.slots.get_mut(number)?.take()?;
        self.numbers.remove(&waiting.queued.pod.meta.uid);
        self.free.push(number);
        Some(waiting)
    }
}
