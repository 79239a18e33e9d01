//! The objects of a document: itself, or the elements of the list that it is.

use serde_json::Value;

use crate::kind::text;

/// An object of a document.
#[derive(Clone, Debug)]
pub(crate) struct Item<'v> {
    /// `apiVersion`, or that of the typed list the object stands in.
    pub(crate) api_version: String,
    /// `kind`, or what the typed list holds.
    pub(crate) kind: String,
    /// The object.
    pub(crate) value: &'v Value,
    /// Which element of the list it is, from 1.
    pub(crate) item: Option<usize>,
}

/// The objects of `document`, lists in lists flattened.
pub(crate) fn items(document: &Value) -> Vec<Item<'_>> {
    let mut found = Vec::new();
    if let Value::Array(elements) = document {
        elements.iter().for_each(|element| add(element, ("", ""), true, &mut found));
    } else {
        add(document, ("", ""), false, &mut found);
    }
    if found.len() == 1 && document.get("items").is_none() && !document.is_array() {
        found[0].item = None;
    }
    found
}

/// Adds `value`, or its elements. `inherited` is what a typed list says of elements that do not say it themselves.
/// The depth of recursion is that of the document, which the parser bounds.
fn add<'v>(value: &'v Value, inherited: (&str, &str), listed: bool, found: &mut Vec<Item<'v>>) {
    if value.is_null() {
        return;
    }
    let own = |field, inherited: &str| match text(value, field) {
        "" => inherited.to_string(),
        given => given.to_string(),
    };
    let (api_version, kind) = (own("apiVersion", inherited.0), own("kind", inherited.1));
    let Some(of) = kind.strip_suffix("List").filter(|_| value.get("items").is_some()) else {
        let item = listed.then_some(found.len() + 1);
        found.push(Item { api_version, kind, value, item });
        return;
    };
    let elements = value.get("items").and_then(Value::as_array);
    let inherited = if of.is_empty() { ("", "") } else { (api_version.as_str(), of) };
    for element in elements.into_iter().flatten() {
        add(element, inherited, true, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(document: Value, want: &[(&str, &str, Option<usize>)]) {
        let found = items(&document);
        let found: Vec<_> = found.iter().map(|i| (&*i.api_version, &*i.kind, i.item)).collect();
        assert_eq!(found, want);
    }

    #[test]
    fn lists_are_flattened() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod"});
        check(pod.clone(), &[("v1", "Pod", None)]);
        check(json!({"apiVersion": "v1", "kind": "List", "items": [pod]}), &[("v1", "Pod", Some(1))]);
        check(
            json!([pod, {"kind": "List", "items": [pod]}]),
            &[("v1", "Pod", Some(1)), ("v1", "Pod", Some(2))],
        );
        check(json!({"apiVersion": "v1", "kind": "List", "items": null}), &[]);
        check(json!(null), &[]);
    }

    #[test]
    fn a_typed_list_names_its_elements() {
        check(json!({"apiVersion": "v1", "kind": "PodList", "items": [{}]}), &[("v1", "Pod", Some(1))]);
        check(json!({"apiVersion": "v1", "kind": "List", "items": [{}]}), &[("", "", Some(1))]);
    }
}
