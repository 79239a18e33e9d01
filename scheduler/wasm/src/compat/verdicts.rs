//! Status codes and what they mean to the framework.

use longshore_framework::event::{Action, EventPattern, Resource};
use longshore_framework::reason::Reason;
use longshore_framework::verdict::{Reasons, RejectCode, Rejection};

use super::exports::Export;
use super::instance::Reply;
use crate::failure::{Failure, FailureKind, cut};

/// A status, as the reference host numbers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Success,
    Reject(Rejection),
    Wait,
    Skip,
}

/// The status of a code.
///
/// # Errors
/// The guest says that it failed, or the code is none.
pub(crate) fn status(export: Export, code: i32, reason: &str) -> Result<Status, Failure> {
    let reject = |code| Ok(Status::Reject(Rejection { code, reasons: reasons(reason) }));
    match code {
        0 => Ok(Status::Success),
        2 => reject(RejectCode::Unschedulable),
        3 => reject(RejectCode::UnschedulableAndUnresolvable),
        4 => Ok(Status::Wait),
        5 => Ok(Status::Skip),
        code => Err(said_no(export, code, reason)),
    }
}

/// No reason at all is no reason, not an empty one.
fn reasons(reason: &str) -> Reasons {
    if reason.is_empty() {
        Reasons::new()
    } else {
        std::iter::once(Reason::from(cut(reason.to_string()))).collect()
    }
}

/// The failure of a status that the stage has no use for.
pub(crate) fn said_no(export: Export, code: i32, reason: &str) -> Failure {
    let known = ["success", "error", "unschedulable", "unschedulable and unresolvable", "wait", "skip"];
    let word = usize::try_from(code).ok().and_then(|at| known.get(at));
    let message = match (word, reason) {
        (Some(_), reason) if !reason.is_empty() => reason.to_string(),
        (Some(word), _) => format!("it answered with the status {word}"),
        (None, reason) => format!("it answered with the status code {code}, which is none: {reason}"),
    };
    let kind = if word.is_some() { FailureKind::Error } else { FailureKind::Answer };
    Failure::new(export.stage(), kind, message)
}

/// A reply whose status has to be success or a rejection.
///
/// # Errors
/// Any other status.
pub(crate) fn yes_or_no(export: Export, reply: &Reply) -> Result<Option<Rejection>, Failure> {
    let (code, reason) = (reply.low(), &reply.pushed.reason);
    match status(export, code, reason)? {
        Status::Success => Ok(None),
        Status::Reject(rejection) => Ok(Some(rejection)),
        Status::Wait | Status::Skip => Err(said_no(export, code, reason)),
    }
}

/// What is registered when a guest names nothing.
pub(crate) const DEFAULT_EVENTS: [EventPattern; 6] = [
    EventPattern::new(Resource::Pod, Action::ALL),
    EventPattern::new(Resource::Node, Action::ALL),
    EventPattern::new(Resource::CsiNode, Action::ALL),
    EventPattern::new(Resource::PersistentVolume, Action::ALL),
    EventPattern::new(Resource::PersistentVolumeClaim, Action::ALL),
    EventPattern::new(Resource::StorageClass, Action::ALL),
];

/// Events by the numbers of the SDK. Kinds that there are no more are left out; without any that is known, the default
/// stands.
pub(crate) fn events(pairs: &[(u32, u32)]) -> Vec<EventPattern> {
    let found: Vec<_> = pairs.iter().filter_map(|(kind, bits)| event(*kind, *bits)).collect();
    if found.is_empty() { DEFAULT_EVENTS.to_vec() } else { found }
}

fn event(kind: u32, bits: u32) -> Option<EventPattern> {
    let resource = match kind {
        0 => Resource::Pod,
        1 => Resource::Node,
        2 => Resource::PersistentVolume,
        3 => Resource::PersistentVolumeClaim,
        // 4 was PodSchedulingContext, which went with Kubernetes 1.32.
        5 => Resource::ResourceClaim,
        6 => Resource::StorageClass,
        7 => Resource::CsiNode,
        8 => Resource::CsiDriver,
        9 => Resource::CsiStorageCapacity,
        10 => Resource::Any,
        _ => return None,
    };
    action(resource, bits).map(|action| EventPattern::new(resource, action))
}

/// The SDK's bits are those of an older kube-scheduler: four kinds of updates, all of nodes, which stand for any update
/// when they are all given or when the object is no node.
fn action(resource: Resource, bits: u32) -> Option<Action> {
    const UPDATES: u32 = 4 | 8 | 16 | 32;
    if bits & 63 == 63 {
        return Some(Action::ALL);
    }
    let (any, all) = (bits & UPDATES != 0, bits & UPDATES == UPDATES);
    let whole = if resource == Resource::Node { all } else { any };
    let table = [
        (bits & 1 != 0, Action::ADD),
        (bits & 2 != 0, Action::DELETE),
        (whole, Action::UPDATE),
        (!whole && bits & 4 != 0, Action::NODE_ALLOCATABLE),
        (!whole && bits & 8 != 0, Action::NODE_LABEL),
        (!whole && bits & 16 != 0, Action::NODE_TAINT),
        (!whole && bits & 32 != 0, Action::NODE_CONDITION),
    ];
    table.into_iter().filter(|(set, _)| *set).map(|(_, action)| action).reduce(|all, one| all | one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pairs: &[(u32, u32)], want: &[(Resource, Action)]) {
        let want: Vec<_> = want.iter().map(|(r, a)| EventPattern::new(*r, *a)).collect();
        assert_eq!(events(pairs), want);
    }

    #[test]
    fn events_are_translated_bit_by_bit() {
        check(&[(2, 2)], &[(Resource::PersistentVolume, Action::DELETE)]);
        check(&[(1, 1 | 16)], &[(Resource::Node, Action::ADD | Action::NODE_TAINT)]);
        check(&[(1, 60)], &[(Resource::Node, Action::UPDATE)]);
        check(&[(0, 8 | 2)], &[(Resource::Pod, Action::DELETE | Action::UPDATE)]);
        check(&[(10, 63), (5, 1)], &[(Resource::Any, Action::ALL), (Resource::ResourceClaim, Action::ADD)]);
    }

    #[test]
    fn nothing_known_stands_for_the_default() {
        assert_eq!(events(&[]), DEFAULT_EVENTS);
        assert_eq!(events(&[(4, 63), (99, 1), (1, 0)]), DEFAULT_EVENTS);
    }

    #[test]
    fn codes() {
        let rejection = |code, reasons| Ok(Status::Reject(Rejection { code, reasons }));
        let said = |code, reason| status(Export::Filter, code, reason);
        assert_eq!(said(0, ""), Ok(Status::Success));
        assert_eq!(said(2, "x"), rejection(RejectCode::Unschedulable, reasons("x")));
        assert_eq!(said(3, ""), rejection(RejectCode::UnschedulableAndUnresolvable, Reasons::new()));
        let failure = |code, reason| said(code, reason).unwrap_err();
        assert_eq!((failure(1, "x").kind, &*failure(1, "x").message), (FailureKind::Error, "x"));
        assert_eq!(failure(1, "").message, "it answered with the status error");
        assert_eq!(failure(i32::MIN, "").kind, FailureKind::Answer);
    }
}
