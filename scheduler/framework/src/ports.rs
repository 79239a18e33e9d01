//! Host ports.

use crate::Str;
use crate::pod::Pod;

/// The host address that stands for all of them.
pub const ANY_ADDRESS: &str = "0.0.0.0";

/// A port that a container takes on its node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Str,
    /// Port number, above 0.
    pub port: i32,
    /// Host address; [`ANY_ADDRESS`] when not given. `::` is an address like any other.
    pub address: Str,
}

impl HostPort {
    /// Whether both cannot be taken on one node.
    pub fn conflicts(&self, other: &Self) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.address == other.address
                || &*self.address == ANY_ADDRESS
                || &*other.address == ANY_ADDRESS)
    }
}

/// The host ports that a pod wants: those of its containers and of its sidecars.
pub fn wanted(pod: &Pod) -> impl Iterator<Item = &HostPort> {
    let sidecars = pod.spec.init_containers.iter().filter(|c| c.restartable);
    pod.spec.containers.iter().chain(sidecars).flat_map(|c| &c.host_ports)
}

/// The host ports taken on a node: a set, not a count. When two pods hold the same port (which only a foreign hand can
/// bring about), removing one of them frees it, as in kube-scheduler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsedPorts(Vec<HostPort>);

impl UsedPorts {
    /// Whether `port` could not be taken beside these.
    pub fn conflicts(&self, port: &HostPort) -> bool {
        self.0.iter().any(|have| have.conflicts(port))
    }

    /// Takes the pod's ports.
    pub fn add(&mut self, pod: &Pod) {
        for port in wanted(pod) {
            if !self.0.contains(port) {
                self.0.push(port.clone());
            }
        }
    }

    /// Frees the pod's ports.
    pub fn remove(&mut self, pod: &Pod) {
        for port in wanted(pod) {
            self.0.retain(|have| have != port);
        }
    }
}
