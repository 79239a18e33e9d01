//! Reading configuration strictly: every problem is collected with its path, and unknown fields are refused.

use std::fmt;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

/// One thing wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, such as `profiles[0].pluginConfig[1].args.hardPodAffinityWeight`.
    pub path: String,
    /// What is wrong and how to fix it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

/// Where problems go, and the path of what is being read.
#[derive(Debug)]
pub struct Problems<'a> {
    found: &'a mut Vec<Problem>,
    path: String,
}

impl<'a> Problems<'a> {
    /// Collects into `found`; the path starts empty.
    pub fn new(found: &'a mut Vec<Problem>) -> Self {
        Self { found, path: String::new() }
    }

    /// The same one level deeper: at a field.
    pub fn field(&mut self, name: &str) -> Problems<'_> {
        let path = if self.path.is_empty() { name.to_string() } else { format!("{}.{name}", self.path) };
        Problems { found: self.found, path }
    }

    /// The same one level deeper: at an element of a list.
    pub fn index(&mut self, at: usize) -> Problems<'_> {
        Problems { path: format!("{}[{at}]", self.path), found: self.found }
    }

    /// Reports a problem at this path.
    pub fn report(&mut self, message: impl Into<String>) {
        self.found.push(Problem { path: self.path.clone(), message: message.into() });
    }

    /// The path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How many problems there are so far, everywhere.
    pub fn count(&self) -> usize {
        self.found.len()
    }
}

/// The fields of one object. Ask for each field that may stand there, then [`finish`](Self::finish).
#[derive(Debug)]
pub struct Fields<'v> {
    map: Option<&'v Map<String, Value>>,
    known: Vec<&'static str>,
}

impl<'v> Fields<'v> {
    /// The fields of `value`; null has none, and anything but an object is a problem.
    pub fn of(value: &'v Value, problems: &mut Problems<'_>) -> Self {
        let map = value.as_object();
        if map.is_none() && !value.is_null() {
            problems.report(format!("must be an object with fields, not {}", kind(value)));
        }
        Self { map, known: Vec::new() }
    }

    /// The fields of a plugin's arguments, which may name their own type: then it has to be v1 and `kind`.
    pub fn of_args(value: &'v Value, kind: &str, problems: &mut Problems<'_>) -> Self {
        let mut fields = Self::of(value, problems);
        for (name, want) in [("apiVersion", "kubescheduler.config.k8s.io/v1"), ("kind", kind)] {
            if let Some(found) = fields.string(name, problems)
                && found != want
            {
                problems
                    .field(name)
                    .report(format!("must be {want}, or be left out, not {}", shown(&Value::from(found))));
            }
        }
        fields
    }

    /// Whether a field is given, which does not make it one that may stand here.
    pub fn has(&self, name: &str) -> bool {
        self.map.is_some_and(|map| map.get(name).is_some_and(|value| !value.is_null()))
    }

    /// The value of a field; null counts as absent.
    pub fn value(&mut self, name: &'static str) -> Option<&'v Value> {
        self.known.push(name);
        self.map?.get(name).filter(|v| !v.is_null())
    }

    /// An integer in `range`; `None` when absent or wrong.
    pub fn int(
        &mut self,
        name: &'static str,
        range: RangeInclusive<i64>,
        problems: &mut Problems<'_>,
    ) -> Option<i64> {
        let value = self.value(name)?;
        let number = value.as_i64().filter(|n| range.contains(n));
        if number.is_none() {
            let bounds = match (*range.start(), *range.end()) {
                (low, i64::MAX) => format!("of at least {low}"),
                (low, high) => format!("from {low} to {high}"),
            };
            problems.field(name).report(format!("must be a whole number {bounds}, not {}", shown(value)));
        }
        number
    }

    /// A boolean; `None` when absent or wrong.
    pub fn bool(&mut self, name: &'static str, problems: &mut Problems<'_>) -> Option<bool> {
        let value = self.value(name)?;
        if value.as_bool().is_none() {
            problems.field(name).report(format!("must be true or false, not {}", shown(value)));
        }
        value.as_bool()
    }

    /// A string; `None` when absent or wrong.
    pub fn string(&mut self, name: &'static str, problems: &mut Problems<'_>) -> Option<&'v str> {
        let value = self.value(name)?;
        if value.as_str().is_none() {
            problems.field(name).report(format!("must be a string, not {}", shown(value)));
        }
        value.as_str()
    }

