//! What is remembered of pods that were given a node, until its NodeResourceTopology knows of them.
//!
//! Bounded by the number of nodes that have such an object, and of the pods on them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use catalogue_common::pod::Amounts;
use catalogue_common::{Quantity, RawPod};
use longshore_plugin::object::Object;
use longshore_plugin::{Error, PodInfo, host};

use crate::args::{Memory, Resync};
use crate::demand::is_exclusive;
use crate::fingerprint::fingerprint;
use crate::topology::{TOPOLOGIES, Topology, Zone};

/// A node as it is judged: its topology, and its zones where something of them is set aside.
pub(crate) struct Known {
    pub(crate) topology: Rc<Object<Topology>>,
    less: Option<Vec<Zone>>,
}

impl Known {
    /// The zones, less what is set aside.
    pub(crate) fn zones(&self) -> &[Zone] {
        self.less.as_deref().unwrap_or(&self.topology.zones)
    }
}

/// What is known of a node's topology.
pub(crate) enum View {
    /// It has none.
    None,
    /// Pods are on their way that the object does not know of.
    Unknown,
    /// It is this.
    Known(Known),
}

/// Nodes, by name.
#[derive(Default)]
pub(crate) struct Reserved(BTreeMap<String, Node>);

#[derive(Default)]
struct Node {
    /// The object that counts, until the node is looked at again.
    object: Option<Rc<Object<Topology>>>,
    /// Effective requests by UID.
    pods: BTreeMap<String, Amounts>,
    /// Whether a pod was refused since.
    refused: bool,
}

impl Reserved {
    pub(crate) fn view(&mut self, memory: Memory, node: &str) -> View {
        let live = || TOPOLOGIES.get("", node);
        match memory {
            Memory::None => live().map_or(View::None, whole),
            Memory::DiscardReserved if self.0.get(node).is_some_and(|node| !node.pods.is_empty()) => {
                View::Unknown
            }
            Memory::DiscardReserved => live().map_or(View::None, whole),
            Memory::OverReserve { .. } => {
                let known = match self.0.get_mut(node) {
                    Some(known) => known,
                    None if live().is_none() => return View::None,
                    None => self.0.entry(node.to_owned()).or_default(),
                };
                if known.object.is_none() {
                    known.object = live();
                }
                let Some(object) = known.object.clone() else { return View::None };
                let taken = !known.pods.is_empty();
                let less = taken.then(|| less(&object.zones, known.pods.values()));
                View::Known(Known { topology: object, less })
            }
        }
    }

    /// A pod was refused by the node.
    pub(crate) fn refuse(&mut self, node: &str) {
        if let Some(node) = self.0.get_mut(node) {
            node.refused = true;
        }
    }

    pub(crate) fn add(&mut self, node: &str, uid: &str, amounts: Amounts) {
        let node = self.0.entry(node.to_owned()).or_default();
        node.pods.insert(uid.to_owned(), amounts);
        node.refused = false;
    }

    pub(crate) fn remove(&mut self, node: &str, uid: &str) {
        if let Some(node) = self.0.get_mut(node) {
            node.pods.remove(uid);
        }
    }

    /// Looks at the objects of nodes that refused a pod, and takes those that know of all pods on their node; and those
    /// whose settings changed.
    pub(crate) fn resync(&mut self, resync: Resync, settings_too: bool) -> Result<(), Error> {
        let live: BTreeSet<String> = TOPOLOGIES.all().iter().map(|object| object.name.clone()).collect();
        self.0.retain(|name, _| live.contains(name));
        for (name, node) in &mut self.0 {
            let Some(now) = TOPOLOGIES.get("", name) else { continue };
            let changed = node.object.as_ref().is_some_and(|before| settings(before) != settings(&now));
            if (settings_too && changed) || (node.refused && knows_all(name, &now, resync)?) {
                *node = Node { object: Some(now), ..Node::default() };
            }
        }
        Ok(())
    }
}

fn whole(object: Rc<Object<Topology>>) -> View {
    View::Known(Known { topology: object, less: None })
}

fn settings(topology: &Topology) -> impl PartialEq + use<> {
    (topology.scope, topology.single_numa_node, topology.max_numa_nodes)
}

/// Nobody knows in which NUMA node a pod will be, so it counts in every one.
fn less<'a>(zones: &[Zone], pods: impl Iterator<Item = &'a Amounts>) -> Vec<Zone> {
    let mut zones = zones.to_vec();
    for (resource, wanted) in pods.flatten() {
        for amount in zones.iter_mut().filter_map(|zone| zone.amounts.get_mut(resource)) {
            *amount = amount.minus(*wanted).max(Quantity::ZERO);
        }
    }
    zones
}

/// Whether the object's fingerprint is that of the pods on the node.
fn knows_all(node: &str, topology: &Topology, resync: Resync) -> Result<bool, Error> {
    let Some(wanted) = &topology.fingerprint else { return Ok(false) };
    let exclusive_only = match resync {
        Resync::Autodetect => topology.only_exclusive,
        Resync::All => false,
        Resync::OnlyExclusiveResources => true,
    };
    let mut counted: Vec<PodInfo> = Vec::new();
    for pod in host::pods::on_node(node) {
        let raw = RawPod::find(&pod.uid)?;
        let runs = |raw: &RawPod| !matches!(raw.status.phase.as_deref(), None | Some("Pending"));
        if raw.is_some_and(|raw| runs(&raw) && (!exclusive_only || is_exclusive(&raw))) {
            counted.push(pod);
        }
    }
    let found = fingerprint(counted.iter().map(|pod| (pod.namespace.as_str(), pod.name.as_str())));
    Ok(found == *wanted)
}
