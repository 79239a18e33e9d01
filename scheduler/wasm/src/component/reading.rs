//! Objects that a plugin declares, told to its instances.

use longshore_framework::objects::declared::{
    Declarations, DeclaredKind, DeclaredObject, DeclaredObjects, Projection,
};
use serde_json::Value;

use super::bindings::exports::longshore::scheduler::objects::{Change, Kind};
use crate::failure::cut;

/// Kinds of one plugin at the most.
const MOST_KINDS: usize = 64;

/// Fields of one kind at the most.
const MOST_FIELDS: usize = 256;

/// Bytes of objects that are told in one call; a larger object is told alone.
const LARGEST_CALL: usize = 1 << 20;

/// A kind that a plugin reads.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) kind: DeclaredKind,
    pub(crate) wanted: Projection,
    /// An object is about the node that has its name.
    pub(crate) about_node: bool,
}

impl Reading {
    /// Reads what a plugin declares.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn all(kinds: &[Kind]) -> Result<Vec<Self>, String> {
        if kinds.len() > MOST_KINDS {
            return Err(format!("it declares {} kinds of objects, {MOST_KINDS} are allowed", kinds.len()));
        }
        let mut all: Vec<Self> = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let reading = Self::of(kind)?;
            if all.iter().any(|other| other.kind == reading.kind) {
                return Err(format!("it declares {} twice", reading.kind));
            }
            all.push(reading);
        }
        Ok(all)
    }

    fn of(kind: &Kind) -> Result<Self, String> {
        let name = cut(format!("{}/{} {}", kind.group, kind.version, kind.kind));
        let word = |text: &str, dots: bool| {
            !text.is_empty()
                && text.len() <= 253
                && text.chars().all(|c| c.is_ascii_alphanumeric() || (dots && matches!(c, '.' | '-')))
        };
        let named = word(&kind.version, false) && word(&kind.kind, false);
        if !named || !(kind.group.is_empty() || word(&kind.group, true)) {
            return Err(format!("it declares objects of {name}, which is not a group, version and kind"));
        }
        if kind.group.is_empty() && matches!(kind.kind.as_str(), "Pod" | "Node") {
            let other = if kind.kind == "Pod" { "the capability pods" } else { "columns" };
            return Err(format!("it declares objects of the kind {}; use {other} for them", kind.kind));
        }
        if kind.fields.len() > MOST_FIELDS {
            let most = MOST_FIELDS;
            return Err(format!("it wants {} fields of {name}, {most} are allowed", kind.fields.len()));
        }
        let wanted = Projection::of_paths(kind.fields.iter().map(String::as_str))
            .map_err(|error| format!("of {name} it wants a field that cannot be: {error}"))?;
        let kind_of = DeclaredKind::of(&kind.group, &kind.version, &kind.kind);
        let known = kind_of.map_err(|error| error.to_string())?;
        Ok(Self { kind: known, wanted, about_node: kind.about_node })
    }

    /// The object as the plugin may see it.
    pub(crate) fn text(&self, object: &DeclaredObject) -> Vec<u8> {
        if self.wanted == Projection::whole() {
            return object.json.as_bytes().to_vec();
        }
        // What is kept may be more: another plugin may want other fields.
        match serde_json::from_str::<Value>(&object.json) {
            Ok(value) => self.wanted.of(&value).to_string().into_bytes(),
            Err(_) => object.json.as_bytes().to_vec(),
        }
    }
}

/// What all of these read.
pub(crate) fn declarations(readings: &[Reading]) -> Declarations {
    let mut all = Declarations::default();
    for reading in readings {
        all.add(reading.kind, &reading.wanted);
    }
    all
}

/// How far an instance was told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Which store, and its revision.
    of: Option<(u64, u64)>,
}

/// What is to be told in one call.
#[derive(Debug, Default)]
pub(crate) struct Telling {
    pub(crate) reset: bool,
    pub(crate) changes: Vec<Change>,
}

impl Told {
    /// Nobody knows what the instance was told.
    pub(crate) fn lose(&mut self) {
        // No store has this number.
        self.of = Some((0, 0));
    }

    /// What an instance has to be told, call by call, so that it knows all that is in the store.
    pub(crate) fn missing(&mut self, readings: &[Reading], store: &DeclaredObjects) -> Vec<Telling> {
        let now = (store.lineage(), store.revision());
        if self.of == Some(now) {
            return Vec::new();
        }
        let known = self.of.filter(|(lineage, _)| *lineage == now.0).map(|(_, revision)| revision);
        self.of = Some(now);
        let known = known.filter(|known| readings.iter().all(|r| store.remembers(r.kind, *known)));
        let mut calls = Calls::default();
        for (at, reading) in readings.iter().enumerate() {
            let kind = u16::try_from(at).unwrap_or(u16::MAX);
            let since = store.since(reading.kind, known.unwrap_or(0));
            for (namespace, name) in since.gone {
                calls.add(Change {
                    kind,
                    namespace: namespace.to_string(),
                    name: name.to_string(),
                    object: None,
                });
            }
            for object in since.here {
                calls.add(Change {
                    kind,
                    namespace: object.namespace.to_string(),
                    name: object.name.to_string(),
                    object: Some(reading.text(object)),
                });
            }
        }
        calls.finish(known.is_none())
    }
}

/// Changes, split by size.
#[derive(Default)]
struct Calls {
    done: Vec<Telling>,
    open: Vec<Change>,
    size: usize,
}

impl Calls {
    fn add(&mut self, change: Change) {
        let size = change.name.len() + change.object.as_ref().map_or(0, Vec::len);
        if self.size + size > LARGEST_CALL && !self.open.is_empty() {
            self.close();
        }
        self.size += size;
        self.open.push(change);
    }

    fn close(&mut self) {
        self.done.push(Telling { reset: false, changes: std::mem::take(&mut self.open) });
        self.size = 0;
    }

    fn finish(mut self, reset: bool) -> Vec<Telling> {
        if !self.open.is_empty() || (reset && self.done.is_empty()) {
            self.close();
        }
        if let Some(first) = self.done.first_mut() {
            first.reset = reset;
        }
        self.done
    }
}

#[cfg(test)]
mod tests;
