//! Which object it is, and which version of it.

use std::hash::{Hash, Hasher};

use longshore_framework::Str;
use rustc_hash::FxHasher;
use serde_json::Value;

use crate::error::cut_to;
use crate::kind::{Kind, text};
use crate::meta::{self, DEFAULT_NAMESPACE};
use crate::wire::meta::Meta;

/// Kind, namespace and name.
pub(crate) type Key = (Kind, Str, Str);

/// Which object this is.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) kind: Kind,
    pub(crate) namespace: Str,
    pub(crate) name: Str,
}

impl Identity {
    /// Of an object as it is written.
    pub(crate) fn of(kind: Kind, value: &Value) -> Self {
        let metadata = value.get("metadata").unwrap_or(&Value::Null);
        let namespace = match text(metadata, "namespace") {
            _ if !kind.namespaced() => "",
            "" => DEFAULT_NAMESPACE,
            given => given,
        };
        Self { kind, namespace: namespace.into(), name: text(metadata, "name").into() }
    }

    /// Of an object that is read.
    pub(crate) fn read(kind: Kind, metadata: &Meta) -> Self {
        let namespace: Str = if kind.namespaced() { meta::namespace(metadata) } else { "".into() };
        Self { kind, namespace, name: metadata.name.clone() }
    }

    pub(crate) fn key(&self) -> Key {
        (self.kind, self.namespace.clone(), self.name.clone())
    }

    /// `Pod default/web`.
    pub(crate) fn described(&self) -> String {
        described(self.kind.name(), &self.namespace, &self.name)
    }
}

/// Kind, namespace and name as messages have them.
pub(crate) fn described(kind: &str, namespace: &str, name: &str) -> String {
    let kind = cut_to(kind, 100);
    match namespace {
        _ if name.is_empty() => format!("{kind} without a name"),
        "" => format!("{kind} {}", cut_to(name, 100)),
        namespace => format!("{kind} {}/{}", cut_to(namespace, 100), cut_to(name, 100)),
    }
}

/// What tells two versions of an object apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    uid: String,
    resource_version: String,
    /// Hash of the content where there is no resourceVersion.
    content: u64,
}

/// How a version compares with an earlier input's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    /// It is the same.
    Same,
    /// It counts over the earlier one.
    Newer,
    /// The earlier one counts: it has a newer resourceVersion of the same object.
    Older,
}

impl Version {
    pub(crate) fn of(value: &Value) -> Self {
        let metadata = value.get("metadata").unwrap_or(&Value::Null);
        let resource_version = text(metadata, "resourceVersion").to_string();
        let content = if resource_version.is_empty() { hash(value) } else { 0 };
        Self { uid: text(metadata, "uid").to_string(), resource_version, content }
    }

    /// Compares with what came in earlier.
    pub(crate) fn after(&self, earlier: &Self) -> Compared {
        if self == earlier {
            return Compared::Same;
        }
        let one_object = !self.uid.is_empty() && self.uid == earlier.uid;
        match (number(&self.resource_version), number(&earlier.resource_version)) {
            (Some(this), Some(other)) if one_object && this < other => Compared::Older,
            _ => Compared::Newer,
        }
    }
}

/// A resourceVersion that is a number, in an order that is the numbers'.
fn number(version: &str) -> Option<(usize, &str)> {
    let digits = version.trim_start_matches('0');
    let is_number = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit());
    is_number.then_some((digits.len(), digits))
}

/// A hash of what an object says; elements of typed lists leave apiVersion and kind out.
fn hash(value: &Value) -> u64 {
    let mut hasher = FxHasher::default();
    for field in
        value.as_object().into_iter().flatten().filter(|(k, _)| !matches!(k.as_str(), "apiVersion" | "kind"))
    {
        field.hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(earlier: Value, later: Value, want: Compared) {
        let version = |metadata: Value| Version::of(&json!({"metadata": metadata}));
        assert_eq!(version(later).after(&version(earlier)), want);
    }

    #[test]
    fn the_newer_of_one_object_counts_and_else_the_later() {
        let seen = |uid: &str, version: &str| json!({"name": "a", "uid": uid, "resourceVersion": version});
        check(seen("u", "7"), seen("u", "7"), Compared::Same);
        check(seen("u", "9"), seen("u", "10"), Compared::Newer);
        check(seen("u", "10"), seen("u", "9"), Compared::Older);
        check(seen("u", "10"), seen("v", "9"), Compared::Newer);
        check(seen("u", "b"), seen("u", "a"), Compared::Newer);
        check(json!({"name": "a"}), json!({"name": "a"}), Compared::Same);
        check(json!({"name": "a"}), json!({"name": "a", "labels": {"x": "y"}}), Compared::Newer);
        check(seen("u", "7"), json!({"name": "a"}), Compared::Newer);
    }

    #[test]
    fn elements_of_a_typed_list_are_the_same_as_whole_objects() {
        let whole = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}});
        let element = json!({"metadata": {"name": "a"}});
        assert_eq!(Version::of(&whole).after(&Version::of(&element)), Compared::Same);
    }
}
