//! The second phase: plugins built from their arguments, and profiles filled stage by stage.

mod instances;
mod names;
mod queue_sort;

use std::collections::{BTreeMap, BTreeSet};

use longshore_framework::features::Features;
use longshore_framework::fields::{Problem, Problems};
use longshore_framework::plugin::MAX_SCORE;
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::{FactoryContext, Registry, Stage};
use serde_json::Value;

use crate::expand::{Part, expand, weight};
use crate::idle;
use crate::merge::{MergedPlugin, merge};
use crate::model::{Configuration, ProfileSpec};
use instances::Instances;

/// A configuration with its profiles ready to run.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The configuration as written, defaults filled in.
    pub configuration: Configuration,
    /// One per element of `profiles`, in the same order.
    pub profiles: Vec<Profile>,
    /// What is allowed, as in kube-scheduler, but hardly meant: `disabled` entries that name no plugin.
    pub warnings: Vec<Problem>,
}

/// Resolves every profile. Problems go into `found`, in which case the result is of no use.
pub(crate) fn configuration(
    configuration: Configuration,
    registry: &Registry,
    default_multi_point: &[(&str, i64)],
    found: &mut Vec<Problem>,
) -> Resolved {
    let mut warnings = Vec::new();
    let ignored: Vec<_> = configuration
        .extenders
        .iter()
        .flat_map(|e| &e.managed_resources)
        .filter(|r| r.ignored_by_scheduler)
        .map(|r| r.name.as_str().into())
        .collect();
    let mut problems = Problems::new(found);
    let mut list = problems.field("profiles");
    let mut profiles = Vec::with_capacity(configuration.profiles.len());
    for (at, spec) in configuration.profiles.iter().enumerate() {
        let context = FactoryContext {
            scheduler_name: spec.scheduler_name.as_str().into(),
            extender_ignored_resources: ignored.clone(),
            features: registry.features(),
        };
        let multi_point = merge(default_multi_point, &spec.plugins.multi_point);
        let mut profile = profile(spec, &multi_point, registry, &context, &mut list.index(at));
        let percentage = spec.percentage_of_nodes_to_score.or(configuration.percentage_of_nodes_to_score);
        profile.percentage_of_nodes_to_score = percentage.filter(|p| *p != 0);
        profiles.push(profile);
        let mut warnings = Problems::new(&mut warnings);
        let warnings = &mut warnings.field(&format!("profiles[{at}].plugins"));
        names::idle_enabled(spec, registry.features(), warnings);
        names::unknown_disabled(spec, registry, warnings);
    }
    queue_sort::check(&configuration.profiles, &profiles, &mut list);
    Resolved { configuration, profiles, warnings }
}

fn profile(
    spec: &ProfileSpec,
    multi_point: &[MergedPlugin<'_>],
    registry: &Registry,
    context: &FactoryContext,
    problems: &mut Problems<'_>,
) -> Profile {
    let unknown = names::unknown_enabled(spec, multi_point, registry, &mut problems.field("plugins"));
    let needed = multi_point
        .iter()
        .map(|entry| entry.name)
        .chain(spec.plugins.stages.iter().flat_map(|set| &set.enabled).map(|p| p.name.as_str()));
    let instances = Instances::build(needed, &spec.plugin_config, registry, context, problems);
    let mut profile = Profile::new(context.scheduler_name.clone());
    let ids = instances.add_to(&mut profile);
    let problems = &mut problems.field("plugins");
    fill(&mut profile, &ids, spec, multi_point, context.features, problems);
    total_weight(&profile, problems);
    if !unknown {
        required_stages(&profile, problems);
    }
    profile
}

/// Puts the plugins at their stages, with the weights of their scores.
fn fill(
    profile: &mut Profile,
    ids: &BTreeMap<&str, PluginId>,
    ProfileSpec { plugins, .. }: &ProfileSpec,
    multi_point: &[MergedPlugin<'_>],
    features: Features,
    problems: &mut Problems<'_>,
) {
    let mut misplaced = Vec::new();
    for stage in Stage::ALL {
        let misses =
            |name: &str| idle::find(name, features).is_some_and(|i| !i.takes_part(stage.field(), features));
        let takes_part = |name: &str| match ids.get(name).map(|id| profile.plugin(*id)) {
            Some(plugin) if plugin.has(stage) => Some(Part::Takes),
            Some(plugin) if plugin.idle_at.contains(&stage) => Some(Part::Idle),
            Some(_) => Some(Part::Misses),
            None => misses(name).then_some(Part::Misses),
        };
        let names = expand(stage, plugins, multi_point, takes_part, &mut misplaced);
        for (name, id) in names.iter().filter_map(|name| Some((name, *ids.get(name)?))) {
            profile.enable(stage, id);
            if stage == Stage::Score {
                profile.set_weight(id, weight(name, plugins, multi_point));
            }
        }
    }
    let mut reported = BTreeSet::new();
    for wrong in misplaced {
        // A plugin that multiPoint lists twice is wrong at every stage it has; once is enough.
        if reported.insert((wrong.list, wrong.written)) {
            names::at_entry(wrong.list, wrong.written, problems).report(wrong.message);
        }
    }
}

/// The highest total a node can reach must be a number.
fn total_weight(profile: &Profile, problems: &mut Problems<'_>) {
    let weights = profile.stage(Stage::Score).iter().map(|id| profile.weight(*id));
    let total = weights
        .map(|weight| weight.checked_mul(MAX_SCORE))
        .try_fold(0_i64, |sum, most| sum.checked_add(most?));
    if total.is_none() {
        problems.field("score").report("the total score could overflow; lower the weights");
    }
}

/// Exactly one QueueSort and at least one Bind.
fn required_stages(profile: &Profile, problems: &mut Problems<'_>) {
    let names = |stage| {
        let names: Vec<&str> = profile.stage(stage).iter().map(|id: &PluginId| profile.name(*id)).collect();
        names.join(", ")
    };
    match profile.stage(Stage::QueueSort).len() {
        1 => {}
        0 => problems
            .field("queueSort")
            .report("exactly one queueSort plugin is required, and none is enabled; enable PrioritySort"),
        n => problems.field("queueSort").report(format!(
            "exactly one queueSort plugin is required, and {n} are enabled ({}); disable the others here",
            names(Stage::QueueSort)
        )),
    }
    if profile.stage(Stage::Bind).is_empty() {
        problems
            .field("bind")
            .report("at least one bind plugin is required, and none is enabled; enable DefaultBinder");
    }
}

/// Null, for a plugin without arguments in the file.
const NO_ARGS: Value = Value::Null;
