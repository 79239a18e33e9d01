//! What is kept, how long, and what becomes of it when nothing can be written.

use std::fs;
use std::sync::atomic::Ordering;

use super::*;
use crate::segment::Begins;

#[test]
fn what_is_told_is_read_again_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = recorded(folder.path(), 700);
    let reader = SegmentReader::open(&path).unwrap();
    assert_eq!(reader.header().begins, Begins::Empty);
    let mut names = Vec::new();
    for entry in reader {
        if let Entry::Turn(turn) = entry.unwrap()
            && let What::Told(Input::Pod(pod)) = turn.what
        {
            names.push(pod.meta.name.clone());
        }
    }
    let want: Vec<Str> = (0..700).map(|at| format!("p{at}").into()).collect();
    assert_eq!(names, want);
    let entry = Recording::open(folder.path()).unwrap().stretches[0].segments[0].entry.clone().unwrap();
    assert_eq!((entry.turns, entry.attempts, entry.until), (715, 0, 1699));
}

#[test]
fn segments_begin_with_a_checkpoint_and_the_oldest_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { bytes: 24 << 10, ..Limits::default() };
    let (mut engine, recorder, mut tape) = begin(folder.path(), limits, 1000);
    for _ in 0..20 {
        tell(&mut engine, &mut tape, 300);
        while !tape.checkpoint(&engine) {
            std::thread::yield_now();
        }
    }
    drop(tape);
    recorder.finish();
    let recording = Recording::open(folder.path()).unwrap();
    let [stretch] = &recording.stretches[..] else { panic!("{recording:#?}") };
    assert!(!stretch.is_from_start() && stretch.segments.len() < 20);
    let kept = stretch.segments.iter().map(|s| fs::metadata(&s.path).unwrap().len());
    assert!(kept.sum::<u64>() <= limits.bytes, "more is kept than may be");
    let mut reader = SegmentReader::open(&stretch.segments[0].path).unwrap();
    assert!(matches!(reader.next(), Some(Ok(Entry::Restore(_)))));
    assert!(reader.all(|entry| entry.is_ok()));
}

#[test]
fn what_is_too_old_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { age: Duration::from_secs(60), ..Limits::default() };
    let (mut engine, recorder, mut tape) = begin(folder.path(), limits, 1000);
    tell(&mut engine, &mut tape, 5);
    assert!(tape.checkpoint(&engine));
    tape.apply(&mut engine, Input::Time(Timestamp(61_000)));
    assert!(tape.checkpoint(&engine));
    tape.apply(&mut engine, Input::Time(Timestamp(100_000)));
    drop(tape);
    recorder.finish();
    assert_eq!(
        segments(folder.path()).len(),
        2,
        "the first one is more than a minute older than the last turn"
    );
}

#[test]
fn a_writer_that_cannot_follow_leaves_a_hole_that_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { waiting: 1, ..Limits::default() };
    let (mut engine, recorder, mut tape) = begin(folder.path(), limits, 1000);
    let status = recorder.status();
    let mut told = 0;
    while status.dropped.load(Ordering::Relaxed) == 0 {
        told += 1;
        assert!(told < 3_000_000, "nothing was ever dropped");
        tape.apply(&mut engine, Input::Object(longshore_framework::objects::Object::Service(Arc::default())));
    }
    // Once there is room again it goes on with a checkpoint. Nothing more is told before the writer has followed, so that there is one
    // hole.
    let followed = || {
        while status.waiting.load(Ordering::Relaxed) > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    for at in 0.. {
        followed();
        tape.apply(&mut engine, Input::Time(Timestamp(2000 + at)));
        if status.segments.load(Ordering::Relaxed) > 1 {
            break;
        }
    }
    followed();
    tape.apply(&mut engine, Input::Time(Timestamp(900_000)));
    drop(tape);
    recorder.finish();
    let recording = Recording::open(folder.path()).unwrap();
    let [before, after] = &recording.stretches[..] else { panic!("{recording:#?}") };
    assert!(before.is_from_start() && before.is_followed);
    let missing = status.dropped.load(Ordering::Relaxed);
    assert_eq!(after.segments[0].header.begins, Begins::AfterHole(missing));
    let (entries, error) = read(&after.segments[0].path);
    assert!(error.is_none() && entries.last().unwrap().contains("900000"), "{error:?}");
}

#[test]
fn a_folder_that_cannot_be_written_to_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let engine = engine();
    let settings = Settings::of(&engine, Value::Null, Vec::new());
    let error = Recorder::start(&file, Limits::default(), settings, (Timestamp(0), 0), |_| {}).unwrap_err();
    assert!(error.to_string().contains("nothing can be recorded there"), "{error}");
}

/// `/dev/full` says of every write that the disk is full.
#[test]
fn a_full_disk_ends_the_recording_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (mut engine, recorder, mut tape) = begin(folder.path(), Limits::default(), 1000);
    tell(&mut engine, &mut tape, 3);
    // The name of the next segment is taken by something that takes no bytes.
    let next = folder.path().join("000000000001000-00000007-000001.lsr");
    std::os::unix::fs::symlink("/dev/full", &next).unwrap();
    assert!(tape.checkpoint(&engine));
    let status = recorder.status();
    for at in 0..10_000 {
        if status.has_stopped() {
            break;
        }
        tape.apply(&mut engine, Input::Time(Timestamp(5000 + at)));
        std::thread::sleep(Duration::from_millis(1));
    }
    let why = status.stopped().unwrap();
    assert!(
        why.contains(".lsr") || why.contains("recording") || why.contains(folder.path().to_str().unwrap()),
        "{why}"
    );
    // The engine goes on, and what was written before is whole.
    tell(&mut engine, &mut tape, 3);
    assert_eq!(engine.snapshot().len(), 1);
    drop(tape);
    recorder.finish();
    fs::remove_file(next).unwrap();
    assert!(read(&segments(folder.path())[0]).1.is_none());
}

#[test]
fn a_damaged_index_costs_nothing_but_time() {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path(), 5);
    fs::write(folder.path().join(crate::INDEX), "{").unwrap();
    let recording = Recording::open(folder.path()).unwrap();
    assert!(recording.stretches[0].segments[0].entry.is_none());
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(Recording::open(empty.path()), Err(ReadError::Empty { .. })));
    assert!(matches!(Recording::open(&empty.path().join("gone")), Err(ReadError::Io { .. })));
}
