//! What is measured on nodes, as a load watcher says it: in a file, or in its answer.

use longshore_framework::Timestamp;
use longshore_framework::fields::{Fields, Problem, Problems, nearest};
use longshore_framework::node_metrics::{Sample, Window};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::collect::Source;
use crate::split::{Chunk, split};
use crate::{document, text};

/// Problems that are told each.
const LISTED: usize = 20;

/// A file that is not taken: a line for each problem, with its place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", .0.join("\n"))]
pub struct NotMeasured(Vec<String>);

/// A file with what a load watcher says.
#[derive(Clone, Debug)]
pub struct MeasuredFile {
    source: Source,
    /// What it says, as measured at [`Timestamp`] 0.
    pub sample: Sample,
}

impl MeasuredFile {
    /// Reads a file strictly.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line.
    pub fn read(source: Source) -> Result<Self, NotMeasured> {
        let utf8 = text::utf8(&source.text);
        let chunks = split(&utf8);
        let [chunk] = chunks.as_slice() else {
            let says = format!("has {} documents; the JSON of a load watcher is one", chunks.len());
            return Err(NotMeasured(vec![format!("{}: {says}", source.name)]));
        };
        let mut documents = document::parse(*chunk);
        let value = match (documents.pop(), documents.is_empty()) {
            (Some(Ok(document)), true) => document.value,
            (Some(Err(error)), _) => {
                let (line, column) = (error.at.line, error.at.column);
                return Err(NotMeasured(vec![format!("{}:{line}:{column}: {}", source.name, error.message)]));
            }
            _ => return Err(NotMeasured(vec![format!("{}: has more than one value", source.name)])),
        };
        let mut found = Vec::new();
        let sample = read(&value, Timestamp(0), true, &mut Problems::new(&mut found));
        let lines = placed(&source.name, *chunk, &found);
        drop(utf8);
        if lines.is_empty() { Ok(Self { source, sample }) } else { Err(NotMeasured(lines)) }
    }

    /// Whether it is about nodes that are there only.
    ///
    /// # Errors
    /// The nodes that are not, by line.
    pub fn check_nodes<'n>(&self, names: impl Iterator<Item = &'n str> + Clone) -> Result<(), NotMeasured> {
        let known: std::collections::BTreeSet<&str> = names.clone().collect();
        let mut strange: Vec<&str> =
            self.sample.nodes.keys().map(|name| &**name).filter(|name| !known.contains(name)).collect();
        strange.sort_unstable();
        let problem = |name: &str| {
            let fix = match nearest(name, names.clone()) {
                Some(near) => format!("did you mean {near}?"),
                None => "leave it out, or add the node".to_string(),
            };
            let path = format!("data.NodeMetricsMap.{name}");
            Problem { path, message: format!("there is no such node in the cluster; {fix}") }
        };
        let problems: Vec<Problem> = strange.into_iter().map(problem).collect();
        let utf8 = text::utf8(&self.source.text);
        let lines = split(&utf8).first().map(|chunk| placed(&self.source.name, *chunk, &problems));
        let lines = lines.unwrap_or_default();
        if lines.is_empty() { Ok(()) } else { Err(NotMeasured(lines)) }
    }
}

/// Reads the answer of a load watcher that came `now`. What it has beside what is read here is passed over.
///
/// # Errors
/// Everything that is wrong with it, by field.
pub fn measured_answer(text: &[u8], now: Timestamp) -> Result<Sample, NotMeasured> {
    let value: Value =
        serde_json::from_slice(text).map_err(|error| NotMeasured(vec![format!("it is no JSON: {error}")]))?;
    let mut found = Vec::new();
    let sample = read(&value, now, false, &mut Problems::new(&mut found));
    if found.is_empty() { Ok(sample) } else { Err(NotMeasured(cut(found.iter().map(Problem::to_string)))) }
}

/// Problems with the lines of their fields.
fn placed(name: &str, chunk: Chunk<'_>, problems: &[Problem]) -> Vec<String> {
    let trees = if problems.is_empty() { Vec::new() } else { document::trees(chunk) };
    let line = |problem: &Problem| {
        let at = trees.first().map(|tree| tree.find(&problem.path)).unwrap_or_default();
        format!("{name}:{}: {problem}", document::in_source(chunk, at).line.max(1))
    };
    cut(problems.iter().map(line))
}

