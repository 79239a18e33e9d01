//! What the containers of a pod ask for, or are limited to, together.

use longshore_framework::resources::ResourceList;

use crate::meta;
use crate::wire::Amounts;
use crate::wire::pod::PodSpec;
use crate::wire::resources::Resources;

/// The requests of all containers, at their worst moment.
pub(crate) fn requests(spec: &PodSpec) -> ResourceList {
    together(spec, |r| &r.requests)
}

/// The limits of all containers, at their worst moment.
pub(crate) fn limits(spec: &PodSpec) -> ResourceList {
    together(spec, |r| &r.limits)
}

/// The sum of the containers and sidecars, raised to the worst moment of the init phase.
fn together(spec: &PodSpec, of: impl Fn(&Resources) -> &Amounts) -> ResourceList {
    let mut sum = ResourceList::default();
    for container in &spec.containers {
        sum.add(&meta::reported(of(&container.resources)));
    }
    let (mut sidecars, mut peak) = (ResourceList::default(), ResourceList::default());
    for container in &spec.init_containers {
        let mut amounts = meta::reported(of(&container.resources));
        if container.is_sidecar() {
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

/// Whether pod-level resources may name `name`.
pub(crate) fn at_pod_level(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || is_huge_pages(name)
}

/// Whether `name` is a size of huge pages.
pub(crate) fn is_huge_pages(name: &str) -> bool {
    name.starts_with("hugepages-")
}
