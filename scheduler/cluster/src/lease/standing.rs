//! Where a candidate stands, and what is told of it.

use std::fmt;

use longshore_framework::Str;

use super::error::LeaseError;

/// Where we stand.
#[derive(Clone, Debug, PartialEq)]
pub enum Leadership {
    /// Another one leads, or nobody knows yet.
    Standby {
        /// Who holds the Lease, when it was read and someone does.
        holder: Option<Str>,
        /// Why the last try to get the Lease failed, other than that someone holds it.
        trouble: Option<LeaseError>,
    },
    /// We lead.
    Leading,
    /// We led and do no more, and must not act any more. It does not come back.
    Lost(LossReason),
}

impl Default for Leadership {
    fn default() -> Self {
        Self::Standby { holder: None, trouble: None }
    }
}

/// Why we do not lead any more.
#[derive(Clone, Debug, PartialEq)]
pub enum LossReason {
    /// We were told to stop; whether the Lease could be handed back, so that the next one need not wait for its end.
    Stopped {
        /// The Lease names no holder any more.
        released: bool,
    },
    /// Another one took the Lease.
    TakenBy(Str),
    /// The Lease could not be renewed in time.
    NotRenewed(LeaseError),
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped { released: true } => f.write_str("stopped, and the lease is released"),
            Self::Stopped { released: false } => f.write_str("stopped; the lease runs out by itself"),
            Self::TakenBy(holder) => write!(f, "the lease was taken by {holder}"),
            Self::NotRenewed(error) => write!(f, "the lease could not be renewed in time: {error}"),
        }
    }
}

/// Something to be recorded as a LeaderElection event on the Lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseEvent {
    /// Namespace of the Lease.
    pub namespace: Str,
    /// Its name.
    pub name: Str,
    /// Its UID; empty when not known.
    pub uid: Str,
    /// `<identity> became leader` or `<identity> stopped leading`.
    pub note: String,
}
