//! Texts with keys: `-----BEGIN LABEL-----`, lines of base64, `-----END LABEL-----`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The longest text that is read.
const LONGEST: usize = 64 << 10;

/// One block of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block<'t> {
    pub(super) label: &'t str,
    pub(super) bytes: Vec<u8>,
}

/// The only block of `text` that is no `EC PARAMETERS`, which openssl writes before a key.
///
/// # Errors
/// None, several, or one that is cut.
pub(super) fn only(text: &str) -> Result<Block<'_>, String> {
    if text.len() > LONGEST {
        return Err(format!("it has {} bytes; a key has some hundreds", text.len()));
    }
    let mut found = None;
    let mut rest = text;
    while let Some((_, begun)) = rest.split_once("-----BEGIN ") {
        let (block, after) =
            block(begun).ok_or("it is cut: -----END is missing or not that of its -----BEGIN")?;
        rest = after;
        if block.label == "EC PARAMETERS" {
            continue;
        }
        if found.replace(block).is_some() {
            return Err("it holds several keys; give each its own entry".into());
        }
    }
    found.ok_or_else(|| "it is no key in PEM form, which begins with -----BEGIN".into())
}

/// A block whose `-----BEGIN ` was read, and what follows it.
fn block(begun: &str) -> Option<(Block<'_>, &str)> {
    let (label, rest) = begun.split_once("-----")?;
    let (body, rest) = rest.split_once("-----END ")?;
    let (end, rest) = rest.split_once("-----")?;
    let digits: String = body.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(digits).ok()?;
    (label == end).then_some((Block { label, bytes }, rest))
}

/// `bytes` as a block.
pub(super) fn write(label: &str, bytes: &[u8]) -> String {
    let digits = STANDARD.encode(bytes);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in digits.as_bytes().chunks(64) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = write("SOME KEY", &bytes);
        assert!(text.lines().all(|line| line.len() <= 64), "{text}");
        assert_eq!(only(&text), Ok(Block { label: "SOME KEY", bytes }));
        let windows = text.replace('\n', "\r\n");
        assert_eq!(only(&windows).map(|block| block.label), Ok("SOME KEY"));
        let with_parameters = format!("{}words\n{text}", write("EC PARAMETERS", b"curve"));
        assert_eq!(only(&with_parameters).map(|block| block.label), Ok("SOME KEY"));
    }

    #[test]
    fn what_is_none_says_so() {
        let check = |text: &str, piece: &str| {
            let error = only(text).unwrap_err();
            assert!(error.contains(piece), "{text}: {error}");
        };
        let key = write("KEY", b"bytes");
        check("", "begins with -----BEGIN");
        check("c3NoLWVkMjU1MTk=", "begins with -----BEGIN");
        check(&key[..key.len() - 8], "it is cut");
        check(&key.replace("END KEY", "END CAT"), "it is cut");
        check(&key.replace("Ynl0ZXM=", "Ynl0*XM="), "it is cut");
        check(&key.repeat(2), "several keys");
        check(&"x".repeat(LONGEST + 1), "it has 65537 bytes");
    }
}
