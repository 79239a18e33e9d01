//! A configuration without the plugins that nobody has.

use longshore_framework::fields::Problem;
use longshore_framework::registry::{Registry, Stage};

use crate::model::{Configuration, PluginSet};
use crate::{idle, known};

/// Stages that do not work without a plugin.
const NEEDED: [Stage; 2] = [Stage::QueueSort, Stage::Bind];

impl Configuration {
    /// Leaves out plugins that `registry` does not have, and their arguments. Where that leaves nobody to sort the queue or to
    /// bind, the default plugin does it. A warning for each place.
    pub fn leave_out_unknown(&mut self, registry: &Registry) -> Vec<Problem> {
        let has = |name: &str| {
            name.is_empty()
                || name == "*"
                || registry.get(name).is_some()
                || idle::find(name, registry.features()).is_some()
        };
        let mut warnings = Vec::new();
        for (at, profile) in self.profiles.iter_mut().enumerate() {
            let mut leave_out = |list: &str, set: &mut PluginSet| {
                let before = set.enabled.len();
                set.enabled.retain(|plugin| {
                    let keep = has(&plugin.name);
                    if !keep {
                        let path = format!("profiles[{at}].plugins.{list}.enabled");
                        let message = format!("left out: {}", known::unknown(&plugin.name, registry));
                        warnings.push(Problem { path, message });
                    }
                    keep
                });
                before > set.enabled.len() && set.enabled.is_empty()
            };
            leave_out("multiPoint", &mut profile.plugins.multi_point);
            for stage in Stage::ALL {
                let set = profile.plugins.stage_mut(stage);
                if leave_out(stage.field(), set) && NEEDED.contains(&stage) {
                    set.disabled.clear();
                }
            }
            profile.plugin_config.retain(|config| has(&config.name));
        }
        warnings
    }
}
