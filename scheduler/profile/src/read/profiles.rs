//! `profiles`: names, plugin lists and plugin arguments as written.

use longshore_framework::fields::{Fields, Problems};
use longshore_framework::registry::Stage;
use serde_json::Value;

use super::{int32, unsigned};
use crate::defaults::SCHEDULER_NAME;
use crate::model::{PluginConfig, PluginRef, PluginSet, Plugins, ProfileSpec};

/// Reads `profiles`; one default profile when there is none. A single profile without a name is `default-scheduler`.
pub(super) fn read(parent: &mut Fields<'_>, problems: &mut Problems<'_>) -> Vec<ProfileSpec> {
    let list = parent.list("profiles", problems);
    let problems = &mut problems.field("profiles");
    let default_name = if list.len() <= 1 { SCHEDULER_NAME } else { "" };
    let mut profiles: Vec<_> =
        list.iter().enumerate().map(|(at, v)| profile(v, default_name, &mut problems.index(at))).collect();
    if profiles.is_empty() {
        profiles.push(ProfileSpec { scheduler_name: default_name.to_string(), ..ProfileSpec::default() });
    }
    profiles
}

fn profile(value: &Value, default_name: &str, problems: &mut Problems<'_>) -> ProfileSpec {
    let mut fields = Fields::of(value, problems);
    let before = problems.count();
    let name = match fields.string("schedulerName", problems) {
        Some(name) => name.to_string(),
        // A name of a wrong type is a problem of its own, not also a missing or repeated name.
        None if problems.count() > before => problems.path().to_string(),
        None => default_name.to_string(),
    };
    let spec = ProfileSpec {
        scheduler_name: name,
        percentage_of_nodes_to_score: unsigned(fields.int("percentageOfNodesToScore", 0..=100, problems)),
        plugins: plugins(&mut fields, problems),
        plugin_config: plugin_config(&mut fields, problems),
    };
    fields.finish(problems);
    spec
}

fn plugins(parent: &mut Fields<'_>, problems: &mut Problems<'_>) -> Plugins {
    let mut plugins = Plugins::default();
    let Some(value) = parent.value("plugins") else { return plugins };
    let problems = &mut problems.field("plugins");
    let mut fields = Fields::of(value, problems);
    plugins.multi_point = plugin_set(&mut fields, "multiPoint", problems);
    for stage in Stage::ALL {
        *plugins.stage_mut(stage) = plugin_set(&mut fields, stage.field(), problems);
    }
    for alpha in ["placementGenerate", "placementScore"] {
        if !plugin_set(&mut fields, alpha, problems).enabled.is_empty() {
            problems.field(alpha).field("enabled").report(
                "must be empty: placement of pod groups is an alpha feature that is off in Kubernetes 1.36 and that \
                 Longshore does not have",
            );
        }
    }
    fields.finish(problems);
    plugins
}

fn plugin_set(parent: &mut Fields<'_>, name: &'static str, problems: &mut Problems<'_>) -> PluginSet {
    let Some(value) = parent.value(name) else { return PluginSet::default() };
    let problems = &mut problems.field(name);
    let mut fields = Fields::of(value, problems);
    let enabled = plugin_refs(&mut fields, "enabled", problems);
    let disabled = plugin_refs(&mut fields, "disabled", problems).into_iter().map(|p| p.name).collect();
    fields.finish(problems);
    PluginSet { enabled, disabled }
}

fn plugin_refs(parent: &mut Fields<'_>, name: &'static str, problems: &mut Problems<'_>) -> Vec<PluginRef> {
    let list = parent.list(name, problems);
    let problems = &mut problems.field(name);
    list.iter()
        .enumerate()
        .map(|(at, value)| {
            let problems = &mut problems.index(at);
            let mut fields = Fields::of(value, problems);
            let name = plugin_name(value, &mut fields, problems);
            let weight = fields.int("weight", int32(0), problems).unwrap_or(0);
            fields.finish(problems);
            PluginRef { name, weight }
        })
        .collect()
}

fn plugin_config(parent: &mut Fields<'_>, problems: &mut Problems<'_>) -> Vec<PluginConfig> {
    let list = parent.list("pluginConfig", problems);
    let problems = &mut problems.field("pluginConfig");
    list.iter()
        .enumerate()
        .map(|(at, value)| {
            let problems = &mut problems.index(at);
            let mut fields = Fields::of(value, problems);
            let name = plugin_name(value, &mut fields, problems);
            let args = fields.value("args").cloned().unwrap_or_default();
            fields.finish(problems);
            PluginConfig { name, args }
        })
        .collect()
}

/// `name`, which must be there; empty when it is not.
fn plugin_name(value: &Value, fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> String {
    let before = problems.count();
    let name = fields.string("name", problems).unwrap_or_default();
    // An entry that is no object, or a name that is no string, has been reported already.
    if name.is_empty() && problems.count() == before && (value.is_object() || value.is_null()) {
        problems.field("name").report("is missing; name the plugin");
    }
    name.to_string()
}
