//! What extenders answer, read as Go reads it: keys in any case, null for what is absent, unknown keys passed over, and
//! nothing looked at behind the first value.

mod object;

use std::collections::BTreeMap;

use longshore_framework::Str;
use longshore_framework::extender::{FilterAnswer, NamedVictims};
use longshore_framework::verdict::PluginError;
use serde_json::value::RawValue;

use object::{JsonError, Object, value};

/// The longest reason that is kept of an answer, in bytes: it ends up in the condition of a pod.
const LONGEST_REASON: usize = 1024;

/// Something that is read from an answer.
pub(super) trait Answer: Sized {
    /// Reads one JSON value; null is an answer without fields.
    fn of(json: &RawValue) -> Result<Self, JsonError>;
}

/// Reads the answer that came from `url`.
pub(super) fn read<A: Answer>(text: &[u8], url: &str) -> Result<A, PluginError> {
    let mut values = serde_json::Deserializer::from_slice(text);
    let json: Result<&RawValue, JsonError> = serde::Deserialize::deserialize(&mut values);
    json.and_then(A::of)
        .map_err(|error| PluginError::new(format!("the answer of {url} cannot be read: {error}")))
}

/// Of filter.
#[derive(Debug, Default)]
pub(super) struct FilterResult {
    nodes: Option<Vec<String>>,
    node_names: Option<Vec<String>>,
    failed: BTreeMap<String, String>,
    unresolvable: BTreeMap<String, String>,
    error: String,
}

impl Answer for FilterResult {
    fn of(json: &RawValue) -> Result<Self, JsonError> {
        let object = Object::of(json)?;
        let nodes = object.get("Nodes").map(node_names).transpose()?;
        Ok(Self {
            nodes,
            node_names: object.value("NodeNames")?,
            failed: object.value("FailedNodes")?.unwrap_or_default(),
            unresolvable: object.value("FailedAndUnresolvableNodes")?.unwrap_or_default(),
            error: object.value("Error")?.unwrap_or_default(),
        })
    }
}

/// The names of the nodes of a `v1.NodeList`.
fn node_names(list: &RawValue) -> Result<Vec<String>, JsonError> {
    let items: Vec<&RawValue> = Object::of(list)?.value("items")?.unwrap_or_default();
    let name = |item: &RawValue| {
        let metadata = Object::of(item)?.get("metadata").map(Object::of).transpose()?;
        let name = metadata.map(|m| m.value("name")).transpose()?;
        Ok(name.flatten().unwrap_or_default())
    };
    items.into_iter().map(name).collect()
}

impl FilterResult {
    /// Names count only in the answer of an extender that knows the nodes. Without any list no node stays.
    pub(super) fn into_answer(self, node_cache_capable: bool) -> Result<FilterAnswer, PluginError> {
        if !self.error.is_empty() {
            return Err(PluginError::new(cut(self.error)));
        }
        let names = self.node_names.filter(|_| node_cache_capable);
        let kept = names.or(self.nodes).unwrap_or_default();
        let reasons = |map: BTreeMap<String, String>| {
            map.into_iter().map(|(node, why)| (Str::from(node), cut(why))).collect()
        };
        Ok(FilterAnswer {
            kept: kept.into_iter().map(Str::from).collect(),
            failed: reasons(self.failed),
            failed_and_unresolvable: reasons(self.unresolvable),
        })
    }
}

/// One score of prioritize.
#[derive(Debug)]
pub(super) struct HostPriority {
    pub(super) host: String,
    pub(super) score: i64,
}

impl Answer for Vec<HostPriority> {
    fn of(json: &RawValue) -> Result<Self, JsonError> {
        let list: Option<Vec<&RawValue>> = value(json)?;
        let priority = |json: &RawValue| {
            let object = Object::of(json)?;
            let host = object.value("Host")?.unwrap_or_default();
            Ok(HostPriority { host, score: object.value("Score")?.unwrap_or_default() })
        };
        list.into_iter().flatten().map(priority).collect()
    }
}

/// Of preempt.
#[derive(Debug)]
pub(super) struct PreemptionResult(Vec<NamedVictims>);

impl Answer for PreemptionResult {
    fn of(json: &RawValue) -> Result<Self, JsonError> {
        let nodes: BTreeMap<String, &RawValue> =
            Object::of(json)?.value("NodeNameToMetaVictims")?.unwrap_or_default();
        Ok(Self(nodes.into_iter().map(|(node, json)| victims(node.into(), json)).collect::<Result<_, _>>()?))
    }
}

fn victims(node: Str, json: &RawValue) -> Result<NamedVictims, JsonError> {
    let object = Object::of(json)?;
    let pods: Vec<&RawValue> = object.value("Pods")?.unwrap_or_default();
    let uid = |pod: &RawValue| {
        let uid: Option<String> = Object::of(pod)?.value("UID")?;
        Ok(uid.unwrap_or_default().into())
    };
    let victims = pods.into_iter().map(uid).collect::<Result<_, JsonError>>()?;
    let violations: i64 = object.value("NumPDBViolations")?.unwrap_or_default();
    Ok(NamedVictims { node, victims, violations: usize::try_from(violations).unwrap_or_default() })
}

impl PreemptionResult {
    pub(super) fn into_victims(self) -> Vec<NamedVictims> {
        self.0
    }
}

/// Of bind.
#[derive(Debug)]
pub(super) struct BindingResult {
    error: String,
}

impl Answer for BindingResult {
    fn of(json: &RawValue) -> Result<Self, JsonError> {
        Ok(Self { error: Object::of(json)?.value("Error")?.unwrap_or_default() })
    }
}

impl BindingResult {
    pub(super) fn into_result(self) -> Result<(), PluginError> {
        if self.error.is_empty() { Ok(()) } else { Err(PluginError::new(cut(self.error))) }
    }
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST_REASON {
        text.truncate(text.floor_char_boundary(LONGEST_REASON));
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests;
