//! Files that were cut, flipped and filled with garbage.

use std::fs;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::{read, recorded};
use crate::ReadError;
use crate::block::pack;
use crate::limits::MOST_RAW;

/// What a whole file has, and its bytes.
static WHOLE: LazyLock<(Vec<String>, Vec<u8>)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = recorded(folder.path(), 119);
    let (whole, error) = read(&path);
    assert!(error.is_none(), "{error:?}");
    (whole, fs::read(path).unwrap())
});

/// What is read of a damaged file is the beginning of what was written, and the rest is an error with the file's name.
#[track_caller]
fn check(damage: impl FnOnce(&mut Vec<u8>), may_be_whole: bool) {
    let (whole, bytes) = &*WHOLE;
    assert_eq!(whole.len(), 122);
    let (folder, mut bytes) = (tempfile::tempdir().unwrap(), bytes.clone());
    let path = folder.path().join("damaged.lsr");
    damage(&mut bytes);
    fs::write(&path, bytes).unwrap();
    let (left, error) = read(&path);
    assert!(whole.starts_with(&left), "{left:#?}");
    match error {
        Some(error) => {
            let text = error.to_string();
            assert!(text.contains("damaged.lsr"), "{text}");
        }
        None => assert!(may_be_whole && left == *whole, "the damage was not seen"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_that_is_cut_anywhere_is_read_up_to_there(at: prop::sample::Index) {
        check(|bytes| bytes.truncate(at.index(bytes.len())), false);
    }

    #[test]
    fn any_flipped_bit_is_seen(at: prop::sample::Index, bit in 0..8) {
        check(|bytes| { let at = at.index(bytes.len()); bytes[at] ^= 1_u8 << bit; }, false);
    }

    #[test]
    fn garbage_after_what_is_whole_is_seen(garbage in prop::collection::vec(any::<u8>(), 1..200)) {
        check(|bytes| bytes.extend(garbage), false);
    }

    #[test]
    fn a_file_of_garbage_is_no_recording(garbage in prop::collection::vec(any::<u8>(), 0..300)) {
        check(|bytes| *bytes = garbage, false);
    }

    /// Checksums are right, and what they are of is not.
    #[test]
    fn lines_of_garbage_are_an_error(garbage in prop::collection::vec(any::<u8>(), 1..300)) {
        check(|bytes| {
            let length = u32::try_from(garbage.len()).unwrap().to_le_bytes();
            bytes.extend(pack(&[&length[..], &garbage].concat()).unwrap());
        // A few of them say nothing, as a line may.
        }, true);
    }
}

#[track_caller]
fn problem(damage: impl FnOnce(&mut Vec<u8>)) -> ReadError {
    let folder = tempfile::tempdir().unwrap();
    let path = recorded(folder.path(), 3);
    let mut bytes = fs::read(&path).unwrap();
    damage(&mut bytes);
    fs::write(&path, bytes).unwrap();
    read(&path).1.unwrap()
}

#[test]
fn each_damage_has_its_name() {
    let cut = problem(|bytes| bytes.truncate(bytes.len() - 1));
    assert!(cut.is_cut() && cut.to_string().contains("in the middle of a block"), "{cut}");
    let foreign = problem(|bytes| *bytes = b"apiVersion: v1\nkind: List\n".to_vec());
    assert!(matches!(foreign, ReadError::Foreign { .. }), "{foreign}");
    let format = problem(|bytes| bytes[7] = 9);
    assert!(matches!(format, ReadError::Format { format: 9, known: 1, .. }), "{format}");
    let last = problem(|bytes| *bytes.last_mut().unwrap() ^= 1);
    assert!(last.to_string().contains("does not match its checksum"), "{last}");
}

/// A small file that promises much is not believed: memory is taken for what is there.
#[test]
fn lengths_are_checked_before_memory_is_taken() {
    let block = |packed: u32, raw: u32| {
        let mut head = [packed.to_le_bytes(), raw.to_le_bytes()].concat();
        head.extend(crc32fast::hash(&head).to_le_bytes());
        head
    };
    let huge = problem(|bytes| bytes.extend(block(u32::MAX, u32::MAX)));
    assert!(huge.to_string().contains("larger than any"), "{huge}");
    assert!(problem(|bytes| bytes.extend(block(1 << 20, 1 << 20))).is_cut());
    // It unpacks to more than it says.
    let bomb = problem(|bytes| {
        let packed = zstd::bulk::compress(&vec![0; MOST_RAW], 1).unwrap();
        bytes.extend(block(u32::try_from(packed.len()).unwrap(), 100));
        let sum = crc32fast::hash(&packed);
        bytes.extend(packed);
        bytes.extend(sum.to_le_bytes());
    });
    assert!(bomb.to_string().contains("cannot be unpacked"), "{bomb}");
    let long = problem(|bytes| bytes.extend(pack(&u32::MAX.to_le_bytes()).unwrap()));
    assert!(long.to_string().contains("longer than its block"), "{long}");
}
