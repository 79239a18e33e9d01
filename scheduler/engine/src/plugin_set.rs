//! A small set of plugins.

use longshore_framework::profile::{PluginId, Profile};

/// Plugin ids in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginSet(Vec<PluginId>);

impl PluginSet {
    /// Adds a plugin.
    pub fn insert(&mut self, id: PluginId) {
        if let Err(at) = self.0.binary_search(&id) {
            self.0.insert(at, id);
        }
    }

    /// Whether the plugin is in the set.
    pub fn contains(&self, id: PluginId) -> bool {
        self.0.binary_search(&id).is_ok()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The plugins.
    pub fn iter(&self) -> impl Iterator<Item = PluginId> + '_ {
        self.0.iter().copied()
    }

    /// Their names in alphabetical order, with spaces between: the form in which messages list plugins.
    pub(crate) fn sorted_names(&self, profile: &Profile) -> String {
        let mut names: Vec<&str> = self.0.iter().map(|id| profile.name(*id)).collect();
        names.sort_unstable();
        names.join(" ")
    }
}
