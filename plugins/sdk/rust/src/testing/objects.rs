//! Objects for tests, as the scheduler would hand them over.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::bindings::exports::longshore::scheduler::objects::Change;
use crate::object::Wanted;

/// What the scheduler always hands over of `metadata`.
const METADATA: [&str; 7] =
    ["name", "namespace", "uid", "labels", "ownerReferences", "creationTimestamp", "deletionTimestamp"];

/// An object of the kind at a place of the plugin's list.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    kind: u16,
    object: Value,
}

impl Given {
    /// From JSON.
    ///
    /// # Panics
    /// When it is none, or has no name.
    pub(crate) fn read(kind: u16, json: &str) -> Self {
        let object: Value = match serde_json::from_str(json) {
            Ok(object) => object,
            Err(e) => panic!("an object for a test is no JSON: {e}"),
        };
        let given = Self { kind, object };
        assert!(!given.metadata("name").is_empty(), "an object for a test has no metadata.name: {json}");
        given
    }

    fn metadata(&self, field: &str) -> String {
        self.object["metadata"][field].as_str().unwrap_or_default().to_owned()
    }
}

/// What an instance was told: kind, namespace and name to JSON.
#[derive(Default)]
pub(crate) struct Told(BTreeMap<(u16, String, String), String>);

impl Told {
    /// What has to be told for these objects to be all there are, and whether it is the first time.
    pub(crate) fn changes(&mut self, given: &[Given], wanted: &[Wanted]) -> Vec<Change> {
        let now: BTreeMap<_, _> = given.iter().map(|given| entry(given, wanted)).collect();
        let gone = self.0.keys().filter(|key| !now.contains_key(*key)).map(|key| change(key, None));
        let new = now.iter().filter(|(key, json)| self.0.get(*key) != Some(*json));
        let changes = gone.chain(new.map(|(key, json)| change(key, Some(json)))).collect();
        self.0 = now;
        changes
    }
}

fn entry(given: &Given, wanted: &[Wanted]) -> ((u16, String, String), String) {
    let Some(kind) = wanted.get(usize::from(given.kind)) else {
        panic!("the manifest declares no such kind of objects: is `.objects(KINDS)` missing?")
    };
    let key = (given.kind, given.metadata("namespace"), given.metadata("name"));
    (key, pruned(&given.object, &kind.kind.fields).to_string())
}

fn change((kind, namespace, name): &(u16, String, String), json: Option<&String>) -> Change {
    let object = json.map(|json| json.as_bytes().to_vec());
    Change { kind: *kind, namespace: namespace.clone(), name: name.clone(), object }
}

/// The object with these fields only; with all when there are none.
fn pruned(object: &Value, fields: &[String]) -> Value {
    if fields.is_empty() {
        return object.clone();
    }
    let mut kept = Map::new();
    let always = METADATA.iter().map(|field| vec!["metadata", field]);
    let named = fields.iter().map(|field| field.split('.').collect());
    for path in always.chain(named) {
        keep(&mut kept, object, &path);
    }
    Value::Object(kept)
}

/// Takes over what is at a path, if there is something.
fn keep(kept: &mut Map<String, Value>, from: &Value, path: &[&str]) {
    let [first, rest @ ..] = path else { return };
    let Some(value) = from.get(first) else { return };
    if rest.is_empty() || !value.is_object() {
        kept.insert((*first).to_owned(), value.clone());
        return;
    }
    let inner = kept.entry(*first).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(inner) = inner {
        keep(inner, value, rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_that_are_declared_are_handed_over() {
        let object = serde_json::json!({
            "apiVersion": "v1", "metadata": {"name": "a", "annotations": {"x": "y"}}, "spec": {"a": {"b": 1, "c": 2}, "d": 3},
        });
        let fields = ["spec.a.b".to_owned(), "spec.e".to_owned()];
        let expected = serde_json::json!({"metadata": {"name": "a"}, "spec": {"a": {"b": 1}}});
        assert_eq!(pruned(&object, &fields), expected);
        assert_eq!(pruned(&object, &[]), object);
    }
}
