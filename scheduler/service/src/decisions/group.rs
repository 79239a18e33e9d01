//! What came of the group that a pod was decided with, as it is kept and as it is shown.

use std::mem::size_of;

use longshore_engine::{DomainFit, GroupResult};
use longshore_framework::{Str, Timestamp};
use longshore_simulation::report::rfc3339;
use serde::{Serialize, Serializer};

/// Domains that are kept.
const DOMAINS: usize = 5;

/// What came of the group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecidedGroup {
    /// `namespace/name`.
    pub name: String,
    /// `Started`, `Preempting`, `Unschedulable` or `Broken`.
    pub outcome: &'static str,
    /// How many of its pods start together.
    pub min_count: usize,
    /// How many pods it has.
    pub pods: usize,
    /// How many of them fit, those included that had a node before.
    pub fit: usize,
    /// In a sentence.
    pub message: Str,
    /// The domain in which it starts together, `label=value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Until when the places of those that fit are held for them.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "until")]
    pub held_until: Option<Timestamp>,
    /// Domains that have places for too few, of each label the nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<Domain>,
}

/// A domain that has places for too few.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Domain {
    /// The node label.
    pub key: Str,
    /// Its value.
    pub name: Str,
    /// Nodes with it.
    pub nodes: usize,
    /// How many of the pods have a place there.
    pub fit: usize,
}

impl DecidedGroup {
    pub(super) fn of(result: &GroupResult) -> Self {
        Self {
            name: result.key.to_string(),
            outcome: result.outcome.name(),
            min_count: result.min_count,
            pods: result.known,
            fit: result.placed_before + result.fit,
            message: result.message.as_str().into(),
            within: result.within.as_ref().map(|(key, name)| format!("{key}={name}")),
            held_until: result.held_until,
            domains: result.domains.iter().take(DOMAINS).map(domain).collect(),
        }
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let text = self.name.len() + self.message.len() + self.within.as_ref().map_or(0, String::len);
        size_of::<Self>() + text + self.domains.len() * (size_of::<Domain>() + 64)
    }
}

fn until<S: Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => rfc3339(time, to),
        None => to.serialize_none(),
    }
}

fn domain(fit: &DomainFit) -> Domain {
    Domain { key: fit.key.clone(), name: fit.name.clone(), nodes: fit.nodes, fit: fit.fit }
}
