//! The table of messages, read from its text once.
//!
//! A line is a message: `Name: 1 jsonName type; 2 . Inlined; ...`. A type may begin with `?` (left out when absent), `[]`
//! (a list) or `{}` (a map from strings); without any of these it is always written. The JSON name `.` means that the
//! fields of the message stand among those of the message around it.

use rustc_hash::FxHashMap;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    String,
    Bool,
    Int32,
    Int64,
    /// A resource amount: text in a message of its own.
    Quantity,
    /// A moment, to the second.
    Time,
    /// JSON that is handed on as text.
    Raw,
    IntOrString,
    /// A message, by its place in the table.
    Message(usize),
}

/// How often a field occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Once, even when empty.
    Always,
    /// Once or not at all.
    Optional,
    List,
    Map,
}

/// A field of a message.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) number: u32,
    /// `None`: its fields stand among those of the message around it.
    pub(super) name: Option<&'static str>,
    pub(super) shape: Shape,
    pub(super) holds: Type,
}

/// Every message.
#[derive(Debug)]
pub(super) struct Schema {
    ids: FxHashMap<&'static str, usize>,
    messages: Vec<Vec<Field>>,
}

impl Schema {
    /// Reads the table; lines and fields that are not understood are left out (a test says that there are none).
    pub(super) fn parse(text: &'static str) -> Self {
        let lines: Vec<_> = text.lines().filter_map(|line| line.split_once(':')).collect();
        let ids: FxHashMap<_, _> = lines.iter().enumerate().map(|(id, (name, _))| (*name, id)).collect();
        let message = |fields: &'static str| fields.split(';').filter_map(|f| field(f, &ids)).collect();
        let messages = lines.iter().map(|(_, fields)| message(fields)).collect();
        Self { ids, messages }
    }

    /// The place of a message in the table.
    pub(super) fn id(&self, name: &str) -> Option<usize> {
        self.ids.get(name).copied()
    }

    /// The fields of a message, in order of their numbers.
    pub(super) fn fields(&self, id: usize) -> &[Field] {
        self.messages.get(id).map_or(&[], Vec::as_slice)
    }
}

fn field(text: &'static str, ids: &FxHashMap<&'static str, usize>) -> Option<Field> {
    let mut words = text.split_whitespace();
    let number = words.next()?.parse().ok()?;
    let name = words.next().filter(|name| *name != ".");
    let word = words.next()?;
    let shapes = [("?", Shape::Optional), ("[]", Shape::List), ("{}", Shape::Map)];
    let shaped = shapes.iter().find_map(|(mark, shape)| Some((word.strip_prefix(mark)?, *shape)));
    let (word, shape) = shaped.unwrap_or((word, Shape::Always));
    let holds = match word {
        "string" => Type::String,
        "bool" => Type::Bool,
        "int32" => Type::Int32,
        "int64" => Type::Int64,
        "quantity" => Type::Quantity,
        "time" => Type::Time,
        "raw" => Type::Raw,
        "intstr" => Type::IntOrString,
        name => Type::Message(*ids.get(name)?),
    };
    Some(Field { number, name, shape, holds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_table_is_understood_and_stands_in_order() {
        let text = include_str!("core-v1.txt");
        let schema = Schema::parse(text);
        for (id, line) in text.lines().enumerate() {
            let fields = schema.fields(id);
            let written = line.split(';').filter(|f| f.split_whitespace().count() > 1).count();
            assert_eq!(fields.len(), written, "{line}");
            assert!(fields.is_sorted_by(|a, b| a.number < b.number), "{line}");
            assert!(!fields.iter().any(|f| f.name.is_none() && f.shape != Shape::Always), "{line}");
        }
        assert_eq!(schema.messages.len(), 153);
    }
}
