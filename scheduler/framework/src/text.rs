//! Text of strangers, as people may see it.

use std::borrow::Cow;

/// Whether a character does something to the text around it in place of being read: it steers the terminal, turns the direction
/// of writing round so that a line reads as another one, ends a line, or cannot be seen at all.
///
/// The two joiners that some scripts need for their words (U+200C, U+200D) do not count.
pub fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with such characters written as escapes, on one line.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(deceives) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if deceives(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_read_is_written_out() {
        let check = |text: &str, want: &str| assert_eq!(escaped(text), want);
        check("no room: ü, 日本語, שלום", "no room: ü, 日本語, שלום");
        check("a\u{1b}[31mb\tc\nd", "a\\u{1b}[31mb\\tc\\nd");
        check("no \u{202e}moor", "no \\u{202e}moor");
        check(
            "a\u{2066}b\u{2069}\u{200f}\u{2028}\u{feff}\u{e0041}",
            "a\\u{2066}b\\u{2069}\\u{200f}\\u{2028}\\u{feff}\\u{e0041}",
        );
        // An emoji of several, and Persian, need their joiners.
        check("\u{1f469}\u{200d}\u{1f680} می\u{200c}خواهم", "\u{1f469}\u{200d}\u{1f680} می\u{200c}خواهم");
    }
}
