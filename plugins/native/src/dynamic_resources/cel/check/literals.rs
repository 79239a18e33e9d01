//! What is written out. Lists and maps of constants are constants, which cost nothing.

use cel::common::ast::{EntryExpr, ListExpr, LiteralValue, MapExpr};

use std::sync::Arc;

use super::super::node::{Element, MapEntry, Node};
use super::super::types::Type;
use super::super::value::{Map, Value};
use super::{Checker, Result, Typed, invalid, mismatch};

/// A single value.
pub(super) fn literal(literal: &LiteralValue) -> Typed {
    let (value, kind) = match literal {
        LiteralValue::Boolean(bool) => (Value::Bool(*bool.inner()), Type::Bool),
        LiteralValue::Int(int) => (Value::Int(*int.inner()), Type::Int),
        LiteralValue::UInt(uint) => (Value::Uint(*uint.inner()), Type::Uint),
        LiteralValue::Double(double) => (Value::Double(*double.inner()), Type::Double),
        LiteralValue::String(text) => (Value::text(text.inner()), Type::String),
        LiteralValue::Bytes(bytes) => (Value::Bytes(bytes.inner().into()), Type::Bytes),
        LiteralValue::Null => (Value::Null, Type::Null),
    };
    Typed::new(Node::Constant(value), kind)
}

/// The type of all elements, which must go together.
fn joined(kinds: impl Iterator<Item = Type>) -> Result<Type> {
    let mut all = Type::Free;
    for kind in kinds {
        all = all.join(&kind).ok_or_else(|| mismatch(&all, &kind))?;
    }
    Ok(all)
}

/// What an optional element holds.
fn held(kind: Type, optional: bool) -> Result<Type> {
    match (optional, kind) {
        (false, kind) => Ok(kind),
        (true, Type::Optional(of)) => Ok(*of),
        (true, kind) if kind.is_unknown() => Ok(Type::Dyn),
        (true, kind) => Err(mismatch(&Type::optional(Type::Dyn), &kind)),
    }
}

impl Checker {
    pub(super) fn elements(&mut self, list: &ListExpr) -> Result<(Vec<Element>, Type)> {
        let (mut elements, mut kinds) = (Vec::new(), Vec::new());
        for (at, expr) in list.elements.iter().enumerate() {
            let checked = self.check(expr)?;
            let optional = list.optional_indices.contains(&at);
            kinds.push(held(checked.kind, optional)?);
            elements.push(Element { value: checked.node, optional });
        }
        let of = match self.mixed {
            0 => joined(kinds.iter().cloned())?,
            _ => joined(kinds.iter().cloned()).unwrap_or(Type::Dyn),
        };
        self.listed = kinds;
        Ok((elements, of))
    }

    pub(super) fn list(&mut self, list: &ListExpr) -> Result {
        let (elements, of) = self.elements(list)?;
        let constants: Option<Vec<Value>> = elements.iter().map(constant).collect();
        let node = constants.map_or_else(|| Node::List(elements), |all| Node::Constant(Value::list(all)));
        Ok(Typed::new(node, Type::list(of)))
    }

    pub(super) fn map(&mut self, map: &MapExpr) -> Result {
        let (mut entries, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                return Err(invalid("a field stands in a map"));
            };
            let (key, value) = (self.check(&entry.key)?, self.check(&entry.value)?);
            keys.push(key.kind);
            values.push(held(value.kind, entry.optional)?);
            entries.push(MapEntry { key: key.node, value: value.node, optional: entry.optional });
        }
        let kind = Type::map(joined(keys.into_iter())?, joined(values.into_iter())?);
        let node = constant_map(&entries).map_or_else(|| Node::Map(entries), Node::Constant);
        Ok(Typed::new(node, kind))
    }
}

fn constant(element: &Element) -> Option<Value> {
    match &element.value {
        Node::Constant(value) if !element.optional => Some(value.clone()),
        _ => None,
    }
}

/// A map of constants, unless a key is there twice: that is an error when it is evaluated.
fn constant_map(entries: &[MapEntry]) -> Option<Value> {
    let mut map = Map::default();
    for entry in entries {
        let (Node::Constant(key), Node::Constant(value)) = (&entry.key, &entry.value) else { return None };
        if entry.optional || !map.insert(key.clone(), value.clone()) {
            return None;
        }
    }
    Some(Value::Map(Arc::new(map)))
}
