//! What a plugin can answer.

use longshore_framework::registry::Stage;
use longshore_framework::verdict::{Refusal, Rejection, Verdict};

/// An answer about the pod.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// When it was asked.
    pub(crate) stage: Stage,
    /// What it said.
    pub(crate) kind: Kind,
}

/// What was said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Yes, or nothing against it.
    Pass,
    /// PreFilter: these nodes only.
    Only(Vec<String>),
    /// The stages that belong to this one are left out.
    Skip,
    /// No.
    Rejected(Rejection),
    /// It broke.
    Failed(String),
    /// Permit: wait for so many milliseconds at the most.
    Wait(u64),
    /// PostFilter: the pod is promised a node, these pods are evicted.
    Nominated {
        /// The node.
        node: Option<String>,
        /// `namespace/name`.
        victims: Vec<String>,
    },
    /// Bind: this plugin binds, with these annotations.
    Bound(Vec<(String, String)>),
    /// Bind: left to the next plugin.
    Left,
}

impl Kind {
    pub(super) fn verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Reject(rejection) => Self::Rejected(rejection),
        }
    }

    pub(super) fn failed(error: &longshore_framework::verdict::PluginError) -> Self {
        Self::Failed(error.to_string())
    }

    pub(super) fn refused(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Rejected(rejection) => Self::Rejected(rejection.clone()),
            Refusal::Broken(error) => Self::failed(error),
        }
    }

    /// The word in documents.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::Only(_) => "Only",
            Self::Skip => "Skip",
            Self::Rejected(_) => "Reject",
            Self::Failed(_) => "Failed",
            Self::Wait(_) => "Wait",
            Self::Nominated { .. } => "Nominate",
            Self::Bound(_) => "Bind",
            Self::Left => "Leave",
        }
    }
}

/// An answer about a node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NodeAnswer {
    /// The node.
    pub(crate) node: String,
    /// What it said.
    pub(crate) judged: Judged,
}

/// What was said of a node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Judged {
    /// It fits.
    Fits {
        /// As Score gave it.
        raw: Option<i64>,
        /// After normalising.
        score: Option<i64>,
    },
    /// It does not.
    Rejected(Rejection),
    /// PreFilter named others.
    LeftOut,
}
