//! Storms that were recorded: what comes out of a replay, in the beginning, in the middle, and where it is another one.

mod storm;

use std::fs;
use std::path::Path;

use longshore_engine::Engine;
use longshore_framework::Timestamp;
use longshore_framework::profile::Profile;
use longshore_recording::{Recording, Replay, Settings, Summary, Witness};

use crate::properties::new_profiles;
use storm::Storm;

/// Makes engines with the default profile; with another seed where one is asked for.
#[derive(Default)]
struct Again {
    seed: Option<u64>,
}

impl Witness for Again {
    fn engine(&mut self, settings: &Settings) -> Result<Engine, String> {
        let mut options = settings.options()?;
        options.seed = self.seed.unwrap_or(options.seed);
        Ok(Engine::new(new_profiles(), options))
    }

    fn profiles(&mut self, _: &Settings) -> Result<Vec<Profile>, String> {
        Ok(new_profiles())
    }
}

fn replay(folder: &Path, again: &mut Again) -> Vec<Summary> {
    let recording = Recording::open(folder).unwrap();
    recording.stretches.iter().map(|stretch| Replay::run(stretch, None, again).unwrap()).collect()
}

#[test]
fn a_storm_with_preemptions_comes_out_decision_for_decision() {
    let folder = tempfile::tempdir().unwrap();
    let storm = Storm::recorded(folder.path(), 40, 400, &[]);
    assert!(storm.evicted > 10, "{} evictions", storm.evicted);
    let summaries = replay(folder.path(), &mut Again::default());
    let [summary] = &summaries[..] else { panic!("{summaries:#?}") };
    assert!(summary.first.is_none(), "{summary:#?}");
    assert_eq!((summary.attempts, summary.placed), (storm.attempts, storm.placed));
}

#[test]
fn another_seed_is_a_difference_with_its_first_cause() {
    let folder = tempfile::tempdir().unwrap();
    Storm::recorded(folder.path(), 40, 50, &[]);
    let summaries = replay(folder.path(), &mut Again { seed: Some(99) });
    let first = summaries[0].first.clone().unwrap();
    assert_eq!(summaries[0].differences, 1);
    assert!(first.pod.starts_with("default/p"), "{first:?}");
    assert!(first.call.starts_with("attempt 1 at the pod with UID"), "{first:?}");
    assert!(first.recorded.contains("node n") && first.came_out.contains("node n"), "{first:?}");
    assert_ne!(first.recorded, first.came_out);
}

/// The oldest part is gone: what is left begins with a checkpoint and is followed.
#[test]
fn a_storm_is_followed_from_a_checkpoint_on() {
    let folder = tempfile::tempdir().unwrap();
    let storm = Storm::recorded(folder.path(), 40, 400, &[150, 300]);
    let first = Recording::open(folder.path()).unwrap().stretches[0].segments[0].path.clone();
    fs::remove_file(first).unwrap();
    let recording = Recording::open(folder.path()).unwrap();
    let [stretch] = &recording.stretches[..] else { panic!("{recording:#?}") };
    assert!(!stretch.is_from_start() && stretch.segments.len() == 2);
    let summary = Replay::run(stretch, None, &mut Again::default()).unwrap();
    assert_eq!(summary.differences, 0, "{summary:#?}");
    assert!(summary.placed > 100 && summary.attempts < storm.attempts, "{summary:#?}");
}

#[test]
fn a_hole_in_the_middle_is_never_read_over() {
    let folder = tempfile::tempdir().unwrap();
    Storm::recorded(folder.path(), 40, 400, &[100, 200, 300]);
    let second = Recording::open(folder.path()).unwrap().stretches[0].segments[1].path.clone();
    fs::write(&second, "garbage").unwrap();
    let recording = Recording::open(folder.path()).unwrap();
    assert_eq!((recording.stretches.len(), recording.unreadable.len()), (2, 1));
    assert!(recording.unreadable[0].to_string().contains("is no recording"));
    for stretch in &recording.stretches {
        let summary = Replay::run(stretch, None, &mut Again::default()).unwrap();
        assert_eq!(summary.differences, 0, "{summary:#?}");
    }
}

#[test]
fn a_replay_ends_where_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    Storm::recorded(folder.path(), 10, 100, &[]);
    let recording = Recording::open(folder.path()).unwrap();
    let until = Timestamp(storm::BEGAN + 3_000);
    let summary = Replay::run(&recording.stretches[0], Some(until), &mut Again::default()).unwrap();
    assert!(summary.until <= until && summary.turns > 10 && summary.attempts < 100, "{summary:#?}");
}

/// What docs/recording.md says of the size.
#[test]
fn a_pod_costs_few_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let storm = Storm::recorded(folder.path(), 500, 5_000, &[]);
    let bytes: u64 =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    let each = bytes / storm.pods;
    println!("{bytes} bytes for {} pods: {each} bytes per pod", storm.pods);
    assert!((20..600).contains(&each), "{each} bytes per pod");
}
