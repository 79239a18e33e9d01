//! Every device that there is.

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::device::DeviceClass;
use longshore_framework::objects::DeviceSlices;

use super::fates::DeviceId;
use super::selectors::Selectors;
use super::slice::Slice;

/// A slice, to ask of which classes its devices are.
pub struct Asked(Slice);

impl Asked {
    /// Whether the device in this place is of the class, as far as its selectors can say.
    pub fn is_of(&self, at: usize, class: &DeviceClass, selectors: &Selectors) -> bool {
        let selects = |text: &Str| {
            let selector = selectors.get(text);
            let answers = self.0.answers(&selector);
            selector.problem().is_none() && matches!(self.0.matches(at, &selector, &answers), Ok(true))
        };
        class.selectors.iter().all(selects)
    }
}

/// The devices of the newest generation of each pool, each once, by driver, pool and name.
pub fn everything(slices: &DeviceSlices) -> Vec<(Arc<Asked>, usize, DeviceId)> {
    let mut newest: BTreeMap<(&Str, &Str), i64> = BTreeMap::new();
    for slice in slices.iter() {
        let generation = newest.entry((&slice.driver, &slice.pool)).or_insert(slice.generation);
        *generation = slice.generation.max(*generation);
    }
    let mut all: BTreeMap<DeviceId, (Arc<Asked>, usize)> = BTreeMap::new();
    for slice in slices.iter() {
        if newest.get(&(&slice.driver, &slice.pool)) != Some(&slice.generation) {
            continue;
        }
        let asked = Arc::new(Asked(Slice::new(Arc::clone(slice))));
        for (at, device) in slice.devices.iter().enumerate() {
            let id = (slice.driver.clone(), slice.pool.clone(), device.name.clone());
            all.entry(id).or_insert_with(|| (Arc::clone(&asked), at));
        }
    }
    all.into_iter().map(|(id, (slice, at))| (slice, at, id)).collect()
}
