//! A JSON object whose keys are looked up in any case.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What is wrong with a JSON text.
pub(super) type JsonError = serde_json::Error;

/// Keys and unread values, in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Object<'j>(Vec<(String, &'j RawValue)>);

impl<'j> Object<'j> {
    /// Reads an object; null is one without keys.
    pub(super) fn of(json: &'j RawValue) -> Result<Self, JsonError> {
        Ok(value(json)?.unwrap_or_default())
    }

    /// The last value whose key is `name` in any case; `None` when it is null.
    pub(super) fn get(&self, name: &str) -> Option<&'j RawValue> {
        let found = self.0.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1;
        (found.get() != "null").then_some(found)
    }

    /// The same, read.
    pub(super) fn value<T: Deserialize<'j>>(&self, name: &str) -> Result<Option<T>, JsonError> {
        self.get(name)
            .map(|json| T::deserialize(&mut serde_json::Deserializer::from_str(json.get())))
            .transpose()
    }
}

/// Reads a value; `None` when it is null.
pub(super) fn value<'j, T: Deserialize<'j>>(json: &'j RawValue) -> Result<Option<T>, JsonError> {
    serde_json::from_str(json.get())
}

impl<'j> Deserialize<'j> for Object<'j> {
    fn deserialize<D: Deserializer<'j>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Entries)
    }
}

struct Entries;

impl<'j> Visitor<'j> for Entries {
    type Value = Object<'j>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'j>>(self, mut map: M) -> Result<Object<'j>, M::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Object(entries))
    }
}
