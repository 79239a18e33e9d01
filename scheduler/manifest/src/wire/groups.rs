//! PodGroups, of both APIs.

use serde::de::IgnoredAny;

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
