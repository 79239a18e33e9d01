//! Settings that the first versions had at the top, and that belong to plugins now.

use serde_json::{Map, Value, json};

use super::{Changes, named};

/// The setting, the plugin and its field.
const OF_PLUGINS: [(&str, &str, &str); 2] = [
    ("hardPodAffinitySymmetricWeight", "InterPodAffinity", "hardPodAffinityWeight"),
    ("bindTimeoutSeconds", "VolumeBinding", "bindTimeoutSeconds"),
];

/// Puts them where they belong, in every profile.
pub(super) fn settings(fields: &mut Map<String, Value>, changes: &mut Changes) {
    for (setting, plugin, field) in OF_PLUGINS {
        let Some(value) = fields.remove(setting).filter(|value| !value.is_null()) else { continue };
        for profile in profiles(fields) {
            let config = named(&mut profile["pluginConfig"], plugin);
            if !config["args"].is_object() {
                config["args"] = json!({});
            }
            config["args"][field] = value.clone();
        }
        changes.say(setting, format!("became {field} of {plugin}"));
    }
    let Some(disabled) = fields.remove("disablePreemption") else { return };
    if disabled == true {
        for profile in profiles(fields) {
            if !profile["plugins"].is_object() {
                profile["plugins"] = json!({});
            }
            if !profile["plugins"]["postFilter"].is_object() {
                profile["plugins"]["postFilter"] = json!({});
            }
            named(&mut profile["plugins"]["postFilter"]["disabled"], "DefaultPreemption");
        }
    }
    changes.say("disablePreemption", "is said by DefaultPreemption at postFilter, disabled or not");
}

/// The profiles that are objects; one is made where there is none.
fn profiles(fields: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    let profiles =
        fields.entry("profiles").or_insert_with(|| json!([{"schedulerName": "default-scheduler"}]));
    profiles.as_array_mut().into_iter().flatten().filter(|profile| profile.is_object())
}
