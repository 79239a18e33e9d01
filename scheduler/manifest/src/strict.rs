//! Fields that nobody knows, in objects that no API server has seen: what `kubectl` refuses when it validates strictly. An API
//! server leaves them out of what it keeps, so an object that has a uid has none.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::LazyLock;

use longshore_framework::fields::nearest;
use serde_json::Value;

use crate::error::{ObjectError, cut_to, quoted};

/// The fields of the kinds that are read. See its head.
const TEXT: &str = include_str!("schema.txt");

/// Unknown fields that are named of one object.
const NAMED: usize = 10;

/// What the value of a field is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Of {
    /// Nothing that has fields known by name.
    #[default]
    Plain,
    /// Fields of this type, or a list of such.
    Type(&'static str),
    /// Values of this type by keys of anybody's choice.
    Map(&'static str),
}

/// The fields of a type.
type Fields = BTreeMap<&'static str, Of>;

/// The published schema.
#[derive(Debug, Default)]
struct Schema {
    /// By `apiVersion` and `kind`.
    kinds: HashMap<(&'static str, &'static str), &'static str>,
    types: HashMap<&'static str, Fields>,
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::read(TEXT));

/// An error for each field of the object that its kind does not have, up to a bound; none for a kind or version that is not
/// in the schema.
pub(crate) fn unknown_fields(api_version: &str, kind: &str, value: &Value) -> Vec<ObjectError> {
    let mut found = Vec::new();
    if let Some(root) = SCHEMA.schema_for(api_version, kind) {
        SCHEMA.walk(root, value, String::new(), root, &mut found);
    }
    found.sort_by(|a, b| a.field.cmp(&b.field));
    found
}

impl Schema {
    fn read(text: &'static str) -> Self {
        let mut schema = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            match words.next() {
                Some("kind") => {
                    if let (Some(version), Some(kind), Some(of)) = (words.next(), words.next(), words.next())
                    {
                        schema.kinds.insert((version, kind), of);
                    }
                }
                Some(name) => {
                    schema.types.insert(name, words.map(field).collect());
                }
                None => {}
            }
        }
        schema
    }

    /// The type of a kind.
    fn schema_for(&self, api_version: &str, kind: &str) -> Option<&'static str> {
        // A kind that is not in the table would have to live as long as the table to be looked up by reference.
        let found = self.kinds.iter().find(|((version, name), _)| *version == api_version && *name == kind);
        found.map(|(_, of)| *of)
    }

    /// Looks at the fields of `value`, which is of type `of` and stands at `path`. The depth of recursion is that of the value,
    /// which the parser bounds.
    fn walk(
        &self,
        of: &'static str,
        value: &Value,
        path: String,
        root: &'static str,
        found: &mut Vec<ObjectError>,
    ) {
        let Some(known) = self.types.get(of) else { return };
        for (name, value) in value.as_object().into_iter().flatten() {
            if found.len() >= NAMED {
                return;
            }
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match (known.get(name.as_str()), value) {
                (None, _) => found.push(self.unknown(name, known, path, root)),
                (Some(Of::Plain), _) => {}
                (Some(Of::Type(of)), Value::Array(elements)) => {
                    for (at, element) in elements.iter().enumerate() {
                        self.walk(of, element, format!("{path}[{at}]"), root, found);
                    }
                }
                (Some(Of::Type(of)), _) => self.walk(of, value, path, root, found),
                (Some(Of::Map(of)), _) => {
                    for (key, element) in value.as_object().into_iter().flatten() {
                        self.walk(of, element, format!("{path}.{key}"), root, found);
                    }
                }
            }
        }
    }

    fn unknown(&self, name: &str, known: &Fields, path: String, root: &'static str) -> ObjectError {
        let near = nearest(name, known.keys().copied()).map(|near| format!("; did you mean {near}?"));
        let elsewhere = || self.place_of(root, name).map(|place| format!("; it belongs into {place}"));
        let fix = near.or_else(elsewhere).unwrap_or_else(|| "; remove it, or check its name".to_string());
        let shown = quoted(name);
        ObjectError::of(
            &cut_to(&path, 300),
            format!("unknown field {shown}, which an API server leaves out{fix}"),
        )
    }

    /// Where the kind has a field of that name, when it has: the shortest path.
    fn place_of(&self, root: &'static str, name: &str) -> Option<String> {
        const DEEPEST: usize = 4;
        let mut open = VecDeque::from([(root, String::new(), 0)]);
        while let Some((of, path, depth)) = open.pop_front() {
            let fields = self.types.get(of)?;
            if fields.contains_key(name) && !path.is_empty() {
                return Some(path);
            }
            // What an API server writes is nowhere to put a field.
            let inner = fields
                .iter()
                .filter(|(field, _)| depth < DEEPEST && !matches!(**field, "status" | "metadata"));
            for (field, of) in inner {
                if let Of::Type(of) | Of::Map(of) = of {
                    let path = if path.is_empty() { (*field).to_string() } else { format!("{path}.{field}") };
                    open.push_back((of, path, depth + 1));
                }
            }
        }
        None
    }
}

