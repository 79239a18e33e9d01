//! Parked pods, grouped by who keeps them there: an event that none of the keepers registered passes the whole group
//! by, however many pods are in it.

use std::collections::BTreeMap;

use longshore_framework::Timestamp;
use longshore_framework::profile::PluginId;

use crate::plugin_set::PluginSet;
use crate::pods::QueuedPod;

/// Who keeps a pod parked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Keepers {
    profile: usize,
    gated_by: Option<PluginId>,
    rests: bool,
    rejected_by: PluginSet,
    pending_on: PluginSet,
}

impl Keepers {
    fn of(queued: &QueuedPod) -> Self {
        Self {
            profile: queued.profile,
            gated_by: queued.gated_by,
            rests: queued.rests && queued.gated_by.is_some(),
            rejected_by: queued.rejected_by.clone(),
            pending_on: queued.pending_on.clone(),
        }
    }

    /// Whether an event may move a pod that these keep, given who registered it in each profile. A gated pod moves by
    /// its gate only, one that rests by none, and a pod that nobody keeps by any event.
    fn hear(&self, listeners: &[PluginSet]) -> bool {
        let Some(listeners) = listeners.get(self.profile) else { return false };
        match self.gated_by {
            Some(gate) => !self.rests && listeners.contains(gate),
            None if self.rejected_by.is_empty() && self.pending_on.is_empty() => true,
            None => listeners.overlaps(&self.rejected_by) || listeners.overlaps(&self.pending_on),
        }
    }
}

/// Numbers of parked pods. What a pod says of its keepers and its times does not change while it is here.
#[derive(Debug)]
pub(super) struct Parked {
    /// None is empty.
    groups: BTreeMap<Keepers, Vec<usize>>,
    /// By number: where in its group it is.
    places: Vec<usize>,
    len: usize,
    gated: usize,
    /// No pod was parked, or last tried, before this.
    oldest: Timestamp,
}

impl Default for Parked {
    fn default() -> Self {
        Self { groups: BTreeMap::new(), places: Vec::new(), len: 0, gated: 0, oldest: Timestamp(i64::MAX) }
    }
}

impl Parked {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many are gated.
    pub(super) fn gated(&self) -> usize {
        self.gated
    }

    /// No pod that is here has waited since before this.
    pub(super) fn oldest(&self) -> Timestamp {
        self.oldest
    }

    /// What [`oldest`](Self::oldest) says of the pods that are here now.
    pub(super) fn set_oldest(&mut self, oldest: Timestamp) {
        self.oldest = oldest;
    }

    /// Adds a pod that is not here.
    pub(super) fn insert(&mut self, number: usize, queued: &QueuedPod) {
        let group = self.groups.entry(Keepers::of(queued)).or_default();
        if number >= self.places.len() {
            self.places.resize(number + 1, 0);
        }
        self.places[number] = group.len();
        group.push(number);
        self.len += 1;
        self.gated += usize::from(queued.gated_by.is_some());
        self.oldest = self.oldest.min(queued.parked_at());
    }

    /// Takes out a pod that is here.
    pub(super) fn remove(&mut self, number: usize, queued: &QueuedPod) {
        let keepers = Keepers::of(queued);
        let Some(group) = self.groups.get_mut(&keepers) else { return };
        let at = self.places[number];
        group.swap_remove(at);
        if let Some(moved) = group.get(at) {
            self.places[*moved] = at;
        }
        if group.is_empty() {
            self.groups.remove(&keepers);
        }
        self.len -= 1;
        self.gated -= usize::from(queued.gated_by.is_some());
    }

    /// Every pod, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.groups.values().flatten().copied()
    }

    /// Pods of a profile that this plugin keeps, alone or with others. One that rests is not its.
    pub(super) fn kept_by(&self, profile: usize, plugin: PluginId) -> Vec<usize> {
        let keeps = |keepers: &Keepers| {
            let gate = keepers.gated_by;
            let has_a_say = gate == Some(plugin)
                || (gate.is_none()
                    && (keepers.rejected_by.contains(plugin) || keepers.pending_on.contains(plugin)));
            keepers.profile == profile && !keepers.rests && has_a_say
        };
        let groups = self.groups.iter().filter(|(keepers, _)| keeps(keepers));
        groups.flat_map(|(_, group)| group).copied().collect()
    }

    /// Whether an event may move any pod, given who registered it in each profile.
    pub(super) fn any_hears(&self, listeners: &[PluginSet]) -> bool {
        self.groups.keys().any(|keepers| keepers.hear(listeners))
    }

    /// Pods that an event may move, given who registered it in each profile.
    pub(super) fn hearing(&self, listeners: &[PluginSet]) -> Vec<usize> {
        let groups = self.groups.iter().filter(|(keepers, _)| keepers.hear(listeners));
        groups.flat_map(|(_, group)| group).copied().collect()
    }
}