    /// One of a few words; `None` when absent or wrong.
    pub fn word<T: Copy>(
        &mut self,
        name: &'static str,
        words: &[(&str, T)],
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let text = self.string(name, problems)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            problems.field(name).report(format!(
                "must be one of {}, not {}",
                all.join(", "),
                shown(&Value::from(text))
            ));
        }
        found
    }

    /// The elements of a list; empty when absent or wrong.
    pub fn list(&mut self, name: &'static str, problems: &mut Problems<'_>) -> &'v [Value] {
        let Some(value) = self.value(name) else { return &[] };
        if value.as_array().is_none() {
            problems.field(name).report(format!("must be a list, not {}", kind(value)));
        }
        value.as_array().map_or(&[], Vec::as_slice)
    }

    /// A list of strings; those that are none are problems and left out.
    pub fn strings(&mut self, name: &'static str, problems: &mut Problems<'_>) -> Vec<&'v str> {
        let list = self.list(name, problems);
        let mut field = problems.field(name);
        let read = |(at, value): (usize, &'v Value)| {
            if value.as_str().is_none() {
                field.index(at).report(format!("must be a string, not {}", shown(value)));
            }
            value.as_str()
        };
        list.iter().enumerate().filter_map(read).collect()
    }

    /// Refuses every field that was not asked for.
    pub fn finish(self, problems: &mut Problems<'_>) {
        for name in self.map.iter().flat_map(|m| m.keys()) {
            if !self.known.contains(&name.as_str()) {
                let near = nearest(name, self.known.iter().copied());
                let fix = match near {
                    Some(near) => format!("did you mean {near}?"),
                    None if self.known.is_empty() => "no field is allowed here".to_string(),
                    None => format!("known fields: {}", self.known.join(", ")),
                };
                problems.field(&cut(name)).report(format!("unknown field; {fix}"));
            }
        }
    }
}

/// The candidate closest to what was written, if close enough to be a slip of the pen.
pub fn nearest<'a>(written: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > 80 {
        return None;
    }
    let limit = (written.len() / 3).clamp(1, 3);
    candidates.map(|c| (edits(written, c), c)).filter(|(d, _)| *d <= limit).min().map(|(_, c)| c)
}

/// Levenshtein distance, letter case apart.
fn edits(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The value as a message shows it, cut short.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => kind(value).to_string(),
        Value::String(text) => format!("{:?}", cut(text)),
        other => cut(&other.to_string()),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_problem_is_collected_with_its_path_and_the_mend() {
        let value = json!({"weight": 200, "flags": "yes", "names": ["a", 1], "wieght": 1, "kind": "Most"});
        let mut found = Vec::new();
        let mut problems = Problems::new(&mut found);
        let mut root = problems.field("args");
        let mut fields = Fields::of(&value, &mut root);
        assert_eq!(fields.int("weight", 0..=100, &mut root), None);
        assert_eq!(fields.bool("flags", &mut root), None);
        assert_eq!(fields.strings("names", &mut root), ["a"]);
        assert_eq!(fields.word("kind", &[("Least", 1), ("Most", 2)], &mut root), Some(2));
        fields.finish(&mut root);
        let text: Vec<_> = found.iter().map(Problem::to_string).collect();
        assert_eq!(
            text,
            [
                "args.weight: must be a whole number from 0 to 100, not 200",
                "args.flags: must be true or false, not \"yes\"",
                "args.names[1]: must be a string, not 1",
                "args.wieght: unknown field; did you mean weight?",
            ]
        );
    }
}
