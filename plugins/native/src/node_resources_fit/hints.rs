//! Which events may make room for a pod that did not fit.

use longshore_framework::Str;
use longshore_framework::device::DEVICE_CLASS_PREFIX;
use longshore_framework::event::{ClusterEvent, Hint, Resource, Subject, is_placed, same_pod};
use longshore_framework::node::Node;
use longshore_framework::objects::Objects;
use longshore_framework::pod::Pod;
use longshore_framework::resources::{Amounts, is_extended};

use super::NodeResourcesFit;

pub(super) fn hint(plugin: &NodeResourcesFit, pod: &Pod, event: &ClusterEvent, objects: &Objects) -> Hint {
    match &event.subject {
        Subject::Pod(Some(gone), None) => Hint::queue_if(is_placed(gone)),
        Subject::Pod(Some(old), Some(new)) => Hint::queue_if(scaled_down_for(pod, old, new)),
        Subject::Node(old, Some(new)) => {
            let by_devices = |name: &str, node: &Node| {
                plugin.leaves_to_devices
                    && node.allocatable.get(name) == 0
                    && objects.device_class_for(name).is_some()
            };
            let queues = match fits_empty(plugin, pod, new, &by_devices) {
                true => old.as_ref().is_none_or(|old| grew_for(pod, old, new, &by_devices)),
                false => old.as_ref().is_some_and(|old| has_shrunk(plugin, pod, old, new, &by_devices)),
            };
            Hint::queue_if(queues)
        }
        // A device class may stand for an extended resource; it concerns only pods that request one.
        _ if event.resource == Resource::DeviceClass => {
            let may_stand_for = |name: &str| is_extended(name) || name.starts_with(DEVICE_CLASS_PREFIX);
            Hint::queue_if(pod.resources.request.scalars.iter().any(|(name, _)| may_stand_for(name)))
        }
        _ => Hint::Queue,
    }
}

/// Whether the change of another pod frees something that `pod` requests, or the pod itself asks for less.
fn scaled_down_for(pod: &Pod, old: &Pod, new: &Pod) -> bool {
    if same_pod(pod, new) {
        return true;
    }
    new.meta.node_name.is_some()
        && requested(&pod.resources.usage)
            .any(|name| old.resources.usage.get(name) > new.resources.usage.get(name))
}

/// Whether a resource is left to devices on a node.
type ByDevices<'a> = &'a dyn Fn(&str, &Node) -> bool;

/// Whether the pod would fit if nothing else were on the node.
fn fits_empty(plugin: &NodeResourcesFit, pod: &Pod, node: &Node, by_devices: ByDevices<'_>) -> bool {
    let request = &pod.resources.request;
    let ignored = |name: &str| request.scalars.iter().any(|(n, _)| &**n == name && plugin.ignores(n));
    node.allocatable_pods >= 1
        && requested(request).all(|name| {
            request.get(name) <= node.allocatable.get(name) || ignored(name) || by_devices(name, node)
        })
}

/// Whether the node is promised to the pod, would have done before, and has too little cpu, memory or ephemeral-storage now: then
/// the pod may find another one. Of other resources a device plugin that starts anew has none for a moment.
fn has_shrunk(
    plugin: &NodeResourcesFit,
    pod: &Pod,
    old: &Node,
    new: &Node,
    by_devices: ByDevices<'_>,
) -> bool {
    let lacks = |name: &Str| pod.resources.request.get(name) > new.allocatable.get(name);
    plugin.wakes_when_shrunk
        && pod.spec.scheduling_group.is_none()
        && pod.meta.nominated_node.as_ref() == Some(&new.name)
        && plugin.basic.iter().any(lacks)
        && fits_empty(plugin, pod, old, by_devices)
}

/// Whether the node offers more than before of something the pod needs, or leaves some of that to devices.
fn grew_for(pod: &Pod, old: &Node, new: &Node, by_devices: ByDevices<'_>) -> bool {
    new.allocatable_pods > old.allocatable_pods
        || requested(&pod.resources.request)
            .any(|name| new.allocatable.get(name) > old.allocatable.get(name) || by_devices(name, new))
}

/// Names of the resources of which more than nothing is asked.
fn requested(amounts: &Amounts) -> impl Iterator<Item = &str> {
    amounts.iter().filter(|(_, amount)| *amount > 0).map(|(name, _)| name)
}
