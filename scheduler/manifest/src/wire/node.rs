//! Nodes.

use longshore_framework::Str;

use super::meta::Meta;
use super::pod::Condition;
use super::{Amounts, wire};

wire! {
    /// A node.
    struct Node {
        metadata: Meta,
        spec: NodeSpec,
        status: NodeStatus,
    }
    /// `spec`.
    struct NodeSpec {
        unschedulable: bool,
        taints: Vec<Taint>,
    }
    /// One of `spec.taints`.
    struct Taint {
        key: Str,
        value: Str,
        effect: Str,
    }
    /// `status`.
    struct NodeStatus {
        allocatable: Option<Amounts>,
        capacity: Option<Amounts>,
        images: Vec<Image>,
        conditions: Vec<Condition>,
        declared_features: Vec<Str>,
    }
    /// One of `status.images`.
    struct Image {
        names: Vec<Str>,
        size_bytes: i64,
    }
}
