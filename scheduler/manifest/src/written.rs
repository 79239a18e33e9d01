//! Parts of objects as the API has them: what is read elsewhere, the other way round.

use longshore_framework::Str;
use longshore_framework::device::DeviceToleration;
use longshore_framework::node_selector::{NodeRequirement, NodeSelector};
use serde_json::{Map, Value, json};

/// A list of texts.
pub fn texts(list: &[Str]) -> Value {
    list.iter().map(|text| Value::from(&**text)).collect()
}

/// A toleration of a device request.
pub fn device_toleration(toleration: &DeviceToleration) -> Value {
    let mut written = json!({"operator": if toleration.exists { "Exists" } else { "Equal" }});
    for (field, text) in [("key", &toleration.key), ("value", &toleration.value)] {
        if !text.is_empty() {
            written[field] = (**text).into();
        }
    }
    if let Some(effect) = toleration.effect {
        written["effect"] = effect.as_str().into();
    }
    if let Some(seconds) = toleration.seconds {
        written["tolerationSeconds"] = seconds.into();
    }
    written
}

/// A node selector.
pub fn node_selector(selector: &NodeSelector) -> Value {
    let terms = selector.terms.iter().map(|term| {
        let mut written = Map::new();
        for (field, list) in [("matchExpressions", &term.expressions), ("matchFields", &term.fields)] {
            if !list.is_empty() {
                written.insert(field.to_string(), list.iter().map(requirement).collect());
            }
        }
        Value::Object(written)
    });
    json!({"nodeSelectorTerms": terms.collect::<Vec<_>>()})
}

fn requirement(requirement: &NodeRequirement) -> Value {
    let mut written = json!({"key": &*requirement.key, "operator": requirement.operator.as_str()});
    if !requirement.values.is_empty() {
        written["values"] = texts(&requirement.values);
    }
    written
}
