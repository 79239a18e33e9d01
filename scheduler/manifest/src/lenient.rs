//! Values as Go's decoder takes them: `null` is the zero of whatever stands there, and whole numbers may be written with a
//! point or an exponent.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

use crate::yaml::scalar::{float, is_exponent_word};

/// Reads a value like Go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lenient<'v>(pub(crate) &'v Value);

impl<'v> Lenient<'v> {
    /// The number that is meant, where it is whole and written otherwise.
    fn whole(self) -> Option<Value> {
        let number = match self.0 {
            Value::Number(number) if number.is_f64() => number.as_f64(),
            Value::String(word) if is_exponent_word(word) => word.parse().ok(),
            _ => None,
        };
        number.and_then(float)
    }

    fn integer<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Error> {
        let whole = self.whole();
        let value = whole.as_ref().unwrap_or(self.0);
        match (value.as_i64(), value.as_u64()) {
            (Some(number), _) => visitor.visit_i64(number),
            (_, Some(number)) => visitor.visit_u64(number),
            _ if value.is_null() => visitor.visit_i64(0),
            _ => self.deserialize_any(visitor),
        }
    }
}

macro_rules! integers {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.integer(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Lenient<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(_) => self.0.deserialize_any(visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(elements) => {
                let mut access = SeqDeserializer::new(elements.iter().map(Lenient));
                let read = visitor.visit_seq(&mut access)?;
                access.end().map(|()| read)
            }
            Value::Object(fields) => {
                let mut access =
                    MapDeserializer::new(fields.iter().map(|(key, value)| (key.as_str(), Lenient(value))));
                let read = visitor.visit_map(&mut access)?;
                access.end().map(|()| read)
            }
        }
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_bool(false) } else { self.deserialize_any(visitor) }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_borrowed_str("") } else { self.deserialize_any(visitor) }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() {
            return visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<Lenient<'de>>()));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() {
            return visitor.visit_map(MapDeserializer::new(std::iter::empty::<(&str, Lenient<'de>)>()));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Lenient<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::decode;
    use crate::wire::pod::Pod;
    use crate::wire::workload::Workload;
    use serde_json::json;

    #[track_caller]
    fn replicas(written: Value, want: Option<i64>) {
        let workload: Result<Workload, _> = decode(&json!({"spec": {"replicas": written}}));
        assert_eq!(workload.ok().map(|w| w.spec.replicas.unwrap_or(1)), want, "{written}");
    }

    #[test]
    fn whole_numbers_may_be_written_as_floats() {
        replicas(json!(3), Some(3));
        replicas(json!(3.0), Some(3));
        replicas(json!(1e6), Some(1_000_000));
        replicas(json!("1e2"), Some(100));
        replicas(json!(null), Some(1));
        replicas(json!(3.5), None);
        replicas(json!(1e30), None);
        replicas(json!("3"), None);
        replicas(json!(true), None);
    }

    #[test]
    fn null_is_nothing_wherever_it_stands() {
        let pod: Pod = decode(&json!({
            "metadata": {"name": null, "labels": {"a": null}, "ownerReferences": [null]},
            "spec": {
                "priority": null, "hostNetwork": null, "tolerations": null, "schedulingGates": [null], "overhead": {"cpu": null},
                "containers": [{"name": "c", "resources": {"requests": {"cpu": null, "memory": "1Gi"}, "limits": null}}],
                "affinity": {"nodeAffinity": null, "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [null]}},
            },
            "status": null,
        }))
        .unwrap();
        assert_eq!(pod.metadata.labels.get("a").map(|v| &**v), Some(""));
        assert_eq!(pod.spec.containers[0].resources.requests["cpu"].0.milli_value(), 0);
        assert_eq!((pod.spec.priority, pod.spec.scheduling_gates.len()), (None, 1));
    }
}
