//! What a pod asks of NUMA nodes.

use catalogue_common::pod::{Amounts, Container, Quality};
use catalogue_common::{Quantity, RawPod, resources};

/// A container's part.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) requests: Amounts,
    pub(crate) kind: Kind,
}

/// What kind of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Init,
    Sidecar,
    Container,
}

/// The pod's demand; of one that no node has to be looked at for, nothing.
#[derive(Clone, Debug, Default)]
pub struct Demand {
    /// Whether it is Guaranteed: only then do cpu, memory and huge pages belong to it alone.
    pub(crate) guaranteed: bool,
    /// Whether nodes are filtered at all: not for a BestEffort pod without extended resources.
    pub(crate) filtered: bool,
    /// The pod as a whole.
    pub(crate) whole: Amounts,
    /// Init containers, then containers.
    pub(crate) parts: Vec<Part>,
}

impl Demand {
    pub(crate) fn of(pod: &RawPod) -> Self {
        let quality = pod.quality();
        let init = pod.spec.init_containers.iter().map(|container| {
            let sidecar = container.restart_policy.as_deref() == Some("Always");
            part(container, if sidecar { Kind::Sidecar } else { Kind::Init })
        });
        let containers = pod.spec.containers.iter().map(|container| part(container, Kind::Container));
        let parts: Vec<Part> = init.chain(containers).collect();
        let extended = parts.iter().any(|part| part.requests.keys().any(|name| !resources::is_native(name)));
        Self {
            guaranteed: quality == Quality::Guaranteed,
            filtered: quality != Quality::BestEffort || extended,
            whole: pod.effective_requests(),
            parts,
        }
    }

    /// Whether so much of a resource is enough.
    pub(crate) fn is_enough(&self, resource: &str, wanted: Quantity, there: Quantity) -> bool {
        (!self.guaranteed && is_aligned(resource)) || there >= wanted
    }
}

fn part(container: &Container, kind: Kind) -> Part {
    Part { requests: container.resources.requests.clone(), kind }
}

/// Resources that belong to NUMA nodes wherever there are any.
pub(crate) fn is_aligned(resource: &str) -> bool {
    matches!(resource, "cpu" | "memory") || resources::is_huge_pages(resource)
}

/// Resources that a node may have as a whole.
pub(crate) fn is_of_the_node(resource: &str) -> bool {
    matches!(resource, "ephemeral-storage" | "storage") || !resources::is_native(resource)
}

/// Whether a pod has something that nobody shares with it.
pub(crate) fn is_exclusive(pod: &RawPod) -> bool {
    let guaranteed = pod.quality() == Quality::Guaranteed;
    let containers = pod.spec.init_containers.iter().chain(&pod.spec.containers);
    let mut requests = containers.flat_map(|container| &container.resources.requests);
    requests.any(|(name, amount)| match name.as_str() {
        name if !resources::is_native(name) => true,
        _ if !guaranteed => false,
        "cpu" => amount.units() > 0 && amount.units().saturating_mul(1000) == amount.milli(),
        name => (name == "memory" || resources::is_huge_pages(name)) && amount.units() > 0,
    })
}
