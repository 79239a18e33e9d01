//! From text to nodes (`util/jsonpath/parser.go` of client-go).

use super::BadTemplate;

type Result<T> = std::result::Result<T, BadTemplate>;

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Printed as it is.
    Text(String),
    /// What stands between braces: one step after the other.
    Path(Vec<Step>),
    /// What stands between `range` and `end`, for each that the path finds.
    Range(Vec<Step>, Vec<Node>),
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// A text in place of what was found.
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Field(String),
    /// All fields or elements.
    All,
    /// Everything below, too.
    Recursive,
    Slice(Slice),
    Union(Vec<Vec<Step>>),
    Filter(Filter),
}

/// Elements of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    pub(super) step: Option<i64>,
    /// One element: the end follows from the start.
    pub(super) single: bool,
}

/// A condition on elements of a list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter {
    pub(super) left: Vec<Step>,
    /// The operator and what is compared with; none where the left only has to be there.
    pub(super) right: Option<(Compare, Vec<Step>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
}

/// Depth of unions and filters in each other.
const DEEPEST: usize = 16;

/// Reads a whole template.
pub(super) fn template(text: &str) -> Result<Vec<Node>> {
    let mut flat = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        if at > 0 {
            flat.push(Action::Text(rest[..at].to_string()));
        }
        let mut parser = Parser { text: &rest[at + 1..], at: 0, depth: 0 };
        flat.push(parser.action()?);
        rest = &parser.text[parser.at..];
    }
    if !rest.is_empty() {
        flat.push(Action::Text(rest.to_string()));
    }
    nested(flat)
}

/// Something between braces, or text around them.
enum Action {
    Text(String),
    Path(Vec<Step>),
    Range(Vec<Step>),
    End,
}

