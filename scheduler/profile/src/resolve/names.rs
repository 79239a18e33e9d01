//! Names in the plugin lists that no plugin has.

use longshore_framework::features::Features;
use longshore_framework::fields::Problems;
use longshore_framework::registry::{Registry, Stage};

use crate::merge::MergedPlugin;
use crate::model::{PluginSet, Plugins, ProfileSpec};
use crate::{idle, known};

/// Reports names that the registry does not have, wherever they are enabled; whether there are any.
pub(super) fn unknown_enabled(
    spec: &ProfileSpec,
    multi_point: &[MergedPlugin<'_>],
    registry: &Registry,
    problems: &mut Problems<'_>,
) -> bool {
    let before = problems.count();
    let is_unknown = |name: &str| {
        !name.is_empty() && registry.get(name).is_none() && idle::find(name, registry.features()).is_none()
    };
    for entry in multi_point.iter().filter(|entry| is_unknown(entry.name)) {
        let message = known::unknown(entry.name, registry);
        match entry.written {
            Some(_) => at_entry("multiPoint", entry.written, problems).field("name").report(message),
            None => {
                problems.field("multiPoint").report(format!("a default plugin cannot be made: {message}"))
            }
        }
    }
    for stage in Stage::ALL {
        for (at, plugin) in spec.plugins.stage(stage).enabled.iter().enumerate() {
            if is_unknown(&plugin.name) {
                let message = known::unknown(&plugin.name, registry);
                at_entry(stage.field(), Some(at), problems).field("name").report(message);
            }
        }
    }
    problems.count() > before
}

/// The place of an entry: `filter.enabled[1]`, or `multiPoint` for a default.
pub(super) fn at_entry<'p>(
    list: &str,
    written: Option<usize>,
    problems: &'p mut Problems<'_>,
) -> Problems<'p> {
    match written {
        Some(at) => problems.field(&format!("{list}.enabled[{at}]")),
        None => problems.field(list),
    }
}

/// Plugins that are enabled and do nothing.
pub(super) fn idle_enabled(spec: &ProfileSpec, features: Features, warnings: &mut Problems<'_>) {
    for (list, set) in lists(&spec.plugins) {
        for (at, plugin) in set.enabled.iter().enumerate() {
            if let Some(idle) = idle::find(&plugin.name, features) {
                at_entry(list, Some(at), warnings).field("name").report(idle.why());
            }
        }
    }
}

/// Every list by its field.
fn lists(plugins: &Plugins) -> impl Iterator<Item = (&'static str, &PluginSet)> {
    let Plugins { multi_point, stages } = plugins;
    [("multiPoint", multi_point)].into_iter().chain(Stage::ALL.iter().map(|s| s.field()).zip(stages))
}

/// `disabled` may name anything, as in kube-scheduler; a name that no plugin has disables nothing.
pub(super) fn unknown_disabled(spec: &ProfileSpec, registry: &Registry, warnings: &mut Problems<'_>) {
    for (list, set) in lists(&spec.plugins) {
        for (at, name) in set.disabled.iter().enumerate() {
            if name != "*" && !known::is_left_out(name) && registry.get(name).is_none() {
                warnings
                    .field(&format!("{list}.disabled[{at}].name"))
                    .report(format!("disables nothing: {}", known::unknown(name, registry)));
            }
        }
    }
}
