//! The nodes as guests may read them while they run: counted references, brought up to date from the snapshot before a
//! guest is called, by what changed since.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::raw::RawObjects;
use longshore_framework::snapshot::{Slot, Snapshot};
use rustc_hash::FxHashMap;
use serde_json::value::RawValue;
use serde_json::{Map, json};

use super::objects::node_bytes;
use super::proto;

/// The bytes of a node, and of which whole object they are.
type Encoded = (Option<Arc<RawValue>>, Arc<[u8]>);

struct KnownNode {
    node: Arc<Node>,
    encoded: Option<Encoded>,
}

/// An image on nodes.
#[derive(Clone, Copy, Debug, Default)]
struct Image {
    /// In bytes, as the first node to report it says.
    size: i64,
    nodes: u32,
}

/// The nodes as of some generation.
#[derive(Default)]
pub(crate) struct Nodes {
    /// Which snapshot, and its generation.
    of: Option<(u64, u64)>,
    slots: Vec<Option<KnownNode>>,
    by_name: FxHashMap<Str, Slot>,
    /// In the snapshot's search order; kept only when the list of all nodes is read.
    order: Vec<Slot>,
    keep_order: bool,
    /// By name; kept only when images are read.
    images: FxHashMap<Str, Image>,
    keep_images: bool,
    /// The list of all nodes, until a node changes.
    list: Option<Arc<[u8]>>,
}

impl Nodes {
    /// No nodes; what nobody reads is not kept.
    pub(crate) fn new(keep_order: bool, keep_images: bool) -> Self {
        Self { keep_order, keep_images, ..Self::default() }
    }

    /// Takes over what changed.
    pub(crate) fn sync(&mut self, snapshot: &Snapshot) {
        let now = (snapshot.lineage(), snapshot.generation());
        if self.of == Some(now) {
            return;
        }
        let known = self.of.filter(|of| of.0 == now.0).and_then(|of| snapshot.changed_since(of.1));
        let mut changed = false;
        match known {
            Some(slots) => slots.for_each(|slot| changed |= self.take_over(snapshot, slot)),
            None => {
                *self = Self::new(self.keep_order, self.keep_images);
                changed = true;
                for slot in snapshot.live().iter() {
                    self.take_over(snapshot, Slot::from(slot));
                }
            }
        }
        if changed {
            self.list = None;
            if self.keep_order {
                self.order = snapshot.order().to_vec();
            }
        }
        self.of = Some(now);
    }

    /// Whether the node in the slot is another one or has changed; pods on it do not matter here.
    fn take_over(&mut self, snapshot: &Snapshot, slot: Slot) -> bool {
        let at = slot.index();
        if self.slots.len() <= at {
            self.slots.resize_with(snapshot.slots().max(at + 1), || None);
        }
        let live = snapshot.live().contains(at).then(|| snapshot.node(slot));
        match (&self.slots[at], live) {
            (None, None) => return false,
            (Some(known), Some(node)) if Arc::ptr_eq(&known.node, node) => return false,
            _ => {}
        }
        if let Some(before) = self.slots[at].take() {
            if self.by_name.get(&before.node.name) == Some(&slot) {
                self.by_name.remove(&before.node.name);
            }
            self.count_images(&before.node, -1);
        }
        if let Some(node) = live {
            self.by_name.insert(Arc::clone(&node.name), slot);
            self.count_images(node, 1);
            self.slots[at] = Some(KnownNode { node: Arc::clone(node), encoded: None });
        }
        true
    }

    fn count_images(&mut self, node: &Node, change: i32) {
        if !self.keep_images {
            return;
        }
        for image in &node.images {
            for name in &image.names {
                let fresh = || Image { size: image.size, nodes: 0 };
                let known = self.images.entry(Arc::clone(name)).or_insert_with(fresh);
                known.nodes = known.nodes.saturating_add_signed(change);
                if known.nodes == 0 {
                    self.images.remove(name);
                }
            }
        }
    }

    /// The bytes of the node of this name.
    pub(crate) fn bytes(&mut self, name: &str, raw: &dyn RawObjects) -> Option<Arc<[u8]>> {
        let slot = *self.by_name.get(name)?;
        let entry = self.slots.get_mut(slot.index())?.as_mut()?;
        Some(entry.bytes(raw))
    }

    /// The bytes of the list of all nodes.
    pub(crate) fn list(&mut self, raw: &dyn RawObjects) -> Arc<[u8]> {
        if let Some(list) = &self.list {
            return Arc::clone(list);
        }
        let slots = &mut self.slots;
        let entries: Vec<Arc<[u8]>> = self
            .order
            .iter()
            .filter_map(|slot| Some(slots.get_mut(slot.index())?.as_mut()?.bytes(raw)))
            .collect();
        let list: Arc<[u8]> = proto::node_list(entries.iter()).into();
        self.list = Some(Arc::clone(&list));
        list
    }

    /// JSON: the images of a node with their sizes and on how many nodes they are; `null` when there is no such node.
    pub(crate) fn images(&self, name: &str) -> String {
        let slot = self.by_name.get(name);
        let Some(entry) = slot.and_then(|slot| self.slots.get(slot.index())?.as_ref()) else {
            return "null".to_string();
        };
        let mut states = Map::new();
        for name in entry.node.images.iter().flat_map(|image| &image.names) {
            let image = self.images.get(name).copied().unwrap_or_default();
            states.insert(name.to_string(), json!({"Size": image.size, "NumNodes": image.nodes}));
        }
        serde_json::Value::Object(states).to_string()
    }
}

impl KnownNode {
    fn bytes(&mut self, raw: &dyn RawObjects) -> Arc<[u8]> {
        let whole = raw.node(&self.node.name);
        let same = |of: &Option<Arc<RawValue>>| match (of, &whole) {
            (Some(of), Some(now)) => Arc::ptr_eq(of, now),
            (of, now) => of.is_none() && now.is_none(),
        };
        if let Some((_, bytes)) = self.encoded.as_ref().filter(|(of, _)| same(of)) {
            return Arc::clone(bytes);
        }
        let bytes = node_bytes(&self.node, whole.as_deref());
        self.encoded = Some((whole, Arc::clone(&bytes)));
        bytes
    }
}
