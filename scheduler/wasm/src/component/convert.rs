//! Pods and answers in both languages.

use std::sync::Arc;

use longshore_framework::event::{Action, ClusterEvent, EventPattern, Resource};
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::resources::Amounts;
use longshore_framework::taint::{Toleration, TolerationOperator};
use longshore_framework::verdict::{Reasons, RejectCode, Rejection};

use super::bindings::exports::longshore::scheduler::lifecycle;
use super::bindings::longshore::scheduler::types as wit;
use super::reading::Reading;
use crate::failure::cut;

/// A pod in brief. Without `identity`, its name and UID are left out.
pub(crate) fn pod_info(pod: &Pod, node: Option<&str>, identity: bool) -> wit::PodInfo {
    let text = |text: &str| if identity { text.to_string() } else { String::new() };
    wit::PodInfo {
        uid: text(&pod.meta.uid),
        namespace: pod.meta.namespace.to_string(),
        name: text(&pod.meta.name),
        priority: pod.spec.priority,
        labels: pod.meta.labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
        requests: amounts(&pod.resources.request),
        node: node.or(pod.meta.node_name.as_deref()).map(str::to_string),
    }
}

/// The pod to be placed.
pub(crate) fn pod(pod: &Pod, raw: Option<Vec<u8>>, identity: bool) -> wit::Pod {
    wit::Pod {
        info: pod_info(pod, None, identity),
        scored_requests: amounts(&pod.resources.scored),
        tolerations: pod.spec.tolerations.iter().filter_map(toleration).collect(),
        node_selector: pod.spec.node_selector.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
        owner: pod.meta.owner.as_ref().map(|owner| wit::Owner {
            kind: owner.kind.to_string(),
            name: owner.name.to_string(),
            uid: owner.uid.to_string(),
        }),
        raw,
    }
}

fn amounts(amounts: &Amounts) -> Vec<(String, i64)> {
    amounts.iter().filter(|(_, n)| *n != 0).map(|(name, n)| (name.to_string(), n)).collect()
}

/// A guest knows Exists and Equal only: one that compares numbers is not told, so as not to be taken for Equal.
fn toleration(toleration: &Toleration) -> Option<wit::Toleration> {
    let exists = match toleration.operator {
        TolerationOperator::Exists => true,
        TolerationOperator::Equal => false,
        TolerationOperator::Lt | TolerationOperator::Gt => return None,
    };
    Some(wit::Toleration {
        key: toleration.key.to_string(),
        exists,
        value: toleration.value.to_string(),
        effect: toleration.effect.map(|e| e.as_str().to_string()),
    })
}

/// A rejection in the framework's words.
pub(crate) fn rejection(said: wit::Rejection) -> Rejection {
    let (code, text) = (code(said.code), cut(said.reason));
    let mut reasons: Reasons =
        text.lines().take(MOST_REASONS).map(|line| Reason::Other(line.into())).collect();
    if reasons.is_empty() {
        reasons.push(Reason::Other(text.into()));
    }
    Rejection { code, reasons }
}

/// A rejection in the guest's words.
pub(crate) fn rejection_of(no: &Rejection) -> wit::Rejection {
    wit::Rejection { code: code_of(no.code), reason: no.message() }
}

/// Reasons of one rejection at the most.
const MOST_REASONS: usize = 16;

fn code(code: wit::RejectCode) -> RejectCode {
    match code {
        wit::RejectCode::Unschedulable => RejectCode::Unschedulable,
        wit::RejectCode::UnschedulableAndUnresolvable => RejectCode::UnschedulableAndUnresolvable,
        wit::RejectCode::Pending => RejectCode::Pending,
    }
}

/// The way back.
pub(crate) fn code_of(code: RejectCode) -> wit::RejectCode {
    match code {
        RejectCode::Unschedulable => wit::RejectCode::Unschedulable,
        RejectCode::UnschedulableAndUnresolvable => wit::RejectCode::UnschedulableAndUnresolvable,
        RejectCode::Pending => wit::RejectCode::Pending,
    }
}

/// Events as a manifest names them.
///
/// # Errors
/// A word that is not known.
pub(crate) fn events(
    patterns: &[lifecycle::EventPattern],
    readings: &[Reading],
) -> Result<Vec<EventPattern>, String> {
    patterns.iter().map(|pattern| event(pattern, readings)).collect()
}

