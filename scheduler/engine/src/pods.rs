//! Every pod the engine was told of, by number and by UID, each in exactly one place.
//!
//! The queue, the reservations and the cache are views of this table: they know pods by number. A pod has its number from when
//! it is first told of until it is gone, wherever it is meanwhile.

mod echoes;
mod moves;
mod numbers;
mod queued_pod;
pub(crate) mod reservation;
pub(crate) mod seat;

use std::collections::hash_map::Entry;
use std::sync::Arc;

use longshore_framework::Str;
use rustc_hash::FxHashMap;

pub(crate) use echoes::Echoes;
pub(crate) use moves::Released;
use numbers::Numbers;
pub use queued_pod::QueuedPod;
use reservation::{Phase, Reservation};
pub(crate) use seat::{Flight, Hold, OnNode, Part, Seat};

/// A slab.
#[derive(Debug, Default)]
pub(crate) struct Pods {
    seats: Vec<Seat>,
    free: Vec<usize>,
    numbers: FxHashMap<Str, usize>,
    /// Pods with a reservation.
    reserved: Numbers,
    on_nodes: usize,
    assumed: usize,
}

impl Pods {
    pub(crate) fn number(&self, uid: &str) -> Option<usize> {
        self.numbers.get(uid).copied()
    }

    /// The number of the pod with this UID, which may be new.
    pub(crate) fn number_for(&mut self, uid: &Str) -> usize {
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

    pub(crate) fn seat(&self, number: usize) -> &Seat {
        self.seats.get(number).unwrap_or(&Seat::Free)
    }

    /// The pod with this number, if it waits.
    pub(crate) fn waiting(&self, number: usize) -> Option<&QueuedPod> {
        match self.seat(number) {
            Seat::Waiting(_, queued) => Some(queued),
            _ => None,
        }
    }

    /// As [`waiting`](Self::waiting), to be changed.
    pub(crate) fn waiting_mut(&mut self, number: usize) -> Option<&mut QueuedPod> {
        match self.seats.get_mut(number) {
            Some(Seat::Waiting(_, queued)) => Some(queued),
            _ => None,
        }
    }

    /// Whether what happens is remembered for the pod: it is being decided, or waits for Permit.
    pub(crate) fn flies(&self, number: usize) -> bool {
        match self.seat(number) {
            Seat::Deciding(_) => true,
            Seat::OnNode(on) => {
                matches!(on.hold, Hold::Reserved(Phase::Deciding(_) | Phase::Waiting(..), _))
            }
            Seat::Free | Seat::Waiting(..) | Seat::Returning => false,
        }
    }

    /// The pod with this number, if it counts on a node.
    pub(crate) fn on_node(&self, number: usize) -> Option<&OnNode> {
        match self.seat(number) {
            Seat::OnNode(on) => Some(on),
            _ => None,
        }
    }

    /// As [`on_node`](Self::on_node). How it holds its place may not change to another state by this.
    fn on_node_mut(&mut self, number: usize) -> Option<&mut OnNode> {
        match self.seats.get_mut(number) {
            Some(Seat::OnNode(on)) => Some(on),
            _ => None,
        }
    }

    /// Whether the pod counts on a node where the watch has not shown it yet.
    pub(crate) fn is_assumed(&self, number: usize) -> bool {
        self.on_node(number).is_some_and(|on| on.hold.is_assumed())
    }

    /// The pod's reservation, and the node that is held.
    pub(crate) fn held(&self, number: usize) -> Option<(&Reservation, &Str)> {
        let on = self.on_node(number)?;
        Some((on.hold.reservation()?, &on.node))
    }

    /// As [`held`](Self::held), to be changed.
    pub(crate) fn held_mut(&mut self, number: usize) -> Option<(&mut Reservation, &Str)> {
        let on = self.on_node_mut(number)?;
        Some((on.hold.reservation_mut()?, &on.node))
    }

    /// How far the pod's binding has come, if it is not over.
    pub(crate) fn phase(&self, number: usize) -> Option<&Phase> {
        match &self.on_node(number)?.hold {
            Hold::Reserved(phase, _) => Some(phase),
            _ => None,
        }
    }

    /// The same with the reservation, to be changed.
    pub(crate) fn reserved_mut(&mut self, number: usize) -> Option<(&mut Phase, &mut Reservation)> {
        match &mut self.on_node_mut(number)?.hold {
            Hold::Reserved(phase, held) => Some((phase, held)),
            _ => None,
        }
    }

    /// Every pod with a reservation, in no particular order.
    pub(crate) fn reserved(&self) -> impl Iterator<Item = (usize, &OnNode, &Reservation)> {
        let held = |number| {
            let on = self.on_node(number)?;
            Some((number, on, on.hold.reservation()?))
        };
        self.reserved.iter().filter_map(held)
    }

    /// Does something to every reservation on the node.
    pub(crate) fn each_reserved_on(&mut self, node: &str, mut act: impl FnMut(&mut Reservation)) {
        for number in self.reserved.iter() {
            if let Some(Seat::OnNode(on)) = self.seats.get_mut(number)
                && *on.node == *node
                && let Some(held) = on.hold.reservation_mut()
            {
                act(held);
            }
        }
    }

    /// How many pods have a reservation.
    pub(crate) fn reserved_len(&self) -> usize {
        self.reserved.len()
    }

    /// How many pods count on nodes, and how many of them are assumed.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.on_nodes, self.assumed)
    }

    /// Every pod that counts on a node, in no particular order.
    pub(crate) fn on_nodes(&self) -> impl Iterator<Item = &OnNode> {
        self.seats.iter().filter_map(|seat| match seat {
            Seat::OnNode(on) => Some(on),
            _ => None,
        })
    }

    /// Sorts by the UIDs of the waiting pods whose numbers `number` takes from the entries: the order in which several pods
    /// move at once.
    pub(crate) fn sort_by_uid<T>(&self, entries: &mut [T], number: impl Fn(&T) -> usize) {
        let uid = |entry: &T| self.waiting(number(entry)).map(|q| &q.pod.meta.uid);
        entries.sort_unstable_by(|a, b| uid(a).cmp(&uid(b)));
    }

    /// Seats the pod with this number elsewhere; where it was.
    pub(crate) fn put(&mut self, number: usize, seat: Seat) -> Seat {
        let Some(place) = self.seats.get_mut(number) else { return Seat::Free };
        let (on, assumed, reserved) = tally(&seat);
        let old = std::mem::replace(place, seat);
        let (was_on, was_assumed, was_reserved) = tally(&old);
        self.on_nodes = self.on_nodes + usize::from(on) - usize::from(was_on);
        self.assumed = self.assumed + usize::from(assumed) - usize::from(was_assumed);
        match (was_reserved, reserved) {
            (false, true) => self.reserved.insert(number),
            (true, false) => self.reserved.remove(number),
            (true, true) | (false, false) => {}
        }
        old
    }

    /// Forgets a pod; where it was.
    pub(crate) fn remove(&mut self, uid: &str) -> Option<Seat> {
        let number = self.numbers.remove(uid)?;
        self.free.push(number);
        Some(self.put(number, Seat::Free))
    }
}

/// Whether a pod counts on a node, is assumed there, and has a reservation.
fn tally(seat: &Seat) -> (bool, bool, bool) {
    match seat {
        Seat::OnNode(on) => (true, on.hold.is_assumed(), on.hold.reservation().is_some()),
        _ => (false, false, false),
    }
}

#[cfg(test)]
mod tests;
