//! The user's plugin lists merged into the default ones.

use std::collections::BTreeSet;

use crate::model::PluginSet;

/// A plugin of a merged list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MergedPlugin<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// The weight of its score, 0 when not said.
    pub(crate) weight: i64,
    /// Where the user's `enabled` lists it; `None` for a default.
    pub(crate) written: Option<usize>,
}

/// Default plugins that the user did not disable, in their order, each in place replaced by the user's entry of the same
/// name; then the user's other entries, in theirs. `*` disables all defaults. The same rule as kube-scheduler's, for one
/// stage or for `multiPoint`.
pub(crate) fn merge<'a>(defaults: &[(&'a str, i64)], user: &'a PluginSet) -> Vec<MergedPlugin<'a>> {
    let disabled: BTreeSet<&str> = user.disabled.iter().map(String::as_str).collect();
    let of = |at: usize| MergedPlugin {
        name: &user.enabled[at].name,
        weight: user.enabled[at].weight,
        written: Some(at),
    };
    let mut merged = Vec::new();
    let mut replaced = BTreeSet::new();
    for (name, weight) in defaults {
        if disabled.contains("*") || disabled.contains(name) {
            continue;
        }
        // The last of several wins; the others stay, and are reported as duplicates later.
        match user.enabled.iter().rposition(|p| p.name == *name) {
            Some(at) => {
                replaced.insert(at);
                merged.push(of(at));
            }
            None => merged.push(MergedPlugin { name, weight: *weight, written: None }),
        }
    }
    merged.extend((0..user.enabled.len()).filter(|at| !replaced.contains(at)).map(of));
    merged
}
