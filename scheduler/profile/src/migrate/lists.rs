//! Plugins in the lists of a profile.

use serde_json::{Map, Value, json};

use super::{Changes, named};

/// Plugins that are gone: what takes their place in a list, if anything, and why.
const GONE: [(&str, Option<&str>, &str); 11] = [
    ("AzureDiskLimits", Some("NodeVolumeLimits"), "it counts the volumes of every CSI driver"),
    ("CinderLimits", Some("NodeVolumeLimits"), "it counts the volumes of every CSI driver"),
    ("EBSLimits", Some("NodeVolumeLimits"), "it counts the volumes of every CSI driver"),
    ("GCEPDLimits", Some("NodeVolumeLimits"), "it counts the volumes of every CSI driver"),
    ("EvenPodsSpread", Some("PodTopologySpread"), "it was called so before"),
    ("SelectorSpread", None, "PodTopologySpread spreads the pods of a Service or a controller by default"),
    (
        "DefaultPodTopologySpread",
        None,
        "PodTopologySpread spreads the pods of a Service or a controller by default",
    ),
    ("NodePreferAvoidPods", None, "a taint with effect PreferNoSchedule does the same"),
    ("NodeLabel", None, "addedAffinity of NodeAffinity does the same"),
    ("ServiceAffinity", None, "inter-pod affinity does the same"),
    ("NodeResourceLimits", None, "it has no successor"),
];

/// Plugins whose default weight was 1.
const WEIGHTS: [(&str, i64); 3] = [("InterPodAffinity", 2), ("NodeAffinity", 2), ("TaintToleration", 3)];

/// Exchanges or drops plugins that are gone, and their args.
pub(super) fn migrate(profile: &mut Map<String, Value>, place: &str, changes: &mut Changes) {
    let stages = profile.get_mut("plugins").and_then(Value::as_object_mut);
    if let Some(stages) = stages {
        if stages.remove("unreserve").is_some() {
            changes.say(&format!("{place}.plugins.unreserve"), "is left out; it is a part of reserve");
        }
        for (stage, lists) in stages.iter_mut() {
            for list in ["enabled", "disabled"] {
                if let Some(entries) = lists.get_mut(list).and_then(Value::as_array_mut) {
                    exchange(entries, &format!("{place}.plugins.{stage}.{list}"), changes);
                }
            }
        }
    }
    if let Some(configs) = profile.get_mut("pluginConfig").and_then(Value::as_array_mut) {
        configs.retain(|config| {
            let gone = GONE.iter().any(|(name, ..)| config["name"] == *name);
            if gone {
                let name = config["name"].as_str().unwrap_or_default();
                changes.say(&format!("{place}.pluginConfig"), format!("the args of {name} are left out"));
            }
            !gone
        });
    }
}

fn exchange(entries: &mut Vec<Value>, place: &str, changes: &mut Changes) {
    let mut kept: Vec<Value> = Vec::with_capacity(entries.len());
    let names: Vec<Value> = entries.iter().map(|entry| entry["name"].clone()).collect();
    for mut entry in entries.drain(..) {
        let found = GONE.iter().find(|(name, ..)| entry["name"] == *name);
        let Some((name, successor, why)) = found else {
            kept.push(entry);
            continue;
        };
        match successor {
            Some(successor)
                if !names
                    .iter()
                    .chain(kept.iter().map(|other| &other["name"]))
                    .any(|name| name == *successor) =>
            {
                entry["name"] = (*successor).into();
                kept.push(entry);
                changes.say(place, format!("{name} became {successor}: {why}"));
            }
            _ => changes.say(place, format!("{name} is left out: {why}")),
        }
    }
    *entries = kept;
}

/// Writes out default weights of before, where the profile says nothing of them.
pub(super) fn weights(profile: &mut Map<String, Value>, place: &str, changes: &mut Changes) {
    let names = |lists: &Value, list: &str| -> Vec<String> {
        let entries = lists[list].as_array().into_iter().flatten();
        entries.filter_map(|entry| entry["name"].as_str().map(str::to_string)).collect()
    };
    let plugins = profile.get("plugins").cloned().unwrap_or_default();
    let (score, multi) = (&plugins["score"], &plugins["multiPoint"]);
    let mut said = names(score, "enabled");
    said.extend([names(score, "disabled"), names(multi, "enabled"), names(multi, "disabled")].concat());
    if said.iter().any(|name| name == "*") {
        return;
    }
    for (name, now) in WEIGHTS.iter().filter(|(name, _)| !said.iter().any(|other| other == name)) {
        let plugins = profile.entry("plugins").or_insert_with(|| json!({}));
        if plugins["score"].is_null() {
            plugins["score"] = json!({});
        }
        named(&mut plugins["score"]["enabled"], name)["weight"] = 1.into();
        changes.say(
            &format!("{place}.plugins.score.enabled"),
            format!("{name} has its default weight of before, 1; leave it out for the one of now, {now}"),
        );
    }
}
