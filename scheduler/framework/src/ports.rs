//! Host ports.

use crate::Str;
use serde::{Deserialize, Serialize};

/// The host address that stands for all of them.
pub const ANY_ADDRESS: &str = "0.0.0.0";

/// A port that a container takes on its node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// The host ports taken on a node: a set, not a count. When two pods hold the same port (which only a foreign hand can
/// bring about), removing one of them frees it, as in kube-scheduler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsedPorts(Vec<HostPort>);

impl UsedPorts {
    /// Whether `port` could not be taken beside these.
    pub fn conflicts(&self, port: &HostPort) -> bool {
        self.0.iter().any(|have| have.conflicts(port))
    }

    /// Takes a pod's ports.
    pub fn add<'p>(&mut self, ports: impl IntoIterator<Item = &'p HostPort>) {
        for port in ports {
            if !self.0.contains(port) {
                self.0.push(port.clone());
            }
        }
    }

    /// Frees a pod's ports.
    pub fn remove<'p>(&mut self, ports: impl IntoIterator<Item = &'p HostPort>) {
        for port in ports {
            self.0.retain(|have| have != port);
        }
    }
}
