//! Regular expressions.

use regex::Regex;

use super::super::data::pattern;
use super::super::failure::EvalError;
use super::super::function::{Call, Row};
use super::super::value::Value;

pub(in super::super) const TABLE: &[Row] = &[
    Row { name: "matches", signatures: &["string.(string) bool", "(string, string) bool"], run: matches },
    Row { name: "find", signatures: &["string.(string) string"], run: find },
    Row {
        name: "findAll",
        signatures: &["string.(string) list(string)", "string.(string, int) list(string)"],
        run: find_all,
    },
];

fn compile(text: &str) -> Result<Regex, EvalError> {
    pattern::compile(text).map_err(|why| EvalError::failed(format!("error parsing regexp: {why}")))
}

fn matches(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::String(text), Value::String(pattern)] => Ok(Value::Bool(compile(pattern)?.is_match(text))),
        _ => Err(EvalError::no_overload()),
    }
}

fn find(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::String(text), Value::String(pattern)] => {
            Ok(Value::text(compile(pattern)?.find(text).map_or("", |found| found.as_str())))
        }
        _ => Err(EvalError::no_overload()),
    }
}

fn find_all(call: Call<'_>) -> Result<Value, EvalError> {
    let (text, pattern, limit) = match call.arguments {
        [Value::String(text), Value::String(pattern)] => (text, pattern, usize::MAX),
        [Value::String(text), Value::String(pattern), Value::Int(limit)] => {
            (text, pattern, usize::try_from(*limit).unwrap_or(usize::MAX))
        }
        _ => return Err(EvalError::no_overload()),
    };
    let regex = compile(pattern)?;
    let found = regex.find_iter(text).take(limit).map(|found| Value::text(found.as_str()));
    Ok(Value::list(found))
}
