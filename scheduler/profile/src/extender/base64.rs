//! Standard base64 with padding, as Go writes bytes in JSON.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes; `None` when malformed. Line breaks are left out.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let text: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')).collect();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let padding = text.iter().rev().take_while(|b| **b == b'=').count();
    if padding > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut bits: u32 = 0;
    for (at, digit) in text[..text.len() - padding].iter().enumerate() {
        bits = bits << 6 | value(*digit)?;
        if at % 4 == 3 {
            bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
            bits = 0;
        }
    }
    match padding {
        1 => bytes.extend_from_slice(&(bits << 6).to_be_bytes()[1..3]),
        2 => bytes.extend_from_slice(&(bits << 12).to_be_bytes()[1..2]),
        _ => {}
    }
    Some(bytes)
}

/// Value of a digit.
fn value(digit: u8) -> Option<u32> {
    ALPHABET.iter().position(|d| *d == digit).and_then(|at| u32::try_from(at).ok())
}

/// The text.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(word);
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit) & 63) as usize;
            text.push(if digit <= chunk.len() { char::from(ALPHABET[index]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], text: &str) {
        assert_eq!(encode(bytes), text);
        assert_eq!(decode(text).as_deref(), Some(bytes));
    }

    #[test]
    fn bytes_survive_the_way_through_text() {
        check(b"", "");
        check(b"f", "Zg==");
        check(b"fo", "Zm8=");
        check(b"foo", "Zm9v");
        check(b"foob\xff", "Zm9vYv8=");
        assert_eq!(decode("Zm\n9v").as_deref(), Some(&b"foo"[..]), "lines may be broken");
    }

    #[test]
    fn malformed_text_is_refused() {
        for text in ["Zg", "Zg=", "Z===", "Zm9-", "=Zm9", "Zg==Zg==", "====", "é==="] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
