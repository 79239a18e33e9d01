//! A JSON text with holes for what differs object by object.

use anyhow::{Context, bail};
use serde_json::{Map, Value};

/// What goes into a hole.
#[derive(Clone, Debug)]
pub(super) enum Hole {
    /// The object's name.
    Name,
    /// Its UID.
    Uid,
    /// One of these, in turn; `$n` in it is the object's number.
    InTurn(Vec<String>),
}

impl Hole {
    /// As it is written in `perPod`: a text, or texts in brackets.
    pub(super) fn per_pod(written: &str) -> Self {
        match written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(list) => Self::InTurn(list.split(',').map(|value| value.trim().to_owned()).collect()),
            None => Self::InTurn(vec![written.to_owned()]),
        }
    }
}

/// The text.
#[derive(Debug, Default)]
pub(super) struct Text {
    holes: Vec<Hole>,
    /// What goes before each hole, with the hole's place in the list, and what follows the last.
    pieces: Vec<(String, usize)>,
    rest: String,
}

impl Text {
    /// Makes a hole where `path` leads. Objects on the way are made, elements of lists are not.
    pub(super) fn hole(&mut self, value: &mut Value, path: &[&str], hole: Hole) -> anyhow::Result<()> {
        *find(value, path)? = format!("@@{:04}@@", self.holes.len()).into();
        self.holes.push(hole);
        Ok(())
    }

    /// The text of `value` with the holes that were made in it.
    pub(super) fn of(mut self, value: &Value) -> Self {
        let text = value.to_string();
        let mut parts = text.split("@@");
        self.rest = parts.next().unwrap_or_default().to_owned();
        while let (Some(number), Some(rest)) = (parts.next(), parts.next()) {
            let before = std::mem::replace(&mut self.rest, rest.to_owned());
            self.pieces.push((before, number.parse().unwrap_or_default()));
        }
        self
    }

    /// The text of an object.
    pub(super) fn fill(&self, name: &str, uid: &str, number: usize) -> String {
        let mut text = String::new();
        for (before, at) in &self.pieces {
            text.push_str(before);
            match &self.holes[*at] {
                Hole::Name => text.push_str(name),
                Hole::Uid => text.push_str(uid),
                Hole::InTurn(values) => {
                    let value = &values[number % values.len()];
                    text.push_str(&value.replace("$n", &number.to_string()));
                }
            }
        }
        text + &self.rest
    }
}

fn find<'v>(mut value: &'v mut Value, path: &[&str]) -> anyhow::Result<&'v mut Value> {
    for key in path {
        if value.is_null() {
            *value = Map::new().into();
        }
        value = match value {
            Value::Object(fields) => fields.entry(*key).or_insert(Value::Null),
            Value::Array(items) => {
                let at: usize = key.parse().with_context(|| format!("{key} is no place in a list"))?;
                items.get_mut(at).with_context(|| format!("there is no element {key}"))?
            }
            _ => bail!("there is nothing below {key}"),
        };
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(mut value: Value, path: &[&str], written: &str, number: usize, want: Value) {
        let mut text = Text::default();
        text.hole(&mut value, path, Hole::per_pod(written)).unwrap();
        let filled = text.of(&value).fill("", "", number);
        assert_eq!(serde_json::from_str::<Value>(&filled).unwrap(), want);
    }

    #[test]
    fn a_hole_takes_the_number() {
        check(json!({"a": 1}), &["b", "c"], "app-$n", 7, json!({"a": 1, "b": {"c": "app-7"}}));
    }

    #[test]
    fn a_list_is_taken_in_turn() {
        check(json!({"a": [{"b": "x"}]}), &["a", "0", "b"], "[p, q, r]", 5, json!({"a": [{"b": "r"}]}));
    }

    #[test]
    fn a_path_that_leads_nowhere_is_refused() {
        assert!(Text::default().hole(&mut json!({"a": []}), &["a", "0"], Hole::Name).is_err());
        assert!(Text::default().hole(&mut json!({"a": "x"}), &["a", "b"], Hole::Name).is_err());
    }
}
