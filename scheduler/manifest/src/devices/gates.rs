//! What an API server takes out of new objects because a feature gate is off (`dropDisabledFields` of
//! `pkg/registry/resource` and `pkg/api/resourceclaimspec`).

use longshore_framework::features::{Features, Gate};

use crate::wire::devices as written;

/// Of a DeviceClass.
pub(super) fn class(class: &mut written::DeviceClass, features: Features) {
    if !features.enabled(Gate::DRAExtendedResource) {
        class.spec.extended_resource_name = Default::default();
    }
}

/// Of a ResourceSlice.
pub(super) fn slice(slice: &mut written::ResourceSlice, features: Features) {
    if !features.enabled(Gate::DRAPartitionableDevices) {
        slice.spec.shared_counters.clear();
        slice.spec.per_device_node_selection = false;
    }
    slice.spec.devices.iter_mut().for_each(|d| device(d, features));
}

fn device(device: &mut written::Device, features: Features) {
    if !features.enabled(Gate::DRADeviceTaints) {
        device.taints.clear();
    }
    if !features.enabled(Gate::DRAPartitionableDevices) {
        device.consumes_counters.clear();
        (device.node_name, device.node_selector, device.all_nodes) = (None, None, false);
    }
    let conditions = [Gate::DRADeviceBindingConditions, Gate::DRAResourceClaimDeviceStatus];
    if !conditions.iter().all(|gate| features.enabled(*gate)) {
        (device.binding_conditions, device.binds_to_node) = (None, false);
        device.binding_failure_conditions.clear();
    }
    if !features.enabled(Gate::DRAConsumableCapacity) {
        device.allow_multiple_allocations = false;
        device.capacity.values_mut().for_each(|capacity| capacity.request_policy = None);
    }
}

/// Of what a claim asks for.
pub(crate) fn claim(devices: &mut written::ClaimDevices, features: Features) {
    for request in &mut devices.requests {
        if !features.enabled(Gate::DRAPrioritizedList) {
            request.first_available.clear();
        }
        if let Some(exactly) = request.exactly.as_mut().filter(|_| !features.enabled(Gate::DRAAdminAccess)) {
            exactly.admin_access = false;
        }
        for wish in request.exactly.iter_mut().chain(&mut request.first_available) {
            if !features.enabled(Gate::DRADeviceTaints) {
                wish.tolerations.clear();
            }
            if !features.enabled(Gate::DRAConsumableCapacity) {
                wish.capacity = None;
            }
        }
    }
    if !features.enabled(Gate::DRAConsumableCapacity) {
        devices.constraints.iter_mut().for_each(|constraint| constraint.distinct_attribute = None);
    }
}
