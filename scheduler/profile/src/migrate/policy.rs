//! A policy as a profile: its predicates are filters, its priorities scorers.

use serde_json::{Map, Value, json};

use super::{Changes, named, strategy};
use crate::error::clip;
use crate::{API_VERSION, KIND};

/// Predicates, and the plugins that they became.
const PREDICATES: [(&str, &[&str]); 16] = [
    ("PodFitsResources", &["NodeResourcesFit"]),
    ("PodFitsHostPorts", &["NodePorts"]),
    ("PodFitsPorts", &["NodePorts"]),
    ("HostName", &["NodeName"]),
    ("MatchNodeSelector", &["NodeAffinity"]),
    ("GeneralPredicates", &["NodeResourcesFit", "NodeName", "NodePorts", "NodeAffinity"]),
    ("NoDiskConflict", &["VolumeRestrictions"]),
    ("NoVolumeZoneConflict", &["VolumeZone"]),
    ("MaxCSIVolumeCountPred", &["NodeVolumeLimits"]),
    ("MaxEBSVolumeCount", &["NodeVolumeLimits"]),
    ("MaxGCEPDVolumeCount", &["NodeVolumeLimits"]),
    ("MaxAzureDiskVolumeCount", &["NodeVolumeLimits"]),
    ("CheckVolumeBinding", &["VolumeBinding"]),
    ("MatchInterPodAffinity", &["InterPodAffinity"]),
    ("PodToleratesNodeTaints", &["TaintToleration"]),
    ("CheckNodeUnschedulable", &["NodeUnschedulable"]),
];

/// Filters that no policy could leave out.
const ALWAYS: [&str; 2] = ["NodeUnschedulable", "TaintToleration"];

/// Filters that look at the pod before.
const PRE_FILTERS: [&str; 8] = [
    "InterPodAffinity",
    "NodeAffinity",
    "NodePorts",
    "NodeResourcesFit",
    "NodeVolumeLimits",
    "VolumeBinding",
    "VolumeRestrictions",
    "VolumeZone",
];

/// Priorities, and the plugins that they became.
const PRIORITIES: [(&str, &str); 9] = [
    ("LeastRequestedPriority", "NodeResourcesFit"),
    ("BalancedResourceAllocation", "NodeResourcesBalancedAllocation"),
    ("SelectorSpreadPriority", "PodTopologySpread"),
    ("ServiceSpreadingPriority", "PodTopologySpread"),
    ("EvenPodsSpreadPriority", "PodTopologySpread"),
    ("InterPodAffinityPriority", "InterPodAffinity"),
    ("NodeAffinityPriority", "NodeAffinity"),
    ("TaintTolerationPriority", "TaintToleration"),
    ("ImageLocalityPriority", "ImageLocality"),
];

pub(super) fn migrate(policy: &Value, changes: &mut Changes) -> Value {
    changes.say("", "a Policy became a KubeSchedulerConfiguration with one profile");
    let mut profile = Map::new();
    profile.insert("schedulerName".into(), "default-scheduler".into());
    profile.insert("plugins".into(), json!({}));
    if let Some(predicates) = policy["predicates"].as_array() {
        filters(predicates, &mut profile, changes);
    }
    if let Some(priorities) = policy["priorities"].as_array() {
        scorers(priorities, &mut profile, changes);
    }
    if let Some(weight) = policy.get("hardPodAffinitySymmetricWeight").filter(|weight| !weight.is_null()) {
        let configs = profile.entry("pluginConfig").or_insert_with(|| json!([]));
        named(configs, "InterPodAffinity")["args"] = json!({"hardPodAffinityWeight": weight});
        changes.say("hardPodAffinitySymmetricWeight", "became hardPodAffinityWeight of InterPodAffinity");
    }
    let mut configuration = json!({"apiVersion": API_VERSION, "kind": KIND, "profiles": [profile]});
    if let Some(extenders) = policy["extenders"].as_array().filter(|list| !list.is_empty()) {
        configuration["extenders"] = extenders.iter().map(|each| extender(each, changes)).collect();
    }
    configuration
}

fn name(entry: &Value) -> &str {
    entry["name"].as_str().unwrap_or_default()
}

/// Only what the policy names filters, and what no policy could leave out.
fn filters(predicates: &[Value], profile: &mut Map<String, Value>, changes: &mut Changes) {
    let mut plugins: Vec<&str> = ALWAYS.to_vec();
    for predicate in predicates.iter().map(name) {
        match PREDICATES.iter().find(|(old, _)| *old == predicate) {
            Some((_, new)) => {
                changes.say("predicates", format!("{predicate} became {}", new.join(", ")));
                plugins.extend(new.iter());
            }
            None => {
                changes.say("predicates", format!("{} is left out: it has no successor", clip(predicate, 60)))
            }
        }
    }
    let mut seen = Vec::new();
    plugins.retain(|plugin| {
        !seen.contains(plugin) && {
            seen.push(*plugin);
            true
        }
    });
    let list = |plugins: &mut dyn Iterator<Item = &&str>| -> Value {
        let enabled: Vec<Value> = plugins.map(|name| json!({"name": name})).collect();
        json!({"disabled": [{"name": "*"}], "enabled": enabled})
    };
    let stages = &mut profile["plugins"];
    stages["preFilter"] = list(&mut plugins.iter().filter(|plugin| PRE_FILTERS.contains(plugin)));
    stages["filter"] = list(&mut plugins.iter());
}

/// Only what the policy names scores.
fn scorers(priorities: &[Value], profile: &mut Map<String, Value>, changes: &mut Changes) {
    profile["plugins"]["score"] = json!({"disabled": [{"name": "*"}], "enabled": []});
    for priority in priorities {
        let (old, weight) = (name(priority), priority["weight"].as_i64().unwrap_or(1));
        let ratio = &priority["argument"]["requestedToCapacityRatioArguments"];
        if !ratio.is_null() || old == "MostRequestedPriority" {
            let kind = if ratio.is_null() { "MostAllocated" } else { "RequestedToCapacityRatio" };
            strategy::put(profile, kind, ratio, Some(&weight.into()));
            changes.say(
                "priorities",
                format!("{} became NodeResourcesFit with scoringStrategy type {kind}", clip(old, 60)),
            );
            continue;
        }
        let Some((_, new)) = PRIORITIES.iter().find(|(known, _)| *known == old) else {
            changes.say("priorities", format!("{} is left out: it has no successor", clip(old, 60)));
            continue;
        };
        let entry = named(&mut profile["plugins"]["score"]["enabled"], new);
        // Two that became one plugin count together.
        entry["weight"] = (entry["weight"].as_i64().unwrap_or(0).saturating_add(weight)).into();
        changes.say("priorities", format!("{old} became {new} with weight {}", entry["weight"]));
    }
}

/// An extender, whose fields had other names and units.
fn extender(old: &Value, changes: &mut Changes) -> Value {
    let mut new = old.clone();
    let Some(fields) = new.as_object_mut() else { return new };
    if let Some(https) = fields.remove("enableHttps") {
        fields.insert("enableHTTPS".into(), https);
        changes.say("extenders", "enableHttps became enableHTTPS");
    }
    if let Some(nanoseconds) = fields.get("httpTimeout").and_then(Value::as_i64) {
        let time = format!("{}ms", nanoseconds / 1_000_000);
        changes.say("extenders", format!("httpTimeout became {time}"));
        fields.insert("httpTimeout".into(), time.into());
    }
    new
}
