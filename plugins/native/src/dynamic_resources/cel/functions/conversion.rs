//! From one type to another.

use super::super::data::instant::{Instant, parse_duration};
use super::super::failure::EvalError;
use super::super::function::{Call, Row};
use super::super::value::Value;

pub(in super::super) const TABLE: &[Row] = &[
    Row { name: "dyn", signatures: &["(A) dyn"], run: same },
    Row { name: "type", signatures: &["(A) type"], run: type_of },
    Row { name: "bool", signatures: &["(bool) bool", "(string) bool"], run: to_bool },
    Row {
        name: "int",
        signatures: &[
            "(int) int",
            "(uint) int",
            "(double) int",
            "(string) int",
            "(timestamp) int",
            "(duration) int",
        ],
        run: to_int,
    },
    Row {
        name: "uint",
        signatures: &["(uint) uint", "(int) uint", "(double) uint", "(string) uint"],
        run: to_uint,
    },
    Row {
        name: "double",
        signatures: &["(double) double", "(int) double", "(uint) double", "(string) double"],
        run: to_double,
    },
    Row {
        name: "string",
        signatures: &[
            "(string) string",
            "(bool) string",
            "(int) string",
            "(uint) string",
            "(double) string",
            "(bytes) string",
            "(timestamp) string",
            "(duration) string",
            "(ip) string",
            "(cidr) string",
        ],
        run: to_string,
    },
    Row { name: "bytes", signatures: &["(bytes) bytes", "(string) bytes"], run: to_bytes },
    Row {
        name: "duration",
        signatures: &["(duration) duration", "(string) duration", "(int) duration"],
        run: to_duration,
    },
    Row {
        name: "timestamp",
        signatures: &["(timestamp) timestamp", "(string) timestamp", "(int) timestamp"],
        run: to_timestamp,
    },
];

fn failed(value: &Value, to: &str) -> EvalError {
    EvalError::failed(format!("type conversion error from '{}' to '{to}'", value.type_name()))
}

fn same(call: Call<'_>) -> Result<Value, EvalError> {
    call.arguments.first().cloned().ok_or_else(EvalError::no_overload)
}

fn type_of(call: Call<'_>) -> Result<Value, EvalError> {
    let value = call.arguments.first().ok_or_else(EvalError::no_overload)?;
    Ok(Value::Type(value.type_name().into()))
}

fn to_bool(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Bool(bool)] => Ok(Value::Bool(*bool)),
        [value @ Value::String(text)] => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(failed(value, "bool")),
        },
        _ => Err(call.no_overload()),
    }
}

fn to_int(call: Call<'_>) -> Result<Value, EvalError> {
    let overflow = || EvalError::failed("integer overflow");
    let int = match call.arguments {
        [Value::Int(int)] => *int,
        [Value::Uint(uint)] => i64::try_from(*uint).map_err(|_| overflow())?,
        [Value::Double(double)] => {
            let cut = double.trunc();
            let fits = cut > i64::MIN as f64 && cut < i64::MAX as f64;
            if fits { cut as i64 } else { return Err(overflow()) }
        }
        [value @ Value::String(text)] => text.parse().map_err(|_| failed(value, "int"))?,
        [Value::Timestamp(instant)] => instant.seconds(),
        [Value::Duration(nanos)] => *nanos,
        _ => return Err(call.no_overload()),
    };
    Ok(Value::Int(int))
}

fn to_uint(call: Call<'_>) -> Result<Value, EvalError> {
    let overflow = || EvalError::failed("unsigned integer overflow");
    let uint = match call.arguments {
        [Value::Uint(uint)] => *uint,
        [Value::Int(int)] => u64::try_from(*int).map_err(|_| overflow())?,
        [Value::Double(double)] => {
            let cut = double.trunc();
            let fits = cut >= 0.0 && cut < u64::MAX as f64;
            if fits { cut as u64 } else { return Err(overflow()) }
        }
        [value @ Value::String(text)] => text.parse().map_err(|_| failed(value, "uint"))?,
        _ => return Err(call.no_overload()),
    };
    Ok(Value::Uint(uint))
}

fn to_double(call: Call<'_>) -> Result<Value, EvalError> {
    let double = match call.arguments {
        [Value::Double(double)] => *double,
        [Value::Int(int)] => *int as f64,
        [Value::Uint(uint)] => *uint as f64,
        [value @ Value::String(text)] => text.parse().map_err(|_| failed(value, "double"))?,
        _ => return Err(call.no_overload()),
    };
    Ok(Value::Double(double))
}

fn to_string(call: Call<'_>) -> Result<Value, EvalError> {
    let text = match call.arguments {
        [Value::String(text)] => return Ok(Value::String(text.clone())),
        [Value::Bool(bool)] => bool.to_string(),
        [Value::Int(int)] => int.to_string(),
        [Value::Uint(uint)] => uint.to_string(),
        [Value::Double(double)] => shortest(*double),
        [value @ Value::Bytes(bytes)] => {
            String::from_utf8(bytes.to_vec()).map_err(|_| failed(value, "string"))?
        }
        [Value::Timestamp(instant)] => instant.to_string(),
        [Value::Duration(nanos)] => seconds(*nanos),
        [Value::Ip(ip)] => ip.to_string(),
        [Value::Cidr(cidr)] => cidr.to_string(),
        _ => return Err(call.no_overload()),
    };
    Ok(Value::text(text))
}

/// A length of time in seconds, with as many digits as it needs.
pub(super) fn seconds(nanos: i64) -> String {
    let (sign, nanos) = if nanos < 0 { ("-", nanos.unsigned_abs()) } else { ("", nanos.unsigned_abs()) };
    let (whole, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    match rest {
        0 => format!("{sign}{whole}s"),
        _ => format!("{sign}{whole}.{}s", format!("{rest:09}").trim_end_matches('0')),
    }
}

/// A number as Go's `%g` writes it: with as few digits as tell it apart.
pub(super) fn shortest(double: f64) -> String {
    if double.is_nan() {
        return "NaN".into();
    }
    if double.is_infinite() {
        return if double > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let scientific = format!("{double:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    double.to_string()
}

fn to_bytes(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Bytes(bytes)] => Ok(Value::Bytes(bytes.clone())),
        [Value::String(text)] => Ok(Value::Bytes(text.as_bytes().into())),
        _ => Err(call.no_overload()),
    }
}

fn to_duration(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Duration(nanos) | Value::Int(nanos)] => Ok(Value::Duration(*nanos)),
        [value @ Value::String(text)] => {
            let nanos = parse_duration(text).ok_or_else(|| failed(value, "google.protobuf.Duration"));
            nanos.map(Value::Duration)
        }
        _ => Err(call.no_overload()),
    }
}

fn to_timestamp(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Timestamp(instant)] => Ok(Value::Timestamp(*instant)),
        [Value::Int(seconds)] => {
            let instant = Instant::new(*seconds, 0);
            instant.map(Value::Timestamp).ok_or_else(|| EvalError::failed("timestamp overflow"))
        }
        [value @ Value::String(text)] => {
            let instant = Instant::parse(text).ok_or_else(|| failed(value, "google.protobuf.Timestamp"));
            instant.map(Value::Timestamp)
        }
        _ => Err(call.no_overload()),
    }
}
