//! Room held for a pod between the choice of a node and the end of its binding.
//!
//! ```text
//!                Permit: wait              all allow
//!   Deciding ─────────────────▶ Waiting ─────────────▶ PreBinding ───────────▶ Binding ───▶ bound
//!      └──────────────────────────────────────────────▶     nothing to write,
//!                       Permit: allow                       or it is written
//! ```
//! Whatever fails on the way, the reservation is undone and the pod goes back to the queue: from Deciding and Waiting as
//! rejected or as broken, from PreBinding and Binding always as broken. A pod that is deleted or placed by someone else
//! leaves from any phase. The flight ends when Permit lets the pod go, so only the first two phases have one: what happens
//! from then on is no reason to try the pod again.

use std::sync::Arc;
use std::time::Duration;

use longshore_framework::pod::Pod;
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::{Str, Timestamp};

use super::{Flight, QueuedPod};
use crate::cycle::state::CycleState;

/// A Permit plugin that wants the pod to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) plugin: PluginId,
    /// How long at the most.
    pub(crate) time: Duration,
    /// When it gives up.
    pub(crate) until: Timestamp,
}

/// How far a reservation has come.
#[derive(Debug)]
pub(crate) enum Phase {
    /// In the serial part: Reserve and Permit are being asked.
    Deciding(Flight),
    /// Plugins want it to wait; never empty.
    Waiting(Box<[Wait]>, Flight),
    /// PreBind is being asked, or what goes before the binding is being written. A preemptor may want the room back
    /// meanwhile: then the reservation is undone, for this reason, as soon as the writes are over.
    PreBinding { cancelled: Option<Str> },
    /// The binding is being written.
    Binding,
}

impl Phase {
    /// Permit lets the pod go: PreBind is next. The flight that is over by that; none when it was over before, and then the
    /// phase stays as it is.
    pub(crate) fn let_go(&mut self) -> Option<Flight> {
        match std::mem::replace(self, Self::PreBinding { cancelled: None }) {
            Self::Deciding(flight) | Self::Waiting(_, flight) => Some(flight),
            later => {
                *self = later;
                None
            }
        }
    }

    /// Permit keeps the pod waiting. Nothing changes once it has let it go.
    pub(crate) fn wait(&mut self, waits: Vec<Wait>) {
        match std::mem::replace(self, Self::PreBinding { cancelled: None }) {
            Self::Deciding(flight) | Self::Waiting(_, flight) => {
                *self = Self::Waiting(waits.into_boxed_slice(), flight);
            }
            later => *self = later,
        }
    }

    /// The flight, when the pod is given back before Permit has let it go.
    pub(crate) fn into_flight(self) -> Option<Flight> {
        match self {
            Self::Deciding(flight) | Self::Waiting(_, flight) => Some(flight),
            Self::PreBinding { .. } | Self::Binding => None,
        }
    }
}

/// What is held for a pod and of it, so that it can be bound or all be undone.
#[derive(Debug)]
pub(crate) struct Reservation {
    /// The pod as it was decided; while the pod is Reserved it is the version that counts on the node.
    pub(crate) queued: Box<QueuedPod>,
    pub(crate) state: CycleState,
    /// The newest version of the pod, when it changed meanwhile: the one that is tried next should this come to
    /// nothing.
    pub(crate) newest: Option<Arc<Pod>>,
    /// Extenders that are to bind it.
    pub(crate) binders: Vec<Str>,
    /// The profile it was decided with; the engine may have another by that name now.
    pub(crate) profile: Arc<Profile>,
    /// Others changed the node since it was chosen: look again before the binding is written.
    pub(crate) disturbed: bool,
    /// Its binding was given away to be written.
    pub(crate) sent: bool,
}
