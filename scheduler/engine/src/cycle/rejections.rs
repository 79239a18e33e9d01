//! Which nodes were rejected, by reason: reasons are few where nodes are many.

use std::sync::Arc;

use longshore_framework::bitset::BitSet;
use longshore_framework::profile::PluginId;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::Rejection;
use rustc_hash::FxHashMap;

use super::NodeStatus;

/// Nodes that one plugin rejected for the same reasons.
#[derive(Clone, Debug)]
pub(crate) struct RejectedGroup {
    pub(crate) plugin: PluginId,
    pub(crate) rejection: Rejection,
    /// Their slots; whoever keeps them up to date shares them.
    pub(crate) nodes: Arc<BitSet>,
}

impl RejectedGroup {
    /// Its nodes in slot order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.nodes.iter().map(Slot::from)
    }
}

/// The rejected nodes, each in one group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rejections {
    groups: Vec<RejectedGroup>,
    /// Where the groups are that were filled node by node.
    places: FxHashMap<(PluginId, Rejection), usize>,
    /// The group that was added to last: neighbours often belong to the same one.
    last: usize,
}

impl Rejections {
    /// Adds nodes of which none was rejected before, all at once. No other group is of this plugin and rejection.
    pub(crate) fn add_group(&mut self, group: RejectedGroup) {
        self.groups.push(group);
    }

    /// Adds a node that was not rejected before.
    pub(crate) fn add(&mut self, status: NodeStatus) {
        let NodeStatus { slot, plugin, rejection } = status;
        let same = |group: &RejectedGroup| group.plugin == plugin && group.rejection == rejection;
        if !self.groups.get(self.last).is_some_and(same) {
            let key = (plugin, rejection);
            self.last = match self.places.get(&key) {
                Some(at) => *at,
                None => {
                    let (at, rejection) = (self.groups.len(), key.1.clone());
                    self.groups.push(RejectedGroup { plugin, rejection, nodes: Arc::default() });
                    self.places.insert(key, at);
                    at
                }
            };
        }
        if let Some(group) = self.groups.get_mut(self.last) {
            Arc::make_mut(&mut group.nodes).insert(slot.index());
        }
    }

    /// Sets how a node was rejected, whatever was said of it before.
    pub(crate) fn set(&mut self, status: NodeStatus) {
        let at = status.slot.index();
        if let Some(group) = self.groups.iter_mut().find(|group| group.nodes.contains(at)) {
            Arc::make_mut(&mut group.nodes).remove(at);
        }
        self.add(status);
    }

    /// How the node was rejected.
    pub(crate) fn find(&self, slot: Slot) -> Option<&RejectedGroup> {
        self.iter().find(|group| group.nodes.contains(slot.index()))
    }

    /// How many nodes were rejected.
    pub(crate) fn len(&self) -> usize {
        self.groups.iter().map(|group| group.nodes.len()).sum()
    }

    /// The groups, in no particular order; none is empty.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &RejectedGroup> {
        self.groups.iter().filter(|group| !group.nodes.is_empty())
    }

    /// Every node and its group, group by group.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (Slot, &RejectedGroup)> {
        self.iter().flat_map(|group| group.slots().map(move |slot| (slot, group)))
    }
}

impl FromIterator<NodeStatus> for Rejections {
    fn from_iter<I: IntoIterator<Item = NodeStatus>>(statuses: I) -> Self {
        let mut all = Self::default();
        let mut statuses = statuses.into_iter().peekable();
        while let Some(first) = statuses.next() {
            all.add(first);
            // Neighbours often belong to the same group.
            let Some(RejectedGroup { plugin, rejection, nodes }) = all.groups.get_mut(all.last) else {
                break;
            };
            let nodes = Arc::make_mut(nodes);
            let is_same = |next: &NodeStatus| next.plugin == *plugin && next.rejection == *rejection;
            while let Some(next) = statuses.next_if(is_same) {
                nodes.insert(next.slot.index());
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(slot: u32, plugin: u16, why: &'static str) -> NodeStatus {
        NodeStatus {
            slot: Slot(slot),
            plugin: PluginId(plugin),
            rejection: Rejection::unschedulable(why.to_string()),
        }
    }

    #[track_caller]
    fn check(rejections: &Rejections, want: &[(u16, &str, &[u32])]) {
        let groups = rejections.iter().map(|group| {
            let slots: Vec<u32> = group.slots().map(|slot| slot.0).collect();
            (group.plugin.0, group.rejection.message(), slots)
        });
        let want: Vec<_> =
            want.iter().map(|(p, why, slots)| (*p, (*why).to_string(), slots.to_vec())).collect();
        assert_eq!(groups.collect::<Vec<_>>(), want);
        assert_eq!(rejections.len(), want.iter().map(|(_, _, slots)| slots.len()).sum::<usize>());
        for (plugin, _, slots) in &want {
            assert!(slots.iter().all(|slot| rejections.find(Slot(*slot)).unwrap().plugin.0 == *plugin));
        }
        assert!(rejections.find(Slot(99)).is_none());
    }

    #[test]
    fn nodes_of_one_plugin_and_reason_are_one_group_in_slot_order() {
        let mut all: Rejections =
            [status(4, 0, "a"), status(1, 1, "a"), status(2, 0, "a"), status(3, 0, "b")]
                .into_iter()
                .collect();
        check(&all, &[(0, "a", &[2, 4]), (1, "a", &[1]), (0, "b", &[3])]);
        all.set(status(1, 0, "b"));
        all.set(status(5, 0, "a"));
        check(&all, &[(0, "a", &[2, 4, 5]), (0, "b", &[1, 3])]);
    }
}
