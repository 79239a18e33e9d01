//! The order in which nodes are searched.

use std::collections::VecDeque;
use std::sync::OnceLock;

use super::Slot;
use crate::Str;

type Zone = Option<(Str, Str)>;

/// Zones in the order they were first seen, nodes of a zone in order of arrival; the list takes one node of each zone
/// in turn. It is made when it is asked for, because nodes come in crowds.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeOrder {
    zones: Vec<(Zone, Vec<Slot>)>,
    flat: OnceLock<Vec<Slot>>,
}

impl NodeOrder {
    pub(super) fn insert(&mut self, slot: Slot, zone: Zone) {
        match self.zones.iter_mut().find(|(z, _)| *z == zone) {
            Some((_, slots)) => slots.push(slot),
            None => self.zones.push((zone, vec![slot])),
        }
        self.flat.take();
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        for (_, slots) in &mut self.zones {
            slots.retain(|s| *s != slot);
        }
        self.zones.retain(|(_, slots)| !slots.is_empty());
        self.flat.take();
    }

    pub(super) fn slots(&self) -> &[Slot] {
        self.flat.get_or_init(|| {
            let mut queues: VecDeque<_> = self.zones.iter().map(|(_, slots)| slots.iter()).collect();
            let mut flat = Vec::new();
            while let Some(mut zone) = queues.pop_front() {
                if let Some(slot) = zone.next() {
                    flat.push(*slot);
                    queues.push_back(zone);
                }
            }
            flat
        })
    }
}
