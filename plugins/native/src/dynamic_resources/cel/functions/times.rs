//! Parts of points in time and of lengths of it.

use super::super::data::instant::{Civil, offset};
use super::super::failure::EvalError;
use super::super::function::{Call, Row};
use super::super::value::Value;

pub(in super::super) const TABLE: &[Row] = &[
    Row { name: "getFullYear", signatures: OF_DAY, run: |call| part(call, |civil| civil.year, None) },
    Row { name: "getMonth", signatures: OF_DAY, run: |call| part(call, |civil| civil.month - 1, None) },
    Row { name: "getDate", signatures: OF_DAY, run: |call| part(call, |civil| civil.day, None) },
    Row { name: "getDayOfMonth", signatures: OF_DAY, run: |call| part(call, |civil| civil.day - 1, None) },
    Row { name: "getDayOfWeek", signatures: OF_DAY, run: |call| part(call, |civil| civil.day_of_week, None) },
    Row { name: "getDayOfYear", signatures: OF_DAY, run: |call| part(call, |civil| civil.day_of_year, None) },
    Row {
        name: "getHours",
        signatures: OF_BOTH,
        run: |call| part(call, |civil| civil.hour, Some(3600 * SECOND)),
    },
    Row {
        name: "getMinutes",
        signatures: OF_BOTH,
        run: |call| part(call, |civil| civil.minute, Some(60 * SECOND)),
    },
    Row {
        name: "getSeconds",
        signatures: OF_BOTH,
        run: |call| part(call, |civil| civil.second, Some(SECOND)),
    },
    Row { name: "getMilliseconds", signatures: OF_BOTH, run: milliseconds },
];

const SECOND: i64 = 1_000_000_000;
const OF_DAY: &[&str] = &["timestamp.() int", "timestamp.(string) int"];
const OF_BOTH: &[&str] = &["timestamp.() int", "timestamp.(string) int", "duration.() int"];

/// A part of a point in time, in UTC or in a zone given by its distance; of a length of time how often `unit` fits.
fn part(call: Call<'_>, part: fn(Civil) -> i64, unit: Option<i64>) -> Result<Value, EvalError> {
    match (call.arguments, unit) {
        ([Value::Duration(nanos)], Some(unit)) => Ok(Value::Int(nanos / unit)),
        ([Value::Timestamp(instant)], _) => Ok(Value::Int(part(instant.civil(0)))),
        ([Value::Timestamp(instant), Value::String(zone)], _) => {
            let unknown = || EvalError::failed(format!("unknown time zone {zone}"));
            Ok(Value::Int(part(instant.civil(offset(zone).ok_or_else(unknown)?))))
        }
        _ => Err(EvalError::no_overload()),
    }
}

/// Of a length of time only what is left beside whole seconds.
fn milliseconds(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Duration(nanos)] => Ok(Value::Int(nanos % SECOND / 1_000_000)),
        _ => part(call, |civil| civil.millisecond, None),
    }
}
