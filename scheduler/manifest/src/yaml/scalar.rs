//! What a scalar stands for, by the rules of go-yaml 2 (`resolve.go`) and of the JSON that kubectl makes of it.

use granit_parser::Tag;
use serde_json::Value;

use super::shown;

/// The value of a scalar. Text in quotes and block scalars are strings, unless a tag says otherwise.
pub(super) fn resolve(text: &str, plain: bool, tag: Option<&Tag>) -> Result<Value, String> {
    let tag = tag.map(|tag| format!("{}{}", tag.handle(), tag.suffix()));
    let tag = tag.as_deref().and_then(|tag| tag.strip_prefix("tag:yaml.org,2002:"));
    match tag {
        None if plain => untagged(text),
        Some(kind @ ("bool" | "int" | "float" | "null")) => {
            let value = untagged(text)?;
            let fits = match kind {
                "bool" => value.is_boolean(),
                "null" => value.is_null(),
                _ => value.is_number(),
            };
            if fits { Ok(value) } else { Err(format!("cannot read {} as !!{kind}", shown(text))) }
        }
        _ => Ok(text.into()),
    }
}

fn untagged(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => true.into(),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => false.into(),
        _ if is_non_finite(text) => {
            return Err(format!(
                "{} is a non-finite number, which JSON cannot hold; put it in quotes",
                shown(text)
            ));
        }
        _ => number(text).unwrap_or_else(|| text.into()),
    })
}

fn is_non_finite(text: &str) -> bool {
    let word = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(word, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// The number that `text` is, if it is one.
fn number(text: &str) -> Option<Value> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let text = text.replace('_', "");
    if let Some(whole) = integer(&text) {
        return Some(whole);
    }
    // Hashes such as 753721e5 are numbers to go-yaml and words to most other writers. As a word it is either: fields for
    // numbers read it, too.
    if !is_float(&text) || is_exponent_word(&text) {
        return None;
    }
    float(text.parse().ok()?)
}

/// A number as JSON has it: without a point when it is whole.
pub(crate) fn float(number: f64) -> Option<Value> {
    /// From here on Go prints exponents.
    const PRINTED_WHOLE: f64 = 1e21;
    if !number.is_finite() {
        return None;
    }
    let whole = number.fract() == 0.0 && number.abs() < PRINTED_WHOLE;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and of less than 2^70")]
    let value = if whole { integer_value(number as i128) } else { None };
    value.or_else(|| serde_json::Number::from_f64(number).map(Value::Number))
}

/// Digits, an e, digits: a number that YAML 1.1 takes for a word, because the exponent has no sign.
pub(crate) fn is_exponent_word(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once(['e', 'E']).is_some_and(|(mantissa, exponent)| digits(mantissa) && digits(exponent))
}

/// Go's ParseInt and ParseUint with base 0: 0x, 0o, 0b, and a leading 0 for octal.
fn integer(text: &str) -> Option<Value> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let (digits, radix) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&digits[2..], 16),
        [b'0', b'o' | b'O', ..] => (&digits[2..], 8),
        [b'0', b'b' | b'B', ..] => (&digits[2..], 2),
        [b'0', _, ..] => (&digits[1..], 8),
        _ => (digits, 10),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let number = i128::from_str_radix(digits, radix).ok()?;
    integer_value(sign * number)
}

fn integer_value(number: i128) -> Option<Value> {
    i64::try_from(number).map(Value::from).or_else(|_| u64::try_from(number).map(Value::from)).ok()
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, want: Value) {
        assert_eq!(resolve(text, true, None), Ok(want), "{text}");
    }

    #[test]
    fn numbers_are_go_yamls() {
        check("0644", json!(420));
        check("08", json!(8));
        check("0x1F", json!(31));
        check("0b101", json!(5));
        check("1_000", json!(1000));
        check("+7", json!(7));
        check("-0x10", json!(-16));
        check("3.0", json!(3));
        check("1e+06", json!(1_000_000));
        check("1.5e3", json!(1500));
        check(".5", json!(0.5));
        check("18446744073709551615", json!(u64::MAX));
        check("1e+300", json!(1e300));
    }

    #[test]
    fn words_are_words() {
        for word in [
            "753721e5",
            "5e999",
            "1.2.3",
            "2026-01-02",
            "0x",
            "1e",
            "-",
            "+",
            ".",
            "1:30",
            "NaN",
            "1Gi",
            "--1",
            "0o",
        ] {
            check(word, json!(word));
        }
        assert_eq!(resolve("12", false, None), Ok(json!("12")));
        assert!(resolve("-.inf", true, None).is_err_and(|m| m.contains("non-finite")));
    }

    #[test]
    fn booleans_and_nulls_are_those_of_yaml_1_1() {
        check("yes", json!(true));
        check("Off", json!(false));
        check("~", json!(null));
        check("yEs", json!("yEs"));
    }
}
