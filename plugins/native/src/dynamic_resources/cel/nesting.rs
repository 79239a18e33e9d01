//! How deep an expression would be nested, told from its text: the parser would overflow the stack before it said so.

/// How many steps may lie within each other. A sum of hundreds of terms is as deep as hundreds of brackets.
const DEEPEST: usize = 400;

/// What is open at one level of brackets.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Operators of the term that is being read, each of which has what is before it as an operand.
    operators: usize,
    /// Accesses and calls behind each other.
    accesses: usize,
}

impl Level {
    fn steps(self) -> usize {
        1 + self.operators + self.accesses
    }
}

/// Whether it is nested too deep.
pub(super) fn is_too_deep(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut around: Vec<Level> = Vec::new();
    let mut outer = 0;
    let mut level = Level::default();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' | b'\'' => at = end_of_text(bytes, at - 1),
            b'/' if bytes.get(at) == Some(&b'/') => at = end_of_line(bytes, at),
            b'(' | b'[' | b'{' => {
                level.accesses += 1;
                outer += level.steps();
                around.push(std::mem::take(&mut level));
            }
            b')' | b']' | b'}' => {
                level = around.pop().unwrap_or_default();
                outer -= level.steps().min(outer);
            }
            b'.' => level.accesses += 1,
            b'+' | b'*' | b'/' | b'%' | b'<' | b'>' | b'=' | b'?' | b':' => {
                level = Level { operators: level.operators + 1, accesses: 0 };
            }
            // A sign, or several before one another, which the parser counts instead of nesting them.
            b'-' | b'!' if matches!(before(bytes, at - 1), Some(b'-' | b'!')) => {}
            b'-' | b'!' => level = Level { operators: level.operators + 1, accesses: 0 },
            b',' | b'|' | b'&' => level = Level::default(),
            _ if bytes[at - 1..].starts_with(b"in ") => {
                level = Level { operators: level.operators + 1, accesses: 0 };
            }
            _ => {}
        }
        if outer + level.steps() > DEEPEST {
            return true;
        }
    }
    false
}

fn before(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(..at)?.iter().rev().find(|byte| !byte.is_ascii_whitespace()).copied()
}

/// The place behind a text that begins here.
fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let raw = start > 0 && matches!(bytes[start - 1], b'r' | b'R');
    let triple = bytes[start..].starts_with(&[quote; 3]);
    let mut at = start + if triple { 3 } else { 1 };
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if !raw => at += 2,
            _ if byte == quote && !triple => return at + 1,
            _ if byte == quote && bytes[at..].starts_with(&[quote; 3]) => return at + 3,
            b'\n' if !triple => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn end_of_line(bytes: &[u8], start: usize) -> usize {
    bytes[start..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, deep: bool) {
        assert_eq!(is_too_deep(text), deep, "{}", text.chars().take(60).collect::<String>());
    }

    #[test]
    fn what_is_nested_is_deep_and_what_lies_side_by_side_is_not() {
        check(&"(".repeat(500), true);
        check(&"a.".repeat(500), true);
        check(&"a[".repeat(500), true);
        check(&"1 + ".repeat(500), true);
        check(&"a in b in ".repeat(300), true);
        check(&"a ? b : ".repeat(300), true);
        check(&"f(1 + ".repeat(200), true);
        check(&format!("[{}]", "1, ".repeat(5_000)), false);
        check(&"a.b[c].d(e) == 1 && ".repeat(500), false);
        check(&"!".repeat(5_000), false);
        check(&format!("a == '{}'", "(.".repeat(5_000)), false);
        check(&format!("a == '''\n{}'''", "(.'".repeat(5_000)), false);
        check(&format!("a // {}", "(".repeat(5_000)), false);
        check(&format!("r'\\' == {}", "(".repeat(500)), true);
    }
}
