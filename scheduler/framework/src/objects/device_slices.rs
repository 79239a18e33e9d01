//! ResourceSlices and DeviceTaintRules, and which slices changed since a revision.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::Str;
use crate::device::{Device, DeviceNodes, DeviceTaintRule, ResourceSlice, SliceNodes};
use crate::keyed::KeyedState;
use crate::lineage::Lineage;

/// Changes that are remembered. Whoever has not asked since more were made looks at everything anew.
const MOST_CHANGES: usize = 1 << 16;

/// The slices of a cluster.
#[derive(Clone, Debug, Default)]
pub struct DeviceSlices {
    lineage: Lineage,
    slices: BTreeMap<Str, Arc<ResourceSlice>>,
    rules: BTreeMap<Str, Arc<DeviceTaintRule>>,
    /// By driver and name of the pool: its slices, and of which node each is.
    pools: HashMap<(Str, Str), BTreeMap<Str, Option<Str>>, KeyedState>,
    /// How many slices are not of one node alone.
    shared: usize,
    /// Nodes that see other devices than before.
    changed_nodes: Vec<Str>,
    /// The names of slices that came, changed or went, each with a revision of its own.
    changed: VecDeque<Str>,
    /// The revision of the last change.
    revision: u64,
}

impl DeviceSlices {
    /// A number that no other store of this process has.
    pub fn lineage(&self) -> u64 {
        self.lineage.get()
    }

    /// Rises with every change of a slice, also as seen through the rules.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether every slice is of one node: then which devices there are on a node, and which of them are in use, changes with what is
    /// said of pools of this node alone.
    pub fn is_local(&self) -> bool {
        self.shared == 0
    }

    /// The nodes that slices of this pool are of.
    pub fn nodes_of(&self, driver: &Str, pool: &Str) -> impl Iterator<Item = &Str> {
        let slices = self.pools.get(&(Arc::clone(driver), Arc::clone(pool)));
        slices.into_iter().flat_map(|slices| slices.values().flatten())
    }

    /// The nodes that see other devices than when this was last asked.
    pub(super) fn take_changed_nodes(&mut self) -> Vec<Str> {
        std::mem::take(&mut self.changed_nodes)
    }

    /// Whether there is no slice.
    pub fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }

    /// Every slice, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ResourceSlice>> {
        self.slices.values()
    }

    /// Every rule, by name.
    pub fn rules(&self) -> impl Iterator<Item = &Arc<DeviceTaintRule>> {
        self.rules.values()
    }

    /// The slice as its driver published it.
    pub fn get(&self, name: &Str) -> Option<&Arc<ResourceSlice>> {
        self.slices.get(name)
    }

    /// The slice with the taints of all rules.
    pub fn tainted(&self, name: &Str) -> Option<Arc<ResourceSlice>> {
        let slice = self.slices.get(name)?;
        let rules: Vec<_> = self.rules.values().filter(|rule| rule.concerns(slice)).collect();
        let concerned = |device: &Device| rules.iter().any(|rule| rule.taints(&device.name));
        if !slice.devices.iter().any(concerned) {
            return Some(Arc::clone(slice));
        }
        let taint = |device: &Device| {
            let mut device = device.clone();
            let taints = rules.iter().filter(|rule| rule.taints(&device.name)).map(|rule| rule.taint.clone());
            device.taints.extend(taints);
            device
        };
        let devices = slice.devices.iter().map(taint).collect();
        Some(Arc::new(ResourceSlice { devices, ..ResourceSlice::clone(slice) }))
    }

    /// The names of slices that came, changed or went after `revision`, one of this store, some of them more than once; `None` when that
    /// is not remembered.
    pub fn since(&self, revision: u64) -> Option<impl Iterator<Item = &Str>> {
        let new = usize::try_from(self.revision.checked_sub(revision)?).ok()?;
        let first = self.changed.len().checked_sub(new)?;
        Some(self.changed.range(first..))
    }

    fn index(&mut self, slice: &ResourceSlice) {
        let node = only_node(slice);
        self.shared += usize::from(node.is_none());
        let pool = (Arc::clone(&slice.driver), Arc::clone(&slice.pool));
        self.pools.entry(pool.clone()).or_default().insert(Arc::clone(&slice.name), node);
        self.note_nodes(&pool);
    }

    fn unindex(&mut self, slice: &ResourceSlice) {
        self.shared -= usize::from(only_node(slice).is_none());
        let pool = (Arc::clone(&slice.driver), Arc::clone(&slice.pool));
        self.note_nodes(&pool);
        if let Some(slices) = self.pools.get_mut(&pool) {
            slices.remove(&slice.name);
            if slices.is_empty() {
                self.pools.remove(&pool);
            }
        }
    }

    /// Something about the pool changes for those who see it.
    fn note_nodes(&mut self, pool: &(Str, Str)) {
        let slices = self.pools.get(pool).into_iter();
        self.changed_nodes.extend(slices.flat_map(|slices| slices.values().flatten().cloned()));
    }

    fn change(&mut self, name: Str) {
        if self.changed.len() >= MOST_CHANGES {
            self.changed.pop_front();
        }
        self.changed.push_back(name);
        self.revision += 1;
    }

    pub(super) fn set(&mut self, slice: Arc<ResourceSlice>) -> Option<Arc<ResourceSlice>> {
        let name = Arc::clone(&slice.name);
        if let Some(known) = self.slices.get(&name).filter(|known| **known == slice) {
            return Some(Arc::clone(known));
        }
        self.change(Arc::clone(&name));
        if let Some(old) = self.slices.get(&name).cloned() {
            self.unindex(&old);
        }
        self.index(&slice);
        self.slices.insert(name, slice)
    }

    pub(super) fn remove(&mut self, name: &Str) -> Option<Arc<ResourceSlice>> {
        let old = self.slices.remove(name)?;
        self.unindex(&old);
        self.change(Arc::clone(name));
        Some(old)
    }

    pub(super) fn set_rule(&mut self, rule: Arc<DeviceTaintRule>) -> Option<Arc<DeviceTaintRule>> {
        if let Some(known) = self.rules.get(&rule.name).filter(|known| **known == rule) {
            return Some(Arc::clone(known));
        }
        let old = self.rules.insert(Arc::clone(&rule.name), Arc::clone(&rule));
        old.iter().chain([&rule]).for_each(|rule| self.change_concerned(rule));
        old
    }

    pub(super) fn remove_rule(&mut self, name: &Str) -> Option<Arc<DeviceTaintRule>> {
        let old = self.rules.remove(name)?;
        self.change_concerned(&old);
        Some(old)
    }

    fn change_concerned(&mut self, rule: &DeviceTaintRule) {
        let concerned = self.slices.values().filter(|slice| rule.concerns(slice));
        let names: Vec<Str> = concerned.map(|slice| Arc::clone(&slice.name)).collect();
        for name in names {
            self.changed_nodes.extend(self.slices.get(&name).and_then(|slice| only_node(slice)));
            self.change(name);
        }
    }
}

/// The only node that sees the slice. Wrong counters are seen by all.
fn only_node(slice: &ResourceSlice) -> Option<Str> {
    match &slice.nodes {
        SliceNodes::Of(DeviceNodes::Named(node)) if slice.counters.is_empty() => Some(Arc::clone(node)),
        _ => None,
    }
}
