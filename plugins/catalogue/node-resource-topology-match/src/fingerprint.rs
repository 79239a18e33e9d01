//! The fingerprint of the pods on a node, as the agents that write NodeResourceTopology objects compute it: XXH64 of each
//! pod's name with that of its namespace as the seed, and XXH64 of all of these in ascending order.

use std::fmt::Write;

/// What a fingerprint begins with: what it is and of which version.
const PREFIX: &str = "pfp0v001";

/// The fingerprint of pods by namespace and name.
pub(crate) fn fingerprint<'a>(pods: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut hashes: Vec<u64> =
        pods.map(|(namespace, name)| xxh64(name.as_bytes(), xxh64(namespace.as_bytes(), 0))).collect();
    hashes.sort_unstable();
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
    let mut text = PREFIX.to_owned();
    // Writing to a string cannot fail.
    let _ = write!(text, "{:016x}", xxh64(&bytes, 0));
    text
}

const P1: u64 = 0x9E37_79B1_85EB_CA87;
const P2: u64 = 0xC2B2_AE3D_27D4_EB4F;
const P3: u64 = 0x1656_67B1_9E37_79F9;
const P4: u64 = 0x85EB_CA77_C2B2_AE63;
const P5: u64 = 0x27D4_EB2F_1656_67C5;

fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(P2)).rotate_left(31).wrapping_mul(P1)
}

fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// XXH64.
fn xxh64(bytes: &[u8], seed: u64) -> u64 {
    let (blocks, rest) = bytes.split_at(bytes.len() / 32 * 32);
    let mut hash = if blocks.is_empty() { seed.wrapping_add(P5) } else { lanes(blocks, seed) };
    hash = hash.wrapping_add(bytes.len() as u64);
    let mut words = rest.chunks_exact(8);
    for chunk in words.by_ref() {
        hash = (hash ^ round(0, word(chunk))).rotate_left(27).wrapping_mul(P1).wrapping_add(P4);
    }
    let mut tail = words.remainder();
    if let Some((half, last)) = tail.split_at_checked(4) {
        hash = (hash ^ word(half).wrapping_mul(P1)).rotate_left(23).wrapping_mul(P2).wrapping_add(P3);
        tail = last;
    }
    for byte in tail {
        hash = (hash ^ u64::from(*byte).wrapping_mul(P5)).rotate_left(11).wrapping_mul(P1);
    }
    hash = (hash ^ hash >> 33).wrapping_mul(P2);
    hash = (hash ^ hash >> 29).wrapping_mul(P3);
    hash ^ hash >> 32
}

fn lanes(blocks: &[u8], seed: u64) -> u64 {
    let mut lanes =
        [seed.wrapping_add(P1).wrapping_add(P2), seed.wrapping_add(P2), seed, seed.wrapping_sub(P1)];
    for block in blocks.chunks_exact(32) {
        for (lane, chunk) in lanes.iter_mut().zip(block.chunks_exact(8)) {
            *lane = round(*lane, word(chunk));
        }
    }
    let turns = [1, 7, 12, 18];
    let sum =
        lanes.iter().zip(turns).fold(0_u64, |sum, (lane, turn)| sum.wrapping_add(lane.rotate_left(turn)));
    lanes.iter().fold(sum, |hash, lane| (hash ^ round(0, *lane)).wrapping_mul(P1).wrapping_add(P4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_xxh64() {
        assert_eq!(xxh64(b"", 0), 0xEF46_DB37_51D8_E999);
        assert_eq!(xxh64(b"a", 0), 0xD24E_C4F1_A98C_6E5B);
        assert_eq!(xxh64(b"abc", 0), 0x44BC_2CF5_AD77_0999);
        assert_eq!(xxh64(b"Nobody inspects the spammish repetition", 0), 0xFBCE_A83C_8A37_8BF1);
    }

    #[test]
    fn the_order_of_pods_does_not_matter() {
        let pods = [("shop", "a"), ("bank", "b"), ("shop", "c")];
        let turned = pods.iter().rev().copied();
        assert_eq!(fingerprint(pods.iter().copied()), fingerprint(turned));
        assert_ne!(fingerprint(pods.iter().copied()), fingerprint(pods[..2].iter().copied()));
        assert!(fingerprint(std::iter::empty()).starts_with("pfp0v001"));
    }
}
