//! What is left of the counters that the devices of a pool share.

use longshore_framework::device::Device;
use longshore_framework::quantity::Quantity;

use super::pool::{Counters, Pool};
use longshore_framework::device_use::PoolUse;

/// The counters of one pool during a search.
pub(super) struct Left {
    left: Counters,
}

impl Left {
    /// What the devices in use leave of a pool's counters. It may be less than nothing.
    pub(super) fn new(pool: &Pool, in_use: Option<&PoolUse>) -> Self {
        let mut left = Self { left: pool.counters.clone() };
        let Some(in_use) = in_use.filter(|in_use| !in_use.is_empty()) else { return left };
        let devices = pool.everywhere.iter().flat_map(|slice| slice.published.devices.iter());
        for device in devices.filter(|device| !device.consumes.is_empty()) {
            if in_use.device(&device.name).is_some() {
                left.change(device, |left, amount| *left -= amount);
            }
        }
        left
    }

    /// Takes what a device consumes. If then any counter of the pool is below zero, nothing is taken.
    pub(super) fn take(&mut self, device: &Device) -> bool {
        self.change(device, |left, amount| *left -= amount);
        let enough = !self.left.values().any(|left| left.is_negative());
        if !enough {
            self.put_back(device);
        }
        enough
    }

    /// Puts back what a device consumed.
    pub(super) fn put_back(&mut self, device: &Device) {
        self.change(device, |left, amount| *left += amount);
    }

    fn change(&mut self, device: &Device, change: impl Fn(&mut Quantity, Quantity)) {
        for set in &device.consumes {
            for (name, amount) in &set.counters {
                if let Some(left) = self.left.get_mut(&(set.name.clone(), name.clone())) {
                    change(left, *amount);
                }
            }
        }
    }
}
