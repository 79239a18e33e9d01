//! The one queue that all profiles share.

use longshore_framework::fields::Problems;
use longshore_framework::profile::Profile;
use longshore_framework::registry::Stage;
use serde_json::Value;

use crate::model::ProfileSpec;

const RULE: &str = "must be the same in all profiles, because they share one queue";

/// What a profile sorts the queue by.
struct QueueSort<'a> {
    name: &'a str,
    args: &'a Value,
    /// Which entry of `pluginConfig` configures it.
    written: Option<usize>,
}

/// The queue's plugin must come to the same, with the same arguments, in every profile. Lists that differ as written have
/// been reported already. `problems` stands at `profiles`.
pub(super) fn check(specs: &[ProfileSpec], profiles: &[Profile], problems: &mut Problems<'_>) {
    let mut each = specs.iter().zip(profiles).enumerate();
    let Some((_, (first_spec, first_profile))) = each.next() else { return };
    let Some(first) = queue_sort(first_spec, first_profile) else { return };
    for (at, (spec, profile)) in each {
        let Some(sort) = queue_sort(spec, profile) else { continue };
        let problems = &mut problems.index(at);
        let listed = |spec: &ProfileSpec| spec.plugins.stage(Stage::QueueSort).clone();
        if sort.name == first.name {
            same_args(&first, &sort, problems);
        } else if listed(spec) == listed(first_spec) {
            problems
                .field("plugins")
                .field("queueSort")
                .report(format!("comes to {:?}, in profiles[0] to {:?}; it {RULE}", sort.name, first.name));
        }
    }
}

fn queue_sort<'a>(spec: &'a ProfileSpec, profile: &'a Profile) -> Option<QueueSort<'a>> {
    let id = *profile.stage(Stage::QueueSort).first()?;
    let name = profile.name(id);
    let effective = &profile.plugin(id).args;
    let written = spec.plugin_config.iter().position(|c| c.name == name);
    let args = match written {
        // A plugin that does not tell its effective arguments is judged by the written ones.
        Some(at) if effective.is_null() => &spec.plugin_config[at].args,
        _ => effective,
    };
    Some(QueueSort { name, args, written })
}

fn same_args(first: &QueueSort<'_>, sort: &QueueSort<'_>, problems: &mut Problems<'_>) {
    if sort.args == first.args {
        return;
    }
    let place = match sort.written {
        Some(at) => format!("pluginConfig[{at}].args"),
        None => "pluginConfig".to_string(),
    };
    let other = match first.written {
        Some(at) => format!("profiles[0].pluginConfig[{at}].args"),
        None => "profiles[0], which gives none".to_string(),
    };
    problems
        .field(&place)
        .report(format!("the arguments of queueSort plugin {:?} {RULE}; compare {other}", sort.name));
}
