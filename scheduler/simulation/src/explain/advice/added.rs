//! The labels that `addedAffinity` of a profile wants of nodes.

use longshore_engine::Engine;
use longshore_framework::Str;
use longshore_framework::node::{HOSTNAME, Node, REGION, REGION_BETA, ZONE, ZONE_BETA};
use longshore_framework::pod::Pod;
use serde_json::Value;

/// The plugin whose args say it.
const PLUGIN: &str = "NodeAffinity";

/// Labels that say where a node is: nobody sets them to have pods on it.
const FIXED: [&str; 5] = [HOSTNAME, ZONE, REGION, ZONE_BETA, REGION_BETA];

/// The terms of the `addedAffinity` that holds for the pod, as its profile has them.
pub(super) fn terms(engine: &Engine, pod: &Pod) -> Vec<Value> {
    let Some(profile) = engine.profile_of(pod).map(|at| &engine.profiles()[at]) else { return Vec::new() };
    let Some(plugin) = profile.id(PLUGIN) else { return Vec::new() };
    let path = "/addedAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let terms = profile.plugin(plugin).args.pointer(path).and_then(Value::as_array);
    terms.cloned().unwrap_or_default()
}

/// The fewest labels that the node lacks of one of the terms; `None` when labels alone do not do.
pub(super) fn lacking(terms: &[Value], node: &Node) -> Option<Vec<(Str, Str)>> {
    terms.iter().filter_map(|term| lacking_of(term, node)).min_by_key(Vec::len)
}

fn lacking_of(term: &Value, node: &Node) -> Option<Vec<(Str, Str)>> {
    if term.get("matchFields").and_then(Value::as_array).is_some_and(|f| !f.is_empty()) {
        return None;
    }
    let mut labels = Vec::new();
    for requirement in term.get("matchExpressions")?.as_array()? {
        let key = requirement.get("key")?.as_str()?;
        let values: Vec<&str> = requirement
            .get("values")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let found = node.labels.get(key).map(|v| &**v);
        let value = match (requirement.get("operator")?.as_str()?, found) {
            ("In", Some(found)) if values.contains(&found) => continue,
            ("In", _) => (*values.first()?).to_string(),
            ("Exists", Some(_)) | ("DoesNotExist", None) => continue,
            ("Exists", None) => "true".to_string(),
            ("NotIn", found) if found.is_none_or(|f| !values.contains(&f)) => continue,
            _ => return None,
        };
        if FIXED.contains(&key) {
            return None;
        }
        labels.push((key.into(), value.as_str().into()));
    }
    (!labels.is_empty()).then_some(labels)
}
