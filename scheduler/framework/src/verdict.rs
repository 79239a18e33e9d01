//! What a plugin may answer. Saying no is a value; an error means that something broke.

use std::time::Duration;

use smallvec::{SmallVec, smallvec};
use thiserror::Error;

use crate::Str;
use crate::reason::Reason;

/// Reasons of one rejection; nearly always one.
pub type Reasons = SmallVec<[Reason; 1]>;

/// How final a rejection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectCode {
    /// Evicting other pods may help. The queue parks the pod until an event may have made it fit.
    Unschedulable,
    /// Evicting other pods cannot help. Parked likewise.
    UnschedulableAndUnresolvable,
    /// Something is under way; when an event resolves it the pod skips its backoff.
    Pending,
}

impl RejectCode {
    /// kube-scheduler's name of the code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unschedulable => "Unschedulable",
            Self::UnschedulableAndUnresolvable => "UnschedulableAndUnresolvable",
            Self::Pending => "Pending",
        }
    }
}

/// A no, with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rejection {
    /// How final it is.
    pub code: RejectCode,
    /// Why.
    pub reasons: Reasons,
}

impl Rejection {
    /// A rejection that evictions may resolve.
    pub fn unschedulable(reason: impl Into<Reason>) -> Self {
        Self { code: RejectCode::Unschedulable, reasons: smallvec![reason.into()] }
    }

    /// A rejection that evictions cannot resolve.
    pub fn unresolvable(reason: impl Into<Reason>) -> Self {
        Self { code: RejectCode::UnschedulableAndUnresolvable, reasons: smallvec![reason.into()] }
    }

    /// The reasons joined with `", "`.
    pub fn message(&self) -> String {
        self.reasons.iter().map(Reason::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// A plugin broke, or could not answer. The cycle fails and the pod is retried after its error backoff.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct PluginError(pub Str);

impl PluginError {
    /// An error with a message.
    pub fn new(message: impl Into<Str>) -> Self {
        Self(message.into())
    }
}

/// Why PreBind or Bind did not go on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The plugin said no: the pod is unschedulable, and its condition has the reasons as they are.
    #[error("{}", .0.message())]
    Rejected(Rejection),
    /// It broke.
    #[error(transparent)]
    Broken(#[from] PluginError),
}

/// Yes or no, of Filter, Reserve and PreEnqueue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Pass,
    /// No.
    Reject(Rejection),
}

impl Verdict {
    /// [`Rejection::unschedulable`] as a verdict.
    pub fn unschedulable(reason: impl Into<Reason>) -> Self {
        Self::Reject(Rejection::unschedulable(reason))
    }

    /// [`Rejection::unresolvable`] as a verdict.
    pub fn unresolvable(reason: impl Into<Reason>) -> Self {
        Self::Reject(Rejection::unresolvable(reason))
    }
}

/// What PreFilter answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreFilterVerdict {
    /// Go on; with a set of names only these nodes are worth a look (names need not exist).
    Pass(Option<Vec<Str>>),
    /// Nothing to filter: Filter and the pod extension of this plugin are left out of the cycle.
    Skip,
    /// No node will do.
    Reject(Rejection),
}

/// What PreScore answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreScoreVerdict {
    /// Go on.
    Score,
    /// Nothing to prefer: Score of this plugin is left out of the cycle.
    Skip,
}

/// What Permit answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PermitVerdict {
    /// The pod may be bound.
    Allow,
    /// The pod has to wait, at most this long (capped at 15 minutes).
    Wait(Duration),
    /// The pod may not be bound.
    Reject(Rejection),
}
