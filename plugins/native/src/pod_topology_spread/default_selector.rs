//! The selector of default constraints: what the Services and the controller of a pod select.

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::{LabelSelector, Requirement};
use longshore_framework::objects::{Controller, Objects, Service};
use longshore_framework::pod::Pod;

/// The selectors of all Services that select the pod and that of its controlling ReplicationController, ReplicaSet or
/// StatefulSet, all of them to be met. Empty when there is nothing of the kind.
pub(super) fn default_selector(pod: &Pod, objects: &Objects) -> LabelSelector {
    let mut pairs: BTreeMap<&Str, &Str> = BTreeMap::new();
    for service in services(pod, objects) {
        pairs.extend(service.selector.iter().map(|(key, value)| (key, value)));
    }
    let mut further: &[Requirement] = &[];
    if let Some(controller) = controller(pod, objects) {
        let requirements = controller.selector.as_ref().map_or(&[][..], |s| &s.requirements);
        if &*controller.kind == "ReplicationController" {
            // A map of labels: an entry takes the place of a Service's entry with the same key.
            pairs.extend(requirements.iter().filter_map(|r| r.values.first().map(|value| (&r.key, value))));
        } else {
            further = requirements;
        }
    }
    let mut selector: LabelSelector =
        pairs.into_iter().map(|(key, value)| (Arc::clone(key), Arc::clone(value))).collect();
    selector.requirements.extend(further.iter().cloned());
    selector
}

fn services<'a>(pod: &'a Pod, objects: &'a Objects) -> impl Iterator<Item = &'a Arc<Service>> {
    let namespace = &pod.meta.namespace;
    let first = (Arc::clone(namespace), Str::default());
    let here = objects.services.range(first..).map(|(_, s)| s).take_while(move |s| s.namespace == *namespace);
    here.filter(|s| {
        !s.selector.is_empty()
            && s.selector.iter().all(|(key, value)| pod.meta.labels.get(key) == Some(value))
    })
}

fn controller<'a>(pod: &Pod, objects: &'a Objects) -> Option<&'a Arc<Controller>> {
    let owner = pod.meta.owner.as_ref()?;
    let known = match &*owner.kind {
        "ReplicationController" => &*owner.api_version == "v1",
        "ReplicaSet" | "StatefulSet" => &*owner.api_version == "apps/v1",
        _ => false,
    };
    if !known {
        return None;
    }
    let key = (Arc::clone(&owner.kind), Arc::clone(&pod.meta.namespace), Arc::clone(&owner.name));
    objects.controllers.get(&key)
}