fn event(pattern: &lifecycle::EventPattern, readings: &[Reading]) -> Result<EventPattern, String> {
    let named = RESOURCES.iter().find(|(name, _)| *name == pattern.resource).map(|(_, resource)| *resource);
    let declared = || {
        let reading = readings.iter().find(|reading| reading.kind.label() == pattern.resource);
        reading.map(|reading| Resource::Declared(reading.kind))
    };
    let resource = named.or_else(declared).ok_or_else(|| {
        let name = cut(pattern.resource.clone());
        format!(
            "unknown resource {name:?} in its events; a kind that it declares is written Kind.version.group"
        )
    })?;
    let mut actions = Action(0);
    for word in &pattern.actions {
        let named = ACTIONS.iter().find(|(name, _)| name == word);
        let (_, action) =
            named.ok_or_else(|| format!("unknown action {:?} in its events", cut(word.clone())))?;
        actions = actions | *action;
    }
    Ok(EventPattern::new(resource, actions))
}

/// Resource and action of an event, in the words of event patterns.
pub(crate) fn event_words(event: &ClusterEvent) -> (String, String) {
    let resource = match event.resource {
        Resource::AssignedPod | Resource::UnschedulablePod => Resource::Pod,
        other => other,
    };
    let named = RESOURCES.iter().find(|(_, known)| *known == resource).map(|(name, _)| *name);
    let action = ACTIONS.iter().find(|(_, known)| *known == event.action).map(|(name, _)| *name);
    (named.unwrap_or(resource.label()).to_string(), action.unwrap_or(event.action.label()).to_string())
}

const RESOURCES: [(&str, Resource); 16] = [
    ("*", Resource::Any),
    ("Pod", Resource::Pod),
    ("NewPod", Resource::NewPod),
    ("Node", Resource::Node),
    ("PersistentVolume", Resource::PersistentVolume),
    ("PersistentVolumeClaim", Resource::PersistentVolumeClaim),
    ("StorageClass", Resource::StorageClass),
    ("CSINode", Resource::CsiNode),
    ("CSIDriver", Resource::CsiDriver),
    ("CSIStorageCapacity", Resource::CsiStorageCapacity),
    ("VolumeAttachment", Resource::VolumeAttachment),
    ("Service", Resource::Service),
    ("ResourceClaim", Resource::ResourceClaim),
    ("ResourceSlice", Resource::ResourceSlice),
    ("DeviceClass", Resource::DeviceClass),
    ("NodeMetrics", Resource::NodeMetrics),
];

const ACTIONS: [(&str, Action); 12] = [
    ("*", Action::ALL),
    ("Add", Action::ADD),
    ("Delete", Action::DELETE),
    ("Update", Action::UPDATE),
    ("UpdateNodeAllocatable", Action::NODE_ALLOCATABLE),
    ("UpdateNodeLabel", Action::NODE_LABEL),
    ("UpdateNodeTaint", Action::NODE_TAINT),
    ("UpdateNodeCondition", Action::NODE_CONDITION),
    ("UpdateNodeAnnotation", Action::NODE_ANNOTATION),
    ("UpdatePodLabel", Action::POD_LABEL),
    ("UpdatePodScaleDown", Action::POD_SCALE_DOWN),
    ("UpdatePodToleration", Action::POD_TOLERATION),
];

/// Which pod a cycle is about. While it is the same, nothing has to be said again.
#[derive(Clone, Debug)]
pub(crate) struct CycleKey {
    pod: Pod,
    shared: Arc<Vec<u8>>,
}

impl CycleKey {
    pub(crate) fn new(pod: &Pod, shared: Arc<Vec<u8>>) -> Self {
        Self { pod: pod.clone(), shared }
    }

    /// Whether a cycle about `pod` would be the same. Without `identity`, as for any pod of the class.
    pub(crate) fn covers(&self, pod: &Pod, shared: &Arc<Vec<u8>>, identity: bool) -> bool {
        if !identity {
            return self.same_class(pod, shared);
        }
        let mine = &self.pod;
        Arc::ptr_eq(&mine.spec, &pod.spec)
            && mine.meta.uid == pod.meta.uid
            && mine.meta.labels == pod.meta.labels
            && mine.meta.owner == pod.meta.owner
            && self.shared == *shared
    }

    /// Whether a pod is of the same class: it differs in nothing that a pure plugin sees.
    pub(crate) fn same_class(&self, pod: &Pod, shared: &Arc<Vec<u8>>) -> bool {
        let mine = &self.pod;
        let same_spec = Arc::ptr_eq(&mine.spec, &pod.spec) || mine.spec == pod.spec;
        same_spec
            && mine.meta.namespace == pod.meta.namespace
            && mine.meta.labels == pod.meta.labels
            && mine.meta.owner == pod.meta.owner
            && self.shared == *shared
    }
}
