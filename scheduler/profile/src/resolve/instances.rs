//! One instance per plugin and profile.

use std::collections::BTreeMap;

use longshore_framework::fields::Problems;
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::{FactoryContext, Instance, Registry};

use super::NO_ARGS;
use crate::model::PluginConfig;
use crate::{idle, known};

/// The plugins that a profile enables anywhere, in the order in which it names them.
pub(super) struct Instances<'a> {
    built: Vec<(&'a str, Instance)>,
}

impl<'a> Instances<'a> {
    /// Builds the plugins in `needed`, names in order, repeated or unknown ones included. Arguments of plugins that are not
    /// enabled, and of repeated entries, are checked too. `problems` stands at the profile.
    pub(super) fn build(
        needed: impl Iterator<Item = &'a str>,
        configs: &[PluginConfig],
        registry: &Registry,
        context: &FactoryContext,
        problems: &mut Problems<'_>,
    ) -> Self {
        let mut configured = configured(configs, registry, context, problems);
        let mut built: Vec<(&str, Instance)> = Vec::new();
        for name in needed {
            if built.iter().any(|(seen, _)| *seen == name) {
                continue;
            }
            let Some(factory) = registry.get(name) else { continue };
            let instance = configured.remove(name).unwrap_or_else(|| {
                let problems = &mut problems.field(&format!("pluginConfig[name={name}].args"));
                factory(&NO_ARGS, context, problems)
            });
            built.push((name, instance));
        }
        Self { built }
    }

    /// Hands the plugins to `profile`; the id of each name.
    pub(super) fn add_to(self, profile: &mut Profile) -> BTreeMap<&'a str, PluginId> {
        self.built.into_iter().map(|(name, instance)| (name, profile.add(instance))).collect()
    }
}

/// The plugins of `pluginConfig`; of several entries for one the first counts.
fn configured<'c>(
    configs: &'c [PluginConfig],
    registry: &Registry,
    context: &FactoryContext,
    problems: &mut Problems<'_>,
) -> BTreeMap<&'c str, Instance> {
    let mut configured = BTreeMap::new();
    let problems = &mut problems.field("pluginConfig");
    for (at, config) in configs.iter().enumerate().filter(|(_, c)| !c.name.is_empty()) {
        let problems = &mut problems.index(at);
        match registry.get(&config.name) {
            Some(factory) => {
                let instance = factory(&config.args, context, &mut problems.field("args"));
                configured.entry(config.name.as_str()).or_insert(instance);
            }
            None if config.args.is_null() && idle::find(&config.name, registry.features()).is_some() => {}
            None => problems.field("name").report(known::unknown(&config.name, registry)),
        }
    }
    configured
}
