//! Which feature gates are on, asked once.

use std::sync::Arc;

use longshore_framework::device::{Device, ResourceSlice, SliceNodes};
use longshore_framework::features::{Features, Gate, Rule};

/// What of the plugin is on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gates {
    /// Classes stand for extended resources.
    pub(super) extended: bool,
    /// Pods wait for the binding conditions of their devices.
    pub(super) conditions: bool,
    /// Requests have alternatives.
    pub(super) alternatives: bool,
    /// The search on a node has an end.
    pub(super) filter_timeout: bool,
    /// PostFilter says what it did.
    pub(super) tells: bool,
    /// Settings for drivers are listed once, and without requests where all are meant.
    pub(super) lists_once: bool,
    /// Ranges of amounts may be in thousandths.
    pub(super) fractional: bool,
    /// What of slices counts.
    pub(super) slices: SliceRules,
    /// Pods are woken when a claim with devices is gone.
    pub(super) hears_deletion: bool,
}

impl Gates {
    pub(super) fn of(features: Features) -> Self {
        let on = |gate| features.enabled(gate);
        Self {
            extended: on(Gate::DRAExtendedResource),
            slices: SliceRules {
                taint_rules: on(Gate::DRADeviceTaintRules) && on(Gate::DRADeviceTaints),
                taints: on(Gate::DRADeviceTaints),
                shares: on(Gate::DRAConsumableCapacity),
                partitions: on(Gate::DRAPartitionableDevices),
            },
            conditions: on(Gate::DRADeviceBindingConditions) && on(Gate::DRAResourceClaimDeviceStatus),
            alternatives: on(Gate::DRAPrioritizedList),
            filter_timeout: on(Gate::DRASchedulerFilterTimeout),
            tells: !features.follow(Rule::NothingToDeallocate),
            lists_once: features.follow(Rule::ConfigsOfAllRequests),
            fractional: on(Gate::DRAFractionalCapacityRange),
            hears_deletion: features.follow(Rule::DeletedClaimsWake),
        }
    }
}

/// What of slices counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SliceRules {
    /// DeviceTaintRules.
    pub(crate) taint_rules: bool,
    /// Taints of devices.
    pub(crate) taints: bool,
    /// That several claims may have one device, and how much of what it has may be asked for.
    pub(crate) shares: bool,
    /// That devices share counters, and that each says from which nodes it can be used.
    pub(crate) partitions: bool,
}

/// For whom taints do not matter.
impl Default for SliceRules {
    fn default() -> Self {
        Self { taint_rules: false, taints: true, shares: true, partitions: true }
    }
}

impl SliceRules {
    /// A slice as it counts.
    pub(crate) fn applied(self, slice: Arc<ResourceSlice>) -> Arc<ResourceSlice> {
        if self.taints && self.shares && self.partitions {
            return slice;
        }
        let mut slice = ResourceSlice::clone(&slice);
        if !self.partitions {
            if slice.nodes == SliceNodes::PerDevice || !slice.counters.is_empty() {
                slice.nodes = SliceNodes::Unknown;
            }
            slice.counters = Arc::from([]);
        }
        slice.devices = slice.devices.iter().map(|device| self.device(device.clone())).collect();
        Arc::new(slice)
    }

    fn device(self, mut device: Device) -> Device {
        if !self.taints {
            device.taints.clear();
        }
        if !self.shares {
            device.shared = false;
            device.capacity.iter_mut().for_each(|(_, capacity)| capacity.policy = None);
        }
        if !self.partitions {
            device.withheld = !device.consumes.is_empty();
            device.consumes.clear();
        }
        device
    }
}

#[cfg(test)]
mod tests {
    use longshore_framework::device::{Capacity, CounterSet, DeviceTaint, DeviceTaintEffect, RequestPolicy};
    use longshore_framework::features::Minor;
    use longshore_framework::quantity::Quantity;

    use super::*;

    #[test]
    fn what_belongs_to_a_feature_that_is_off_does_not_count() {
        let taint = DeviceTaint { key: "k".into(), value: "".into(), effect: DeviceTaintEffect::NoSchedule };
        let capacity =
            Capacity { value: Quantity::units(1), policy: Some(Arc::new(RequestPolicy::default())) };
        let device = Device {
            taints: vec![taint],
            shared: true,
            capacity: vec![("memory".into(), capacity)],
            consumes: vec![CounterSet { name: "set".into(), counters: Vec::new() }],
            ..Device::default()
        };
        let slice = Arc::new(ResourceSlice {
            name: "s".into(),
            driver: "d".into(),
            pool: "p".into(),
            generation: 1,
            slice_count: 1,
            nodes: SliceNodes::PerDevice,
            devices: [device].into(),
            counters: [].into(),
        });
        let by_default = Gates::of(Features::of(Minor::V1_36)).slices;
        assert!(Arc::ptr_eq(&by_default.applied(Arc::clone(&slice)), &slice));
        let none = SliceRules { taint_rules: false, taints: false, shares: false, partitions: false };
        let applied = none.applied(slice);
        let device = &applied.devices[0];
        assert_eq!(applied.nodes, SliceNodes::Unknown);
        assert!(device.taints.is_empty() && !device.shared && device.capacity[0].1.policy.is_none());
        assert!(device.withheld && device.consumes.is_empty(), "it needs counters, and there are none");
    }
}
