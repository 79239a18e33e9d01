//! What must hold for every cluster: random nodes, random pods, random events.
//!
//! A failing case is printed as the drafts it was made of. The few cases that are tried by default are the same each time;
//! `make properties` tries many others.

mod cluster;
mod devices;
mod events;
mod group_room;
mod groups;
mod lag;
mod limits;
mod preemption;
mod range;
mod seats;
mod seeds;
mod split;
mod storage;

use std::sync::LazyLock;

use longshore_engine::Options;
use longshore_framework::profile::Profile;
use longshore_simulation::{self as simulation, Record, Simulated};
use proptest::test_runner::Config;

/// The default profile, which all tests share.
pub(crate) static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(new_profiles);

/// The default profile, with plugins that remember nothing of other tests.
pub(crate) fn new_profiles() -> Vec<Profile> {
    let (registry, plugins) =
        (longshore_plugins_native::registry(), longshore_plugins_native::DEFAULT_MULTI_POINT);
    longshore_profile::default_profile(&registry, plugins).expect("the default profile resolves").profiles
}

/// `cases` cases of each property, or as many as `PROPTEST_CASES` says; nothing is written into the tree.
fn config(cases: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|v| v.parse().ok());
    Config { cases: asked.unwrap_or(cases), failure_persistence: None, ..Config::default() }
}

fn simulate(cluster: &longshore_manifest::Manifests, options: Options) -> Simulated {
    simulation::run(cluster, PROFILES.clone(), Options { trace: true, ..options }, &mut |_| {})
}

/// All that was said and done about one try, as text.
fn told(record: &Record) -> String {
    match record {
        Record::Tried { attempt, retry, .. } => format!(
            "{} (again: {retry}) {:?}\n{:?}\n{:?}",
            attempt.pod.key(),
            attempt.outcome,
            attempt.trace,
            attempt.effects
        ),
        Record::Gated { pod, plugin, rejection } => format!("{} {plugin} {rejection:?}", pod.key()),
        Record::NoProfile { pod } => format!("{} has no profile", pod.key()),
    }
}

/// The same of all tries, and who was evicted for whom.
fn all_told(done: &Simulated) -> Vec<String> {
    let evicted = done.evicted.iter().map(|(victim, pod)| format!("{} for {}", victim.key(), pod.key()));
    done.records.iter().map(told).chain(evicted).collect()
}
