//! Hashes of what users write.
//!
//! The names, labels and specs of pods are chosen by those who create them. With a hash function that everybody can compute
//! they could choose such that many have the same hash, and make others pay for it. So whatever is looked up by what users
//! write is hashed with a key that is drawn once for each process. Nothing is decided from a hash, and no order of a hash
//! map reaches a decision: with another key everything is decided as before.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Hashes with the key of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyedState;

impl BuildHasher for KeyedState {
    type Hasher = <RandomState as BuildHasher>::Hasher;

    fn build_hasher(&self) -> Self::Hasher {
        KEY.build_hasher()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_have_equal_hashes_wherever_they_are_hashed() {
        assert_eq!(KeyedState.hash_one("a"), KeyedState.hash_one("a"));
        assert_ne!(KeyedState.hash_one("a"), KeyedState.hash_one("b"));
    }
}
