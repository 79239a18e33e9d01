//! The order in which nodes are searched.

use std::collections::VecDeque;

use super::Slot;
use crate::Str;

type Zone = Option<(Str, Str)>;

/// Zones in the order they were first seen, nodes of a zone in order of arrival; the list takes one node of each zone
/// in turn. It is flattened at each change of the set of nodes, which is rare next to decisions.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeOrder {
    zones: Vec<(Zone, Vec<Slot>)>,
    flat: Vec<Slot>,
}

impl NodeOrder {
    pub(super) fn insert(&mut self, slot: Slot, zone: Zone) {
        match self.zones.iter_mut().find(|(z, _)| *z == zone) {
            Some((_, slots)) => slots.push(slot),
            None => self.zones.push((zone, vec![slot])),
        }
        if self.zones.len() == 1 {
            self.flat.push(slot);
        } else {
            self.flatten();
        }
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        for (_, slots) in &mut self.zones {
            slots.retain(|s| *s != slot);
        }
        self.zones.retain(|(_, slots)| !slots.is_empty());
        self.flatten();
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.flat
    }

    fn flatten(&mut self) {
        let mut queues: VecDeque<_> = self.zones.iter().map(|(_, slots)| slots.iter()).collect();
        self.flat.clear();
        while let Some(mut zone) = queues.pop_front() {
            if let Some(slot) = zone.next() {
                self.flat.push(*slot);
                queues.push_back(zone);
            }
        }
    }
}
