//! The format: what is written is read again, and what is damaged is said to be, whatever the damage.

mod damage;
mod round_trip;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use longshore_engine::{Engine, Options};
use longshore_framework::fixture::{node, pod};
use longshore_framework::port::Input;
use longshore_framework::profile::Profile;
use longshore_framework::{Str, Timestamp};
use serde_json::Value;

use crate::{Entry, Limits, ReadError, Recorder, Recording, SegmentReader, Settings, Tape, What};

/// An engine that serves nobody: it keeps what it is told, and decides nothing.
fn engine() -> Engine {
    let profile = Profile::new("nobody");
    Engine::new(vec![profile], Options { seed: 5, ..Options::default() })
}

fn begin(folder: &Path, limits: Limits, session: i64) -> (Engine, Recorder, Tape) {
    let engine = engine();
    let settings = Settings::of(&engine, Value::Null, Vec::new());
    let session = (Timestamp(session), 7);
    let (recorder, tape) = Recorder::start(folder, limits, settings, session, |_| {}).unwrap();
    (engine, recorder, tape)
}

/// Tells of a node, of so many pods, and of the time now and then.
fn tell(engine: &mut Engine, tape: &mut Tape, pods: usize) {
    tape.apply(engine, Input::Node(node("n").build()));
    for at in 0..pods {
        let told = pod(&format!("p{at}")).label("app", "web").build();
        tape.apply(engine, Input::Pod(told));
        if at % 50 == 49 {
            tape.apply(engine, Input::Time(Timestamp(1000 + at as i64)));
        }
    }
}

/// A recording of so many pods, and its only segment.
fn recorded(folder: &Path, pods: usize) -> PathBuf {
    let (mut engine, recorder, mut tape) = begin(folder, Limits::default(), 1000);
    tell(&mut engine, &mut tape, pods);
    drop(tape);
    recorder.finish();
    segments(folder).remove(0)
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let recording = Recording::open(folder).unwrap();
    recording.stretches.into_iter().flat_map(|s| s.segments).map(|s| s.path).collect()
}

/// Everything that a file has, as text, and what ends it.
fn read(path: &Path) -> (Vec<String>, Option<ReadError>) {
    let reader = match SegmentReader::open(path) {
        Ok(reader) => reader,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut entries = Vec::new();
    for entry in reader {
        match entry {
            Ok(entry) => entries.push(format!("{entry:?}")),
            Err(error) => return (entries, Some(error)),
        }
    }
    (entries, None)
}
