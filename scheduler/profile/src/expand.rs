//! `multiPoint` spread over the stages.

use std::collections::BTreeSet;

use longshore_framework::registry::Stage;

use crate::merge::MergedPlugin;
use crate::model::Plugins;

/// What goes wrong at one stage; the path is relative to `plugins`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misplaced {
    /// `multiPoint` or the stage's field.
    pub(crate) list: &'static str,
    /// The position in `enabled`; `None` for a default.
    pub(crate) written: Option<usize>,
    /// What is wrong and the fix.
    pub(crate) message: String,
}

/// Whether a plugin has a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It has.
    Takes,
    /// It has nothing to do there, and may be named.
    Idle,
    /// It has not, and must not be named.
    Misses,
}

/// The plugins of `stage`, in order: (1) those that the stage lists although `multiPoint` brings them, in the stage's order;
/// (2) those that `multiPoint` brings; (3) the others that the stage lists. With `*` in the stage's `disabled` only what
/// it lists. `takes_part` says whether a plugin has the stage (`None`: there is no such plugin, reported elsewhere).
pub(crate) fn expand<'a>(
    stage: Stage,
    plugins: &'a Plugins,
    multi_point: &[MergedPlugin<'a>],
    takes_part: impl Fn(&str) -> Option<Part>,
    misplaced: &mut Vec<Misplaced>,
) -> Vec<&'a str> {
    let listed = listed(stage, plugins, &takes_part, misplaced);
    let disabled: BTreeSet<&str> = plugins.stage(stage).disabled.iter().map(String::as_str).collect();
    if disabled.contains("*") {
        return listed;
    }
    let mut overriding = BTreeSet::new();
    let mut brought: Vec<&str> = Vec::new();
    let candidates = multi_point
        .iter()
        .filter(|entry| takes_part(entry.name) == Some(Part::Takes) && !disabled.contains(entry.name));
    for entry in candidates {
        if listed.contains(&entry.name) {
            overriding.insert(entry.name);
        } else if brought.contains(&entry.name) {
            misplaced.push(Misplaced {
                list: "multiPoint",
                written: entry.written,
                message: format!("plugin {:?} is listed twice; remove one", entry.name),
            });
        } else {
            brought.push(entry.name);
        }
    }
    let (first, last): (Vec<_>, Vec<_>) = listed.into_iter().partition(|name| overriding.contains(name));
    first.into_iter().chain(brought).chain(last).collect()
}

/// What the stage lists itself, each plugin once.
fn listed<'a>(
    stage: Stage,
    plugins: &'a Plugins,
    takes_part: impl Fn(&str) -> Option<Part>,
    misplaced: &mut Vec<Misplaced>,
) -> Vec<&'a str> {
    let mut listed: Vec<&str> = Vec::new();
    for (at, plugin) in plugins.stage(stage).enabled.iter().enumerate() {
        let name = plugin.name.as_str();
        let message = match takes_part(name) {
            None | Some(Part::Idle) => continue,
            Some(Part::Misses) => {
                format!("plugin {name:?} does not take part in {}; remove it here", stage.name())
            }
            Some(Part::Takes) if listed.contains(&name) => {
                format!("plugin {name:?} is listed twice; remove one")
            }
            Some(Part::Takes) => {
                listed.push(name);
                continue;
            }
        };
        misplaced.push(Misplaced { list: stage.field(), written: Some(at), message });
    }
    listed
}

/// The weight of a plugin's score: the score list's before `multiPoint`'s; 0 and none mean 1.
pub(crate) fn weight(name: &str, plugins: &Plugins, multi_point: &[MergedPlugin<'_>]) -> i64 {
    let listed = plugins.stage(Stage::Score).enabled.iter().find(|p| p.name == name).map(|p| p.weight);
    let brought = || multi_point.iter().find(|entry| entry.name == name).map(|entry| entry.weight);
    match listed.or_else(brought) {
        None | Some(0) => 1,
        Some(weight) => weight,
    }
}
