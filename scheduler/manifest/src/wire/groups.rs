//! PodGroups, of both APIs.

use longshore_framework::Str;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::meta::Meta;
use super::{Amounts, wire};

wire! {
    /// A PodGroup.
    struct PodGroup {
        metadata: Meta,
        spec: PodGroupSpec,
    }
    /// `spec`.
    struct PodGroupSpec {
        scheduling_policy: SchedulingPolicy,
        min_member: i64,
        min_resources: Amounts,
        schedule_timeout_seconds: Option<i64>,
        disruption_mode: Value,
        priority: Option<i32>,
        priority_class_name: Str,
        scheduling_constraints: SchedulingConstraints,
    }
    /// `spec.schedulingConstraints`.
    struct SchedulingConstraints {
        topology: Vec<Topology>,
    }
    /// `spec.schedulingConstraints.topology`: at most one.
    struct Topology {
        key: Str,
    }
    /// `spec.schedulingPolicy`: exactly one of its fields.
    struct SchedulingPolicy {
        basic: Option<IgnoredAny>,
        gang: Gang,
    }
    /// `spec.schedulingPolicy.gang`.
    struct Gang {
        min_count: i64,
    }
}
