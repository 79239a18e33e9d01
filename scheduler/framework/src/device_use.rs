//! The devices that claims have, those whose allocation is on its way included.

use std::collections::{BTreeMap, VecDeque};

use rustc_hash::FxHashMap;

use crate::Str;
use crate::lineage::Lineage;
use crate::quantity::Quantity;
use crate::resource_claim::{AllocatedDevice, Allocation};

/// Changes that are remembered. Whoever has not asked since more were made looks at everything anew.
const MOST_CHANGES: usize = 1 << 13;

/// What is in use, kept by adding and removing allocations.
#[derive(Clone, Debug, Default)]
pub struct InUse {
    pools: FxHashMap<(Str, Str), PoolUse>,
    lineage: Lineage,
    /// Driver and name of pools of which something came into use or went out of it, each with a revision of its own.
    changed: VecDeque<(Str, Str)>,
    /// The revision of the last change.
    revision: u64,
}

/// Two are the same where the same is in use, however it came about.
impl PartialEq for InUse {
    fn eq(&self, other: &Self) -> bool {
        self.pools == other.pools
    }
}

/// What is in use of one pool.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolUse {
    devices: FxHashMap<Str, DeviceUse>,
}

/// What is in use of one device.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceUse {
    /// How many claims have it for themselves: 1, unless something went wrong elsewhere.
    whole: u32,
    /// How many have a share.
    shares: u32,
    /// How many of the shares take a part of its capacity.
    measured: u32,
    consumed: BTreeMap<Str, Quantity>,
}

impl DeviceUse {
    /// Whether a claim has the whole device.
    pub fn is_whole(&self) -> bool {
        self.whole > 0
    }

    /// Whether some share takes a part of its capacity.
    pub fn is_measured(&self) -> bool {
        self.measured > 0
    }

    /// How much is taken of what.
    pub fn consumed(&self, name: &str) -> Quantity {
        self.consumed.get(name).copied().unwrap_or_default()
    }

    fn is_free(&self) -> bool {
        self.whole == 0 && self.shares == 0
    }

    fn add(&mut self, device: &AllocatedDevice) {
        match device.share {
            None => self.whole += 1,
            Some(_) => {
                self.shares += 1;
                self.measured += u32::from(!device.consumed.is_empty());
                for (name, amount) in &device.consumed {
                    *self.consumed.entry(name.clone()).or_default() += *amount;
                }
            }
        }
    }

    fn remove(&mut self, device: &AllocatedDevice) {
        match device.share {
            None => self.whole = self.whole.saturating_sub(1),
            Some(_) => {
                self.shares = self.shares.saturating_sub(1);
                self.measured = self.measured.saturating_sub(u32::from(!device.consumed.is_empty()));
                for (name, amount) in &device.consumed {
                    if let Some(left) = self.consumed.get_mut(name) {
                        *left -= *amount;
                    }
                }
                if self.measured == 0 {
                    self.consumed.clear();
                }
            }
        }
    }
}

impl PoolUse {
    /// What is in use of a device; nothing of one that is free.
    pub fn device(&self, name: &Str) -> Option<&DeviceUse> {
        self.devices.get(name)
    }

    /// Whether nothing is in use.
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty()
    }
}

impl InUse {
    /// Counts what a claim was given. What it has as an administrator does not count.
    pub fn add(&mut self, allocation: &Allocation) {
        for device in allocation.devices.iter().filter(|device| !device.admin) {
            let key = (device.driver.clone(), device.pool.clone());
            let pool = self.pools.entry(key.clone()).or_default();
            pool.devices.entry(device.device.clone()).or_default().add(device);
            self.change(key);
        }
    }

    /// Takes back what was counted for a claim.
    pub fn remove(&mut self, allocation: &Allocation) {
        for device in allocation.devices.iter().filter(|device| !device.admin) {
            let key = (device.driver.clone(), device.pool.clone());
            let Some(pool) = self.pools.get_mut(&key) else { continue };
            if let Some(held) = pool.devices.get_mut(&device.device) {
                held.remove(device);
                if held.is_free() {
                    pool.devices.remove(&device.device);
                }
            }
            if pool.devices.is_empty() {
                self.pools.remove(&key);
            }
            self.change(key);
        }
    }

    fn change(&mut self, pool: (Str, Str)) {
        if self.changed.len() >= MOST_CHANGES {
            self.changed.pop_front();
        }
        self.changed.push_back(pool);
        self.revision += 1;
    }

    /// A number that no other has, also no copy.
    pub fn lineage(&self) -> u64 {
        self.lineage.get()
    }

    /// Rises whenever something comes into use or goes out of it.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Driver and name of the pools of which something came into use or went out of it after `revision`, one of this lineage; some more
    /// than once. `None` when that is not remembered.
    pub fn since(&self, revision: u64) -> Option<impl Iterator<Item = &(Str, Str)>> {
        let new = usize::try_from(self.revision.checked_sub(revision)?).ok()?;
        let first = self.changed.len().checked_sub(new)?;
        Some(self.changed.range(first..))
    }

    /// What is in use of a pool.
    pub fn pool(&self, driver: &Str, pool: &Str) -> Option<&PoolUse> {
        self.pools.get(&(driver.clone(), pool.clone()))
    }

    /// Whether nothing is in use.
    pub fn is_empty(&self) -> bool {
        self.pools.is_empty()
    }
}
