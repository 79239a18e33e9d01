//! Pods.

use longshore_framework::Str;

use super::affinity::{Affinity, Spread, Toleration};
use super::meta::Meta;
use super::resources::Resources;
use super::volume::Volume;
use super::{Amounts, StringMap, Time, wire};

wire! {
    /// A pod; also a pod template, whose status is empty.
    struct Pod {
        metadata: Meta,
        spec: PodSpec,
        status: PodStatus,
    }
    /// `spec`.
    struct PodSpec {
        scheduler_name: Str,
        node_name: Str,
        priority: Option<i32>,
        priority_class_name: Str,
        preemption_policy: Str,
        scheduling_gates: Vec<Named>,
        containers: Vec<Container>,
        init_containers: Vec<Container>,
        overhead: Amounts,
        resources: Option<Resources>,
        tolerations: Vec<Toleration>,
        node_selector: StringMap,
        affinity: Affinity,
        topology_spread_constraints: Vec<Spread>,
        volumes: Vec<Volume>,
        resource_claims: Vec<PodClaim>,
        runtime_class_name: Str,
        active_deadline_seconds: Option<i64>,
        scheduling_group: SchedulingGroup,
        host_network: bool,
        #[serde(rename = "hostUsers")]
        host_users: Option<bool>,
    }
    /// `spec.schedulingGroup`.
    struct SchedulingGroup {
        pod_group_name: Str,
    }
    /// Something of which only the name counts.
    struct Named {
        name: Str,
    }
    /// One of `resourceClaims`.
    struct PodClaim {
        name: Str,
        resource_claim_name: Str,
        resource_claim_template_name: Str,
    }
    /// One of `resourceClaimStatuses`.
    struct ClaimStatus {
        name: Str,
        resource_claim_name: Option<Str>,
    }
    /// A container.
    struct Container {
        name: Str,
        image: Str,
        restart_policy: Str,
        restart_policy_rules: Vec<RestartRule>,
        resources: Resources,
        ports: Vec<Port>,
    }
    /// One of `restartPolicyRules`.
    struct RestartRule {
        action: Str,
    }
    /// One of `ports`.
    struct Port {
        container_port: i64,
        host_port: i64,
        #[serde(rename = "hostIP")]
        host_ip: Str,
        protocol: Str,
    }
    /// `status`.
    struct PodStatus {
        phase: Str,
        reason: Str,
        message: Str,
        start_time: Option<Time>,
        nominated_node_name: Str,
        conditions: Vec<Condition>,
        resource_claim_statuses: Vec<ClaimStatus>,
        container_statuses: Vec<ContainerStatus>,
        init_container_statuses: Vec<ContainerStatus>,
        resources: Option<Resources>,
        allocated_resources: Amounts,
    }
    /// One of `status.conditions`.
    struct Condition {
        r#type: Str,
        status: Str,
        reason: Str,
        message: Str,
        last_transition_time: Str,
        observed_generation: i64,
    }
    /// One of `status.containerStatuses`.
    struct ContainerStatus {
        name: Str,
        resources: Option<Resources>,
        allocated_resources: Amounts,
    }
}

impl Container {
    /// Whether an init container of this kind keeps running beside the main ones.
    pub(crate) fn is_sidecar(&self) -> bool {
        &*self.restart_policy == "Always"
    }
}
