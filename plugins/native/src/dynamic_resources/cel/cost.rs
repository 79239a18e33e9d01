//! What calls cost, in the units that the API counts by. A thousandth of a second is some thousand units.

use super::function::Call;
use super::value::Value;

/// Characters are cheaper to look at than other things.
const PER_CHARACTER: f64 = 0.1;
/// A part of a regular expression is some characters long.
const PER_PATTERN_CHARACTER: f64 = 0.25;
/// A name, or a step from one.
pub(super) const NAME: u64 = 1;
/// A new list.
pub(super) const NEW_LIST: u64 = 10;
/// A new map.
pub(super) const NEW_MAP: u64 = 30;

fn text(characters: u64) -> u64 {
    (characters as f64 * PER_CHARACTER).ceil() as u64
}

fn size(arguments: &[Value], at: usize) -> u64 {
    arguments.get(at).map_or(0, Value::size)
}

fn pattern(string: u64, pattern: u64) -> u64 {
    let pattern = (pattern as f64 * PER_PATTERN_CHARACTER).ceil() as u64;
    ((1.0 + string as f64) * PER_CHARACTER).ceil() as u64 * pattern
}

/// A list and everything in it, looked at once.
fn traversal(value: &Value) -> u64 {
    match value {
        Value::String(string) => (string.len() as f64 * PER_CHARACTER) as u64,
        Value::Bytes(bytes) => (bytes.len() as f64 * PER_CHARACTER) as u64,
        Value::List(list) => list.items().iter().map(traversal).sum(),
        Value::Map(map) => map.iter().map(|(key, value)| traversal(key) + traversal(value)).sum(),
        _ => 1,
    }
}

/// What a call with these arguments costs before its result is known.
pub(super) fn of(call: Call<'_>) -> u64 {
    let Call { name, arguments, .. } = call;
    let (first, second) = (size(arguments, 0), size(arguments, 1));
    match name {
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => {
            arguments.first().map_or(0, traversal)
        }
        "url" | "lowerAscii" | "upperAscii" | "substring" | "trim" | "cidr" | "isIP" | "isCIDR"
        | "quantity" | "isQuantity" | "semver" | "isSemver" => text(first),
        "ip" => match arguments.first() {
            Some(Value::Cidr(_)) => 1,
            _ => text(first),
        },
        "replace" | "split" | "ip.isCanonical" => text(2 * first),
        "join" => 0,
        "find" | "findAll" => pattern(first, second),
        "matches" => pattern(first, second),
        "containsIP" => text(2 * first) + parsed(arguments, second),
        "containsCIDR" => text(2 * first) + text(first) + 1 + parsed(arguments, second),
        "validate" => match arguments.first() {
            Some(Value::Format(format)) => pattern(second, format.pattern_size),
            _ => 1,
        },
        "startsWith" | "endsWith" | "strings.quote" => text(first),
        "format" => text(first),
        "bytes" if matches!(arguments.first(), Some(Value::String(_))) => text(first),
        "string" if matches!(arguments.first(), Some(Value::Bytes(_))) => text(first),
        "contains" => text(first) * text(second),
        "@in" if matches!(arguments.get(1), Some(Value::List(_))) => second,
        "_==_" if is_one_unit(arguments.first()) => 1,
        "_==_" | "_!=_" => text(first.min(second)),
        "_<_" | "_<=_" | "_>_" | "_>=_" if is_text(arguments.first()) => text(first.min(second)),
        "_+_" if is_text(arguments.first()) => text(first + second),
        "flatten" => first.saturating_mul(depth(arguments.get(1))).saturating_add(1 + NEW_LIST),
        "reverse" | "slice" | "lists.range" => 0,
        "distinct" | "sort" => arguments.first().map_or(0, against_itself),
        "sets.contains" | "sets.intersects" => first.saturating_mul(second).saturating_add(1),
        "sets.equivalent" => first.saturating_mul(second).saturating_mul(2).saturating_add(1),
        _ => 1,
    }
}

/// What a call costs in addition once its result is known.
pub(super) fn of_result(name: &str, result: &Value) -> u64 {
    match name {
        "join" => text(2 * result.size()),
        "reverse" | "slice" | "lists.range" => result.size() + 1 + NEW_LIST,
        _ => 0,
    }
}

/// Addresses that come as text are read first.
fn parsed(arguments: &[Value], size: u64) -> u64 {
    match arguments.get(1) {
        Some(Value::String(_)) => text(size),
        _ => 0,
    }
}

/// How deep a list is to be flattened.
fn depth(argument: Option<&Value>) -> u64 {
    match argument {
        Some(Value::Int(depth)) => u64::try_from(*depth).unwrap_or(0),
        _ => 1,
    }
}

/// Each element of a list against each other.
pub(super) fn against_itself(list: &Value) -> u64 {
    let first = match list {
        Value::List(list) => list.items().first(),
        _ => None,
    };
    let each = if is_text(first) { 2.0 + PER_CHARACTER } else { 2.0 };
    let size = list.size() as f64;
    (size * size * each) as u64 + 1 + NEW_LIST
}

fn is_text(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::String(_) | Value::Bytes(_)))
}

fn is_one_unit(value: Option<&Value>) -> bool {
    use Value::{Cidr, Format, Ip, Quantity, Semver, Url};
    matches!(value, Some(Quantity(_) | Ip(_) | Cidr(_) | Format(_) | Url(_) | Semver(_)))
}
