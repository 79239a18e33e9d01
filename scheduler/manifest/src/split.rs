//! Cutting a stream at its `---` lines, so that one broken document does not take the next one along.

/// A document that is not blank, as it stands in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk<'t> {
    /// The bytes, without the marker.
    pub(crate) text: &'t [u8],
    /// Line of the first byte, from 1.
    pub(crate) line: usize,
    /// How many bytes of that line come before it.
    pub(crate) column: usize,
}

/// Cuts `text` into documents. A marker at the start of a line ends a document wherever it stands, in a block scalar
/// too; that is YAML's own rule. Documents of blanks, comments and directives alone are left out.
pub(crate) fn split(text: &[u8]) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    let (mut start, mut start_line) = (0, 1);
    let (mut at, mut line) = (0, 1);
    while at < text.len() {
        let end = text[at..].iter().position(|b| *b == b'\n').map_or(text.len(), |n| at + n + 1);
        if is_marker(&text[at..end]) {
            push(&mut chunks, text, start..at, start_line);
            (start, start_line) = (at + 3, line);
        }
        (at, line) = (end, line + 1);
    }
    push(&mut chunks, text, start..text.len(), start_line);
    chunks
}

fn is_marker(line: &[u8]) -> bool {
    let rest = line.strip_prefix(b"---").or_else(|| line.strip_prefix(b"..."));
    rest.is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

fn push<'t>(chunks: &mut Vec<Chunk<'t>>, text: &'t [u8], part: std::ops::Range<usize>, line: usize) {
    let blank =
        |line: &[u8]| matches!(line.trim_ascii().first(), None | Some(b'#')) || line.starts_with(b"%");
    let before = text[..part.start].rsplit(|b| *b == b'\n').next().map_or(0, <[u8]>::len);
    let text = &text[part];
    if !text.split(|b| *b == b'\n').all(blank) {
        chunks.push(Chunk { text, line, column: before });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[(&str, usize)]) {
        let found = split(text.as_bytes());
        let found: Vec<_> =
            found.iter().map(|c| (std::str::from_utf8(c.text).unwrap().trim(), c.line)).collect();
        assert_eq!(found, want);
    }

    #[test]
    fn documents_and_their_lines() {
        check("a: 1\n---\nb: 2\n", &[("a: 1", 1), ("b: 2", 2)]);
        check("---\na: 1\n--- \n\n---\r\n# nothing\n---\nb: 2", &[("a: 1", 1), ("b: 2", 7)]);
        check("a: 1\n...\n--- {b: 2}\n", &[("a: 1", 1), ("{b: 2}", 3)]);
        check("%YAML 1.2\n---\na: 1", &[("a: 1", 2)]);
        check("", &[]);
    }

    #[test]
    fn only_a_whole_marker_at_the_start_of_a_line_cuts() {
        check("a: |\n  ---\n  x\n----\n---x\n", &[("a: |\n  ---\n  x\n----\n---x", 1)]);
    }
}