/// Puts what stands between `range` and `end` inside. A range that is never closed goes on to the end.
fn nested(flat: Vec<Action>) -> Result<Vec<Node>> {
    let mut open: Vec<(Vec<Step>, Vec<Node>)> = Vec::new();
    let mut nodes = Vec::new();
    let close = |open: &mut Vec<(Vec<Step>, Vec<Node>)>, nodes: &mut Vec<Node>| {
        let Some((path, outer)) = open.pop() else { return false };
        let inner = std::mem::replace(nodes, outer);
        nodes.push(Node::Range(path, inner));
        true
    };
    for action in flat {
        match action {
            Action::Text(text) => nodes.push(Node::Text(text)),
            Action::Path(path) => nodes.push(Node::Path(path)),
            Action::Range(path) => open.push((path, std::mem::take(&mut nodes))),
            Action::End => {
                if !close(&mut open, &mut nodes) {
                    return Err(BadTemplate::new("not in range, nothing to end"));
                }
            }
        }
    }
    while close(&mut open, &mut nodes) {}
    Ok(nodes)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn eat(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        self.at += if found { prefix.len() } else { 0 };
        found
    }

    /// Up to the closing brace.
    fn action(&mut self) -> Result<Action> {
        let mut ranges = false;
        let mut steps = Vec::new();
        loop {
            if self.eat("}") {
                return Ok(if ranges { Action::Range(steps) } else { Action::Path(steps) });
            }
            match self.peek() {
                None | Some('\r' | '\n') => return Err(BadTemplate::new("unclosed action: } is missing")),
                Some(letter) if letter == '_' || letter.is_alphabetic() => match self.word() {
                    "range" => ranges = true,
                    "end" => {
                        self.skip_to_brace()?;
                        return Ok(Action::End);
                    }
                    "true" => steps.push(Step::Bool(true)),
                    "false" => steps.push(Step::Bool(false)),
                    other => return Err(BadTemplate::new(format!("unrecognized identifier {other}"))),
                },
                Some(_) => self.step(&mut steps)?,
            }
        }
    }

    fn skip_to_brace(&mut self) -> Result<()> {
        let end = self.rest().find('}').ok_or_else(|| BadTemplate::new("unclosed action: } is missing"))?;
        self.at += end + 1;
        Ok(())
    }

    /// A path that ends with the text: within a filter or a union.
    fn whole(text: &str, depth: usize) -> Result<Vec<Step>> {
        if depth > DEEPEST {
            return Err(BadTemplate::new("filters and unions are too deep in each other"));
        }
        let mut parser = Parser { text, at: 0, depth };
        let mut steps = Vec::new();
        while let Some(letter) = parser.peek() {
            if letter == '_' || letter.is_alphabetic() {
                match parser.word() {
                    "true" => steps.push(Step::Bool(true)),
                    "false" => steps.push(Step::Bool(false)),
                    other => return Err(BadTemplate::new(format!("unrecognized identifier {other}"))),
                }
            } else {
                parser.step(&mut steps)?;
            }
        }
        Ok(steps)
    }

    fn step(&mut self, steps: &mut Vec<Step>) -> Result<()> {
        if self.eat("[?(") {
            steps.push(self.filter()?);
            return Ok(());
        }
        if self.eat("..") {
            if steps.last() == Some(&Step::Recursive) {
                return Err(BadTemplate::new("invalid multiple recursive descent"));
            }
            steps.push(Step::Recursive);
            if self.peek().is_some_and(|next| next == '_' || next.is_alphanumeric()) {
                steps.push(self.field());
            }
            return Ok(());
        }
        match self.next() {
            Some(' ' | '@' | '$') => {}
            Some('[') => self.brackets(steps)?,
            Some(quote @ ('"' | '\'')) => steps.push(Step::Text(self.quoted(quote)?)),
            Some('.') => steps.push(self.field()),
            Some(first) if first == '+' || first == '-' || first.is_ascii_digit() => {
                self.at -= 1;
                steps.push(self.number()?);
            }
            Some(other) => {
                return Err(BadTemplate::new(format!("unrecognized character in action: {other:?}")));
            }
            None => return Err(BadTemplate::new("unclosed action: } is missing")),
        }
        Ok(())
    }

    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(is_terminator).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// A name up to the next terminator; a backslash takes its meaning from the one behind it.
    fn field(&mut self) -> Step {
        let mut name = String::new();
        while let Some(next) = self.peek() {
            if next == '\\' {
                self.next();
                name.extend(self.next());
            } else if is_terminator(next) {
                break;
            } else {
                name.extend(self.next());
            }
        }
        if name == "*" { Step::All } else { Step::Field(name) }
    }

    fn number(&mut self) -> Result<Step> {
        let rest = self.rest();
        let sign = usize::from(rest.starts_with(['+', '-']));
        let digits = rest[sign..].find(|c: char| c != '.' && !c.is_ascii_digit());
        let end = digits.map_or(rest.len(), |at| at + sign);
        self.at += end;
        let text = rest[..end].trim_start_matches('+');
        if let Ok(number) = text.parse() {
            return Ok(Step::Int(number));
        }
        text.parse().map(Step::Float).map_err(|_| BadTemplate::new(format!("cannot parse number {text}")))
    }

    /// The text up to the closing quote, without escapes.
    fn quoted(&mut self, quote: char) -> Result<String> {
        let mut text = String::new();
        loop {
            match self.next() {
                None | Some('\n') => return Err(BadTemplate::new("unterminated quoted string")),
                Some(end) if end == quote => return Ok(text),
                Some('\\') => text.push(self.escape(quote)?),
                Some(other) => text.push(other),
            }
        }
    }

    fn escape(&mut self, quote: char) -> Result<char> {
        Ok(match self.next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('\\') => '\\',
            Some('a') => '\u{7}',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('v') => '\u{b}',
            Some(same) if same == quote => same,
            other => {
                return Err(BadTemplate::new(format!(
                    "unquote string: \\{} is no escape",
                    other.unwrap_or(' ')
                )));
            }
        })
    }

    /// What stands in brackets: an index, a slice, a key in quotes, or several of these.
    fn brackets(&mut self, steps: &mut Vec<Step>) -> Result<()> {
        let rest = self.rest();
        let end = rest.find([']', '\n']).filter(|end| rest[*end..].starts_with(']'));
        let end = end.ok_or_else(|| BadTemplate::new("unterminated array"))?;
        let text = &rest[..end];
        self.at += end + 1;
        let parts: Vec<&str> = text.split(',').collect();
        if parts.len() > 1 {
            let depth = self.depth + 1;
            let parts = parts.iter().map(|part| Self::whole(&format!("[{}]", part.trim_matches(' ')), depth));
            steps.push(Step::Union(parts.collect::<Result<_>>()?));
            return Ok(());
        }
        if let Some(key) =
            text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).filter(|key| !key.contains('\''))
        {
            // A key is read as a path, so that a dot in it has to be written as `\.`.
            steps.extend(Self::whole(&format!(".{key}"), self.depth + 1)?);
            return Ok(());
        }
        steps.push(Step::Slice(slice(text)?));
        Ok(())
    }

    fn filter(&mut self) -> Result<Step> {
        let mut quote = None;
        let (begin, mut end) = (self.at, None);
        while let Some(next) = self.next() {
            match (next, quote) {
                ('\n', _) => break,
                ('\\', Some(_)) => {
                    self.next();
                }
                ('"' | '\'', None) => quote = Some(next),
                (same, Some(open)) if same == open => quote = None,
                (')', None) => {
                    end = Some(self.at - 1);
                    break;
                }
                _ => {}
            }
        }
        let end = end.ok_or_else(|| BadTemplate::new("unterminated filter"))?;
        if !self.eat("]") {
            return Err(BadTemplate::new("unclosed array expect ]"));
        }
        condition(&self.text[begin..end], self.depth + 1)
    }
}

