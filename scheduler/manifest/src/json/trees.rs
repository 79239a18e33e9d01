//! JSON text to trees with places, for when something is wrong and has to be found.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, from_str};

use crate::tree::{At, Content, Node};

/// serde_json's own limit.
const DEEPEST: usize = 128;

/// The values of a text, as far as it is valid.
pub(crate) fn trees(text: &str) -> Vec<Node> {
    let lines = Lines::of(text);
    let values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    values.map_while(|raw| lines.node(raw.ok()?, 0)).collect()
}

/// Where the lines of a text begin.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let after = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(after).collect() }
    }

    /// The place of a part of the text.
    fn at(&self, part: &str) -> At {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line.saturating_sub(1)];
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        At { line, column: column + 1 }
    }

    fn node(&self, raw: &'t RawValue, depth: usize) -> Option<Node> {
        let text = Some(raw.get()).filter(|_| depth < DEEPEST)?;
        let content = match text.as_bytes().first()? {
            b'{' => {
                let Fields(fields) = from_str(text).ok()?;
                let field = |(key, raw)| {
                    let node = self.node(raw, depth + 1)?;
                    Some((key, (node.at, node)))
                };
                Content::Map(fields.into_iter().map(field).collect::<Option<BTreeMap<_, _>>>()?)
            }
            b'[' => {
                let elements: Vec<&RawValue> = from_str(text).ok()?;
                Content::List(
                    elements.into_iter().map(|raw| self.node(raw, depth + 1)).collect::<Option<_>>()?,
                )
            }
            _ => Content::Scalar(from_str::<Value>(text).ok()?),
        };
        Some(Node { at: self.at(text), content })
    }
}

/// Fields in the order of the text.
struct Fields<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}
