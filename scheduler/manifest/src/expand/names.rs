//! Names as controllers make them, but the same on every reading.

/// The characters that Kubernetes makes random names of: no vowels, so that no words come about.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// How many suffixes of five characters there are.
const SUFFIXES: u64 = 27 * 27 * 27 * 27 * 27;
/// Steps through all of them before it repeats: it shares no factor with 27.
const STEP: u64 = 5_318_008;

/// A stable hash (FNV-1a).
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// Suffix number `at` of the owner with that hash; distinct for the first 14 million.
pub(crate) fn suffix(seed: u64, at: u64) -> String {
    let start = (seed ^ (seed >> 32)) % SUFFIXES;
    letters((start + (at % SUFFIXES) * STEP) % SUFFIXES, 5)
}

/// The longest prefix of a generated name; more is cut off.
const LONGEST_PREFIX: usize = 58;

/// Name number `at` that an API server would make of `generateName`.
pub(crate) fn generated(prefix: &str, seed: u64, at: u64) -> String {
    let prefix: String = prefix.chars().take(LONGEST_PREFIX).collect();
    format!("{prefix}{}", suffix(seed, at))
}

/// What a Deployment's ReplicaSet is called after its template.
pub(super) fn template_hash(seed: u64) -> String {
    letters(seed, 9)
}

fn letters(mut number: u64, count: usize) -> String {
    let mut text = String::with_capacity(count);
    for _ in 0..count {
        // 27 letters, so the remainder is one of them.
        let at = usize::try_from(number % 27).unwrap_or(0);
        text.push(char::from(ALPHABET[at]));
        number /= 27;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn suffixes_are_distinct_and_stable() {
        let names: BTreeSet<_> = (0..200_000).map(|at| suffix(hash("web"), at)).collect();
        assert_eq!(names.len(), 200_000);
        assert_eq!(suffix(hash("web"), 3), suffix(hash("web"), 3));
        assert!(names.iter().all(|n| n.len() == 5));
    }
}
