//! What stages answer.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::bindings::exports::longshore::scheduler::bind;
use crate::bindings::longshore::scheduler::types;
use crate::{Node, RejectCode};

pub use bind::Binding;

/// A no, with the words that stand in the pod's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// How final it is.
    pub code: RejectCode,
    /// Short, and the same for all nodes that are rejected for the same cause: it is counted by its words.
    pub reason: Cow<'static, str>,
}

impl Reject {
    /// Evicting other pods may help.
    pub fn unschedulable(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code: RejectCode::Unschedulable, reason: reason.into() }
    }

    /// Evicting other pods cannot help.
    pub fn unresolvable(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code: RejectCode::UnschedulableAndUnresolvable, reason: reason.into() }
    }

    /// Something is under way; when one of the plugin's events resolves it the pod skips its backoff.
    pub fn pending(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code: RejectCode::Pending, reason: reason.into() }
    }
}

impl From<Reject> for types::Rejection {
    fn from(reject: Reject) -> Self {
        Self { code: reject.code, reason: reject.reason.into_owned() }
    }
}

/// Yes or no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Fit,
    /// No.
    Reject(Reject),
}

impl Verdict {
    /// See [`Reject::unschedulable`].
    pub fn unschedulable(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Reject(Reject::unschedulable(reason))
    }

    /// See [`Reject::unresolvable`].
    pub fn unresolvable(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Reject(Reject::unresolvable(reason))
    }

    /// See [`Reject::pending`].
    pub fn pending(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Reject(Reject::pending(reason))
    }

    /// Whether it is a yes.
    pub fn fits(&self) -> bool {
        matches!(self, Self::Fit)
    }

    pub(crate) fn of(rejection: Option<types::Rejection>) -> Self {
        let reject = |no: types::Rejection| Self::Reject(Reject { code: no.code, reason: no.reason.into() });
        rejection.map_or(Self::Fit, reject)
    }

    pub(crate) fn rejection(self) -> Option<types::Rejection> {
        match self {
            Self::Fit => None,
            Self::Reject(reject) => Some(reject.into()),
        }
    }
}

impl From<Reject> for Verdict {
    fn from(reject: Reject) -> Self {
        Self::Reject(reject)
    }
}

/// Fit when it is true, else unschedulable for this reason.
#[inline]
pub fn fit_if(fits: bool, reason: &'static str) -> Verdict {
    if fits { Verdict::Fit } else { Verdict::unschedulable(reason) }
}

/// What PreFilter answers.
#[derive(Clone, Debug, PartialEq)]
pub enum PreFilterOutcome<S> {
    /// Every node is worth a look.
    All(S),
    /// These nodes only, by name.
    Only(Vec<String>, S),
    /// Filter is left out.
    Skip(S),
    /// No node will do.
    Reject(Reject),
}

/// What PreScore answers.
#[derive(Clone, Debug, PartialEq)]
pub enum PreScoreOutcome<S> {
    /// Score with this in place of what PreFilter left.
    Score(S),
    /// Score is left out.
    Skip,
}

/// What PostFilter answers.
#[derive(Clone, Debug, PartialEq)]
pub enum PostFilterOutcome {
    /// Nothing can be done.
    Reject(Reject),
    /// The pod is promised the node once these pods (by uid) are evicted. The operator has to grant `evict` unless there
    /// are none.
    Nominate {
        /// The node's name.
        node: String,
        /// UIDs of pods on it, or on other nodes.
        victims: Vec<String>,
    },
}

/// What Permit answers.
#[derive(Clone, Debug, PartialEq)]
pub enum PermitOutcome {
    /// Go on.
    Allow,
    /// Wait for at most this long (15 minutes at the most), until [`host::waiting`](crate::host::waiting) ends it.
    Wait(std::time::Duration),
    /// No.
    Reject(Reject),
}

/// What Filter says of many nodes. Every candidate fits until it is rejected.
#[derive(Debug)]
pub struct Verdicts {
    fit: Vec<u64>,
    rejects: Vec<Reject>,
    rejection_of: Vec<u16>,
    /// Places in `rejects` by their words; made once there are many.
    places: HashMap<Reject, u16>,
    last: usize,
    next: usize,
}

impl std::hash::Hash for Reject {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.code as u8).hash(state);
        self.reason.hash(state);
    }
}

/// Up to so many different rejections are looked through one by one.
const FEW: usize = 16;

impl Verdicts {
    pub(crate) fn new(candidates: Vec<u64>) -> Self {
        let (rejects, rejection_of, places) = (Vec::new(), Vec::new(), HashMap::new());
        Self { fit: candidates, rejects, rejection_of, places, last: 0, next: 0 }
    }

    /// The node does not fit. Nodes come in ascending order, each once at most.
    pub fn reject(&mut self, node: Node<'_>, reject: Reject) {
        let row = node.row() as usize;
        assert!(row >= self.next, "nodes are rejected in ascending order");
        self.next = row + 1;
        let (word, bit) = (&mut self.fit[row / 64], 1 << (row % 64));
        assert!(*word & bit != 0, "only candidates are rejected");
        *word &= !bit;
        let place = self.place(reject);
        self.rejection_of.push(place);
    }

    fn place(&mut self, reject: Reject) -> u16 {
        if self.rejects.get(self.last).is_some_and(|last| same(last, &reject)) {
            return self.last as u16;
        }
        let known = if self.rejects.len() <= FEW {
            self.rejects.iter().position(|other| same(other, &reject))
        } else {
            self.places.get(&reject).map(|place| usize::from(*place))
        };
        self.last = known.unwrap_or_else(|| self.add(reject));
        self.last as u16
    }

    fn add(&mut self, reject: Reject) -> usize {
        let place = self.rejects.len();
        assert!(place < usize::from(u16::MAX), "a filter has at most 65535 different rejections");
        self.rejects.push(reject);
        if place == FEW {
            let all = self.rejects.iter().enumerate();
            self.places = all.map(|(at, reject)| (reject.clone(), at as u16)).collect();
        } else if place > FEW {
            self.places.insert(self.rejects[place].clone(), place as u16);
        }
        place
    }

    pub(crate) fn finish(self) -> types::Verdicts {
        types::Verdicts {
            fit: self.fit,
            rejections: self.rejects.into_iter().map(Into::into).collect(),
            rejection_of: self.rejection_of,
        }
    }
}

/// Whether two rejections are the same; most reasons are one and the same text in memory.
fn same(one: &Reject, other: &Reject) -> bool {
    one.code == other.code
        && (std::ptr::eq(one.reason.as_bytes(), other.reason.as_bytes()) || one.reason == other.reason)
}
