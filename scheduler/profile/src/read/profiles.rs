//! `profiles`: names, plugin lists and plugin arguments as written.

use longshore_framework::features::{Features, Rule};
use longshore_framework::fields::{Fields, Problems};
use longshore_framework::registry::Stage;
use longshore_framework::verification;
use serde_json::Value;

use super::{int32, newer, unsigned};
use crate::defaults::SCHEDULER_NAME;
use crate::model::{PluginConfig, PluginRef, PluginSet, Plugins, ProfileSpec};
use crate::{idle, known};

/// Reads `profiles`; one default profile when there is none. A single profile without a name is `default-scheduler`.
pub(super) fn read(
    parent: &mut Fields<'_>,
    features: Features,
    problems: &mut Problems<'_>,
) -> Vec<ProfileSpec> {
    let list = parent.list("profiles", problems);
    let problems = &mut problems.field("profiles");
    let default_name = if list.len() <= 1 { SCHEDULER_NAME } else { "" };
    let read = |(at, value)| profile(value, default_name, features, &mut problems.index(at));
    let mut profiles: Vec<_> = list.iter().enumerate().map(read).collect();
    if profiles.is_empty() {
        profiles.push(ProfileSpec { scheduler_name: default_name.to_string(), ..ProfileSpec::default() });
    }
    profiles
}

fn profile(
    value: &Value,
    default_name: &str,
    features: Features,
    problems: &mut Problems<'_>,
) -> ProfileSpec {
    let mut fields = Fields::of(value, problems);
    let before = problems.count();
    let name = match fields.string("schedulerName", problems) {
        Some(name) => name.to_string(),
        // A name of a wrong type is a problem of its own, not also a missing or repeated name.
        None if problems.count() > before => problems.path().to_string(),
        None => default_name.to_string(),
    };
    newer::percentage_of_placements(&mut fields, features, problems);
    let spec = ProfileSpec {
        scheduler_name: name,
        percentage_of_nodes_to_score: unsigned(fields.int("percentageOfNodesToScore", 0..=100, problems)),
        plugins: plugins(&mut fields, features, problems),
        plugin_config: plugin_config(&mut fields, problems),
    };
    for name in ["catalogue", verification::FIELD] {
        if fields.has(name) {
            fields.value(name);
            problems
                .field(name)
                .report("stands at the top of the file, beside profiles: it counts for all of them");
        }
    }
    fields.finish(problems);
    spec
}

fn plugins(parent: &mut Fields<'_>, features: Features, problems: &mut Problems<'_>) -> Plugins {
    let mut plugins = Plugins::default();
    let Some(value) = parent.value("plugins") else { return plugins };
    let problems = &mut problems.field("plugins");
    let mut fields = Fields::of(value, problems);
    plugins.multi_point = plugin_set(&mut fields, "multiPoint", problems);
    for stage in Stage::ALL {
        *plugins.stage_mut(stage) = plugin_set(&mut fields, stage.field(), problems);
    }
    groups(&mut fields, features, problems);
    fields.finish(problems);
    plugins
}

/// Lists of pod groups that only newer minors have.
const POST_FILTER: (&str, Rule) = ("podGroupPostFilter", Rule::PodGroupPostFilterField);
const FEASIBLE: (&str, Rule) = ("placementFeasible", Rule::PlacementFields);

/// The extension points of pod groups, which change nothing while groups are not placed as one.
fn groups(fields: &mut Fields<'_>, features: Features, problems: &mut Problems<'_>) {
    let mut has = |(name, rule)| newer::allowed(fields, name, rule, features, problems);
    let (has_feasible, has_post_filter) = (has(FEASIBLE), has(POST_FILTER));
    let placement =
        ["placementGenerate", "placementScore"].into_iter().chain(has_feasible.then_some(FEASIBLE.0));
    for point in placement {
        only(&idle::at(point, features), point, fields, problems);
    }
    if has_post_filter {
        only(&known::POD_GROUP_POST_FILTER, POST_FILTER.0, fields, problems);
    }
}

/// A list that may name these plugins.
fn only(plugins: &[&str], list: &'static str, fields: &mut Fields<'_>, problems: &mut Problems<'_>) {
    let set = plugin_set(fields, list, problems);
    let mut problems = problems.field(list);
    let mut problems = problems.field("enabled");
    for (at, plugin) in set.enabled.iter().enumerate() {
        if !plugins.contains(&plugin.name.as_str()) {
            let all = plugins.join(", ");
            let message = format!("plugin {:?} does not take part in it; only {all} does", plugin.name);
            problems.index(at).field("name").report(message);
        }
    }
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
