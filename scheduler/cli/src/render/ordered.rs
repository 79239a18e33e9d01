//! JSON trees with their fields in the order in which people write them, where the tree itself knows only the alphabet.

use longshore_framework::registry::Stage;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// Fields that go first, in this order; the stages follow in cycle order, all others by name.
const FIRST: [&str; 5] = ["apiVersion", "kind", "schedulerName", "name", "multiPoint"];

/// A tree, written with the fields in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ordered<'a>(pub(crate) &'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) => serializer.collect_seq(items.iter().map(Ordered)),
            Value::Object(fields) => {
                let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
                fields.sort_by_key(|(name, _)| place(name));
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, &Ordered(value))?;
                }
                map.end()
            }
            plain => plain.serialize(serializer),
        }
    }
}

fn place(name: &str) -> usize {
    let stages = Stage::ALL.iter().map(|s| s.field());
    FIRST.into_iter().chain(stages).position(|known| known == name).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn heads_and_stages_go_first() {
        let value =
            json!({"a": [{"score": 1, "filter": {}, "multiPoint": null}], "kind": "K", "apiVersion": "v"});
        let text = serde_json::to_string(&Ordered(&value)).unwrap();
        assert_eq!(text, r#"{"apiVersion":"v","kind":"K","a":[{"multiPoint":null,"filter":{},"score":1}]}"#);
    }
}
