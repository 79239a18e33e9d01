//! By which paths the pods of a simulation were decided.

use std::collections::BTreeMap;

use longshore_engine::Path;
use serde::Serialize;

use crate::simulation::{Record, Simulated};

/// Decisions that were made by one path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    /// `Kept`: from what is kept of pods that are alike. Else every plugin was asked about every node, and this is why.
    pub path: &'static str,
    /// The plugin that is the cause, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// How many.
    pub decisions: usize,
}

impl Decided {
    /// Whether it is what is kept that decided.
    pub fn is_kept(&self) -> bool {
        self.path == Path::Kept.name()
    }
}

/// All decisions, the most frequent path first.
pub(super) fn of(simulated: &Simulated) -> Vec<Decided> {
    let profiles = simulated.engine.profiles();
    let mut counts: BTreeMap<(&'static str, Option<String>), usize> = BTreeMap::new();
    for record in &simulated.records {
        let Record::Tried { attempt, .. } = record else { continue };
        if attempt.path == Path::Untried {
            continue;
        }
        let profile = || profiles.iter().find(|p| p.scheduler_name == attempt.profile);
        let plugin = attempt.path.plugin().and_then(|id| Some(profile()?.name(id).to_string()));
        *counts.entry((attempt.path.name(), plugin)).or_default() += 1;
    }
    let decided = |((path, plugin), decisions)| Decided { path, plugin, decisions };
    let mut all: Vec<Decided> = counts.into_iter().map(decided).collect();
    all.sort_by_key(|decided| std::cmp::Reverse(decided.decisions));
    all
}
