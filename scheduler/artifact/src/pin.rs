//! Bytes against the digest that they must have.

use crate::digest::Digest;
use crate::error::Problem;

/// The digest of `bytes`, which is `expected` if anything is.
pub(crate) fn checked(bytes: &[u8], expected: Option<Digest>) -> Result<Digest, Problem> {
    let actual = Digest::of(bytes);
    match expected {
        Some(expected) if expected != actual => {
            let fix = "somebody changed it; look into it before you change the pin";
            Err(Problem::WrongDigest { expected, actual, fix })
        }
        _ => Ok(actual),
    }
}
