//! What all plugins remember within one cycle.

use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::state::PluginState;

/// One state per plugin, and who is left out of which stage.
#[derive(Clone, Debug)]
pub(crate) struct CycleState {
    plugins: Vec<PluginState>,
    skip_filter: Vec<bool>,
    skip_score: Vec<bool>,
    /// Plugins are timed one by one.
    pub(crate) sampled: bool,
    /// How many nodes were looked at.
    pub(crate) evaluated: usize,
    /// How many of them were feasible.
    pub(crate) feasible: usize,
}

impl CycleState {
    pub(crate) fn new(profile: &Profile) -> Self {
        let count = profile.plugins().len();
        Self {
            plugins: vec![PluginState::default(); count],
            skip_filter: vec![false; count],
            skip_score: vec![false; count],
            sampled: false,
            evaluated: 0,
            feasible: 0,
        }
    }

    pub(crate) fn of(&self, plugin: PluginId) -> &PluginState {
        &self.plugins[plugin.index()]
    }

    pub(crate) fn of_mut(&mut self, plugin: PluginId) -> &mut PluginState {
        &mut self.plugins[plugin.index()]
    }

    /// Leaves out Filter, and with it the pod extension of PreFilter.
    pub(crate) fn skip_filter(&mut self, plugin: PluginId) {
        self.skip_filter[plugin.index()] = true;
    }

    pub(crate) fn skips_filter(&self, plugin: PluginId) -> bool {
        self.skip_filter[plugin.index()]
    }

    pub(crate) fn skip_score(&mut self, plugin: PluginId) {
        self.skip_score[plugin.index()] = true;
    }

    pub(crate) fn skips_score(&self, plugin: PluginId) -> bool {
        self.skip_score[plugin.index()]
    }
}
