//! PodGroups, of both APIs.

use serde::de::IgnoredAny;

use super::meta::Meta;
use super::wire;

wire! {
    /// A PodGroup.
    struct PodGroup {
        metadata: Meta,
        spec: PodGroupSpec,
    }
    /// `spec`.
    struct PodGroupSpec {
        scheduling_policy: SchedulingPolicy,
    }
    /// `spec.schedulingPolicy`: exactly one of its fields.
    struct SchedulingPolicy {
        basic: Option<IgnoredAny>,
    }
}
