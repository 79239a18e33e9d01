//! What is recorded.

use std::borrow::Cow;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::port::{GroupStanding, GroupState};

use crate::lease::LeaseEvent;

/// Longest note that the API accepts, in bytes.
pub const LONGEST_NOTE: usize = 1024;

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectRef {
    /// `v1`, `coordination.k8s.io/v1`.
    pub api_version: &'static str,
    /// `Pod`, `Lease`.
    pub kind: &'static str,
    /// Namespace.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// UID.
    pub uid: Str,
}

impl ObjectRef {
    /// A lease.
    pub fn lease(namespace: Str, name: Str, uid: Str) -> Self {
        Self { api_version: "coordination.k8s.io/v1", kind: "Lease", namespace, name, uid }
    }

    /// A pod.
    pub fn pod(pod: &Pod) -> Self {
        Self {
            api_version: "v1",
            kind: "Pod",
            namespace: Arc::clone(&pod.meta.namespace),
            name: Arc::clone(&pod.meta.name),
            uid: Arc::clone(&pod.meta.uid),
        }
    }
}

/// Reasons and actions that the API accepts: not empty, at most 128 bytes.
fn short(text: &str) -> Cow<'static, str> {
    match text {
        "" => "Plugin".into(),
        text => text[..text.floor_char_boundary(128)].to_string().into(),
    }
}

/// `type` of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// All is well.
    Normal,
    /// Something is not.
    Warning,
}

impl EventKind {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// Something to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it is about.
    pub regarding: ObjectRef,
    /// Another object that had a part in it.
    pub related: Option<ObjectRef>,
    /// Normal or Warning.
    pub kind: EventKind,
    /// Why, e.g. `FailedScheduling`.
    pub reason: Cow<'static, str>,
    /// What was done, e.g. `Binding`.
    pub action: Cow<'static, str>,
    /// For people; cut to [`LONGEST_NOTE`] bytes.
    pub note: String,
    /// Who says so: the profile's scheduler name.
    pub reporting_controller: Str,
    /// Never comes again for this object, so that it need not be remembered.
    pub once: bool,
}

impl Event {
    /// A pod was bound.
    pub fn scheduled(pod: &Pod, node: &str) -> Self {
        let note = format!("Successfully assigned {} to {node}", pod.key());
        Self { once: true, ..Self::of(pod, EventKind::Normal, "Scheduled", "Binding", note) }
    }

    /// An attempt failed.
    pub fn failed_scheduling(pod: &Pod, message: &str) -> Self {
        Self::of(pod, EventKind::Warning, "FailedScheduling", "Scheduling", message.to_string())
    }

    /// The devices of a pod have to become ready on its node.
    pub fn waiting_for_devices(pod: &Pod, node: &str) -> Self {
        let note = format!("waiting for binding conditions for device on node {node}");
        Self::of(pod, EventKind::Normal, "BindingConditionsPending", "Scheduling", note)
    }

    /// A group is not started, is started, or made room for others; `pod` is one of its pods.
    pub fn of_group(group: ObjectRef, pod: &Pod, standing: &GroupStanding) -> Self {
        let (kind, reason) = match standing.state {
            GroupState::Started => (EventKind::Normal, "Scheduled"),
            GroupState::Preempted => (EventKind::Normal, "Preempted"),
            GroupState::Incomplete
            | GroupState::Unschedulable
            | GroupState::Preempting
            | GroupState::Broken => (EventKind::Warning, "FailedScheduling"),
        };
        Self { regarding: group, ..Self::of(pod, kind, reason, "Scheduling", standing.message.clone()) }
    }

    /// A victim has to go; `in_memory` when it was not bound yet and only gives up its place.
    pub fn preempted(victim: &Pod, preemptor: &Pod, node: &str, in_memory: bool) -> Self {
        let suffix = if in_memory { " (in kube-scheduler memory)." } else { "" };
        let note = format!("Preempted by pod {} on node {node}{suffix}", preemptor.meta.uid);
        Self {
            related: Some(ObjectRef::pod(preemptor)),
            // The one who preempts speaks, whoever the victim was scheduled by.
            reporting_controller: Arc::clone(&preemptor.spec.scheduler_name),
            ..Self::of(victim, EventKind::Normal, "Preempted", "Preempting", note)
        }
    }

    /// Leadership began or ended. The API demands an action, which kube-scheduler's event of this kind has not.
    pub fn leader_election(lease: LeaseEvent, reporting_controller: Str) -> Self {
        Self {
            regarding: ObjectRef::lease(lease.namespace, lease.name, lease.uid),
            related: None,
            kind: EventKind::Normal,
            reason: "LeaderElection".into(),
            action: "LeaderElection".into(),
            note: lease.note,
            reporting_controller,
            once: true,
        }
    }

    /// A plugin has something to say of a pod; the plugin's name stands as the action.
    pub fn of_plugin(pod: &Pod, plugin: &str, kind: EventKind, reason: &str, note: &str) -> Self {
        let event = Self::of(pod, kind, "", "", note.to_string());
        Self { reason: short(reason), action: short(plugin), ..event }
    }

    /// Something that concerns the scheduler as a whole, told of the lease that it leads by.
    pub fn of_scheduler(
        lease: ObjectRef,
        kind: EventKind,
        reason: &'static str,
        action: &str,
        note: String,
        reporting_controller: Str,
    ) -> Self {
        let (reason, action) = (reason.into(), short(action));
        Self {
            regarding: lease,
            related: None,
            kind,
            reason,
            action,
            note,
            reporting_controller,
            once: false,
        }
    }

    fn of(pod: &Pod, kind: EventKind, reason: &'static str, action: &'static str, note: String) -> Self {
        Self {
            regarding: ObjectRef::pod(pod),
            related: None,
            kind,
            reason: reason.into(),
            action: action.into(),
            note,
            reporting_controller: Arc::clone(&pod.spec.scheduler_name),
            once: false,
        }
    }
}

/// Cuts a note to what the API accepts, with ` ...` at its end.
pub(super) fn cut(note: &mut String) {
    const SUFFIX: &str = " ...";
    if note.len() > LONGEST_NOTE {
        note.truncate(note.floor_char_boundary(LONGEST_NOTE - SUFFIX.len()));
        note.push_str(SUFFIX);
    }
}
