//! What all plugins remember within one cycle.

use std::sync::LazyLock;

use longshore_framework::profile::PluginId;
use longshore_framework::state::PluginState;
use smallvec::SmallVec;

use crate::plugin_set::PluginSet;

/// What a plugin remembers that was never asked.
static NOTHING: LazyLock<PluginState> = LazyLock::new(PluginState::default);

/// A state for each plugin that keeps one, and who is left out of which stage. In itself it needs no memory for the two or
/// three plugins that have a say after the decision.
#[derive(Clone, Debug, Default)]
pub(crate) struct CycleState {
    plugins: SmallVec<[(PluginId, PluginState); 3]>,
    skip_filter: PluginSet,
    skip_score: PluginSet,
    /// Plugins are timed one by one.
    pub(crate) sampled: bool,
    /// How many nodes were looked at.
    pub(crate) evaluated: usize,
    /// How many of them were feasible.
    pub(crate) feasible: usize,
}

impl CycleState {
    pub(crate) fn of(&self, plugin: PluginId) -> &PluginState {
        // A handful of plugins keep something: a walk beats a table of all.
        self.plugins.iter().find(|(id, _)| *id == plugin).map_or(&NOTHING, |(_, state)| state)
    }

    pub(crate) fn of_mut(&mut self, plugin: PluginId) -> &mut PluginState {
        let at = self.plugins.iter().position(|(id, _)| *id == plugin).unwrap_or_else(|| {
            self.plugins.push((plugin, PluginState::default()));
            self.plugins.len() - 1
        });
        &mut self.plugins[at].1
    }

    /// Lets a plugin change what it remembers. One that remembers nothing takes no place.
    pub(crate) fn change<R>(&mut self, plugin: PluginId, change: impl FnOnce(&mut PluginState) -> R) -> R {
        if let Some((_, state)) = self.plugins.iter_mut().find(|(id, _)| *id == plugin) {
            return change(state);
        }
        let mut state = PluginState::default();
        let result = change(&mut state);
        if !state.is_empty() {
            self.plugins.push((plugin, state));
        }
        result
    }

    /// The states of these plugins alone, shared until either side changes one.
    pub(crate) fn only(&self, plugins: &[PluginId]) -> Self {
        let wanted = self.plugins.iter().filter(|(id, state)| plugins.contains(id) && !state.is_empty());
        Self { plugins: wanted.cloned().collect(), ..Self::default() }
    }

    /// Takes over the states of these plugins, which kept none here.
    pub(crate) fn take_over(&mut self, from: Self, plugins: &[PluginId]) {
        let wanted = from.plugins.into_iter().filter(|(id, state)| plugins.contains(id) && !state.is_empty());
        self.plugins.extend(wanted);
    }

    /// Leaves out Filter, and with it the pod extension of PreFilter.
    pub(crate) fn skip_filter(&mut self, plugin: PluginId) {
        self.skip_filter.insert(plugin);
    }

    pub(crate) fn skips_filter(&self, plugin: PluginId) -> bool {
        self.skip_filter.contains(plugin)
    }

    pub(crate) fn skip_score(&mut self, plugin: PluginId) {
        self.skip_score.insert(plugin);
    }

    pub(crate) fn skips_score(&self, plugin: PluginId) -> bool {
        self.skip_score.contains(plugin)
    }
}
