//! Which images lie on which nodes.

use rustc_hash::FxHashMap;

use crate::Str;
use crate::bitset::BitSet;
use crate::node::NodeImage;

/// Every image name with its size and the nodes that have it.
#[derive(Clone, Debug, Default)]
pub struct ImageTable {
    by_name: FxHashMap<Str, ImageState>,
    names_revision: u64,
}

/// One image name.
#[derive(Clone, Debug, Default)]
pub struct ImageState {
    /// Size in bytes, as the first node to report it said.
    pub size: i64,
    /// Slots of the nodes that have it.
    pub nodes: BitSet,
}

impl ImageTable {
    /// The state of the image called `name`.
    pub fn get(&self, name: &str) -> Option<&ImageState> {
        self.by_name.get(name)
    }

    /// Rises when a node is the first to have an image, or the last that had one has it no more.
    pub fn names_revision(&self) -> u64 {
        self.names_revision
    }

    /// Whether no node reports an image.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    pub(crate) fn add(&mut self, slot: usize, images: &[NodeImage]) {
        for image in images {
            for name in &image.names {
                let fresh = || ImageState { size: image.size, nodes: BitSet::default() };
                let state = self.by_name.entry(name.clone()).or_insert_with(fresh);
                self.names_revision += u64::from(state.nodes.is_empty());
                state.nodes.insert(slot);
            }
        }
    }

    /// A node reports `new` in place of `old`. Whether anything differs now, on whatever node.
    pub(crate) fn replace(&mut self, slot: usize, old: &[NodeImage], new: &[NodeImage]) -> bool {
        if old == new && self.has_sizes_of(new) {
            return false;
        }
        self.remove(slot, old);
        self.add(slot, new);
        true
    }

    /// Whether these images would be known with the same sizes if the only node that has them reported them anew: another one,
    /// which is gone, may have been the first to report them.
    fn has_sizes_of(&self, images: &[NodeImage]) -> bool {
        let has_size = |size: i64, name: &Str| {
            self.by_name.get(name).is_none_or(|state| state.size == size || state.nodes.len() > 1)
        };
        images.iter().all(|image| image.names.iter().all(|name| has_size(image.size, name)))
    }

    pub(crate) fn remove(&mut self, slot: usize, images: &[NodeImage]) {
        for name in images.iter().flat_map(|i| &i.names) {
            if let Some(state) = self.by_name.get_mut(name) {
                state.nodes.remove(slot);
                if state.nodes.is_empty() {
                    self.names_revision += 1;
                    self.by_name.remove(name);
                }
            }
        }
    }
}
