//! The wire format: JSON in, bytes out, by the table.

use serde_json::{Map, Value};

use super::schema::{Field, Schema, Shape, Type};
use super::time::seconds;

/// The most bytes one object may give. Empty lists of messages grow on their way; nothing real comes close.
const MAX_BYTES: usize = 8 << 20;

const VARINT: u32 = 0;
const BYTES: u32 = 2;

/// A message from the fields of a JSON object; `None` when it grows too large.
pub(super) fn message(schema: &Schema, id: usize, object: &Map<String, Value>) -> Option<Vec<u8>> {
    let mut writer = Writer { schema, out: Vec::with_capacity(4096) };
    writer.message(id, object);
    (!writer.full()).then_some(writer.out)
}

/// Appends a field of bytes.
pub(super) fn bytes(number: u32, content: &[u8], out: &mut Vec<u8>) {
    tag(number, BYTES, out);
    varint(content.len() as u64, out);
    out.extend_from_slice(content);
}

fn tag(number: u32, wire: u32, out: &mut Vec<u8>) {
    varint(u64::from(number << 3 | wire), out);
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

struct Writer<'s> {
    schema: &'s Schema,
    out: Vec<u8>,
}

impl<'s> Writer<'s> {
    fn full(&self) -> bool {
        self.out.len() > MAX_BYTES
    }

    fn message(&mut self, id: usize, object: &Map<String, Value>) {
        let schema = self.schema;
        for field in schema.fields(id) {
            if self.full() {
                return;
            }
            self.field(field, object);
        }
    }

    fn field(&mut self, field: &Field, object: &Map<String, Value>) {
        let Some(name) = field.name else {
            if let Type::Message(id) = field.holds {
                self.delimited(field.number, |writer| writer.message(id, object));
            }
            return;
        };
        let given = object.get(name);
        match (field.shape, given) {
            (Shape::Always, _) => {
                self.value(field.number, field.holds, given.filter(|v| fits(field.holds, v)))
            }
            (Shape::Optional, Some(value)) if fits(field.holds, value) => {
                self.value(field.number, field.holds, given);
            }
            (Shape::List, Some(Value::Array(items))) => {
                for item in items.iter().filter(|item| fits(field.holds, item)) {
                    self.value(field.number, field.holds, Some(item));
                    if self.full() {
                        return;
                    }
                }
            }
            (Shape::Map, Some(Value::Object(entries))) => self.entries(field, entries),
            _ => {}
        }
    }

    /// A map is a list of pairs, in order of their keys.
    fn entries(&mut self, field: &Field, entries: &Map<String, Value>) {
        let mut entries: Vec<_> = entries.iter().filter(|(_, value)| fits(field.holds, value)).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        for (key, value) in entries {
            self.delimited(field.number, |writer| {
                bytes(1, key.as_bytes(), &mut writer.out);
                writer.value(2, field.holds, Some(value));
            });
            if self.full() {
                return;
            }
        }
    }

    /// A value that fits, or the empty one.
    fn value(&mut self, number: u32, holds: Type, value: Option<&Value>) {
        let text = || value.and_then(Value::as_str).unwrap_or_default();
        match holds {
            Type::String => bytes(number, text().as_bytes(), &mut self.out),
            Type::Bool => self.int(number, i64::from(value.and_then(Value::as_bool).unwrap_or_default())),
            Type::Int32 | Type::Int64 => self.int(number, value.and_then(Value::as_i64).unwrap_or_default()),
            Type::Quantity => self.delimited(number, |writer| match value {
                Some(Value::Number(amount)) => bytes(1, amount.to_string().as_bytes(), &mut writer.out),
                Some(Value::String(amount)) => bytes(1, amount.trim().as_bytes(), &mut writer.out),
                _ => bytes(1, b"0", &mut writer.out),
            }),
            Type::Time => self.delimited(number, |writer| {
                if let Some(seconds) = seconds(text()) {
                    writer.int(1, seconds);
                    writer.int(2, 0);
                }
            }),
            Type::Raw => self.delimited(number, |writer| {
                if let Some(value) = value {
                    bytes(1, value.to_string().as_bytes(), &mut writer.out);
                }
            }),
            Type::IntOrString => self.delimited(number, |writer| {
                writer.int(1, i64::from(value.is_some_and(Value::is_string)));
                writer.int(2, value.and_then(Value::as_i64).unwrap_or_default());
                bytes(3, text().as_bytes(), &mut writer.out);
            }),
            Type::Message(id) => self.delimited(number, |writer| {
                let empty = Map::new();
                writer.message(id, value.and_then(Value::as_object).unwrap_or(&empty));
            }),
        }
    }

    fn int(&mut self, number: u32, value: i64) {
        tag(number, VARINT, &mut self.out);
        // A negative number of either width takes ten bytes, so that both read alike.
        varint(value.cast_unsigned(), &mut self.out);
    }

    /// A field whose length is known only once it is written: nearly always one byte, which is put in front of it.
    fn delimited(&mut self, number: u32, write: impl FnOnce(&mut Self)) {
        tag(number, BYTES, &mut self.out);
        let at = self.out.len();
        write(self);
        let mut length = Vec::with_capacity(4);
        varint((self.out.len() - at) as u64, &mut length);
        self.out.splice(at..at, length);
    }
}

/// Whether the value is one of the type; null never is.
fn fits(holds: Type, value: &Value) -> bool {
    match holds {
        Type::String | Type::Time => value.is_string(),
        Type::Bool => value.is_boolean(),
        Type::Int64 => value.is_i64(),
        Type::Int32 => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        Type::IntOrString => value.is_string() || fits(Type::Int32, value),
        Type::Quantity => value.is_string() || value.is_number(),
        Type::Raw | Type::Message(_) => value.is_object(),
    }
}
