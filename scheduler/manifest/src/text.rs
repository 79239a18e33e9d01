//! Bytes to text: UTF-8, or UTF-16 with a byte order mark, which is what PowerShell writes.

use std::borrow::Cow;

/// The text as UTF-8, without a byte order mark. What is no UTF-16 after all stays as it is.
pub fn utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    let decoded = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => return Cow::Borrowed(rest),
        _ => None,
    };
    decoded.map_or(Cow::Borrowed(bytes), Cow::Owned)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Vec<u8>> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.ok().filter(|_| rest.is_empty()).map(String::into_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], want: &[u8]) {
        assert_eq!(&*utf8(bytes), want);
    }

    #[test]
    fn byte_order_marks_tell() {
        check(b"a: 1", b"a: 1");
        check(b"\xef\xbb\xbfa: 1", b"a: 1");
        check(b"\xff\xfea\0:\0", b"a:");
        check(b"\xfe\xff\0a\0:", b"a:");
        check(b"\xff\xfe\xe4\0", "ä".as_bytes());
    }

    #[test]
    fn what_is_no_text_stays() {
        check(b"\xff\xfe\0", b"\xff\xfe\0");
        check(b"\xff\xfe\0\xd8", b"\xff\xfe\0\xd8");
    }
}
