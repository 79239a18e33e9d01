//! Semantic versions.

use std::sync::Arc;

use super::super::data::semver::Semver;
use super::super::failure::EvalError;
use super::super::function::{Call, Row};
use super::super::value::Value;

pub(in super::super) const TABLE: &[Row] = &[
    Row { name: "semver", signatures: &["(string) semver", "(string, bool) semver"], run: semver },
    Row { name: "isSemver", signatures: &["(string) bool", "(string, bool) bool"], run: is_semver },
    Row { name: "major", signatures: PART, run: |call| part(call, |version| version.major) },
    Row { name: "minor", signatures: PART, run: |call| part(call, |version| version.minor) },
    Row { name: "patch", signatures: PART, run: |call| part(call, |version| version.patch) },
];

const PART: &[&str] = &["semver.() int"];

fn read(call: Call<'_>) -> Result<Result<Semver, String>, EvalError> {
    match call.arguments {
        [Value::String(text)] | [Value::String(text), Value::Bool(false)] => Ok(Semver::parse(text)),
        [Value::String(text), Value::Bool(true)] => Ok(Semver::parse_lenient(text)),
        _ => Err(call.no_overload()),
    }
}

fn semver(call: Call<'_>) -> Result<Value, EvalError> {
    read(call)?.map(|version| Value::Semver(Arc::new(version))).map_err(EvalError::Failed)
}

fn is_semver(call: Call<'_>) -> Result<Value, EvalError> {
    read(call).map(|version| Value::Bool(version.is_ok()))
}

/// Numbers beyond the range of an int wrap around, as upstream.
fn part(call: Call<'_>, part: fn(&Semver) -> u64) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Semver(version)] => Ok(Value::Int(part(version).cast_signed())),
        _ => Err(call.no_overload()),
    }
}
