//! The pods of a group while it is decided.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::group::GroupKey;
use longshore_framework::plugin::Nomination;
use longshore_framework::port::FailureReason;

use crate::attempt::Attempt;
use crate::engine::failure::Failure;
use crate::pods::QueuedPod;

/// What became of a pod of the group so far.
pub(super) enum Tried {
    /// Room is held for it.
    Placed(Place),
    /// Room is held for it where evictions would make it.
    Promised(Place, Failure),
    /// It fits, and is in hand: the room that was held for it is given up.
    Fits(Box<QueuedPod>, Place),
    /// It is in hand, and would fit on a node that it is promised, once victims of the group are gone.
    Awaits(Box<QueuedPod>, Failure),
    /// It is in hand, without a node.
    Unfit(Box<QueuedPod>, Failure),
    /// It is being deleted.
    Gone,
}

/// Room that is held.
pub(super) struct Place {
    pub(super) number: usize,
    pub(super) node: Str,
    /// The node that it was promised before.
    pub(super) promised: Option<Str>,
}

/// A pod of the group with its attempt.
pub(super) struct Member {
    pub(super) attempt: Attempt,
    pub(super) tried: Tried,
}

/// What is known of the group.
pub(super) struct Whole {
    pub(super) id: usize,
    pub(super) key: GroupKey,
    pub(super) min: usize,
    /// How many of its pods had a node before.
    pub(super) before: usize,
}

impl Whole {
    /// How many more it takes, 1 at the least.
    pub(super) fn needs(&self) -> usize {
        self.min.saturating_sub(self.before).max(1)
    }

    pub(super) fn is_enough(&self, members: &[Member]) -> bool {
        let fit = fit(members);
        fit > 0 && self.before + fit >= self.min
    }
}

/// How many fit, or would once victims are gone.
pub(super) fn fit(members: &[Member]) -> usize {
    members.iter().filter(|m| !matches!(m.tried, Tried::Unfit(..) | Tried::Gone)).count()
}

/// Whether something broke for one of them.
pub(super) fn any_broke(members: &[Member]) -> bool {
    let broke =
        |m: &Member| matches!(&m.tried, Tried::Unfit(_, f) if f.reason == FailureReason::SchedulerError);
    members.iter().any(broke)
}

/// The node where evictions would make room for the pod.
pub(super) fn promised_node(failure: &Failure) -> Option<Str> {
    let post = failure.post_filter.as_ref().filter(|post| !post.victims.is_empty())?;
    match &post.nomination {
        Nomination::Node(node) => Some(Arc::clone(node)),
        Nomination::Keep | Nomination::Clear => None,
    }
}

/// How many witnesses are looked at for one that is alike. Pods of a sort come one after the other.
const LOOK_BACK: usize = 32;

/// The pods that found no node, one of each sort, with who rejected them.
pub(super) fn witnesses(members: &[Member]) -> Vec<QueuedPod> {
    let mut found: Vec<QueuedPod> = Vec::new();
    for member in members {
        let Tried::Unfit(queued, failure) = &member.tried else { continue };
        if failure.message.is_empty() {
            continue;
        }
        let is_alike = |other: &QueuedPod| {
            Arc::ptr_eq(&other.pod.spec, &queued.pod.spec)
                && other.pod.meta.labels == queued.pod.meta.labels
                && (&other.rejected_by, &other.pending_on) == (&failure.rejected_by, &failure.pending_on)
        };
        if !found.iter().rev().take(LOOK_BACK).any(is_alike) {
            let mut witness = (**queued).clone();
            witness.rejected_by.clone_from(&failure.rejected_by);
            witness.pending_on.clone_from(&failure.pending_on);
            found.push(witness);
        }
    }
    found
}
