//! Where a pod is.
//!
//! ```text
//!   a new pod without a node
//!             │
//!             ▼                    taken to be tried
//!          Waiting ───────────────────────────────────────▶ Deciding
//!           ▲   ▲            no node for it, or refused      │    ▲
//!           │   └────────────────────────────────────────────┤    │ refused before
//!           │                                      a node    │    │ Permit let it go
//!           │ tried again                          is found  ▼    │
//!       Returning ◀───────────────────────────────────────  Reserved
//!                     came to nothing after Permit let it go  │   │
//!                                        binding accepted     │   │ shown on its node
//!                                              ┌──────────────┘   │ before the answer
//!                                              ▼                  ▼
//!                                            Bound            Unanswered
//!                                              │ shown            │ answered
//!   a new pod that has a node                  ▼                  │
//!             └─────────────────────────────▶ Seen ◀──────────────┘
//! ```
//! In Reserved and below the pod counts on a node ([`OnNode`]). How far a reservation has come is drawn in
//! [`reservation`](super::reservation).
//!
//! Two ways lead out of every state at rest and are not drawn: a pod that is deleted is nowhere any more, and one that the
//! watch shows on a node is on that node. A reservation for another node, or one whose binding is not under way, is undone
//! first: for that moment the pod is Deciding or Returning, then its flight ends, and it is Seen where the watch has it. A
//! waiting pod leaves its part of the queue first. An assumed pod that is shown to be terminating, still without a node, is
//! gone as well.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;

use super::QueuedPod;
use super::reservation::{Phase, Reservation};

/// A part of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Active,
    Backoff,
    /// As backoff, for pods of which nobody knows whether they fit because something broke.
    ErrorBackoff,
    /// Unschedulable or gated.
    Parked,
    /// In its group, which stands in one of the other parts for it or waits to be complete; and a group that stands in none.
    Group,
}

/// The time since a pod was taken to be tried: how many events there had been by then. It is made when a pod is taken, goes
/// with the pod, and is given back to those events when the pod has missed nothing any more. So there is one of each.
#[derive(Debug)]
pub(crate) struct Flight(pub(crate) u64);

/// Where a pod is.
#[derive(Debug)]
pub(crate) enum Seat {
    /// There is no such pod. Comes from any other state when the pod is gone for good; the number goes to a new pod.
    Free,
    /// It waits in a part of the queue, which knows it by number.
    ///
    /// From: a new pod without a node; Deciding and Returning, when an attempt came to nothing. To: Deciding, when it is
    /// taken to be tried. From part to part it goes by events and time, see [`queue`](crate::queue).
    Waiting(Part, Box<QueuedPod>),
    /// An attempt has it in hand, and what happens is remembered for it.
    ///
    /// From: Waiting; Reserved, when Reserve, Permit or a preemptor refuses it before Permit has let it go. To: Waiting, when
    /// there is no node for it; Reserved, when there is one.
    Deciding(Flight),
    /// It is in hand for a moment after it lost what it had: a reservation that Permit had let go, or its place in the queue.
    ///
    /// From: Reserved; Waiting. To: Waiting, to be tried again; a node, when it was seen there.
    Returning,
    /// It counts on a node.
    OnNode(OnNode),
}

/// A pod that counts on a node. It may be one that nobody has told of yet, and then the pod counts when the node comes: the
/// snapshot knows which nodes there are, and the cache who waits for one.
#[derive(Debug)]
pub(crate) struct OnNode {
    /// The version that is counted.
    pub(crate) pod: Arc<Pod>,
    pub(crate) node: Str,
    pub(crate) hold: Hold,
}

/// What a pod is on its node by.
#[derive(Debug)]
pub(crate) enum Hold {
    /// Room is held for it: it is assumed there, and there is something left to be done or to be undone.
    ///
    /// From: Deciding. To: Deciding or Returning, when it is undone; Bound, when the binding was accepted; Unanswered, when
    /// the watch shows the binding that is under way.
    Reserved(Phase, Box<Reservation>),
    /// Its binding was accepted, and the watch has not shown it yet: it is assumed there. That never expires.
    ///
    /// From: Reserved. To: Seen.
    Bound,
    /// The watch shows it there, and the answer to its binding is still to come. Whatever it says, the pod is there.
    ///
    /// From: Reserved. To: Seen, with the answer or when the pod is shown on another node.
    Unanswered(Box<Reservation>),
    /// The watch shows it there.
    ///
    /// From: Bound; Unanswered; a pod that has a node and is new, or was anywhere else. To: Seen, in a newer version or on
    /// another node.
    Seen,
}

impl Hold {
    /// Whether the watch has not shown the pod on its node yet.
    pub(crate) fn is_assumed(&self) -> bool {
        matches!(self, Self::Reserved(..) | Self::Bound)
    }

    pub(crate) fn reservation(&self) -> Option<&Reservation> {
        match self {
            Self::Reserved(_, held) | Self::Unanswered(held) => Some(held),
            Self::Bound | Self::Seen => None,
        }
    }

    pub(crate) fn reservation_mut(&mut self) -> Option<&mut Reservation> {
        match self {
            Self::Reserved(_, held) | Self::Unanswered(held) => Some(held),
            Self::Bound | Self::Seen => None,
        }
    }

    /// The same once the watch shows the pod on its node.
    pub(crate) fn seen(self) -> Self {
        match self {
            Self::Reserved(_, held) | Self::Unanswered(held) => Self::Unanswered(held),
            Self::Bound | Self::Seen => Self::Seen,
        }
    }
}
