//! `"%s has %d".format([name, count])`.

use std::fmt::Write;

use super::super::failure::EvalError;
use super::super::function::{Call, Row};
use super::super::types::Type;
use super::super::value::{HEAVIEST, Value};
use super::conversion::{seconds, shortest};

pub(in super::super) const TABLE: &[Row] =
    &[Row { name: "format", signatures: &["string.(list(dyn)) string"], run: format }];

/// A piece of a format.
enum Piece<'a> {
    Text(&'a str),
    /// The next argument, with so many digits behind the point.
    Clause(char, Option<usize>),
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        pieces.push(Piece::Text(&rest[..at]));
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('%') {
            pieces.push(Piece::Text("%"));
            rest = behind;
            continue;
        }
        let mut precision = None;
        if let Some(behind) = rest.strip_prefix('.') {
            let end = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
            let digits = behind[..end].parse().ok().filter(|digits| *digits <= 100);
            precision = Some(digits.ok_or("error while parsing precision")?);
            rest = &behind[end..];
        }
        let Some(clause) = rest.chars().next() else { return Err("unexpected end of string".into()) };
        if !"sdfebxXo".contains(clause) {
            return Err(format!("unrecognized formatting clause \"{clause}\""));
        }
        pieces.push(Piece::Clause(clause, precision));
        rest = &rest[clause.len_utf8()..];
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// What is wrong with a format that is written out, for arguments of these types.
pub(in super::super) fn problem(text: &str, arguments: &[Type]) -> Option<String> {
    let pieces = match pieces(text) {
        Ok(pieces) => pieces,
        Err(why) => return Some(why),
    };
    let mut given = arguments.iter();
    for piece in pieces {
        let Piece::Clause(clause, _) = piece else { continue };
        let Some(kind) = given.next() else { return Some("index out of range".into()) };
        if !takes(clause, kind) {
            return Some(format!("the clause %{clause} cannot be used on {kind}"));
        }
    }
    given.next().map(|_| "too many arguments supplied to string.format".into())
}

fn takes(clause: char, kind: &Type) -> bool {
    use Type::{Bool, Bytes, Double, Duration, Dyn, Int, List, Map, Meta, Null, String, Timestamp, Uint};
    let scalar =
        matches!(kind, Int | Uint | Double | Bool | String | Timestamp | Bytes | Duration | Meta | Null);
    match clause {
        _ if *kind == Dyn => true,
        's' => scalar || matches!(kind, List(_) | Map(..)),
        'd' | 'o' => matches!(kind, Int | Uint),
        'f' | 'e' => matches!(kind, Double | String),
        'b' => matches!(kind, Int | Uint | Bool),
        'x' | 'X' => matches!(kind, Int | Uint | String | Bytes),
        _ => false,
    }
}

fn format(call: Call<'_>) -> Result<Value, EvalError> {
    let [Value::String(text), Value::List(list)] = call.arguments else {
        return Err(EvalError::no_overload());
    };
    let mut out = String::new();
    let mut given = list.items().iter();
    for piece in pieces(text).map_err(EvalError::Failed)? {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Clause(clause, precision) => {
                let value = given.next().ok_or_else(|| EvalError::failed("index out of range"))?;
                out.push_str(&clause_of(clause, precision, value)?);
            }
        }
        if out.len() as u64 > 16 * HEAVIEST {
            return Err(EvalError::CostLimit);
        }
    }
    Ok(Value::text(out))
}

fn clause_of(clause: char, precision: Option<usize>, value: &Value) -> Result<String, EvalError> {
    Ok(match (clause, value) {
        ('s', value) => plain(value)?,
        ('d', Value::Int(int)) => int.to_string(),
        ('d', Value::Uint(uint)) => uint.to_string(),
        ('f', Value::Double(double)) => fixed(*double, precision.unwrap_or(6)),
        ('e', Value::Double(double)) => scientific(*double, precision.unwrap_or(6)),
        ('f' | 'e', Value::String(text)) if matches!(&**text, "NaN" | "Infinity" | "-Infinity") => {
            text.to_string()
        }
        ('b', Value::Bool(bool)) => if *bool { "1" } else { "0" }.into(),
        ('b', Value::Int(int)) => signed(*int, format!("{:b}", int.unsigned_abs())),
        ('b', Value::Uint(uint)) => format!("{uint:b}"),
        ('o', Value::Int(int)) => signed(*int, format!("{:o}", int.unsigned_abs())),
        ('o', Value::Uint(uint)) => format!("{uint:o}"),
        ('x', Value::Int(int)) => signed(*int, format!("{:x}", int.unsigned_abs())),
        ('X', Value::Int(int)) => signed(*int, format!("{:X}", int.unsigned_abs())),
        ('x', Value::Uint(uint)) => format!("{uint:x}"),
        ('X', Value::Uint(uint)) => format!("{uint:X}"),
        ('x', Value::String(text)) => hexadecimal(text.as_bytes()),
        ('x', Value::Bytes(bytes)) => hexadecimal(bytes),
        ('X', Value::String(text)) => hexadecimal(text.as_bytes()).to_ascii_uppercase(),
        ('X', Value::Bytes(bytes)) => hexadecimal(bytes).to_ascii_uppercase(),
        _ => {
            let why = format!(
                "error during formatting: the clause %{clause} cannot be used on {}",
                value.type_name()
            );
            return Err(EvalError::failed(why));
        }
    })
}

fn signed(int: i64, magnitude: String) -> String {
    if int < 0 { format!("-{magnitude}") } else { magnitude }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing into a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn special(double: f64) -> Option<&'static str> {
    match double {
        _ if double.is_nan() => Some("NaN"),
        f64::INFINITY => Some("Infinity"),
        f64::NEG_INFINITY => Some("-Infinity"),
        _ => None,
    }
}

fn fixed(double: f64, digits: usize) -> String {
    special(double).map_or_else(|| format!("{double:.digits$}"), str::to_string)
}

fn scientific(double: f64, digits: usize) -> String {
    if let Some(text) = special(double) {
        return text.into();
    }
    let text = format!("{double:.digits$e}");
    let (number, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    format!("{number}e{sign}{exponent:0>2}")
}

/// A value as text; lists and maps with what is in them.
fn plain(value: &Value) -> Result<String, EvalError> {
    let all = |values: &mut dyn Iterator<Item = Result<String, EvalError>>| {
        values.collect::<Result<Vec<_>, _>>().map(|texts| texts.join(", "))
    };
    Ok(match value {
        Value::Null => "null".into(),
        Value::Bool(bool) => bool.to_string(),
        Value::Int(int) => int.to_string(),
        Value::Uint(uint) => uint.to_string(),
        Value::Double(double) => special(*double).map_or_else(|| shortest(*double), str::to_string),
        Value::String(text) | Value::Type(text) => text.to_string(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Duration(nanos) => seconds(*nanos),
        Value::Timestamp(instant) => instant.to_string(),
        Value::List(list) => format!("[{}]", all(&mut list.items().iter().map(plain))?),
        Value::Map(map) => {
            let mut entries =
                map.iter().map(|(key, value)| Ok(format!("{}: {}", plain(key)?, plain(value)?)));
            format!("{{{}}}", all(&mut entries)?)
        }
        other => {
            let why = format!(
                "error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, \
                 maps, lists, types, durations, and timestamps, was given {}",
                other.type_name()
            );
            return Err(EvalError::failed(why));
        }
    })
}
