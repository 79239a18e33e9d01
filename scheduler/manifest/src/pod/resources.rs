//! Pod-level requests, filled in from containers and limits.

use longshore_framework::pod::Container;
use longshore_framework::resources::{CPU, MEMORY, ResourceList};

use crate::error::{ObjectError, Within};
use crate::meta;
use crate::wire::pod::PodSpec;

/// `resources.requests` of the pod. They are filled in only when pod-level limits are given (for huge pages, container
/// limits beside pod-level resources count as such): cpu and memory from what the containers ask for together, the
/// rest from the limits.
pub(super) fn pod_level_requests(
    spec: &PodSpec,
    containers: &[Container],
    init: &[Container],
) -> Result<ResourceList, ObjectError> {
    let Some(resources) = &spec.resources else { return Ok(ResourceList::default()) };
    let mut requests = meta::resource_list(&resources.requests).within("resources.requests")?;
    let mut limits = meta::resource_list(&resources.limits).within("resources.limits")?;
    if limits.is_empty() && requests.is_empty() {
        return Ok(requests);
    }
    let container_limits = together(
        spec.containers.iter().map(|c| &c.resources.limits).map(meta::reported),
        spec.init_containers
            .iter()
            .zip(init)
            .map(|(w, c)| (meta::reported(&w.resources.limits), c.restartable)),
    );
    for (name, amount) in container_limits.iter() {
        if is_huge_pages(name) && requests.get(name).is_none() && limits.get(name).is_none() {
            limits.set(name, amount);
        }
    }
    if limits.is_empty() {
        return Ok(requests);
    }
    let asked = together(
        containers.iter().map(|c| c.requests.clone()),
        init.iter().map(|c| (c.requests.clone(), c.restartable)),
    );
    for (name, amount) in asked.iter().filter(|(n, _)| matches!(&***n, CPU | MEMORY)) {
        if requests.get(name).is_none() {
            requests.set(name, amount);
        }
    }
    for (name, amount) in limits.iter().filter(|(n, _)| matches!(&***n, CPU | MEMORY) || is_huge_pages(n)) {
        if requests.get(name).is_none() {
            requests.set(name, amount);
        }
    }
    Ok(requests)
}

fn is_huge_pages(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// The sum of the containers and sidecars, raised to the worst moment of the init phase.
fn together(
    main: impl Iterator<Item = ResourceList>,
    init: impl Iterator<Item = (ResourceList, bool)>,
) -> ResourceList {
    let mut sum = ResourceList::default();
    main.for_each(|amounts| sum.add(&amounts));
    let (mut sidecars, mut peak) = (ResourceList::default(), ResourceList::default());
    for (mut amounts, restartable) in init {
        if restartable {
            sum.add(&amounts);
            sidecars.add(&amounts);
            peak.max(&sidecars);
        } else {
            amounts.add(&sidecars);
            peak.max(&amounts);
        }
    }
    sum.max(&peak);
    sum
}
