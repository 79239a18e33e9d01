//! Workloads, and the other objects that speak of pods by selector or name.

use std::collections::BTreeMap;

use longshore_framework::Str;
use serde::de::IgnoredAny;

use super::meta::{LabelSelector, Meta};
use super::pod::{Condition, Pod};
use super::volume::ClaimTemplate;
use super::{StringMap, wire};

wire! {
    /// A Deployment, ReplicaSet, StatefulSet, DaemonSet or Job.
    struct Workload {
        metadata: Meta,
        spec: WorkloadSpec,
        status: WorkloadStatus,
    }
    /// `status`, all kinds together.
    struct WorkloadStatus {
        succeeded: i64,
        desired_number_scheduled: i64,
        conditions: Vec<Condition>,
    }
    /// `spec`, all kinds together.
    struct WorkloadSpec {
        replicas: Option<i64>,
        selector: Option<LabelSelector>,
        template: Pod,
        volume_claim_templates: Vec<ClaimTemplate>,
        ordinals: Ordinals,
        parallelism: Option<i64>,
        completions: Option<i64>,
        completion_mode: Str,
        suspend: bool,
        paused: bool,
        strategy: Strategy,
        update_strategy: Strategy,
    }
    /// `spec.strategy`, or `spec.updateStrategy`.
    struct Strategy {
        r#type: Str,
        rolling_update: RollingUpdate,
    }
    /// `rollingUpdate` of it.
    struct RollingUpdate {
        max_surge: Option<CountOrShare>,
        max_unavailable: Option<CountOrShare>,
        partition: i64,
    }
    /// `spec.ordinals`.
    struct Ordinals {
        start: i64,
    }
    /// A CronJob.
    struct CronJob {
        metadata: Meta,
        spec: CronJobSpec,
    }
    /// `spec` of a CronJob.
    struct CronJobSpec {
        suspend: bool,
        job_template: Workload,
    }
    /// A Service or ReplicationController: its selector is a plain map.
    struct MapSelected {
        metadata: Meta,
        spec: MapSelectedSpec,
    }
    /// `spec` of those.
    struct MapSelectedSpec {
        replicas: Option<i64>,
        selector: StringMap,
        template: Pod,
    }
    /// A PodDisruptionBudget.
    struct DisruptionBudget {
        metadata: Meta,
        spec: DisruptionBudgetSpec,
        status: DisruptionBudgetStatus,
    }
    /// `spec` of a PodDisruptionBudget.
    struct DisruptionBudgetSpec {
        selector: Option<LabelSelector>,
        min_available: Option<CountOrShare>,
        max_unavailable: Option<CountOrShare>,
    }
    /// `status` of a PodDisruptionBudget.
    struct DisruptionBudgetStatus {
        disruptions_allowed: Option<i32>,
        disrupted_pods: BTreeMap<Str, Ignored>,
    }
    /// A PriorityClass.
    struct PriorityClass {
        metadata: Meta,
        value: i32,
        global_default: bool,
        preemption_policy: Str,
    }
}

/// A number, or a share such as `50%`.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum CountOrShare {
    Count(i64),
    Share(Str),
}

/// A value that is not read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ignored;

impl<'de> serde::Deserialize<'de> for Ignored {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}
