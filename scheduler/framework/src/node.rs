//! What scheduling needs to know of a node.

use crate::Str;
use crate::labels::Labels;
use crate::node_metrics::Usage;
use crate::resources::Amounts;
use crate::taint::Taint;
use crate::unread::Unread;
use serde::{Deserialize, Serialize};

/// `kubernetes.io/hostname`.
pub const HOSTNAME: &str = "kubernetes.io/hostname";
/// `topology.kubernetes.io/zone`.
pub const ZONE: &str = "topology.kubernetes.io/zone";
/// `topology.kubernetes.io/region`.
pub const REGION: &str = "topology.kubernetes.io/region";
/// The former name of the zone label.
pub const ZONE_BETA: &str = "failure-domain.beta.kubernetes.io/zone";
/// The former name of the region label.
pub const REGION_BETA: &str = "failure-domain.beta.kubernetes.io/region";

/// A node as the API server has it; what pods use of it is counted in the [snapshot](crate::snapshot).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// `metadata.name`.
    pub name: Str,
    /// `metadata.labels`.
    pub labels: Labels,
    /// `metadata.annotations`.
    pub annotations: Labels,
    /// `spec.unschedulable`.
    pub unschedulable: bool,
    /// `spec.taints`.
    pub taints: Vec<Taint>,
    /// `status.allocatable` without pods.
    pub allocatable: Amounts,
    /// `status.allocatable.pods`; 0 when absent.
    pub allocatable_pods: i64,
    /// Of `status.capacity` processors and memory; of `status.allocatable` where the node says no capacity.
    pub capacity: Usage,
    /// `status.images`.
    pub images: Vec<NodeImage>,
    /// `status.conditions`: type and status.
    pub conditions: Vec<(Str, Str)>,
    /// `status.declaredFeatures`, in name order.
    pub declared_features: Vec<Str>,
    /// Other numbers when something is said of the node that the model does not read.
    pub unread: Unread,
}

impl Node {
    /// The zone for spreading the node order: region and zone, the former labels preferred.
    pub fn zone(&self) -> Option<(Str, Str)> {
        let label = |old, new| self.labels.get(old).or_else(|| self.labels.get(new)).cloned();
        let (region, zone) = (label(REGION_BETA, REGION), label(ZONE_BETA, ZONE));
        if region.is_none() && zone.is_none() {
            return None;
        }
        Some((region.unwrap_or_default(), zone.unwrap_or_default()))
    }
}

/// An image on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeImage {
    /// Every name of the image.
    pub names: Vec<Str>,
    /// Size in bytes.
    pub size: i64,
}
