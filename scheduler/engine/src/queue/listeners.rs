//! Which plugins registered which events. The profiles are asked once for each kind of event.

use longshore_framework::event::{Action, Resource};
use rustc_hash::FxHashMap;

use super::Rules;
use crate::plugin_set::PluginSet;

/// Kind of event → for each profile, the plugins that registered it.
#[derive(Debug, Default)]
pub(super) struct Listeners(FxHashMap<(Resource, Action), Vec<PluginSet>>);

impl Listeners {
    /// Those who registered events of this kind, by profile.
    pub(super) fn to(&mut self, resource: Resource, action: Action, rules: &dyn Rules) -> &[PluginSet] {
        self.0.entry((resource, action)).or_insert_with(|| rules.listeners(resource, action))
    }

    /// The profiles are others.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
