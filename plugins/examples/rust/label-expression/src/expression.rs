//! The language: `or := and {"||" and}`, `and := unary {"&&" unary}`, `unary := "!" unary | "(" or ")" | term`.

use longshore_plugin::{Word, Words};

/// Something to be met by labels: keys and values are texts as written, or words of a table.
#[derive(Debug)]
pub enum Test<T> {
    Or(Vec<Self>),
    And(Vec<Self>),
    Not(Box<Self>),
    Exists(T),
    In(T, Vec<T>),
}

pub type Expression = Test<String>;
pub type Prepared = Test<Word>;

impl Expression {
    /// Reads an expression.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
        let expression = parser.or()?;
        match parser.peek() {
            None => Ok(expression),
            Some(token) => Err(format!("`{token}` is too much")),
        }
    }

    /// The same in words.
    pub fn prepare(&self, words: &mut Words) -> Prepared {
        match self {
            Self::Or(tests) => Test::Or(tests.iter().map(|test| test.prepare(words)).collect()),
            Self::And(tests) => Test::And(tests.iter().map(|test| test.prepare(words)).collect()),
            Self::Not(test) => Test::Not(Box::new(test.prepare(words))),
            Self::Exists(key) => Test::Exists(words.of(key)),
            Self::In(key, values) => {
                Test::In(words.of(key), values.iter().map(|value| words.of(value)).collect())
            }
        }
    }
}

impl Prepared {
    /// Whether labels, by key, meet it.
    pub fn holds(&self, value: &impl Fn(Word) -> Word) -> bool {
        match self {
            Self::Or(tests) => tests.iter().any(|test| test.holds(value)),
            Self::And(tests) => tests.iter().all(|test| test.holds(value)),
            Self::Not(test) => !test.holds(value),
            Self::Exists(key) => value(*key).is_present(),
            Self::In(key, values) => values.contains(&value(*key)),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<&str>, String> {
    let word = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let signs = ["&&", "||", "!=", "==", "!", "=", "(", ")", ","];
        let length = match signs.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => sign.len(),
            None if word(first) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
            None => return Err(format!("`{first}` has no place in an expression")),
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

struct Parser<'t> {
    tokens: Vec<&'t str>,
    at: usize,
    depth: usize,
}

/// The deepest nesting: deeper ones would run out of stack.
const DEEPEST: usize = 100;

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&'t str> {
        self.tokens.get(self.at).copied()
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    fn missing(&self, what: &str) -> String {
        match self.peek() {
            Some(token) => format!("{what} is missing at `{token}`"),
            None => format!("{what} is missing at the end"),
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.take(token) { Ok(()) } else { Err(self.missing(&format!("`{token}`"))) }
    }

    fn word(&mut self, what: &str) -> Result<String, String> {
        let word = self.peek().filter(|token| token.starts_with(|c: char| c.is_ascii_alphanumeric()));
        let word = word.ok_or_else(|| self.missing(what))?;
        self.at += 1;
        Ok(word.to_owned())
    }

    fn or(&mut self) -> Result<Expression, String> {
        let mut tests = vec![self.and()?];
        while self.take("||") {
            tests.push(self.and()?);
        }
        Ok(Test::Or(tests))
    }

    fn and(&mut self) -> Result<Expression, String> {
        let mut tests = vec![self.unary()?];
        while self.take("&&") {
            tests.push(self.unary()?);
        }
        Ok(Test::And(tests))
    }

    fn unary(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("it is nested deeper than {DEEPEST}"));
        }
        let test = if self.take("!") {
            Test::Not(Box::new(self.unary()?))
        } else if self.take("(") {
            let test = self.or()?;
            self.expect(")")?;
            test
        } else {
            self.term()?
        };
        self.depth -= 1;
        Ok(test)
    }

    fn term(&mut self) -> Result<Expression, String> {
        let key = self.word("a label's key")?;
        let value = |parser: &mut Self| parser.word("a value");
        if self.take("=") || self.take("==") {
            return Ok(Test::In(key, vec![value(self)?]));
        }
        if self.take("!=") {
            return Ok(Test::Not(Box::new(Test::In(key, vec![value(self)?]))));
        }
        let without = self.take("notin");
        if !without && !self.take("in") {
            return Ok(Test::Exists(key));
        }
        self.expect("(")?;
        let mut values = vec![value(self)?];
        while self.take(",") {
            values.push(value(self)?);
        }
        self.expect(")")?;
        let listed = Test::In(key, values);
        Ok(if without { Test::Not(Box::new(listed)) } else { listed })
    }
}