/// `LEFT OPERATOR RIGHT`, or a path that has to be there.
fn condition(text: &str, depth: usize) -> Result<Step> {
    const OPERATORS: [char; 4] = ['!', '<', '>', '='];
    let found = text.find(OPERATORS).filter(|at| *at > 0).map(|at| {
        let (left, rest) = text.split_at(at);
        let end = rest.find(|c: char| !OPERATORS.contains(&c)).unwrap_or(rest.len());
        (left, &rest[..end], &rest[end..])
    });
    let Some((left, operator, right)) = found.filter(|(.., right)| !right.is_empty()) else {
        return Ok(Step::Filter(Filter { left: Parser::whole(text, depth)?, right: None }));
    };
    let compare = match operator {
        "<" => Compare::Less,
        "<=" => Compare::LessOrEqual,
        "==" => Compare::Equal,
        "!=" => Compare::NotEqual,
        ">=" => Compare::GreaterOrEqual,
        ">" => Compare::Greater,
        other => return Err(BadTemplate::new(format!("unrecognized filter operator {other}"))),
    };
    let right = Some((compare, Parser::whole(right, depth)?));
    Ok(Step::Filter(Filter { left: Parser::whole(left, depth)?, right }))
}

/// `3`, `-1`, `*`, `1:3`, `::2`.
fn slice(text: &str) -> Result<Slice> {
    let bad = || BadTemplate::new(format!("invalid array index {text}"));
    if text == "*" {
        return Ok(Slice::default());
    }
    let number = |part: &str| match part {
        "" => Ok(None),
        part => part.parse::<i64>().map(Some).map_err(|_| bad()),
    };
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        // Without a number it is the first.
        [index] => {
            let start = Some(number(index)?.unwrap_or(0));
            Ok(Slice { start, end: start.map(|at| at + 1), step: None, single: true })
        }
        [start, end] => Ok(Slice { start: number(start)?, end: number(end)?, step: None, single: false }),
        [start, end, step] => {
            Ok(Slice { start: number(start)?, end: number(end)?, step: number(step)?, single: false })
        }
        _ => Err(bad()),
    }
}

fn is_terminator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}
