//! Why a node has no devices for a pod, and how many devices are in use: for people, and nothing is decided from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::device::DeviceClass;
use longshore_framework::features::Features;
use longshore_framework::node::Node;
use longshore_framework::objects::Objects;
use longshore_framework::pod::Pod;
use longshore_framework::resource_claim::{Allocation, ClaimSpec, DeviceCount, DeviceWish, Wanted};

use super::allocator::{self, DeviceId, Fate, Known, Pools, everything};
use super::extended::PLACEHOLDER;
use super::filter::{OfNode, of_node};
use super::gates::Gates;
use super::kept::Kept;
use super::{extended, pod_claims};

/// What one request finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `namespace/name`, or `<extended-resources>` for the claim that would be made.
    pub claim: String,
    /// `request`, or `request/alternative`.
    pub request: String,
    /// Its class.
    pub class: Str,
    /// How many devices; `None` for all that match.
    pub wanted: Option<u64>,
    /// Every device that the node sees, with what becomes of it.
    pub devices: Vec<(DeviceId, Fate)>,
}

/// What a pod's claims find on a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnNode {
    /// By request.
    pub requests: Vec<Request>,
    /// Claims, as `namespace/name`, that have devices which cannot be used from there.
    pub elsewhere: Vec<String>,
}

/// Devices of a driver or a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The driver; `None` for those of a class.
    pub driver: Option<Str>,
    /// The class; `None` for those of a driver.
    pub class: Option<Str>,
    /// How many devices there are.
    pub devices: usize,
    /// How many of them some claim has, or a share of.
    pub in_use: usize,
}

/// Looks at devices for people.
#[derive(Debug)]
pub struct Shortages {
    gates: Gates,
    kept: Kept,
}

impl Shortages {
    /// By these rules.
    pub fn new(features: Features) -> Self {
        Self { gates: Gates::of(features), kept: Kept::default() }
    }

    /// Whether the pod has claims, or classes stand for something that it asks for.
    pub fn concern(&self, pod: &Pod, objects: &Objects) -> bool {
        !pod.spec.resource_claims.is_empty() || (self.gates.extended && extended::is_served(pod, objects))
    }

    /// What the pod's claims find on the node. `None` where its claims are not in order, so that no device is looked for.
    pub fn on(&self, pod: &Pod, objects: &Objects, node: &Arc<Node>) -> Option<OnNode> {
        let pools = self.kept.pools_of(&objects.slices, node, self.gates.slices);
        let mut found = OnNode::default();
        for claim in pod_claims::claims(pod, objects).ok()? {
            match &claim.allocation {
                None => self.look(objects, (node, &pools), (&claim.shown(), &claim.spec), &mut found),
                Some(has) if has.node_selector.as_ref().is_some_and(|nodes| !nodes.matches(node)) => {
                    found.elsewhere.push(claim.shown());
                }
                Some(_) => {}
            }
        }
        if self.gates.extended {
            let wishes: Vec<_> = extended::wishes(pod, objects).collect();
            if let OfNode::Devices(made) = of_node(pod, &wishes, node) {
                self.look(objects, (node, &pools), (PLACEHOLDER, &made.spec), &mut found);
            }
        }
        Some(found)
    }

    fn look(
        &self,
        objects: &Objects,
        (node, pools): (&Node, &Pools),
        (claim, spec): (&str, &ClaimSpec),
        found: &mut OnNode,
    ) {
        let class = |name: &Str| objects.device_classes.get(name).cloned();
        let known = Known {
            in_use: objects.resource_claims.in_use(),
            selectors: &self.kept.selectors,
            class: &class,
            patience: u64::MAX,
            lists_once: self.gates.lists_once,
            fractional: self.gates.fractional,
            shares: self.gates.slices.shares,
        };
        for (request, wish) in wishes(spec) {
            let Some(class) = objects.device_classes.get(&wish.class) else { continue };
            let wanted = match wish.count {
                DeviceCount::Exactly(count) => Some(count),
                DeviceCount::All => None,
            };
            let devices = allocator::fates(node, pools, (class, wish), known);
            found.requests.push(Request {
                claim: claim.to_string(),
                request,
                class: wish.class.clone(),
                wanted,
                devices,
            });
        }
    }

    /// How many devices of each driver, then of each class there are, and how many of them are in use, each by name.
    pub fn utilisation(&self, objects: &Objects) -> Vec<Use> {
        let devices = everything(&objects.slices);
        let in_use = objects.resource_claims.in_use();
        let is_used = |(driver, pool, device): &DeviceId| {
            in_use.pool(driver, pool).is_some_and(|pool| pool.device(device).is_some())
        };
        let mut by_driver: BTreeMap<Str, (usize, usize)> = BTreeMap::new();
        let mut by_class: BTreeMap<Str, (usize, usize)> = BTreeMap::new();
        for (slice, at, id) in devices.iter() {
            let used = usize::from(is_used(id));
            let count = |entry: &mut (usize, usize)| *entry = (entry.0 + 1, entry.1 + used);
            count(by_driver.entry(id.0.clone()).or_default());
            let is_of = |class: &&Arc<DeviceClass>| slice.is_of(*at, class, &self.kept.selectors);
            for class in objects.device_classes.values().filter(is_of) {
                count(by_class.entry(class.name.clone()).or_default());
            }
        }
        let of = |driver, class, (devices, in_use)| Use { driver, class, devices, in_use };
        let drivers = by_driver.into_iter().map(|(name, counts)| of(Some(name), None, counts));
        drivers.chain(by_class.into_iter().map(|(name, counts)| of(None, Some(name), counts))).collect()
    }
}

/// The requests of a claim that can be looked for, by their full names.
fn wishes(spec: &ClaimSpec) -> Vec<(String, &DeviceWish)> {
    let mut wishes = Vec::new();
    for request in &spec.requests {
        match &request.wanted {
            Wanted::Exactly(wish) => wishes.push((request.name.to_string(), wish)),
            Wanted::FirstAvailable(alternatives) => {
                let named = alternatives.iter();
                wishes.extend(named.map(|(name, wish)| (format!("{}/{name}", request.name), wish)));
            }
            Wanted::Unknown => {}
        }
    }
    wishes
}

/// Who has a device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder {
    /// The claim, as `namespace/name`.
    pub claim: String,
    /// The pods that use it, as `namespace/name`.
    pub pods: Vec<String>,
}

/// Who has which device, all claims with devices that count.
pub fn holders(objects: &Objects) -> BTreeMap<DeviceId, Vec<Arc<Holder>>> {
    let mut holders: BTreeMap<DeviceId, Vec<Arc<Holder>>> = BTreeMap::new();
    let claims = &objects.resource_claims;
    for claim in claims.iter() {
        let Some(has) = claim.allocation.as_ref().or_else(|| claims.in_flight(&claim.uid)) else { continue };
        let pods = claim.reserved_for.iter().filter(|user| &*user.resource == "pods");
        let pods = pods.map(|user| format!("{}/{}", claim.namespace, user.name)).collect();
        hold(has, &Arc::new(Holder { claim: claim.shown(), pods }), &mut holders);
    }
    holders
}

fn hold(has: &Allocation, holder: &Arc<Holder>, holders: &mut BTreeMap<DeviceId, Vec<Arc<Holder>>>) {
    for device in has.devices.iter().filter(|device| !device.admin) {
        let id = (device.driver.clone(), device.pool.clone(), device.device.clone());
        let of_device = holders.entry(id).or_default();
        if !of_device.iter().any(|other| Arc::ptr_eq(other, holder)) {
            of_device.push(Arc::clone(holder));
        }
    }
}
