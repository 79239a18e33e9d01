//! SHA-256 digests, as people write them.

use std::fmt::{self, Write};
use std::str::FromStr;

use sha2::Digest as _;

/// The SHA-256 of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The 64 lower-case hexadecimal digits, without a prefix, as `sha256sum` prints them.
    pub fn hex(&self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// The 32 bytes themselves.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// `sha256:` and the digits, as OCI writes digests.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a SHA-256: write its 64 hexadecimal digits, as `sha256sum FILE` prints them")]
pub struct DigestError {
    /// What was given, shortened.
    pub text: String,
}

/// Reads 64 hexadecimal digits of either case, with or without `sha256:` before them.
impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || DigestError { text: text.chars().take(80).collect() };
        let digits = text.strip_prefix("sha256:").unwrap_or(text).as_bytes();
        if digits.len() != 64 {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: usize| pair.get(at).and_then(|digit| char::from(*digit).to_digit(16));
            let (Some(high), Some(low)) = (digit(0), digit(1)) else { return Err(wrong()) };
            *byte = (high * 16 + low) as u8;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(text.parse::<Digest>().ok().map(|digest| digest.hex()).as_deref(), expected, "{text}");
    }

    #[test]
    fn digests_are_read_as_people_write_them() {
        check(EMPTY, Some(EMPTY));
        check(&format!("sha256:{EMPTY}"), Some(EMPTY));
        check(&EMPTY.to_uppercase(), Some(EMPTY));
        check(&EMPTY[1..], None);
        check(&format!("{EMPTY}0"), None);
        check(&format!("sha512:{EMPTY}"), None);
        check(&EMPTY.replace('e', "g"), None);
        check(&"é".repeat(32), None);
        check("", None);
    }

    #[test]
    fn the_digest_of_nothing_is_the_known_one() {
        assert_eq!(Digest::of(b"").to_string(), format!("sha256:{EMPTY}"));
    }
}
