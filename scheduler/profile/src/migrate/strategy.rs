//! Scorers of resources that became strategies of NodeResourcesFit.

use serde_json::{Map, Value, json};

use super::{Changes, named};

/// The old plugins and the strategies that they became.
const STRATEGIES: [(&str, &str); 3] = [
    ("NodeResourcesLeastAllocated", "LeastAllocated"),
    ("NodeResourcesMostAllocated", "MostAllocated"),
    ("RequestedToCapacityRatio", "RequestedToCapacityRatio"),
];

/// Puts the strategy into NodeResourcesFit's args and its weight into the list.
pub(super) fn migrate(profile: &mut Map<String, Value>, place: &str, changes: &mut Changes) {
    let old = take_args(profile);
    let enabled = take(profile, "enabled");
    let disabled = take(profile, "disabled");
    let Some(entry) = enabled.first() else {
        if disabled.is_empty() {
            return;
        }
        // Nothing scored resources in place of the default.
        let plugins = profile.entry("plugins").or_insert_with(|| json!({}));
        named(&mut plugins["score"]["disabled"], "NodeResourcesFit");
        changes.say(
            &format!("{place}.plugins.score.disabled"),
            "NodeResourcesLeastAllocated became NodeResourcesFit",
        );
        return;
    };
    let name = entry["name"].as_str().unwrap_or_default();
    let kind = STRATEGIES.iter().find(|(old, _)| *old == name).map_or("LeastAllocated", |(_, kind)| *kind);
    put(profile, kind, old.get(name).unwrap_or(&Value::Null), entry.get("weight"));
    changes.say(
        &format!("{place}.plugins.score.enabled"),
        format!("{name} became NodeResourcesFit with scoringStrategy type {kind}"),
    );
    for other in &enabled[1..] {
        let name = other["name"].as_str().unwrap_or_default();
        changes.say(
            &format!("{place}.plugins.score.enabled"),
            format!("{name} is left out: NodeResourcesFit has one strategy; a profile of its own can have the other"),
        );
    }
}

/// NodeResourcesFit with this strategy. `args` are those that the old plugin had.
pub(super) fn put(profile: &mut Map<String, Value>, kind: &str, args: &Value, weight: Option<&Value>) {
    let mut strategy = json!({"type": kind});
    if let Some(resources) = args["resources"].as_array().filter(|list| !list.is_empty()) {
        strategy["resources"] = resources.clone().into();
    }
    if let Some(shape) = args.get("shape") {
        strategy["requestedToCapacityRatio"] = json!({"shape": shape});
    }
    let configs = profile.entry("pluginConfig").or_insert_with(|| json!([]));
    let config = named(configs, "NodeResourcesFit");
    if !config["args"].is_object() {
        config["args"] = json!({});
    }
    config["args"]["scoringStrategy"] = strategy;
    let plugins = profile.entry("plugins").or_insert_with(|| json!({}));
    if plugins["score"].is_null() {
        plugins["score"] = json!({});
    }
    let entry = named(&mut plugins["score"]["enabled"], "NodeResourcesFit");
    if let Some(weight) = weight {
        entry["weight"] = weight.clone();
    }
}

/// Takes the old plugins out of a list of score; what stood there.
fn take(profile: &mut Map<String, Value>, list: &str) -> Vec<Value> {
    let lists = profile.get_mut("plugins").and_then(|plugins| plugins.get_mut("score"));
    let Some(entries) = lists.and_then(|lists| lists.get_mut(list)?.as_array_mut()) else {
        return Vec::new();
    };
    let is_old = |entry: &Value| STRATEGIES.iter().any(|(old, _)| entry["name"] == *old);
    let taken = entries.iter().filter(|entry| is_old(entry)).cloned().collect();
    entries.retain(|entry| !is_old(entry));
    taken
}

/// Takes the old plugins' args, by name.
fn take_args(profile: &mut Map<String, Value>) -> Map<String, Value> {
    let Some(configs) = profile.get_mut("pluginConfig").and_then(Value::as_array_mut) else {
        return Map::new();
    };
    let mut taken = Map::new();
    configs.retain(|config| match STRATEGIES.iter().find(|(old, _)| config["name"] == *old) {
        Some((old, _)) => {
            taken.insert((*old).to_string(), config["args"].clone());
            false
        }
        None => true,
    });
    taken
}
