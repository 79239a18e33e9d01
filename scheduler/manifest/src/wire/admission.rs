//! Objects that say what becomes of a pod when it is created.

use longshore_framework::Str;

use super::affinity::Toleration;
use super::meta::Meta;
use super::{Amounts, StringMap, wire};

wire! {
    /// A LimitRange.
    struct LimitRange {
        metadata: Meta,
        spec: LimitRangeSpec,
    }
    /// `spec` of a LimitRange.
    struct LimitRangeSpec {
        limits: Vec<Limit>,
    }
    /// One of `spec.limits`.
    struct Limit {
        r#type: Str,
        max: Amounts,
        min: Amounts,
        default: Amounts,
        default_request: Amounts,
        max_limit_request_ratio: Amounts,
    }
    /// A RuntimeClass.
    struct RuntimeClass {
        metadata: Meta,
        overhead: Option<Overhead>,
        scheduling: RuntimeScheduling,
    }
    /// `overhead` of a RuntimeClass.
    struct Overhead {
        pod_fixed: Amounts,
    }
    /// `scheduling` of a RuntimeClass.
    struct RuntimeScheduling {
        node_selector: StringMap,
        tolerations: Vec<Toleration>,
    }
    /// A ResourceQuota.
    struct ResourceQuota {
        metadata: Meta,
        spec: QuotaSpec,
        status: QuotaStatus,
    }
    /// `spec` of a ResourceQuota.
    struct QuotaSpec {
        hard: Amounts,
        scopes: Vec<Str>,
        scope_selector: ScopeSelector,
    }
    /// `spec.scopeSelector`.
    struct ScopeSelector {
        match_expressions: Vec<ScopeRequirement>,
    }
    /// One of its `matchExpressions`.
    struct ScopeRequirement {
        scope_name: Str,
        operator: Str,
        values: Vec<Str>,
    }
    /// `status` of a ResourceQuota.
    struct QuotaStatus {
        hard: Amounts,
        used: Amounts,
    }
    /// A HorizontalPodAutoscaler.
    struct Autoscaler {
        metadata: Meta,
        spec: AutoscalerSpec,
    }
    /// `spec` of a HorizontalPodAutoscaler.
    struct AutoscalerSpec {
        scale_target_ref: ScaleTarget,
        min_replicas: Option<i64>,
        max_replicas: i64,
    }
    /// What is scaled.
    struct ScaleTarget {
        api_version: Str,
        kind: Str,
        name: Str,
    }
}
