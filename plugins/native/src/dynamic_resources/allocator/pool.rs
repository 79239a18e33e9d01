//! A pool of devices as one node sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::device::{Attribute, CounterSet, Device, DeviceNodes, ResourceSlice, SliceNodes};
use longshore_framework::node::Node;
use longshore_framework::quantity::Quantity;
use rustc_hash::FxHashSet;

use super::constraint;
use super::slice::Slice;

/// Counters by name of the set and name of the counter.
pub(super) type Counters = BTreeMap<(Str, Str), Quantity>;

/// A pool as one node sees it.
pub struct Pool {
    pub(super) driver: Str,
    pub(super) name: Str,
    pub(super) state: State,
    /// The node has a part in it. Otherwise only that it is invalid matters.
    pub(super) own: bool,
    /// Slices with devices for the node, in order of name.
    pub(super) slices: Vec<Arc<Slice>>,
    /// The place in the pool of each slice's first device.
    pub(super) starts: Vec<usize>,
    /// What devices share.
    pub(super) counters: Counters,
    /// All slices of the pool with devices, also those for other nodes: who uses these takes of the same counters.
    pub(super) everywhere: Vec<Arc<Slice>>,
}

/// Whether a pool can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It can.
    Usable,
    /// Some of its slices are missing.
    Incomplete,
    /// What is published contradicts itself.
    Invalid,
}

/// A device of a pool.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) slice: &'a Arc<Slice>,
    /// Its place in the slice.
    pub(super) at: usize,
    pub(super) device: &'a Device,
}

impl Pool {
    /// Whether what is published contradicts itself.
    pub(super) fn is_invalid(&self) -> bool {
        self.state == State::Invalid
    }

    /// How many taints its devices have.
    #[cfg(test)]
    pub(in super::super) fn taints(&self) -> usize {
        self.slices.iter().flat_map(|slice| slice.published.devices.iter()).map(|d| d.taints.len()).sum()
    }

    /// How many devices it has for the node.
    pub(in super::super) fn len(&self) -> usize {
        let last = self.slices.last().map_or(0, |slice| slice.published.devices.len());
        self.starts.last().map_or(0, |start| start + last)
    }

    /// The values that an attribute has for devices, some of them more than once.
    pub(super) fn values(&self, name: &Str) -> impl Iterator<Item = &Attribute> {
        let devices = self.slices.iter().flat_map(|slice| slice.published.devices.iter());
        devices.filter_map(|device| constraint::attribute(device, &self.driver, name))
    }

