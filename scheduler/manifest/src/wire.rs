//! Kubernetes objects as they are written, cut down to the fields that scheduling reads. Unknown fields are ignored and
//! `null` counts as absent, both as the API server does.

pub(crate) mod admission;
pub(crate) mod affinity;
pub(crate) mod claim;
pub(crate) mod devices;
pub(crate) mod groups;
pub(crate) mod meta;
pub(crate) mod node;
pub(crate) mod pod;
pub(crate) mod resources;
pub(crate) mod storage;
pub(crate) mod volume;
pub(crate) mod workload;

use std::collections::BTreeMap;
use std::fmt;

use longshore_framework::quantity::Quantity;
use longshore_framework::{Str, Timestamp};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A map of strings, in key order.
pub(crate) type StringMap = BTreeMap<Str, Str>;
/// Amounts by resource name.
pub(crate) type Amounts = BTreeMap<Str, Amount>;

/// Declares structs of optional fields in camelCase.
macro_rules! wire {
    ($($(#[$about:meta])* struct $name:ident { $($(#[$more:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$about])*
        #[derive(Clone, Debug, Default, serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub(crate) struct $name {
            $($(#[$more])* #[serde(deserialize_with = "crate::wire::or_default")] pub(crate) $field: $type,)*
        }
    )*};
}
pub(crate) use wire;

/// Reads a field where `null` stands for nothing.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A quantity, written as a string or as a number; what is finer than a thousandth is rounded up, as the API does with
/// each amount it reads (`SetDefaults_ResourceList`).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Amount(pub(crate) Quantity);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AmountVisitor)
    }
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quantity like 500m, 2 or 1.5Gi")
    }

    /// Zero, which is not the same as none at all.
    fn visit_unit<E>(self) -> Result<Amount, E> {
        Ok(Amount::default())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
        trimmed(text).parse().map(|q: Quantity| Amount(q.ceil_milli())).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Amount, E> {
        Ok(Amount(Quantity::units(number)))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Amount, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Amount, E> {
        self.visit_str(&number.to_string())
    }
}

/// The text without the blanks around it that Go's decoder takes off: it looks at the text as JSON has it, where control
/// characters are escapes.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace() && !c.is_ascii_control() && !matches!(c, '\u{2028}' | '\u{2029}')
    })
}

/// A quantity with all its digits, as devices have them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Exact(pub(crate) Quantity);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        trimmed(&text).parse().map(Self).map_err(de::Error::custom)
    }
}

/// A moment, written as RFC 3339 has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Time(pub(crate) Timestamp);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Str::deserialize(deserializer)?;
        let parsed: Result<jiff::Timestamp, _> = text.parse();
        parsed.map(|t| Self(Timestamp(t.as_millisecond()))).map_err(|_| {
            let shown = crate::error::quoted(&text);
            de::Error::custom(format!("{shown} is not a time; write it like \"2026-01-02T15:04:05Z\""))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(written: serde_json::Value, milli: Option<i64>) {
        let amount = Amount::deserialize(crate::lenient::Lenient(&written)).ok();
        assert_eq!(amount.map(|a| a.0.milli_value()), milli, "{written}");
    }

    #[test]
    fn quantities_are_strings_or_numbers() {
        check(json!("500m"), Some(500));
        check(json!(2), Some(2000));
        check(json!(0.5), Some(500));
        check(json!("100u"), Some(1));
        check(json!("1500001u"), Some(1501));
        check(json!(-1), Some(-1000));
        check(json!(1e300), Some(i64::MAX));
        check(json!(" 1 "), Some(1000));
        check(json!("\u{a0}1Ki"), Some(1_024_000));
        check(json!("8e3"), Some(8_000_000));
        check(json!(null), Some(0));
        check(json!("1\n"), None);
        check(json!("1 Ki"), None);
        check(json!(" "), None);
        check(json!("x"), None);
        check(json!(true), None);
        check(json!([1]), None);
    }

    #[test]
    fn times_are_milliseconds() {
        let time = Time::deserialize(&json!("1970-01-01T00:00:01.500Z")).unwrap();
        assert_eq!(time.0, Timestamp(1500));
        assert!(Time::deserialize(&json!("yesterday")).is_err());
    }
}