/// The first lines, and how many more there are.
fn cut(lines: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let count = lines.len();
    let mut kept: Vec<String> = lines.take(LISTED).collect();
    if count > LISTED {
        kept.push(format!("and {} more", count - LISTED));
    }
    kept
}

/// Reads what a load watcher says. A file is taken as measured `now`, an answer when it says it was, but not later.
fn read(value: &Value, now: Timestamp, is_file: bool, problems: &mut Problems<'_>) -> Sample {
    if !value.is_object() {
        problems.report("must be the JSON of a load watcher: an object with timestamp, window and data");
        return Sample::default();
    }
    let mut fields = Fields::of(value, problems);
    let timestamp = seconds(&mut fields, "timestamp", problems);
    let at = if is_file { now } else { timestamp.filter(|at| at.0 > 0).map_or(now, |at| at.min(now)) };
    fields.string("source", problems);
    let null = Value::Null;
    let window = fields.value("window").unwrap_or(&null);
    let mut sample = Sample::new(read_window(window, is_file, &mut problems.field("window")));
    let data = fields.value("data").unwrap_or(&null);
    {
        let problems = &mut problems.field("data");
        let mut data = Fields::of(data, problems);
        let nodes = data.value("NodeMetricsMap").unwrap_or(&null);
        let problems = &mut problems.field("NodeMetricsMap");
        if let Some(nodes) = nodes.as_object() {
            read_nodes(nodes, (at, is_file), &mut sample, problems);
        } else {
            problems.report("is required: an object with a field for each node");
        }
        finish(data, is_file, problems);
    }
    finish(fields, is_file, problems);
    sample
}

fn finish(fields: Fields<'_>, is_file: bool, problems: &mut Problems<'_>) {
    if is_file {
        fields.finish(problems);
    }
}

fn seconds(fields: &mut Fields<'_>, name: &'static str, problems: &mut Problems<'_>) -> Option<Timestamp> {
    let most = i64::MAX / 1000;
    fields.int(name, -most..=most, problems).map(|seconds| Timestamp(seconds * 1000))
}

fn read_window(value: &Value, is_file: bool, problems: &mut Problems<'_>) -> Option<Window> {
    let mut fields = Fields::of(value, problems);
    fields.string("duration", problems);
    let (start, end) = (seconds(&mut fields, "start", problems), seconds(&mut fields, "end", problems));
    finish(fields, is_file, problems);
    Some(Window { start: start.unwrap_or_default(), end: end? })
}

fn read_nodes(
    nodes: &Map<String, Value>,
    (at, is_file): (Timestamp, bool),
    sample: &mut Sample,
    problems: &mut Problems<'_>,
) {
    for (name, node) in nodes {
        let problems = &mut problems.field(name);
        if let Err(error) = sample.node(name, at) {
            problems.report(error.to_string());
            return;
        }
        let mut fields = Fields::of(node, problems);
        for (index, metric) in fields.list("metrics", problems).iter().enumerate() {
            let problems = &mut problems.field("metrics");
            let problems = &mut problems.index(index);
            let mut fields = Fields::of(metric, problems);
            let words = ["name", "type", "operator", "rollup"]
                .map(|word| fields.string(word, problems).unwrap_or_default());
            let value = number(fields.value("value"), &mut problems.field("value"));
            finish(fields, is_file, problems);
            if let Some(Err(error)) = value.map(|value| sample.add(name, at, words, value)) {
                problems.report(error.to_string());
            }
        }
        // What a load watcher keeps beside values: nothing of it is read.
        for other in ["tags", "metadata"] {
            fields.value(other);
        }
        finish(fields, is_file, problems);
    }
}

fn number(value: Option<&Value>, problems: &mut Problems<'_>) -> Option<f64> {
    let number = value.and_then(Value::as_f64);
    if number.is_none() {
        let cut = |value: &Value| value.to_string().chars().take(60).collect();
        let says = value.map_or("nothing".to_string(), cut);
        problems.report(format!("must be a finite number, such as 12.5, not {says}"));
    }
    number
}

#[cfg(test)]
mod tests;
