//! Names for objects with `generateName`, as an API server makes them up, but the same on every reading.

use std::collections::BTreeMap;

use longshore_framework::Str;
use serde_json::Value;

use crate::expand::names;
use crate::identity::Identity;
use crate::kind::text;

/// Makes names up.
#[derive(Debug, Default)]
pub(crate) struct Namer {
    /// How many names each prefix has had.
    counts: BTreeMap<String, u64>,
}

impl Namer {
    /// Writes the next name that is free into `value`, and returns it.
    pub(crate) fn name(
        &mut self,
        object: &Identity,
        value: &mut Value,
        is_free: impl Fn(&Str) -> bool,
    ) -> Str {
        let prefix = prefix(value).to_string();
        let seed = format!("{}/{}/{prefix}", object.kind.name(), object.namespace);
        let hash = names::hash(&seed);
        let count = self.counts.entry(seed).or_default();
        loop {
            let name: Str = names::generated(&prefix, hash, *count).into();
            *count += 1;
            if is_free(&name) {
                value["metadata"]["name"] = (*name).into();
                return name;
            }
        }
    }
}

/// Whether an object waits for a name.
pub(crate) fn waits(object: &Identity, value: &Value) -> bool {
    object.name.is_empty() && !prefix(value).is_empty()
}

/// `metadata.generateName`.
fn prefix(value: &Value) -> &str {
    value.get("metadata").map_or("", |metadata| text(metadata, "generateName"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use serde_json::json;

    #[test]
    fn names_are_as_long_as_the_api_servers_and_their_own() {
        let mut value = json!({"metadata": {"generateName": "x".repeat(80)}});
        let object = Identity::of(Kind::Pod, &value);
        assert!(waits(&object, &value));
        let mut namer = Namer::default();
        let first = namer.name(&object, &mut value.clone(), |_| true);
        let second = namer.name(&object, &mut value, |name| *name != first);
        assert_eq!((first.len(), second.len()), (63, 63));
        assert_ne!(first, second);
        assert_eq!(value["metadata"]["name"], *second);
        assert_eq!(Namer::default().name(&object, &mut value, |_| true), first);
    }
}
