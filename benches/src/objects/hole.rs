//! A JSON text with holes for what differs object by object.

use anyhow::{Context, bail};
use serde_json::{Map, Value};

/// Which object it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Who<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) uid: &'a str,
    pub(super) number: usize,
    /// The number of its group.
    pub(super) group: usize,
    /// Its number in the group.
    pub(super) place: usize,
}

impl Who<'_> {
    /// Puts into `text` what stands for the words that begin with `$`; a word that means nothing stays.
    pub(super) fn fill_in(&self, mut text: &str, into: &mut String) {
        while let Some((before, rest)) = text.split_once('$') {
            into.push_str(before);
            text = self.word(rest, into).unwrap_or_else(|| {
                into.push('$');
                rest
            });
        }
        into.push_str(text);
    }

    /// What the word at the beginning stands for; returns what follows it.
    fn word<'t>(&self, text: &'t str, into: &mut String) -> Option<&'t str> {
        // No word may stand behind one that it begins with.
        for (word, is) in [("namespace", self.namespace), ("name", self.name), ("uid", self.uid)] {
            if let Some(rest) = text.strip_prefix(word) {
                into.push_str(is);
                return Some(rest);
            }
        }
        let numbers = [('n', self.number), ('g', self.group), ('i', self.place)];
        let (word, is) = numbers.into_iter().find(|(word, _)| text.starts_with(*word))?;
        into.push_str(&is.to_string());
        text.strip_prefix(word)
    }

    /// The text with everything filled in.
    pub(super) fn filled(&self, text: &str) -> String {
        let mut into = String::with_capacity(text.len());
        self.fill_in(text, &mut into);
        into
    }
}

/// What goes into a hole.
#[derive(Clone, Debug)]
pub(super) enum Hole {
    /// The object's name.
    Name,
    /// Its UID.
    Uid,
    /// One of these, pod by pod in turn.
    PerPod(Vec<String>),
    /// One of these, group by group in turn.
    PerGroup(Vec<String>),
}

/// Values as they are written: a text, or texts in brackets.
pub(super) fn values(written: &str) -> Vec<String> {
    match written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(list) => list.split(',').map(|value| value.trim().to_owned()).collect(),
        None => vec![written.to_owned()],
    }
}

/// The text. Words in it that begin with `$` are holes, too.
#[derive(Debug, Default)]
pub(super) struct Text {
    holes: Vec<Hole>,
    /// What goes before each hole, with the hole's place in the list, and what follows the last.
    pieces: Vec<(String, usize)>,
    rest: String,
}

impl Text {
    /// Makes a hole where `path` leads. Objects on the way are made, elements of lists are not. Where a number was, a
    /// number will be.
    pub(super) fn hole(&mut self, value: &mut Value, path: &[&str], hole: Hole) -> anyhow::Result<()> {
        let found = find(value, path)?;
        let mark = if found.is_number() { BARE } else { "" };
        *found = format!("{mark}@@{:04}@@{mark}", self.holes.len()).into();
        self.holes.push(hole);
        Ok(())
    }

    /// The text of `value` with the holes that were made in it.
    pub(super) fn of(mut self, value: &Value) -> Self {
        let text = value.to_string().replace(&format!("\"{BARE}"), "").replace(&format!("{BARE}\""), "");
        let mut parts = text.split("@@");
        self.rest = parts.next().unwrap_or_default().to_owned();
        while let (Some(number), Some(rest)) = (parts.next(), parts.next()) {
            let before = std::mem::replace(&mut self.rest, rest.to_owned());
            self.pieces.push((before, number.parse().unwrap_or_default()));
        }
        self
    }

    /// The text of an object.
    pub(super) fn fill(&self, who: &Who<'_>) -> String {
        let mut text = String::new();
        for (before, at) in &self.pieces {
            who.fill_in(before, &mut text);
            match &self.holes[*at] {
                Hole::Name => text.push_str(who.name),
                Hole::Uid => text.push_str(who.uid),
                Hole::PerPod(values) => who.fill_in(&values[who.number % values.len()], &mut text),
                Hole::PerGroup(values) => who.fill_in(&values[who.group % values.len()], &mut text),
            }
        }
        who.fill_in(&self.rest, &mut text);
        text
    }
}

/// Stands on both sides of a hole for a number, within the quotes, until the quotes are taken away.
const BARE: &str = "@#";

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
        text.hole(&mut value, path, Hole::PerPod(values(written))).unwrap();
        let who = Who { namespace: "shop", name: "web", number, group: number / 2, place: 1, uid: "" };
        let filled = text.of(&value).fill(&who);
        assert_eq!(serde_json::from_str::<Value>(&filled).unwrap(), want);
    }

    #[test]
    fn a_hole_takes_the_number() {
        check(json!({"a": 1}), &["b", "c"], "app-$n", 7, json!({"a": 1, "b": {"c": "app-7"}}));
    }

    #[test]
    fn words_are_filled_in_wherever_they_stand() {
        check(
            json!({"x-$n": "$namespace/$name-$g.$i $5 $"}),
            &["b"],
            "$",
            7,
            json!({"x-7": "shop/web-3.1 $5 $", "b": "$"}),
        );
    }

    #[test]
    fn a_list_is_taken_in_turn() {
        check(json!({"a": [{"b": "x"}]}), &["a", "0", "b"], "[p, q, r]", 5, json!({"a": [{"b": "r"}]}));
    }

    #[test]
    fn a_number_stays_a_number() {
        check(json!({"a": 1}), &["a"], "[10, 20]", 3, json!({"a": 20}));
    }

    #[test]
    fn a_path_that_leads_nowhere_is_refused() {
        assert!(Text::default().hole(&mut json!({"a": []}), &["a", "0"], Hole::Name).is_err());
        assert!(Text::default().hole(&mut json!({"a": "x"}), &["a", "b"], Hole::Name).is_err());
    }
}
