//! Every pod of the queue, by number and by UID.

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

/// Where a pod is.
#[derive(Debug)]
pub(super) enum Seat {
    /// No pod has this number.
    Free,
    /// It waits in a part of the queue.
    Waiting(Part, QueuedPod),
    /// It is being decided since then.
    InFlight(u64),
}

/// A slab: a pod keeps its number until it is gone, and the number then goes to another pod.
#[derive(Debug, Default)]
pub(super) struct Pods {
    seats: Vec<Seat>,
    free: Vec<usize>,
    numbers: FxHashMap<Str, usize>,
}

impl Pods {
    pub(super) fn number(&self, uid: &str) -> Option<usize> {
        self.numbers.get(uid).copied()
    }

    pub(super) fn seat(&self, number: usize) -> &Seat {
        self.seats.get(number).unwrap_or(&Seat::Free)
    }

    /// The pod with this number, if it waits.
    pub(super) fn waiting(&self, number: usize) -> Option<&QueuedPod> {
        match self.seat(number) {
            Seat::Waiting(_, queued) => Some(queued),
            Seat::Free | Seat::InFlight(_) => None,
        }
    }

    /// As [`waiting`](Self::waiting), to be changed.
    pub(super) fn waiting_mut(&mut self, number: usize) -> Option<&mut QueuedPod> {
        match self.seats.get_mut(number) {
            Some(Seat::Waiting(_, queued)) => Some(queued),
            _ => None,
        }
    }

    /// When the pod with this number was taken, if it is in flight.
    pub(super) fn in_flight(&self, number: usize) -> Option<u64> {
        match self.seat(number) {
            Seat::InFlight(start) => Some(*start),
            Seat::Free | Seat::Waiting(..) => None,
        }
    }

    /// Every waiting pod, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &QueuedPod> {
        self.seats.iter().filter_map(|seat| match seat {
            Seat::Waiting(_, queued) => Some(queued),
            Seat::Free | Seat::InFlight(_) => None,
        })
    }

    /// Sorts by the UIDs of the pods whose numbers `number` takes from the entries: the order in which several pods move
    /// at once.
    pub(super) fn sort_by_uid<T>(&self, entries: &mut [T], number: impl Fn(&T) -> usize) {
        let uid = |entry: &T| self.waiting(number(entry)).map(|q| &q.pod.meta.uid);
        entries.sort_unstable_by(|a, b| uid(a).cmp(&uid(b)));
    }

    /// The number of the pod with this UID, which may be new.
    pub(super) fn number_for(&mut self, uid: &Str) -> usize {
        match self.numbers.entry(Arc::clone(uid)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let number = self.free.pop().unwrap_or_else(|| {
                    self.seats.push(Seat::Free);
                    self.seats.len() - 1
                });
                *new.insert(number)
            }
        }
    }

    /// Seats the pod with this number elsewhere.
    pub(super) fn put(&mut self, number: usize, seat: Seat) {
        if let Some(old) = self.seats.get_mut(number) {
            *old = seat;
        }
    }

    /// Takes a waiting pod into flight.
    pub(super) fn take_off(&mut self, number: usize, start: u64) -> Option<QueuedPod> {
        let seat = self.seats.get_mut(number).filter(|seat| matches!(seat, Seat::Waiting(..)))?;
        match std::mem::replace(seat, Seat::InFlight(start)) {
            Seat::Waiting(_, queued) => Some(queued),
            Seat::Free | Seat::InFlight(_) => None,
        }
    }

    /// Forgets a pod; where it was.
    pub(super) fn remove(&mut self, uid: &str) -> Option<(usize, Seat)> {
        let number = self.numbers.remove(uid)?;
        self.free.push(number);
        let seat = self.seats.get_mut(number)?;
        Some((number, std::mem::replace(seat, Seat::Free)))
    }
}
