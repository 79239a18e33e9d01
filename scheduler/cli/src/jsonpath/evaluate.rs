//! What a template finds in a document (`util/jsonpath/jsonpath.go` of client-go, with keys that may be missing).

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::BadTemplate;
use super::parse::{Compare, Filter, Node, Slice, Step};

type Result<T> = std::result::Result<T, BadTemplate>;

/// Something of the document, or of the template.
pub(super) type Found<'v> = Cow<'v, Value>;

/// For each part of the template what it finds, in order.
pub(super) fn results<'v>(nodes: &[Node], document: &'v Value) -> Result<Vec<Vec<Found<'v>>>> {
    let mut all = Vec::new();
    add(nodes, &Cow::Borrowed(document), &mut all)?;
    Ok(all)
}

fn add<'v>(nodes: &[Node], current: &Found<'v>, all: &mut Vec<Vec<Found<'v>>>) -> Result<()> {
    for node in nodes {
        match node {
            Node::Text(text) => all.push(vec![Cow::Owned(text.as_str().into())]),
            Node::Path(steps) => all.push(walk(steps, vec![current.clone()])?),
            Node::Range(steps, inner) => {
                for found in walk(steps, vec![current.clone()])? {
                    add(inner, &found, all)?;
                }
            }
        }
    }
    Ok(())
}

fn walk<'v>(steps: &[Step], mut found: Vec<Found<'v>>) -> Result<Vec<Found<'v>>> {
    for step in steps {
        found = one(step, found)?;
    }
    Ok(found)
}

fn one<'v>(step: &Step, input: Vec<Found<'v>>) -> Result<Vec<Found<'v>>> {
    let each = |value: Value| input.iter().map(|_| Cow::Owned(value.clone())).collect();
    Ok(match step {
        Step::Text(text) => vec![Cow::Owned(text.as_str().into())],
        Step::Int(number) => each((*number).into()),
        Step::Float(number) => each((*number).into()),
        Step::Bool(value) => each((*value).into()),
        Step::Field(name) => input.into_iter().filter_map(|value| field(value, name)).collect(),
        Step::All => input.into_iter().flat_map(children).collect(),
        Step::Recursive => {
            let mut all = Vec::new();
            input.into_iter().for_each(|value| below(value, &mut all));
            all
        }
        Step::Slice(slice) => {
            let mut all = Vec::new();
            for value in input {
                all.extend(part(value, *slice)?);
            }
            all
        }
        Step::Union(paths) => {
            let mut all = Vec::new();
            for path in paths {
                all.extend(walk(path, input.clone())?);
            }
            all
        }
        Step::Filter(filter) => {
            let mut all = Vec::new();
            for value in input {
                for element in elements(value, "cannot be filtered")? {
                    if passes(filter, &element)? {
                        all.push(element);
                    }
                }
            }
            all
        }
    })
}

fn field<'v>(value: Found<'v>, name: &str) -> Option<Found<'v>> {
    match value {
        Cow::Borrowed(value) => value.as_object()?.get(name).map(Cow::Borrowed),
        Cow::Owned(mut value) => value.as_object_mut()?.remove(name).map(Cow::Owned),
    }
}

/// Elements and values of fields.
fn children(value: Found<'_>) -> Vec<Found<'_>> {
    match value {
        Cow::Borrowed(Value::Object(fields)) => fields.values().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::Array(elements)) => elements.iter().map(Cow::Borrowed).collect(),
        Cow::Owned(Value::Object(fields)) => fields.into_iter().map(|(_, value)| Cow::Owned(value)).collect(),
        Cow::Owned(Value::Array(elements)) => elements.into_iter().map(Cow::Owned).collect(),
        _ => Vec::new(),
    }
}

/// The value, if it has any inside, and all inside it. The depth of recursion is that of the document, which is ours.
fn below<'v>(value: Found<'v>, all: &mut Vec<Found<'v>>) {
    let inside = children(value.clone());
    if !inside.is_empty() {
        all.push(value);
        inside.into_iter().for_each(|value| below(value, all));
    }
}

fn elements<'v>(value: Found<'v>, otherwise: &str) -> Result<Vec<Found<'v>>> {
    match &*value {
        Value::Null => Ok(Vec::new()),
        Value::Array(_) => Ok(children(value)),
        other => Err(BadTemplate::new(format!("{} is not a list and {otherwise}", brief(other)))),
    }
}

/// The elements of a slice. An index that the list does not have is an error, also where it is empty, as it is for kubectl.
fn part<'v>(value: Found<'v>, slice: Slice) -> Result<Vec<Found<'v>>> {
    if value.is_null() {
        return Ok(Vec::new());
    }
    let all = elements(value, "has no elements")?;
    let length = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let from_end = |at: i64| if at < 0 { at.saturating_add(length) } else { at };
    let start = from_end(slice.start.unwrap_or(0));
    let end = match slice.end {
        None => length,
        Some(0) if slice.single => length,
        Some(end) => from_end(end),
    };
    if start == end {
        return Ok(Vec::new());
    }
    for (at, is_in) in
        [(start, (0..length).contains(&start)), (end.saturating_sub(1), (0..=length).contains(&end))]
    {
        if !is_in {
            return Err(BadTemplate::new(format!("array index out of bounds: index {at}, length {length}")));
        }
    }
    if start > end {
        return Err(BadTemplate::new(format!("starting index {start} is greater than ending index {end}")));
    }
    let step = slice.step.unwrap_or(1);
    let step = usize::try_from(step).ok().filter(|step| *step > 0);
    let step = step.ok_or_else(|| BadTemplate::new("step must be > 0"))?;
    let bound = |at: i64| usize::try_from(at).unwrap_or(0);
    Ok(all.into_iter().take(bound(end)).skip(bound(start)).step_by(step).collect())
}

fn passes(filter: &Filter, element: &Found<'_>) -> Result<bool> {
    let left = walk(&filter.left, vec![element.clone()]);
    let Some((compare, right)) = &filter.right else { return Ok(left.is_ok_and(|found| !found.is_empty())) };
    let (left, right) = (left?, walk(right, vec![element.clone()])?);
    match (left.as_slice(), right.as_slice()) {
        ([], _) | (_, []) => Ok(false),
        ([left], [right]) => compared(left, *compare, right),
        _ => Err(BadTemplate::new("can only compare one element at a time")),
    }
}

fn compared(left: &Value, compare: Compare, right: &Value) -> Result<bool> {
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => {
            left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right))
        }
        (Value::Bool(left), Value::Bool(right)) if matches!(compare, Compare::Equal | Compare::NotEqual) => {
            Some(left.cmp(right))
        }
        _ => None,
    };
    let order = order.ok_or_else(|| {
        BadTemplate::new(format!("incompatible types for comparison: {} and {}", brief(left), brief(right)))
    })?;
    Ok(match compare {
        Compare::Less => order == Ordering::Less,
        Compare::LessOrEqual => order != Ordering::Greater,
        Compare::Equal => order == Ordering::Equal,
        Compare::NotEqual => order != Ordering::Equal,
        Compare::GreaterOrEqual => order != Ordering::Less,
        Compare::Greater => order == Ordering::Greater,
    })
}

/// The beginning of a value, for messages.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}
