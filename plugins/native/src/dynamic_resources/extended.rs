//! Extended resources that devices are given for: what a pod's containers ask for, as requests of one claim.

use longshore_framework::Str;
use longshore_framework::device::DEVICE_CLASS_PREFIX;
use longshore_framework::objects::Objects;
use longshore_framework::pod::{Container, Pod};
use longshore_framework::port::ExtendedRequest;
use longshore_framework::resource_claim::{DeviceCount, DeviceRequest, DeviceWish, Wanted};
use longshore_framework::resources::is_extended;

/// The name in messages of the claim that is yet to be made.
pub(super) const PLACEHOLDER: &str = "<extended-resources>";

/// An extended resource that a pod asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) resource: Str,
    /// The class whose devices are given for it, if there is one.
    pub(super) class: Option<Str>,
}

/// Whether classes may stand for the resource.
fn may_be_served(resource: &str) -> bool {
    is_extended(resource) || resource.starts_with(DEVICE_CLASS_PREFIX)
}

/// Whether classes may stand for something that the pod asks for.
pub(super) fn may_be_served_to(pod: &Pod) -> bool {
    pod.resources.request.scalars.iter().any(|(name, amount)| *amount != 0 && may_be_served(name))
}

/// Whether a class stands for something that the pod asks for.
pub(super) fn is_served(pod: &Pod, objects: &Objects) -> bool {
    !objects.device_classes.is_empty() && wishes(pod, objects).any(|wish| wish.class.is_some())
}

/// The extended resources that the pod asks for, by name.
pub(super) fn wishes<'p>(pod: &'p Pod, objects: &'p Objects) -> impl Iterator<Item = Wish> + 'p {
    let asked = pod.resources.request.scalars.iter().filter(|(_, amount)| *amount != 0);
    let extended = asked.filter(|(name, _)| may_be_served(name));
    extended.map(|(name, _)| Wish {
        resource: name.clone(),
        class: objects.device_class_for(name).map(|class| class.name.clone()),
    })
}

/// What is asked for of one resource by one container.
#[derive(Clone, Debug)]
struct Asked {
    name: Str,
    count: u64,
}

/// Requests of devices, and which of them is for which container.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Requests {
    pub(super) requests: Vec<DeviceRequest>,
    pub(super) mappings: Vec<ExtendedRequest>,
}

/// The requests of the pod's containers for these resources and their classes, in order of resource. Containers that do not run at
/// the same time share devices: init containers use those of containers after them first, and of what they need beside that
/// the most counts.
pub(super) fn requests<'r>(pod: &Pod, resources: impl Iterator<Item = (&'r Str, &'r Str)>) -> Requests {
    let spec = &pod.spec;
    let containers: Vec<&Container> = spec.init_containers.iter().chain(&spec.containers).collect();
    let mut all = Requests::default();
    for (resource, class) in resources {
        add(&containers, resource, class, &mut all);
    }
    all.requests.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn add(containers: &[&Container], resource: &Str, class: &Str, all: &mut Requests) {
    let is_brief = |container: &Container| container.init && !container.restartable;
    let mut lasting: Vec<Option<Asked>> = vec![None; containers.len()];
    let mut mappings = Vec::new();
    for (at, container) in containers.iter().enumerate().filter(|(_, c)| !is_brief(c)) {
        lasting[at] = ask(at, container, resource, &[], &mut mappings);
    }
    let mut most: Option<Asked> = None;
    let (mut brief, mut brief_names) = (Vec::new(), Vec::new());
    for (at, container) in containers.iter().enumerate().filter(|(_, c)| is_brief(c)) {
        let Some(asked) = ask(at, container, resource, &lasting[at..], &mut brief) else { continue };
        brief_names.push(asked.name.clone());
        if most.as_ref().is_none_or(|most| most.count < asked.count) {
            most = Some(asked);
        }
    }
    if let Some(most) = &most {
        let of_brief = brief.iter_mut().filter(|mapping| brief_names.contains(&mapping.request));
        of_brief.for_each(|mapping| mapping.request = most.name.clone());
    }
    let asked = most.into_iter().chain(lasting.into_iter().flatten());
    all.requests.extend(asked.map(|asked| device_request(asked, class)));
    all.mappings.append(&mut mappings);
    all.mappings.append(&mut brief);
}

/// What a container asks for beside what it can reuse. Says which requests are for it.
fn ask(
    at: usize,
    container: &Container,
    resource: &Str,
    reusable: &[Option<Asked>],
    mappings: &mut Vec<ExtendedRequest>,
) -> Option<Asked> {
    let place = container.requests.iter().position(|(name, _)| name == resource)?;
    let count = u64::try_from(container.requests.get(resource)?.value()).ok().filter(|count| *count > 0)?;
    let mut map = |request: &Str| {
        mappings.push(ExtendedRequest {
            container: container.name.clone(),
            resource: resource.clone(),
            request: request.clone(),
        });
    };
    let mut reused = 0_u64;
    for other in reusable.iter().flatten() {
        reused = reused.saturating_add(other.count);
        map(&other.name);
        if reused >= count {
            return None;
        }
    }
    let name: Str = format!("container-{at}-request-{place}").into();
    map(&name);
    Some(Asked { name, count: count - reused })
}

fn device_request(asked: Asked, class: &Str) -> DeviceRequest {
    let count = DeviceCount::Exactly(asked.count);
    let wish = DeviceWish { class: class.clone(), count, ..DeviceWish::default() };
    DeviceRequest { name: asked.name, wanted: Wanted::Exactly(wish) }
}

#[cfg(test)]
mod tests;
