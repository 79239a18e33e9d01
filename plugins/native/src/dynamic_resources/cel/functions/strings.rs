//! Text. Places in it are counted in characters.

use super::super::failure::EvalError;
use super::super::function::{Call, Row};
use super::super::value::{HEAVIEST, Value};

pub(in super::super) const TABLE: &[Row] = &[
    Row { name: "contains", signatures: ASKS, run: |call| asks(call, |a, b| a.contains(b)) },
    Row { name: "startsWith", signatures: ASKS, run: |call| asks(call, |a, b| a.starts_with(b)) },
    Row { name: "endsWith", signatures: ASKS, run: |call| asks(call, |a, b| a.ends_with(b)) },
    Row { name: "lowerAscii", signatures: CHANGES, run: |call| changes(call, |a| a.to_ascii_lowercase()) },
    Row { name: "upperAscii", signatures: CHANGES, run: |call| changes(call, |a| a.to_ascii_uppercase()) },
    Row { name: "trim", signatures: CHANGES, run: |call| changes(call, |a| a.trim().into()) },
    Row { name: "charAt", signatures: &["string.(int) string"], run: char_at },
    Row {
        name: "substring",
        signatures: &["string.(int) string", "string.(int, int) string"],
        run: substring,
    },
    Row {
        name: "replace",
        signatures: &["string.(string, string) string", "string.(string, string, int) string"],
        run: replace,
    },
    Row {
        name: "split",
        signatures: &["string.(string) list(string)", "string.(string, int) list(string)"],
        run: split,
    },
    Row { name: "join", signatures: &["list(string).() string", "list(string).(string) string"], run: join },
    Row { name: "strings.quote", signatures: &["(string) string"], run: |call| changes(call, quote) },
];

const ASKS: &[&str] = &["string.(string) bool"];
const CHANGES: &[&str] = &["string.() string"];

fn asks(call: Call<'_>, ask: fn(&str, &str) -> bool) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::String(a), Value::String(b)] => Ok(Value::Bool(ask(a, b))),
        _ => Err(EvalError::no_overload()),
    }
}

fn changes(call: Call<'_>, change: fn(&str) -> String) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::String(text)] => Ok(Value::text(change(text))),
        _ => Err(EvalError::no_overload()),
    }
}

fn out_of_range(at: i64) -> EvalError {
    EvalError::failed(format!("index out of range: {at}"))
}

/// The byte at which the character of that number begins; the end of the text counts.
fn byte_of(text: &str, at: i64) -> Result<usize, EvalError> {
    let place = usize::try_from(at).map_err(|_| out_of_range(at))?;
    let mut starts = text.char_indices().map(|(byte, _)| byte).chain([text.len()]);
    starts.nth(place).ok_or_else(|| out_of_range(at))
}

fn char_at(call: Call<'_>) -> Result<Value, EvalError> {
    let [Value::String(text), Value::Int(at)] = call.arguments else { return Err(EvalError::no_overload()) };
    let rest = &text[byte_of(text, *at)?..];
    Ok(Value::text(rest.chars().take(1).collect::<String>()))
}

fn substring(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::String(text), Value::Int(start)] => Ok(Value::text(&text[byte_of(text, *start)?..])),
        [Value::String(text), Value::Int(start), Value::Int(end)] => {
            if start > end {
                let why = format!("invalid substring range. start: {start}, end: {end}");
                return Err(EvalError::failed(why));
            }
            Ok(Value::text(&text[byte_of(text, *start)?..byte_of(text, *end)?]))
        }
        _ => Err(EvalError::no_overload()),
    }
}

/// Where a text is found in another, from a character on.
pub(super) fn index_of(text: &str, part: &str, from: i64) -> Result<Value, EvalError> {
    let start = byte_of(text, from)?;
    if part.is_empty() {
        return Ok(Value::Int(from));
    }
    let found = text[start..].find(part).map(|at| characters(&text[..start + at]));
    Ok(Value::Int(found.unwrap_or(-1)))
}

/// Where a text is found last in another, beginning at no later character.
pub(super) fn last_index_of(text: &str, part: &str, until: Option<i64>) -> Result<Value, EvalError> {
    let last = until.unwrap_or_else(|| characters(text));
    let start = byte_of(text, last)?;
    if part.is_empty() {
        return Ok(Value::Int(last));
    }
    let end = (start + part.len()).min(text.len());
    let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let found = text[..end].rfind(part).map(|at| characters(&text[..at]));
    Ok(Value::Int(found.unwrap_or(-1)))
}

fn characters(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// How many times at most; a negative number is no limit.
fn limit(call: Call<'_>, at: usize) -> Option<usize> {
    match call.arguments.get(at) {
        Some(Value::Int(n)) => Some(usize::try_from(*n).unwrap_or(usize::MAX)),
        Some(_) => None,
        None => Some(usize::MAX),
    }
}

fn replace(call: Call<'_>) -> Result<Value, EvalError> {
    let [Value::String(text), Value::String(old), Value::String(new), ..] = call.arguments else {
        return Err(EvalError::no_overload());
    };
    let limit = limit(call, 3).ok_or_else(EvalError::no_overload)?;
    let times = match old.is_empty() {
        true => text.chars().count() + 1,
        false => text.matches(&**old).count(),
    };
    let added = times.min(limit).saturating_mul(new.len());
    bounded(text.len().saturating_add(added))?;
    Ok(Value::text(text.replacen(&**old, new, limit)))
}

/// Refuses a text that would be too long to hold.
fn bounded(bytes: usize) -> Result<(), EvalError> {
    match bytes as u64 > 16 * HEAVIEST {
        true => Err(EvalError::CostLimit),
        false => Ok(()),
    }
}

fn split(call: Call<'_>) -> Result<Value, EvalError> {
    let [Value::String(text), Value::String(by), ..] = call.arguments else {
        return Err(EvalError::no_overload());
    };
    let limit = limit(call, 2).ok_or_else(EvalError::no_overload)?;
    if by.is_empty() {
        return Ok(Value::list(characters_until(text, limit)));
    }
    let parts = text.splitn(limit, &**by).map(Value::text);
    Ok(Value::list(parts))
}

/// Single characters, and at last the rest.
fn characters_until(text: &str, limit: usize) -> Vec<Value> {
    let mut parts = Vec::new();
    let mut rest = text;
    while parts.len() + 1 < limit
        && let Some(c) = rest.chars().next()
        && rest.len() > c.len_utf8()
    {
        parts.push(Value::text(&rest[..c.len_utf8()]));
        rest = &rest[c.len_utf8()..];
    }
    if limit > 0 && !rest.is_empty() {
        parts.push(Value::text(rest));
    }
    parts
}

fn join(call: Call<'_>) -> Result<Value, EvalError> {
    let (list, separator) = match call.arguments {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::String(separator)] => (list, &**separator),
        _ => return Err(EvalError::no_overload()),
    };
    let mut joined = String::new();
    for (at, item) in list.items().iter().enumerate() {
        let Value::String(item) = item else { return Err(EvalError::no_overload()) };
        bounded(joined.len() + separator.len() + item.len())?;
        if at > 0 {
            joined.push_str(separator);
        }
        joined.push_str(item);
    }
    Ok(Value::text(joined))
}

fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0c' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x0b' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
