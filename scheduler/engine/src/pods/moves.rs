//! The ways from state to state that are drawn in [`seat`](super::seat). Each takes a pod from the states it may come from and
//! leaves every other alone.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;

use super::reservation::{Phase, Reservation};
use super::{Flight, Hold, OnNode, Part, Pods, QueuedPod, Seat};

/// A reservation that is none any more.
#[derive(Debug)]
pub(crate) struct Released {
    pub(crate) held: Box<Reservation>,
    pub(crate) node: Str,
    /// The pod does not count on the node any more.
    pub(crate) left: bool,
}

impl Pods {
    /// A waiting pod goes to another part of the queue.
    pub(crate) fn set_part(&mut self, number: usize, part: Part) {
        if let Some(Seat::Waiting(at, _)) = self.seats.get_mut(number) {
            *at = part;
        }
    }

    /// Waiting → Deciding. The pod's part must not know it any more.
    pub(crate) fn take_off(&mut self, number: usize, flight: Flight) -> Option<Box<QueuedPod>> {
        match self.put(number, Seat::Deciding(flight)) {
            Seat::Waiting(_, queued) => Some(queued),
            other => {
                self.put(number, other);
                None
            }
        }
    }

    /// Waiting, Deciding → Returning. The pod's part must not know it any more. What was there, if it was one of these.
    pub(crate) fn take_back(&mut self, number: usize) -> Option<Seat> {
        let is_there = matches!(self.seat(number), Seat::Waiting(..) | Seat::Deciding(_));
        is_there.then(|| self.put(number, Seat::Returning))
    }

    /// Free, Deciding, Returning → Waiting. The flight, if there was one; the pod comes back to the caller when it is somewhere
    /// else. The part is for the caller to say, and to tell.
    pub(crate) fn wait(&mut self, queued: Box<QueuedPod>) -> Result<Option<Flight>, Box<QueuedPod>> {
        let number = queued.number;
        match self.seat(number) {
            Seat::Free | Seat::Deciding(_) | Seat::Returning => {}
            Seat::Waiting(..) | Seat::OnNode(_) => return Err(queued),
        }
        match self.put(number, Seat::Waiting(Part::Parked, queued)) {
            Seat::Deciding(flight) => Ok(Some(flight)),
            _ => Ok(None),
        }
    }

    /// Deciding → Reserved. The reservation comes back when the pod is somewhere else.
    pub(crate) fn reserve(&mut self, node: Str, held: Box<Reservation>) -> Result<(), Box<Reservation>> {
        let number = held.queued.number;
        match self.put(number, Seat::Returning) {
            Seat::Deciding(flight) => {
                let pod = Arc::clone(&held.queued.pod);
                let hold = Hold::Reserved(Phase::Deciding(flight), held);
                self.put(number, Seat::OnNode(OnNode { pod, node, hold }));
                Ok(())
            }
            other => {
                self.put(number, other);
                Err(held)
            }
        }
    }

    /// Reserved → Deciding, Returning; Unanswered → Seen: the reservation is given up.
    pub(crate) fn release(&mut self, number: usize) -> Option<Released> {
        match self.put(number, Seat::Returning) {
            Seat::OnNode(OnNode { node, hold: Hold::Reserved(phase, held), .. }) => {
                if let Some(flight) = phase.into_flight() {
                    self.put(number, Seat::Deciding(flight));
                }
                Some(Released { held, node, left: true })
            }
            Seat::OnNode(OnNode { pod, node, hold: Hold::Unanswered(held) }) => {
                let hold = Hold::Seen;
                self.put(number, Seat::OnNode(OnNode { pod, node: Arc::clone(&node), hold }));
                Some(Released { held, node, left: false })
            }
            other => {
                self.put(number, other);
                None
            }
        }
    }

    /// Reserved → Bound; Unanswered → Seen: the binding is there.
    pub(crate) fn conclude(&mut self, number: usize) -> Option<Box<Reservation>> {
        match self.put(number, Seat::Returning) {
            Seat::OnNode(OnNode { pod, node, hold: Hold::Reserved(Phase::Binding, held) }) => {
                self.put(number, Seat::OnNode(OnNode { pod, node, hold: Hold::Bound }));
                Some(held)
            }
            Seat::OnNode(OnNode { pod, node, hold: Hold::Unanswered(held) }) => {
                self.put(number, Seat::OnNode(OnNode { pod, node, hold: Hold::Seen }));
                Some(held)
            }
            other => {
                self.put(number, other);
                None
            }
        }
    }

    /// Reserved → Unanswered; Bound, Unanswered, Seen, Returning, Free → itself or Seen: the watch shows the pod on a node. A
    /// reservation is one for this node, and its binding is under way; any other was released before. Returns the version
    /// that counted and its node, if the pod counted on one.
    pub(crate) fn show(&mut self, number: usize, pod: Arc<Pod>, node: Str) -> Option<(Arc<Pod>, Str)> {
        let (old, hold) = match self.put(number, Seat::Returning) {
            Seat::OnNode(on) => (Some((on.pod, on.node)), on.hold.seen()),
            _ => (None, Hold::Seen),
        };
        self.put(number, Seat::OnNode(OnNode { pod, node, hold }));
        old
    }
}