    /// The slice in which the device of that number lies, and its place there.
    pub(super) fn place(&self, number: usize) -> Option<Place<'_>> {
        let slice = self.starts.partition_point(|start| *start <= number).checked_sub(1)?;
        let at = number - self.starts[slice];
        let slice = &self.slices[slice];
        Some(Place { slice, at, device: slice.published.devices.get(at)? })
    }

    /// Whether some device waits for conditions before a pod is bound. Such pools come last.
    fn has_conditions(&self) -> bool {
        let mut devices = self.slices.iter().flat_map(|slice| slice.published.devices.iter());
        devices.any(|device| device.binding_conditions.is_some())
    }

    /// What a node sees of a pool, of which these are all slices in order of name, and [these](places_for) are for it. Nothing if
    /// all that it has a part in is out of date.
    pub(super) fn of_places(slices: &[Arc<Slice>], places: &[usize]) -> Option<Self> {
        Self::seen(slices, |slice| {
            places.iter().any(|at| slices.get(*at).is_some_and(|other| Arc::ptr_eq(other, slice)))
        })
    }

    /// What nodes see of a pool in which they have no part: its counters.
    pub(super) fn of_nobody(slices: &[Arc<Slice>]) -> Option<Self> {
        Self::seen(slices, |_| false).map(|pool| Self { own: false, ..pool })
    }

    fn seen(slices: &[Arc<Slice>], relevant: impl Fn(&Arc<Slice>) -> bool) -> Option<Self> {
        // Counters are needed wherever they are published.
        let seen = |slice: &Arc<Slice>| relevant(slice) || !slice.published.counters.is_empty();
        let generation = slices.iter().filter(|slice| seen(slice)).map(|s| s.published.generation).max()?;
        let current: Vec<&Arc<Slice>> =
            slices.iter().filter(|s| s.published.generation == generation).collect();
        let mine: Vec<&Arc<Slice>> = current.iter().copied().filter(|slice| seen(slice)).collect();
        let first = mine.first()?;
        let is_all = |count: usize| i64::try_from(count) == Ok(first.published.slice_count);
        let state = if is_all(mine.len()) {
            State::Usable
        } else if slices.iter().any(|slice| slice.published.generation > generation) {
            return None;
        } else if is_all(current.len()) {
            State::Usable
        } else {
            State::Incomplete
        };
        Some(Self::new(first, state, &mine, &current))
    }

    fn new(first: &Slice, state: State, mine: &[&Arc<Slice>], current: &[&Arc<Slice>]) -> Self {
        let with_devices = |slices: &[&Arc<Slice>]| -> Vec<Arc<Slice>> {
            slices
                .iter()
                .filter(|slice| slice.published.counters.is_empty())
                .map(|slice| Arc::clone(slice))
                .collect()
        };
        let mut pool = Self {
            driver: first.published.driver.clone(),
            name: first.published.pool.clone(),
            state,
            own: true,
            slices: with_devices(mine),
            starts: Vec::new(),
            counters: Counters::new(),
            everywhere: with_devices(current),
        };
        let mut start = 0;
        for slice in &pool.slices {
            pool.starts.push(start);
            start += slice.published.devices.len();
        }
        if state == State::Usable {
            pool.check(mine);
        }
        pool
    }

    /// Looks for contradictions, and adds the counters up.
    fn check(&mut self, mine: &[&Arc<Slice>]) {
        let sets = mine.iter().flat_map(|slice| slice.published.counters.iter());
        let counters = counters(sets);
        let used = self.everywhere.iter().flat_map(|slice| slice.published.devices.iter());
        let known = counters
            .as_ref()
            .is_some_and(|counters| used.clone().all(|device| consumes_known(device, counters)));
        match counters {
            Some(counters) if known && self.has_unique_names() => self.counters = counters.totals,
            _ => self.state = State::Invalid,
        }
    }

    fn has_unique_names(&self) -> bool {
        let mut seen = FxHashSet::default();
        self.slices
            .iter()
            .flat_map(|slice| slice.published.devices.iter())
            .all(|device| seen.insert(&device.name))
    }
}

struct Totals {
    totals: Counters,
    sets: FxHashSet<Str>,
}

/// All counters, unless a set is there twice.
fn counters<'a>(sets: impl Iterator<Item = &'a CounterSet>) -> Option<Totals> {
    let mut found = Totals { totals: Counters::new(), sets: FxHashSet::default() };
    for set in sets {
        if !found.sets.insert(set.name.clone()) {
            return None;
        }
        let named = set.counters.iter().map(|(name, amount)| ((set.name.clone(), name.clone()), *amount));
        found.totals.extend(named);
    }
    Some(found)
}

fn consumes_known(device: &Device, counters: &Totals) -> bool {
    device.consumes.iter().all(|set| {
        let known = |name: &Str| counters.totals.contains_key(&(set.name.clone(), name.clone()));
        counters.sets.contains(&set.name) && set.counters.iter().all(|(name, _)| known(name))
    })
}

/// The places of the slices of a pool that are for the node.
pub(super) fn places_for(slices: &[Arc<Slice>], node: &Node) -> Vec<usize> {
    let places = slices.iter().enumerate().filter(|(_, slice)| reaches(&slice.published, node));
    places.map(|(at, _)| at).collect()
}

/// Whether the node can use some device of the slice, or the counters of a slice are published for it.
fn reaches(slice: &ResourceSlice, node: &Node) -> bool {
    match &slice.nodes {
        SliceNodes::Of(nodes) => nodes.include(node),
        SliceNodes::PerDevice => slice.devices.iter().any(|device| allows(device.nodes.as_ref(), node)),
        SliceNodes::Unknown => false,
    }
}

/// Whether the device itself can be used from the node, where its slice leaves that to it.
pub(super) fn allows(nodes: Option<&DeviceNodes>, node: &Node) -> bool {
    nodes.is_some_and(|nodes| nodes.include(node))
}

/// Sorts pools in the order in which devices are looked for.
pub(super) fn sort(pools: &mut [Arc<Pool>]) {
    pools.sort_by(|a, b| {
        let key = |pool: &Pool| {
            (pool.state == State::Usable && pool.has_conditions(), pool.driver.clone(), pool.name.clone())
        };
        key(a).cmp(&key(b))
    });
}
