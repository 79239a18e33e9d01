//! Which fields of an object are kept.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use thiserror::Error;

/// Fields of metadata that every reader gets.
const ALWAYS: [&str; 7] =
    ["name", "namespace", "uid", "labels", "ownerReferences", "creationTimestamp", "deletionTimestamp"];

/// Fields that nobody gets: who wrote which field, and how often the object was written.
const NEVER: [&str; 2] = ["managedFields", "resourceVersion"];

/// Steps of a path at the most.
const DEEPEST: usize = 32;

/// Which fields are kept: a tree of names, where a name without further ones stands for all that is below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection(Kept);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
    All,
    Fields(BTreeMap<String, Kept>),
}

impl Default for Kept {
    fn default() -> Self {
        Self::Fields(BTreeMap::new())
    }
}

/// A path that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not the path of a field; write it as `spec.weight`, and a dot within a name as `\\.`")]
pub struct BadPath(String);

impl Projection {
    /// Nothing but what every reader gets.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Whole objects.
    pub fn whole() -> Self {
        Self(Kept::All)
    }

    /// The fields with these paths, such as `spec.weight`; whole objects where there are none. A path goes through lists: it
    /// stands for the field of each element.
    ///
    /// # Errors
    /// A path with an empty name, or with more than 32 names.
    pub fn of_paths<'p>(paths: impl IntoIterator<Item = &'p str>) -> Result<Self, BadPath> {
        let mut kept = Kept::default();
        let mut any = false;
        for path in paths {
            any = true;
            kept.add_path(&steps(path)?);
        }
        Ok(if any { Self(kept) } else { Self::whole() })
    }

    /// Keeps what `other` keeps as well.
    pub fn add(&mut self, other: &Self) {
        self.0.add(&other.0);
    }

    /// Whether everything is kept that `other` keeps.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.covers(&other.0)
    }

    /// What is kept of an object.
    pub fn of(&self, object: &Value) -> Value {
        let mut kept = match self.0.of(object) {
            Some(Value::Object(kept)) => kept,
            _ => Map::new(),
        };
        if let Some(Value::Object(all)) = object.get("metadata") {
            let own = kept.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(own) = own {
                let basics = all.iter().filter(|(name, _)| ALWAYS.contains(&name.as_str()));
                own.extend(basics.map(|(name, value)| (name.clone(), value.clone())));
                own.retain(|name, _| !NEVER.contains(&name.as_str()));
            }
        }
        Value::Object(kept)
    }
}

fn steps(path: &str) -> Result<Vec<String>, BadPath> {
    let mut steps = vec![String::new()];
    let mut letters = path.strip_prefix('.').unwrap_or(path).chars();
    while let Some(letter) = letters.next() {
        match (letter, steps.last_mut()) {
            ('.', _) => steps.push(String::new()),
            ('\\', Some(step)) => step.extend(letters.next()),
            (_, Some(step)) => step.push(letter),
            (_, None) => {}
        }
    }
    let bad = steps.len() > DEEPEST || steps.iter().any(String::is_empty);
    if bad { Err(BadPath(path.chars().take(200).collect())) } else { Ok(steps) }
}

impl Kept {
    fn add_path(&mut self, steps: &[String]) {
        let Self::Fields(fields) = self else { return };
        match steps {
            [] => *self = Self::All,
            [step, rest @ ..] => fields.entry(step.clone()).or_default().add_path(rest),
        }
    }

    fn add(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::All, _) => {}
            (_, Self::All) => *self = Self::All,
            (Self::Fields(mine), Self::Fields(theirs)) => {
                for (name, kept) in theirs {
                    mine.entry(name.clone()).or_default().add(kept);
                }
            }
        }
    }

    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::Fields(_), Self::All) => false,
            (Self::Fields(mine), Self::Fields(theirs)) => {
                theirs.iter().all(|(name, kept)| mine.get(name).is_some_and(|own| own.covers(kept)))
            }
        }
    }

    fn of(&self, value: &Value) -> Option<Value> {
        let fields = match self {
            Self::All => return Some(value.clone()),
            Self::Fields(fields) => fields,
        };
        match value {
            Value::Object(all) => {
                let kept =
                    fields.iter().filter_map(|(name, kept)| Some((name.clone(), kept.of(all.get(name)?)?)));
                Some(Value::Object(kept.collect()))
            }
            Value::Array(elements) => {
                Some(Value::Array(elements.iter().filter_map(|element| self.of(element)).collect()))
            }
            _ => None,
        }
    }
}
