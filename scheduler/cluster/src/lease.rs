//! Leader election by a Lease, as client-go does it: of several schedulers of one name one decides, the others stand by.
//!
//! Nobody trusts the clock of another: a Lease has expired when *this* process has seen no change of it for as long as it
//! is said to last, on its own monotonic clock. The times written into the Lease are for people.

pub mod elector;
mod wire;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use longshore_framework::Str;

pub use self::elector::Elector;
use crate::call::ApiError;

/// The waits between tries to get the Lease are up to this much longer, by chance (client-go's JitterFactor).
pub(crate) const JITTER: f64 = 1.2;

/// Which Lease, and how fast.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaseOptions {
    /// Namespace of the Lease.
    pub namespace: Str,
    /// Name of the Lease.
    pub name: Str,
    /// Who we are, see [`identity`]; unique among all that ever want the Lease.
    pub identity: Str,
    /// How long the others wait without news of the holder before they take over: 15 s.
    pub lease_duration: Duration,
    /// How long the holder tries to renew before it gives up: 10 s.
    pub renew_deadline: Duration,
    /// The time between tries: 2 s.
    pub retry_period: Duration,
}

impl LeaseOptions {
    /// kube-scheduler's times.
    pub fn new(namespace: impl Into<Str>, name: impl Into<Str>, identity: impl Into<Str>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
            identity: identity.into(),
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
        }
    }

    /// What client-go demands of the times.
    ///
    /// # Errors
    /// The demand that is not met, and its mend.
    pub fn validate(&self) -> Result<(), BadLeaseOptions> {
        if self.identity.is_empty() {
            return Err(BadLeaseOptions("the identity is empty"));
        }
        if self.retry_period.is_zero() {
            return Err(BadLeaseOptions("retryPeriod must be greater than zero"));
        }
        if self.lease_duration <= self.renew_deadline {
            return Err(BadLeaseOptions("leaseDuration must be greater than renewDeadline"));
        }
        if self.renew_deadline <= self.retry_period.mul_f64(JITTER) {
            return Err(BadLeaseOptions("renewDeadline must be greater than 1.2 times retryPeriod"));
        }
        Ok(())
    }
}

/// Options that cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("leaderElection: {0}")]
pub struct BadLeaseOptions(&'static str);

/// `<hostname>_<uuid>`: who we are to the others.
pub fn identity(hostname: &str) -> Str {
    format!("{hostname}_{}", uuid::Uuid::new_v4()).into()
}

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

/// A call for the Lease that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// 401.
    #[error(
        "the API server does not accept our credentials for {verb} of lease {lease}: renew the token or certificate in \
         the kubeconfig, or the service account of the pod"
    )]
    Unauthorized {
        /// `get`, `create` or `update`.
        verb: &'static str,
        /// `namespace/name`.
        lease: String,
    },
    /// 403.
    #[error(
        "not allowed to {verb} lease {lease}: the Role must allow create on leases.coordination.k8s.io, and get and \
         update on the one of this name"
    )]
    Forbidden {
        /// `get`, `create` or `update`.
        verb: &'static str,
        /// `namespace/name`.
        lease: String,
    },
    /// 404 of a create.
    #[error(
        "cannot create lease {lease}: its namespace does not exist; create it or set leaderElection.resourceNamespace"
    )]
    NoNamespace {
        /// `namespace/name`.
        lease: String,
    },
    /// Anything else.
    #[error("cannot {verb} lease {lease}: {error}")]
    Call {
        /// `get`, `create` or `update`.
        verb: &'static str,
        /// `namespace/name`.
        lease: String,
        /// What went wrong.
        error: ApiError,
    },
}

impl LeaseError {
    fn of(verb: &'static str, lease: String, error: ApiError) -> Self {
        match error {
            e if e.is_unauthorized() => Self::Unauthorized { verb, lease },
            // A Lease cannot be created in a namespace that is terminating; the permission is not at fault.
            e if e.is_forbidden() && !e.is_namespace_terminating() => Self::Forbidden { verb, lease },
            e if e.is_not_found() && verb == "create" => Self::NoNamespace { lease },
            error => Self::Call { verb, lease, error },
        }
    }

    /// The Lease changed between our reading and our writing: someone else was quicker.
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Call { error, .. } if error.is_conflict() || error.already_exists())
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

/// Tells whether the elector still does its work: a leader whose loop is stuck must not stay up. As with client-go's
/// check `leaderElection`, a standby is always well.
#[derive(Clone, Debug, Default)]
pub struct Watchdog(Arc<Mutex<Option<Instant>>>);

/// How long past the end of its lease a leader may be before it is unwell.
pub const WATCHDOG_TOLERANCE: Duration = Duration::from_secs(20);

impl Watchdog {
    /// `Err` with the reason when we believe to lead although the Lease ended more than [`WATCHDOG_TOLERANCE`] ago.
    ///
    /// # Errors
    /// The loop is stuck.
    pub fn check(&self, now: Instant) -> Result<(), &'static str> {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(until) if now.saturating_duration_since(until) > WATCHDOG_TOLERANCE => {
                Err("the leader has not renewed its lease")
            }
            _ => Ok(()),
        }
    }

    /// We lead until then, or not at all.
    fn set(&self, until: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

#[cfg(test)]
mod tests;
