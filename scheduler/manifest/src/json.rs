//! JSON text to values. Of a key that is written twice the last one counts, as in the API server, and is noted.

mod trees;

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

pub(crate) use trees::trees;

/// The values of a text, one after the other, each with the paths of keys that are written twice; after an error nothing
/// follows.
pub(crate) fn values(text: &str) -> Vec<Result<(Value, Vec<String>), serde_json::Error>> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut read = Vec::new();
    while reader.end().is_err() {
        let twice = RefCell::default();
        let value = Noting { path: Path::Root, twice: &twice }.deserialize(&mut reader);
        let broken = value.is_err();
        read.push(value.map(|value| (value, twice.into_inner())));
        if broken {
            break;
        }
    }
    read
}

/// The way to a value, from the inside out.
#[derive(Clone, Copy)]
enum Path<'p> {
    Root,
    Field(&'p Path<'p>, &'p str),
    Element(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Self::Root, name) => f.write_str(name),
            Self::Field(outer, name) => write!(f, "{outer}.{name}"),
            Self::Element(outer, at) => write!(f, "{outer}[{at}]"),
        }
    }
}

/// Reads a value and notes keys that are written twice.
struct Noting<'p> {
    path: Path<'p>,
    twice: &'p RefCell<Vec<String>>,
}

impl<'de> DeserializeSeed<'de> for Noting<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Noting<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let path = Path::Element(&self.path, list.len());
            match elements.next_element_seed(Noting { path, twice: self.twice })? {
                Some(element) => list.push(element),
                None => return Ok(list.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            let path = Path::Field(&self.path, &key);
            let value = fields.next_value_seed(Noting { path, twice: self.twice })?;
            if map.contains_key(&key) {
                self.twice.borrow_mut().push(path.to_string());
            }
            map.insert(key, value);
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_follow_each_other_and_the_last_of_equal_keys_counts() {
        let read = values("{\"a\": [{\"b\": 1, \"b\": 2}], \"c\": 1e3}\n[]  {\"a\": ");
        assert_eq!(read.len(), 3);
        let (value, twice) = read[0].as_ref().unwrap();
        assert_eq!(
            (value, twice.as_slice()),
            (&json!({"a": [{"b": 2}], "c": 1000.0}), &["a[0].b".to_string()][..])
        );
        assert_eq!(read[1].as_ref().unwrap().0, json!([]));
        assert!(read[2].as_ref().unwrap_err().is_eof());
        assert!(values(" \n").is_empty());
    }
}
