//! What a pod's claims find: how many devices match, who has them, what keeps the others away.

mod simulated;
mod texts;

pub use simulated::add_devices;

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_engine::Engine;
use longshore_framework::features::Features;
use longshore_framework::objects::Objects;
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Slot;
use longshore_plugins_native::dynamic_resources::allocator::{DeviceId, Fate};
use longshore_plugins_native::dynamic_resources::shortage::{Holder, OnNode, Request, Shortages, holders};

use crate::report::{DeviceHolder, DeviceSearch, DeviceSearches, DeviceTaintCount, SelectorCount};

/// Devices times nodes that are looked at, at the most.
const MOST_LOOKS: usize = 2_000_000;

/// What is known of devices and who has them.
pub(crate) struct Devices {
    shortages: Shortages,
    holders: BTreeMap<DeviceId, Vec<Arc<Holder>>>,
}

impl Devices {
    /// As an engine knows them.
    pub(crate) fn new(features: Features, objects: &Objects) -> Self {
        Self { shortages: Shortages::new(features), holders: holders(objects) }
    }

    /// Looks on every node; nothing for a pod that asks for no devices, or whose claims are not in order.
    pub(crate) fn look(&self, engine: &Engine, pod: &Pod) -> Option<DeviceSearches> {
        let (objects, snapshot) = (engine.cache().objects(), engine.snapshot());
        if !self.shortages.concern(pod, objects) {
            return None;
        }
        let mut sums: BTreeMap<(String, String), (Request, BTreeMap<DeviceId, Fate>)> = BTreeMap::new();
        let mut order: Vec<(String, String)> = Vec::new();
        let mut groups: Groups = BTreeMap::new();
        let mut looks = 0;
        for slot in snapshot.live().iter().map(Slot::from) {
            let node = snapshot.node(slot);
            let Some(OnNode { requests, elsewhere }) = self.shortages.on(pod, objects, node) else { break };
            for claim in elsewhere {
                let text = format!("claim {claim} has devices that cannot be used from here");
                let search =
                    DeviceSearch { claim: claim.clone(), text: text.clone(), ..DeviceSearch::default() };
                add(&mut groups, (text, claim, String::new()), search, &node.name);
            }
            for request in requests {
                looks += request.devices.len();
                let search = self.search(&request, request.devices.iter().map(|(id, fate)| (id, fate)));
                let key = (request.claim.clone(), request.request.clone());
                add(&mut groups, (search.text.clone(), key.0.clone(), key.1.clone()), search, &node.name);
                if !sums.contains_key(&key) {
                    order.push(key.clone());
                }
                let blank = || Request { devices: Vec::new(), ..request.clone() };
                let (_, all) = sums.entry(key).or_insert_with(|| (blank(), BTreeMap::new()));
                all.extend(request.devices);
            }
            if looks > MOST_LOOKS {
                break;
            }
        }
        let sum = |key: &(String, String)| {
            let (request, devices) = sums.get(key)?;
            Some(self.search(request, devices.iter()))
        };
        let mut by_node: Vec<DeviceSearch> = groups.into_values().collect();
        by_node.sort_by(|a, b| {
            let key = |s: &DeviceSearch| (std::cmp::Reverse((s.free, s.matching)), s.nodes.first().cloned());
            key(a).cmp(&key(b))
        });
        let everywhere: Vec<DeviceSearch> = order.iter().filter_map(sum).collect();
        (!by_node.is_empty()).then_some(DeviceSearches { everywhere, by_node })
    }

    /// What a request finds among these devices.
    fn search<'d>(
        &self,
        request: &Request,
        devices: impl Iterator<Item = (&'d DeviceId, &'d Fate)>,
    ) -> DeviceSearch {
        let mut search = DeviceSearch {
            claim: request.claim.clone(),
            request: request.request.clone(),
            class: request.class.to_string(),
            wanted: request.wanted,
            ..DeviceSearch::default()
        };
        let mut selectors: BTreeMap<String, usize> = BTreeMap::new();
        let mut taints: BTreeMap<String, usize> = BTreeMap::new();
        let mut taken: BTreeMap<Arc<Holder>, usize> = BTreeMap::new();
        for (id, fate) in devices {
            search.devices += 1;
            search.matching += usize::from(!matches!(fate, Fate::Unselected(_)));
            match fate {
                Fate::Unselected(text) => *selectors.entry(text.to_string()).or_default() += 1,
                Fate::Tainted(taint) => *taints.entry(taint.clone()).or_default() += 1,
                Fate::Unusable => search.in_unusable_pools += 1,
                Fate::TooSmall => search.too_small += 1,
                Fate::Uncounted => search.without_counters += 1,
                Fate::Free => search.free += 1,
                Fate::Taken => {
                    search.taken += 1;
                    let who = self.holders.get(id).into_iter().flatten();
                    who.for_each(|holder| *taken.entry(Arc::clone(holder)).or_default() += 1);
                }
            }
        }
        let counted = selectors.into_iter().map(|(selector, devices)| SelectorCount { selector, devices });
        search.rejected_by = counted.collect();
        let counted = taints.into_iter().map(|(taint, devices)| DeviceTaintCount { taint, devices });
        search.tainted = counted.collect();
        let holder = |(holder, devices): (Arc<Holder>, usize)| DeviceHolder {
            claim: holder.claim.clone(),
            pods: holder.pods.clone(),
            devices,
        };
        search.taken_by = taken.into_iter().map(holder).collect();
        search.taken_by.sort_by_key(|holder| std::cmp::Reverse(holder.devices));
        search.text = texts::text(&search);
        search
    }
}

/// By sentence, claim and request.
type Groups = BTreeMap<(String, String, String), DeviceSearch>;

/// Puts a node to those with the same answer.
fn add(groups: &mut Groups, key: (String, String, String), search: DeviceSearch, node: &str) {
    groups.entry(key).or_insert(search).nodes.push(node.to_string());
}
