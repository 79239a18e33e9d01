//! YAML text to a tree, as kubectl and the API server read it: by the rules of go-yaml 2, which are mostly those of
//! YAML 1.1. Of a key that is written twice the last one counts.

mod anchors;
pub(crate) mod scalar;

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput};
use serde_json::Value;

use crate::error::quoted;
use crate::tree::{At, Content, Node, Twice};

use anchors::Anchors;

/// The deepest nesting that is read; manifests need about twenty levels.
const DEEPEST: usize = 100;

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) at: At,
    pub(crate) message: String,
}

type Result<T> = std::result::Result<T, Fault>;

/// The tree of the only document in `text`, and the keys that are written twice.
pub(crate) fn tree(text: &str) -> Result<(Node, Vec<Twice>)> {
    let mut options = granit_parser::options! {
        flow_nesting_limit: DEEPEST * 2,
        block_nesting_limit: DEEPEST * 2,
    };
    options.set_emit_comments(false);
    let events = Parser::new_from_str_with_options(text, options);
    let mut composer = Composer { text, events, anchors: Anchors::of(text.len()), twice: Vec::new() };
    let document = composer.document()?;
    Ok((document, composer.twice))
}

struct Composer<'t> {
    text: &'t str,
    events: Parser<'t, StrInput<'t>>,
    anchors: Anchors,
    twice: Vec<Twice>,
}

impl<'t> Composer<'t> {
    fn document(&mut self) -> Result<Node> {
        let mut document = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                _ if document.is_some() => return Err(fault(&span, "a second document begins without ---")),
                event => document = Some(self.node(event, &span, 0)?),
            }
        }
        Ok(document.unwrap_or(Node { at: At { line: 1, column: 1 }, content: Content::Scalar(Value::Null) }))
    }

    fn next(&mut self) -> Result<(Event<'t>, Span)> {
        let end = Fault { at: At::default(), message: "the text ends too early".to_string() };
        self.events.next().ok_or(end)?.map_err(|error| {
            let (place, message) = (at(error.marker()), error.info());
            match tab(self.text, place.line).filter(|_| message.contains("tab")) {
                Some(at) => {
                    Fault { at, message: "a tab is not allowed here; indent with spaces".to_string() }
                }
                None => Fault { at: place, message },
            }
        })
    }

    fn node(&mut self, event: Event<'t>, span: &Span, depth: usize) -> Result<Node> {
        if depth > DEEPEST {
            return Err(fault(span, &format!("is nested deeper than {DEEPEST} levels; nest it less deep")));
        }
        let (anchor, content) = match event {
            Event::Alias(anchor) => return self.anchors.copy(anchor).map_err(|m| fault(span, m)),
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let value = scalar::resolve(&text, plain, tag.as_deref()).map_err(|m| fault(span, &m))?;
                (anchor, Content::Scalar(value))
            }
            Event::SequenceStart(_, anchor, _) => (anchor, Content::List(self.list(depth)?)),
            Event::MappingStart(_, anchor, _) => (anchor, Content::Map(self.map(depth)?)),
            _ => return Err(fault(span, "a value is missing")),
        };
        let node = Node { at: at(&span.start), content };
        self.anchors.keep(anchor, &node).map_err(|m| fault(span, m))?;
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>> {
        let mut elements = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(elements),
                (event, span) => elements.push(self.node(event, &span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<BTreeMap<String, (At, Node)>> {
        let mut fields = BTreeMap::new();
        let mut written = BTreeMap::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(fields);
            }
            let merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
            let key = self.key(event, &span, depth)?;
            let (event, value_span) = self.next()?;
            let value = self.node(event, &value_span, depth + 1)?;
            if merge {
                merge_into(&mut fields, value).map_err(|m| fault(&value_span, m))?;
                continue;
            }
            let place = at(&span.start);
            if written.insert(key.clone(), ()).is_some() {
                self.twice.push(Twice { key: key.clone(), at: place });
            }
            fields.insert(key, (place, value));
        }
    }

    fn key(&mut self, event: Event<'t>, span: &Span, depth: usize) -> Result<String> {
        match self.node(event, span, depth + 1)?.content {
            Content::Scalar(Value::String(key)) => Ok(key),
            Content::Scalar(Value::Null) => {
                Err(fault(span, "a key must not be empty; write a name before the colon"))
            }
            Content::Scalar(value) => Ok(value.to_string()),
            _ => Err(fault(
                span,
                "a key must be text, not a list or mapping; is a value in braces not in quotes?",
            )),
        }
    }
}

/// Fields of merged mappings go before those that are written earlier, which is go-yaml's way; of several mappings the
/// first has the last word.
fn merge_into(
    fields: &mut BTreeMap<String, (At, Node)>,
    merged: Node,
) -> std::result::Result<(), &'static str> {
    match merged.content {
        Content::Map(more) => fields.extend(more),
        Content::List(mappings) => {
            for mapping in mappings.into_iter().rev() {
                let Content::Map(more) = mapping.content else { return Err(NO_MAPPING) };
                fields.extend(more);
            }
        }
        Content::Scalar(_) => return Err(NO_MAPPING),
    }
    Ok(())
}

const NO_MAPPING: &str = "<< must merge a mapping or a list of mappings";

/// The first tab before the text of a line, from that line on: the parser names the place where what it spoils begins.
fn tab(text: &str, line: usize) -> Option<At> {
    let lines = text.lines().enumerate().skip(line.saturating_sub(1));
    let mut tabs = lines.filter_map(|(at, text)| {
        let column = text.find(|c| c != ' ').filter(|column| text[*column..].starts_with('\t'))?;
        Some(At { line: at + 1, column: column + 1 })
    });
    tabs.next()
}

fn at(marker: &granit_parser::Marker) -> At {
    At { line: marker.line(), column: marker.col() + 1 }
}

fn fault(span: &Span, message: &str) -> Fault {
    Fault { at: at(&span.start), message: message.to_string() }
}

/// Text that a message repeats.
fn shown(text: &str) -> String {
    quoted(text)
}

#[cfg(test)]
mod tests;
