//! Defaults of pods that belong to the API version: an API server fills them in whenever it reads a pod, from a client or
//! from its store (`pkg/apis/core/v1/defaults.go`). So a pod that it returned has them, and filling them in once more
//! changes nothing. What is done once, when a pod is created, is in [`admission`](crate::admission).

mod pod_level;

use crate::wire::Amounts;
use crate::wire::pod::{Container, Pod};

/// Fills in what scheduling reads: requests from limits, host ports on the host's network.
pub(crate) fn pod(pod: &mut Pod) {
    let spec = &mut pod.spec;
    for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
        let resources = &mut container.resources;
        missing(&mut resources.requests, &resources.limits);
        if spec.host_network {
            host_ports(container);
        }
    }
}

/// The same with pod-level requests, for pods that no API server has seen. Since 1.37 an API server fills these in once, when the
/// pod is created; before, whenever it read a pod, so that those it returned had them too.
pub(crate) fn new_pod(written: &mut Pod) {
    pod(written);
    pod_level::fill(&mut written.spec);
}

/// Adds those of `from` that are not in `to`.
pub(crate) fn missing(to: &mut Amounts, from: &Amounts) {
    for (name, amount) in from {
        if !to.contains_key(name) {
            to.insert(name.clone(), *amount);
        }
    }
}

fn host_ports(container: &mut Container) {
    for port in container.ports.iter_mut().filter(|p| p.host_port == 0) {
        port.host_port = port.container_port;
    }
}
