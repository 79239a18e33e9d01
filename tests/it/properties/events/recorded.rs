//! Whatever happens: what was recorded of an engine comes out of another one in everything, ties included.

use longshore_engine::{Engine, Options};
use longshore_framework::Timestamp;
use longshore_framework::profile::Profile;
use longshore_recording::{Limits, Recorder, Recording, Replay, Settings, Summary, Tape, Witness};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::world::World;
use super::{Happening, happening};
use crate::properties::{config, new_profiles};

/// Makes engines with the default profile, whatever was recorded of it.
struct Plain;

impl Witness for Plain {
    fn engine(&mut self, settings: &Settings) -> Result<Engine, String> {
        Ok(Engine::new(new_profiles(), settings.options()?))
    }

    fn profiles(&mut self, _: &Settings) -> Result<Vec<Profile>, String> {
        Ok(new_profiles())
    }
}

/// Lets things happen to an engine that is recorded, with a checkpoint after so many of them, and replays all stretches after
/// `change` had its way with the folder.
fn replayed(
    happenings: &[Happening],
    seed: u64,
    checkpoint: Option<usize>,
    change: impl FnOnce(&std::path::Path),
) -> Vec<Summary> {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::of(new_profiles(), Options { seed, ..Options::default() });
    let settings = Settings::of(&world.engine, Value::Null, Vec::new());
    let session = (Timestamp(0), 1);
    let (recorder, tape) =
        Recorder::start(folder.path(), Limits::default(), settings, session, |_| {}).unwrap();
    world.tape = tape;
    for (at, happening) in happenings.iter().enumerate() {
        if checkpoint == Some(at) {
            assert!(world.tape.checkpoint(&world.engine));
        }
        world.happens(happening);
    }
    world.settle();
    world.tape = Tape::none();
    recorder.finish();
    change(folder.path());
    let recording = Recording::open(folder.path()).unwrap();
    let stretches = recording.stretches.iter();
    stretches.map(|stretch| Replay::run(stretch, None, &mut Plain).unwrap()).collect()
}

#[track_caller]
fn check(happenings: &[Happening], seed: u64) {
    for checkpoint in [None, Some(happenings.len() / 2)] {
        let summaries = replayed(happenings, seed, checkpoint, |_| {});
        let [summary] = &summaries[..] else { panic!("{summaries:#?}") };
        assert!(summary.first.is_none() && summary.cut.is_none(), "{summary:#?}");
        let told = happenings.iter().filter(|h| matches!(h, Happening::PodAdded(_))).count() as u64;
        assert!(summary.turns >= told, "{summary:#?}");
    }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn a_replay_comes_to_the_same(happenings in vec(happening(), 1..80), seed: u64) {
        check(&happenings, seed);
    }
}
