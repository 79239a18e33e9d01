//! Regular expressions in the words of RE2, which CEL has them in.

use regex::{Regex, RegexBuilder};

/// How large a compiled expression may be, in bytes.
const LARGEST: usize = 4 << 20;

/// Compiles an expression. In RE2 `\d`, `\w`, `\s` and `\b` know ASCII only, and brackets hold no operators.
pub(in super::super) fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(&translated(pattern))
        .size_limit(LARGEST)
        .build()
        .map_err(|error| error.to_string().lines().last().unwrap_or("invalid").trim().to_string())
}

fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    let mut inside = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('Q') if !inside => quote(&mut chars, &mut out),
                Some(next) => escape(next, inside, &mut out),
                None => out.push('\\'),
            },
            '[' if !inside => {
                inside = true;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                if chars.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            '[' if chars.peek() == Some(&':') => out.push('['),
            ']' if inside => {
                inside = ends_bracket(&out);
                out.push(']');
            }
            '[' | '&' | '~' if inside => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// Whether the bracket behind ends a class such as `[:alpha:]`, so that the one around it goes on.
fn ends_bracket(before: &str) -> bool {
    let class = before.strip_suffix(':').and_then(|rest| rest.rfind("[:").map(|at| &rest[at + 2..]));
    class.is_some_and(|name| name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'^'))
}

fn escape(next: char, inside: bool, out: &mut String) {
    let (open, close) = if inside { ("", "") } else { ("[", "]") };
    match next {
        'd' => out.push_str(&format!("{open}0-9{close}")),
        'w' => out.push_str(&format!("{open}0-9A-Za-z_{close}")),
        's' => out.push_str(&format!("{open}\\t\\n\\x0C\\r {close}")),
        'D' => out.push_str("[^0-9]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        'S' => out.push_str("[^\\t\\n\\x0C\\r ]"),
        'b' if !inside => out.push_str("(?-u:\\b)"),
        'B' if !inside => out.push_str("(?-u:\\B)"),
        other => {
            out.push('\\');
            out.push(other);
        }
    }
}

/// What is between `\Q` and `\E` stands for itself.
fn quote(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.next_if_eq(&'E').is_some() {
            break;
        }
        text.push(c);
    }
    out.push_str(&regex::escape(&text));
}
