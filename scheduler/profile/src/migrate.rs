//! Configurations of older versions, and policies, as v1, with what had to change.
//!
//! What a version means is kept: weights that were other defaults are written out, plugins that are gone become what does their
//! work now. What has no successor is left out and said.

mod args;
mod lists;
mod older;
mod policy;
mod strategy;

use longshore_framework::fields::{Problem, Problems};
use serde_json::{Map, Value, json};

use crate::error::{ConfigError, clip, quote};
use crate::{API_VERSION, KIND, foreign, source};

/// A configuration that says the same in v1.
#[derive(Clone, Debug, PartialEq)]
pub struct Migrated {
    /// The file's tree.
    pub configuration: Value,
    /// What changed, in order: each with its place.
    pub changes: Vec<String>,
}

/// What changed so far.
#[derive(Debug, Default)]
pub(crate) struct Changes(Vec<String>);

impl Changes {
    pub(crate) fn say(&mut self, place: &str, what: impl AsRef<str>) {
        let (what, colon) = (what.as_ref(), if place.is_empty() { "" } else { ": " });
        self.0.push(format!("{place}{colon}{what}"));
    }
}

/// Brings a KubeSchedulerConfiguration of any version, or a Policy, to v1. Whether the result is valid is not looked at.
///
/// # Errors
/// It is neither.
pub fn migrate(source_name: &str, text: &str) -> Result<Migrated, ConfigError> {
    let mut found = Vec::new();
    let source = source::find(text, &mut Problems::new(&mut found));
    let mut changes = Changes::default();
    let configuration = source.and_then(|source| match foreign::kind(&source.value) {
        "Policy" => Some(policy::migrate(&source.value, &mut changes)),
        KIND => Some(configuration(source.value, &mut changes)),
        other => {
            let advice = foreign::advice(&source.value).map_or(String::new(), |advice| format!(": {advice}"));
            let message = format!("must be {KIND} or Policy, not {}{advice}", quote(other));
            found.push(Problem { path: "kind".to_string(), message });
            None
        }
    });
    match configuration {
        Some(configuration) if found.is_empty() => Ok(Migrated { configuration, changes: changes.0 }),
        _ => Err(ConfigError { source_name: source_name.to_string(), problems: found }),
    }
}

/// Versions in which some plugins had other default weights.
const OTHER_WEIGHTS: [&str; 4] = ["v1alpha1", "v1alpha2", "v1beta1", "v1beta2"];

fn configuration(mut value: Value, changes: &mut Changes) -> Value {
    let version = value["apiVersion"].as_str().unwrap_or_default();
    let version = version.rsplit('/').next().unwrap_or_default().to_string();
    if value["apiVersion"] != API_VERSION {
        changes.say("apiVersion", format!("{} became {API_VERSION}", clip(&version, 60)));
        value["apiVersion"] = API_VERSION.into();
    }
    let Some(fields) = value.as_object_mut() else { return value };
    top(fields, changes);
    let old_weights = OTHER_WEIGHTS.contains(&version.as_str());
    if old_weights && !fields.contains_key("profiles") {
        fields.insert("profiles".into(), json!([{"schedulerName": "default-scheduler"}]));
    }
    let profiles = fields.get_mut("profiles").and_then(Value::as_array_mut);
    for (at, profile) in profiles.into_iter().flatten().enumerate() {
        let place = format!("profiles[{at}]");
        let Some(profile) = profile.as_object_mut() else { continue };
        strategy::migrate(profile, &place, changes);
        lists::migrate(profile, &place, changes);
        args::migrate(profile, &place, &version, changes);
        if old_weights {
            lists::weights(profile, &place, changes);
        }
    }
    value
}

/// Fields at the top that are gone, or stood elsewhere.
fn top(fields: &mut Map<String, Value>, changes: &mut Changes) {
    for gone in ["healthzBindAddress", "metricsBindAddress"] {
        if fields.remove(gone).is_some() {
            changes.say(
                gone,
                "is left out; flags say where the server listens: --bind-address and --secure-port",
            );
        }
    }
    // Of the first versions, which had one profile and no list of them.
    let moved: Map<String, Value> = ["schedulerName", "plugins", "pluginConfig"]
        .into_iter()
        .filter_map(|name| Some((name.to_string(), fields.remove(name)?)))
        .collect();
    if !moved.is_empty() && !fields.contains_key("profiles") {
        changes.say("profiles", "has what stood at the top as its one profile");
        fields.insert("profiles".into(), json!([moved]));
    }
    older::settings(fields, changes);
    if fields.remove("algorithmSource").is_some() {
        changes.say("algorithmSource", "is left out; the default profile is what the provider was");
    }
    let Some(election) = fields.get_mut("leaderElection").and_then(Value::as_object_mut) else { return };
    for (old, new) in [("lockObjectName", "resourceName"), ("lockObjectNamespace", "resourceNamespace")] {
        if let Some(value) = election.remove(old) {
            changes.say("leaderElection", format!("{old} became {new}"));
            election.entry(new).or_insert(value);
        }
    }
    if let Some(lock) = election.get_mut("resourceLock").filter(|lock| !lock.is_null() && **lock != "leases")
    {
        *lock = "leases".into();
        changes.say("leaderElection.resourceLock", "became leases, the only kind there is");
    }
}

/// The element of a list of objects with this name, made where there is none.
pub(crate) fn named<'v>(list: &'v mut Value, name: &str) -> &'v mut Value {
    if !list.is_array() {
        *list = json!([]);
    }
    let found = list.as_array().and_then(|list| list.iter().position(|each| each["name"] == name));
    let at = found.unwrap_or_else(|| {
        let list = list.as_array_mut();
        list.map_or(0, |list| {
            list.push(json!({"name": name}));
            list.len() - 1
        })
    });
    &mut list[at]
}

#[cfg(test)]
mod tests;
