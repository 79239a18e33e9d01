//! Arguments of plugins: their version, fields that are gone, and defaults that were others.

use serde_json::{Map, Value};

use super::Changes;
use crate::API_VERSION;

/// Fields that args of scheduler-plugins had in its first releases, and that it reads nowhere now.
const UNUSED: [&str; 4] = ["kubeConfigPath", "kubeconfigpath", "kubeMaster", "masterOverride"];

/// Fields of one plugin that are gone, and why nothing is lost.
const GONE: [(&str, &str, &str); 4] = [
    ("NodeResourceTopologyMatch", "namespaces", "NodeResourceTopology objects belong to no namespace now"),
    ("Coscheduling", "deniedPGExpirationTimeSeconds", "a group is tried again when something may help it"),
    ("Coscheduling", "podGroupExpirationTimeSeconds", "a group lives as long as its PodGroup"),
    ("Coscheduling", "podGroupGCIntervalSeconds", "a group lives as long as its PodGroup"),
];

/// Versions in which PodTopologySpread took `defaultConstraints` for a list of its own.
const LISTS: [&str; 3] = ["v1alpha1", "v1alpha2", "v1beta1"];

/// Brings the args of a profile's plugins from `version` to the one there is.
pub(super) fn migrate(profile: &mut Map<String, Value>, place: &str, version: &str, changes: &mut Changes) {
    let configs = profile.get_mut("pluginConfig").and_then(Value::as_array_mut);
    for (at, config) in configs.into_iter().flatten().enumerate() {
        let name = config["name"].as_str().unwrap_or_default().to_string();
        let Some(args) = config.get_mut("args").and_then(Value::as_object_mut) else { continue };
        let place = format!("{place}.pluginConfig[{at}].args");
        for field in UNUSED.iter().filter(|field| args.remove(**field).is_some()) {
            changes.say(&place, format!("{field} is left out: plugins use the scheduler's own connection"));
        }
        for (plugin, field, why) in GONE {
            if name == plugin && args.remove(field).is_some() {
                changes.say(&place, format!("{field} is left out: {why}"));
            }
        }
        if name == "PodTopologySpread" && LISTS.contains(&version) {
            constraints(args, &place, changes);
        }
        if let Some(version) = args.get_mut("apiVersion").filter(|version| **version != API_VERSION) {
            *version = API_VERSION.into();
            changes.say(&format!("{place}.apiVersion"), format!("became {API_VERSION}"));
        }
    }
}

/// Constraints without a type were the list that counts; now the type has to be said.
fn constraints(args: &mut Map<String, Value>, place: &str, changes: &mut Changes) {
    let listed =
        args.get("defaultConstraints").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    if listed && args.get("defaultingType").is_none_or(Value::is_null) {
        args.insert("defaultingType".into(), "List".into());
        changes.say(&format!("{place}.defaultingType"), "is List, as it was where defaultConstraints stood");
    }
}
