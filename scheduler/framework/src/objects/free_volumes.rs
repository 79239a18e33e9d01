//! The volumes of one class that no claim has.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::Str;
use crate::keyed::KeyedState;
use crate::labels::Labels;
use crate::quantity::Quantity;
use crate::volume::PersistentVolume;

/// Volumes in the order in which they are taken: the smallest first, equal ones in order of name.
type InOrder = BTreeMap<(Quantity, Str), Arc<PersistentVolume>>;

/// A volume whose affinity asks for some values of one label is looked at only for nodes that have one of these; the others
/// are looked at for every node. Volumes of local disks ask for the host name, so that each node sees its own.
#[derive(Clone, Debug, Default)]
pub(super) struct FreeVolumes {
    /// By label key, of which there are few, and value.
    pinned: Vec<(Str, HashMap<Str, InOrder, KeyedState>)>,
    anywhere: InOrder,
    /// When those that are looked at for every node last changed; 0 when there is none.
    pub(super) anywhere_revision: u64,
}

impl FreeVolumes {
    pub(super) fn is_empty(&self) -> bool {
        self.anywhere.is_empty() && self.pinned.is_empty()
    }

    /// Adds a volume, as the change with this number.
    pub(super) fn insert(&mut self, volume: &Arc<PersistentVolume>, revision: u64) {
        let place = (volume.capacity, Arc::clone(&volume.name));
        let Some((key, values)) = volume.node_affinity.as_ref().and_then(|affinity| affinity.pin()) else {
            self.anywhere.insert(place, Arc::clone(volume));
            self.anywhere_revision = revision;
            return;
        };
        let at = self.pinned.iter().position(|(have, _)| have == key).unwrap_or_else(|| {
            self.pinned.push((Arc::clone(key), HashMap::default()));
            self.pinned.len() - 1
        });
        for value in values {
            let of_value = self.pinned[at].1.entry(Arc::clone(value)).or_default();
            of_value.insert(place.clone(), Arc::clone(volume));
        }
    }

    /// Removes a volume, as the change with this number.
    pub(super) fn remove(&mut self, volume: &PersistentVolume, revision: u64) {
        let place = (volume.capacity, Arc::clone(&volume.name));
        let Some((key, values)) = volume.node_affinity.as_ref().and_then(|affinity| affinity.pin()) else {
            self.anywhere.remove(&place);
            self.anywhere_revision = if self.anywhere.is_empty() { 0 } else { revision };
            return;
        };
        if let Some((_, by_value)) = self.pinned.iter_mut().find(|(have, _)| have == key) {
            for value in values {
                if let Some(of_value) = by_value.get_mut(value) {
                    of_value.remove(&place);
                    if of_value.is_empty() {
                        by_value.remove(value);
                    }
                }
            }
        }
        self.pinned.retain(|(_, by_value)| !by_value.is_empty());
    }

    /// The first that is large enough, may suit a node with these labels and that `accept` accepts.
    pub(super) fn first(
        &self,
        at_least: Quantity,
        labels: &Labels,
        accept: impl Fn(&PersistentVolume) -> bool,
    ) -> Option<&Arc<PersistentVolume>> {
        let pinned = self.pinned.iter().filter_map(|(key, by_value)| by_value.get(labels.get(key)?));
        let from = (at_least, Str::default());
        pinned
            .chain([&self.anywhere])
            .filter_map(|volumes| volumes.range(from.clone()..).find(|(_, volume)| accept(volume)))
            .min_by(|(a, _), (b, _)| a.cmp(b))
            .map(|(_, volume)| volume)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node_selector::{NodeOperator, NodeRequirement, NodeSelector, NodeSelectorTerm};

    fn quantity(of: i64) -> Quantity {
        of.to_string().parse().unwrap()
    }

    fn volume(name: &str, size: i64, pin: Option<(&str, &[&str])>) -> Arc<PersistentVolume> {
        let affinity = pin.map(|(key, values)| {
            let values = values.iter().map(|v| Str::from(*v)).collect();
            let expression = NodeRequirement { key: key.into(), operator: NodeOperator::In, values };
            let term = NodeSelectorTerm { expressions: vec![expression], fields: Vec::new() };
            NodeSelector { terms: vec![term] }
        });
        Arc::new(PersistentVolume {
            name: name.into(),
            capacity: quantity(size),
            node_affinity: affinity,
            ..PersistentVolume::default()
        })
    }

    #[track_caller]
    fn check(labels: &[(&str, &str)], at_least: i64, refused: &[&str], want: Option<&str>) {
        let volumes = [
            volume("e", 1, Some(("host", &["a"]))),
            volume("d", 2, Some(("zone", &["x", "y"]))),
            volume("c", 3, None),
            volume("b", 3, Some(("host", &["a"]))),
        ];
        let mut free = FreeVolumes::default();
        for (revision, volume) in (1..).zip(&volumes) {
            free.insert(volume, revision);
        }
        let accept = |v: &PersistentVolume| !refused.contains(&&*v.name);
        let found = free.first(quantity(at_least), &labels.iter().copied().collect(), accept);
        assert_eq!(found.map(|v| &*v.name), want);
        for volume in &volumes {
            free.remove(volume, 9);
        }
        assert!(free.is_empty());
        assert_eq!(free.anywhere_revision, 0);
    }

    #[test]
    fn the_smallest_volume_that_suits_is_found_and_of_equal_ones_the_first_by_name() {
        check(&[("host", "a"), ("zone", "x")], 0, &[], Some("e"));
        check(&[("host", "a"), ("zone", "y")], 0, &["e"], Some("d"));
        check(&[("host", "a"), ("zone", "y")], 2, &[], Some("d"));
        check(&[("host", "b"), ("zone", "z")], 0, &[], Some("c"));
        check(&[("host", "a")], 3, &[], Some("b"));
        check(&[("host", "a")], 0, &["e", "b"], Some("c"));
        check(&[("host", "a")], 4, &[], None);
        check(&[("host", "b")], 0, &["c"], None);
    }
}