fn field(word: &'static str) -> (&'static str, Of) {
    match word.split_once('=') {
        None => (word, Of::Plain),
        Some((name, of)) => (name, of.strip_prefix('*').map_or(Of::Type(of), Of::Map)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kind::Kind;

    /// The unknown fields of an object, each with the end of its message.
    #[track_caller]
    fn check(api_version: &str, kind: &str, value: Value, want: &[(&str, &str)]) {
        let found = unknown_fields(api_version, kind, &value);
        let fields: Vec<&str> = found.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, want.iter().map(|(field, _)| *field).collect::<Vec<_>>());
        for (error, (_, fix)) in found.iter().zip(want) {
            assert!(error.message.ends_with(fix), "{}", error.message);
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_found_at_any_depth_with_the_nearest_name() {
        check(
            "v1",
            "Pod",
            json!({"spec": {"nodeSelectr": {}}}),
            &[("spec.nodeSelectr", "did you mean nodeSelector?")],
        );
        check(
            "apps/v1",
            "Deployment",
            json!({"spec": {"template": {"spec": {"tolerationss": [], "containers": [{"resources": {"request": {}}}]}}}}),
            &[
                ("spec.template.spec.containers[0].resources.request", "did you mean requests?"),
                ("spec.template.spec.tolerationss", "did you mean tolerations?"),
            ],
        );
        check(
            "v1",
            "Pod",
            json!({"spec": {"nodeselector": {}}}),
            &[("spec.nodeselector", "did you mean nodeSelector?")],
        );
        check("v1", "Pod", json!({"xyzzy": 1}), &[("xyzzy", "remove it, or check its name")]);
    }

    #[test]
    fn a_field_in_the_wrong_place_is_told_where_it_belongs() {
        let deployment = json!({"spec": {"nodeSelector": {}}});
        check(
            "apps/v1",
            "Deployment",
            deployment,
            &[("spec.nodeSelector", "it belongs into spec.template.spec")],
        );
        check(
            "v1",
            "Pod",
            json!({"spec": {"resource": 1, "image": "x"}}),
            &[
                ("spec.image", "it belongs into spec.containers"),
                ("spec.resource", "did you mean resources?"),
            ],
        );
    }

    #[test]
    fn keys_that_are_data_are_no_fields() {
        let pod = json!({"metadata": {"labels": {"anything": "x"}, "annotations": {"a/b": ""}}, "spec": {"nodeSelector": {"q": "r"},
            "containers": [{"resources": {"requests": {"example.com/gpu": 1}}, "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]}]}});
        check("v1", "Pod", pod, &[]);
        let slice = json!({"spec": {"devices": [{"name": "d", "capacity": {"memory": {"valu": 1}}}]}});
        check(
            "resource.k8s.io/v1",
            "ResourceSlice",
            slice,
            &[("spec.devices[0].capacity.memory.valu", "did you mean value?")],
        );
    }

    #[test]
    fn versions_that_are_not_published_any_more_are_passed_over() {
        check("batch/v1beta1", "CronJob", json!({"spce": {}}), &[]);
        check("example.com/v1", "Pod", json!({"spce": {}}), &[]);
        check("v1", "Pod", json!(7), &[]);
    }

    #[test]
    fn the_number_is_bounded() {
        let fields: serde_json::Map<String, Value> = (0..50).map(|n| (format!("x{n}"), json!(1))).collect();
        assert_eq!(unknown_fields("v1", "Pod", &json!({"spec": fields})).len(), NAMED);
    }

    #[test]
    fn every_kind_that_is_read_is_in_the_schema() {
        for kind in Kind::all().filter(|kind| *kind != Kind::CoschedulingPodGroup) {
            let there = SCHEMA.kinds.keys().any(|(version, name)| Kind::of(version, name) == Some(kind));
            assert!(there, "{kind:?}");
        }
        let dangling = |of: &Of| matches!(of, Of::Type(of) | Of::Map(of) if !SCHEMA.types.contains_key(of));
        assert!(!SCHEMA.types.values().flat_map(BTreeMap::values).any(dangling));
    }
}
