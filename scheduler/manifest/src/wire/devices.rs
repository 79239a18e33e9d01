//! Devices: what drivers publish, classes, and claims.

use std::collections::BTreeMap;

use longshore_framework::Str;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::affinity::NodeSelector;
use super::meta::Meta;
use super::{Exact, Time, wire};

wire! {
    /// A DeviceClass.
    struct DeviceClass {
        metadata: Meta,
        spec: DeviceClassSpec,
    }
    /// `spec`, as far as it is read.
    struct DeviceClassSpec {
        extended_resource_name: Str,
        selectors: Vec<Selector>,
        config: Vec<Config>,
    }
    /// An expression that selects devices.
    struct Selector {
        cel: Option<Cel>,
    }
    /// `cel`.
    struct Cel {
        expression: Str,
    }
    /// What drivers are told, and of which requests; in an allocation also by whom.
    struct Config {
        source: Str,
        requests: Vec<Str>,
        opaque: Option<Opaque>,
    }
    /// `opaque`.
    struct Opaque {
        driver: Str,
        parameters: Value,
    }
    /// A ResourceSlice.
    struct ResourceSlice {
        metadata: Meta,
        spec: SliceSpec,
    }
    /// `spec` of a slice.
    struct SliceSpec {
        driver: Str,
        pool: Pool,
        node_name: Option<Str>,
        node_selector: Option<NodeSelector>,
        all_nodes: bool,
        per_device_node_selection: bool,
        devices: Vec<Device>,
        shared_counters: Vec<CounterSet>,
    }
    /// `spec.pool`.
    struct Pool {
        name: Str,
        generation: i64,
        resource_slice_count: i64,
    }
    /// A device.
    struct Device {
        name: Str,
        /// Where v1beta1 has all the rest; nothing stands here once the slice was turned into v1.
        basic: Option<IgnoredAny>,
        attributes: BTreeMap<Str, Attribute>,
        capacity: BTreeMap<Str, Capacity>,
        consumes_counters: Vec<Consumption>,
        node_name: Option<Str>,
        node_selector: Option<NodeSelector>,
        all_nodes: bool,
        taints: Vec<Taint>,
        binds_to_node: bool,
        binding_conditions: Option<Vec<Str>>,
        binding_failure_conditions: Vec<Str>,
        allow_multiple_allocations: bool,
    }
    /// The value of an attribute.
    struct Attribute {
        int: Option<i64>,
        bool: Option<bool>,
        string: Option<Str>,
        version: Option<Str>,
    }
    /// What a device has of something.
    struct Capacity {
        value: Exact,
        request_policy: Option<RequestPolicy>,
    }
    /// `requestPolicy`.
    struct RequestPolicy {
        default: Option<Exact>,
        valid_values: Option<Vec<Exact>>,
        valid_range: Option<ValidRange>,
    }
    /// `validRange`.
    struct ValidRange {
        min: Option<Exact>,
        max: Option<Exact>,
        step: Option<Exact>,
    }
    /// `consumesCounters`.
    struct Consumption {
        counter_set: Str,
        counters: BTreeMap<Str, Counter>,
    }
    /// `sharedCounters`.
    struct CounterSet {
        name: Str,
        counters: BTreeMap<Str, Counter>,
    }
    /// One counter.
    struct Counter {
        value: Exact,
    }
    /// A taint of a device.
    struct Taint {
        key: Str,
        value: Str,
        effect: Str,
    }
    /// A DeviceTaintRule.
    struct DeviceTaintRule {
        metadata: Meta,
        spec: TaintRuleSpec,
    }
    /// `spec` of a rule.
    struct TaintRuleSpec {
        device_selector: Option<DeviceSelector>,
        taint: Taint,
    }
    /// `spec.deviceSelector`.
    struct DeviceSelector {
        driver: Option<Str>,
        pool: Option<Str>,
        device: Option<Str>,
    }
    /// A ResourceClaim.
    struct ResourceClaim {
        metadata: Meta,
        spec: ClaimSpec,
        status: ClaimStatus,
    }
    /// `spec` of a claim.
    struct ClaimSpec {
        devices: ClaimDevices,
    }
    /// `spec.devices`.
    struct ClaimDevices {
        requests: Vec<Request>,
        constraints: Vec<Constraint>,
        config: Vec<Config>,
    }
    /// A request.
    struct Request {
        name: Str,
        /// What v1beta1 has instead of `exactly`; nothing stands here once the claim was turned into v1.
        device_class_name: Str,
        exactly: Option<Wish>,
        first_available: Vec<Wish>,
    }
    /// What is asked for; alternatives have names.
    struct Wish {
        name: Str,
        device_class_name: Str,
        selectors: Vec<Selector>,
        allocation_mode: Str,
        count: Option<i64>,
        admin_access: bool,
        tolerations: Vec<Toleration>,
        capacity: Option<CapacityRequests>,
    }
    /// `capacity` of a request.
    struct CapacityRequests {
        requests: BTreeMap<Str, Exact>,
    }
    /// A ResourceClaimTemplate.
    struct ResourceClaimTemplate {
        metadata: Meta,
        spec: TemplateSpec,
    }
    /// `spec` of a template: what is written into each claim.
    struct TemplateSpec {
        metadata: Meta,
        spec: ClaimSpec,
    }
    /// A toleration.
    struct Toleration {
        key: Str,
        operator: Str,
        value: Str,
        effect: Str,
        toleration_seconds: Option<i64>,
    }
    /// A constraint.
    struct Constraint {
        requests: Vec<Str>,
        match_attribute: Option<Str>,
        distinct_attribute: Option<Str>,
    }
    /// `status` of a claim.
    struct ClaimStatus {
        allocation: Option<Allocation>,
        reserved_for: Vec<User>,
        devices: Vec<DeviceStatus>,
    }
    /// `status.allocation`.
    struct Allocation {
        devices: AllocatedDevices,
        node_selector: Option<NodeSelector>,
        allocation_timestamp: Option<Time>,
    }
    /// `status.allocation.devices`.
    struct AllocatedDevices {
        results: Vec<AllocatedDevice>,
        config: Vec<Config>,
    }
    /// One of the results.
    struct AllocatedDevice {
        request: Str,
        driver: Str,
        pool: Str,
        device: Str,
        admin_access: bool,
        tolerations: Vec<Toleration>,
        #[serde(rename = "shareID")]
        share_id: Option<Str>,
        consumed_capacity: BTreeMap<Str, Exact>,
        binding_conditions: Option<Vec<Str>>,
        binding_failure_conditions: Vec<Str>,
    }
    /// One of `reservedFor`.
    struct User {
        resource: Str,
        name: Str,
        uid: Str,
    }
    /// One of `status.devices`.
    struct DeviceStatus {
        driver: Str,
        pool: Str,
        device: Str,
        conditions: Vec<Condition>,
    }
    /// A condition.
    struct Condition {
        r#type: Str,
        status: Str,
    }
}
