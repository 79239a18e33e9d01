//! Objects of kinds that only plugins read.
//!
//! A plugin [declares](Declarations) which kinds it reads and which of their fields; whoever feeds the engine reads these
//! kinds and no others. The store keeps each object as JSON text and says what changed since a revision, so that plugins can
//! follow it.

mod kind;
mod projection;
mod store;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Str;

pub use kind::{DeclaredKind, TooManyKinds};
pub use projection::{BadPath, Projection};
pub use store::{DeclaredObjects, Since};

/// An object of a declared kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredObject {
    /// Its kind.
    pub kind: DeclaredKind,
    /// Its namespace; empty for an object that is in none.
    pub namespace: Str,
    /// Its name.
    pub name: Str,
    /// The fields that are wanted, as JSON text with keys in order.
    pub json: Str,
}

impl DeclaredObject {
    /// Reads an object. `None` when it has no name.
    pub fn read(kind: DeclaredKind, wanted: &Projection, object: &Value) -> Option<Self> {
        let text = |field: &str| object.get("metadata")?.get(field)?.as_str();
        let name = text("name").filter(|name| !name.is_empty())?;
        Some(Self {
            kind,
            namespace: text("namespace").unwrap_or_default().into(),
            name: name.into(),
            json: wanted.of(object).to_string().into(),
        })
    }

    /// Where it is among those of its kind.
    pub fn key(&self) -> ObjectKey {
        (Arc::clone(&self.namespace), Arc::clone(&self.name))
    }
}

/// Namespace, empty for none, and name.
pub type ObjectKey = (Str, Str);

/// Which kinds are read, and which of their fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declarations(BTreeMap<DeclaredKind, Projection>);

impl Declarations {
    /// Adds a kind. Where it is there already, the fields of both are read.
    pub fn add(&mut self, kind: DeclaredKind, wanted: &Projection) {
        self.0.entry(kind).or_insert_with(Projection::nothing).add(wanted);
    }

    /// Adds all of another list.
    pub fn add_all(&mut self, other: &Self) {
        for (kind, wanted) in &other.0 {
            self.add(*kind, wanted);
        }
    }

    /// The kinds, in order of group, version and name.
    pub fn iter(&self) -> impl Iterator<Item = (DeclaredKind, &Projection)> {
        self.0.iter().map(|(kind, wanted)| (*kind, wanted))
    }

    /// What is read of a kind; `None` where nothing is.
    pub fn get(&self, kind: DeclaredKind) -> Option<&Projection> {
        self.0.get(&kind)
    }

    /// The declared kind of an object with this `apiVersion` and `kind`.
    pub fn find(&self, api_version: &str, kind: &str) -> Option<DeclaredKind> {
        self.0.keys().copied().find(|k| k.api_version() == api_version && k.kind() == kind)
    }

    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of the kinds that `choose` takes.
    #[must_use]
    pub fn only(&self, choose: impl Fn(DeclaredKind) -> bool) -> Self {
        Self(
            self.0
                .iter()
                .filter(|(kind, _)| choose(**kind))
                .map(|(k, wanted)| (*k, wanted.clone()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests;
