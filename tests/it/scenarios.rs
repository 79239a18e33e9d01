//! Whole clusters and what becomes of them: every folder of `tests/scenarios` holds the manifests of one, perhaps a
//! `profile.yaml`, and in `expected.txt` where its pods go. `UPDATE_EXPECT=1` writes that file anew.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use longshore_engine::{Options, Outcome, TieBreak};
use longshore_loader as plugins;
use longshore_manifest::Source;
use longshore_profile::Resolved;
use longshore_simulation::{self as simulation, Record, Simulated};

#[track_caller]
fn check(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    let found = told(&folder);
    let file = folder.join("expected.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&file, found).expect("expected.txt can be written");
        return;
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(found, expected, "{name} (UPDATE_EXPECT=1 takes the new text)");
}

/// What becomes of the cluster in `folder`, as text.
fn told(folder: &Path) -> String {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|e| e.expect("it can be read").path())
        .collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "yaml"));
    files.sort();
    let profile = files.iter().position(|f| f.ends_with("profile.yaml")).map(|at| files.remove(at));
    let source = |file: &PathBuf| Source {
        name: file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        text: fs::read(file).expect("the file can be read"),
    };
    let cluster = longshore_manifest::read(&files.iter().map(source).collect::<Vec<_>>());
    let resolved = profiles(profile.as_deref());
    let options = Options { adopt_all: profile.is_none(), tie_break: TieBreak::First, ..Options::default() };
    let mut text: String = cluster.problems.iter().map(|p| format!("problem: {p}\n")).collect();
    let done = simulation::run(&cluster, resolved.profiles, options, &mut |_| {});
    done.records.iter().for_each(|record| tell(&mut text, record, &done));
    text
}

fn profiles(file: Option<&Path>) -> Resolved {
    let (registry, defaults) = (plugins::registry(), plugins::default_multi_point());
    let resolved = match file {
        None => longshore_profile::default_profile(&registry, defaults),
        Some(file) => {
            let text = fs::read_to_string(file).expect("the profile can be read");
            longshore_profile::load("profile.yaml", &text, &registry, defaults)
        }
    };
    resolved.unwrap_or_else(|error| panic!("{error}"))
}

/// One line for a try, and one for each pod that was evicted for it.
fn tell(text: &mut String, record: &Record, done: &Simulated) {
    let pod = record.pod();
    let line = match record {
        Record::Gated { plugin, rejection, .. } => {
            format!("is kept back by {plugin}: {}", rejection.message())
        }
        Record::NoProfile { .. } => format!("has no profile called {:?}", pod.spec.scheduler_name),
        Record::Tried { attempt, .. } => match &attempt.outcome {
            Outcome::Assumed { node } => format!("-> {node}"),
            Outcome::Unschedulable { message, .. } => format!("does not fit: {message}"),
            Outcome::Broken { message } => format!("broke: {message}"),
            other => format!("{other:?}"),
        },
    };
    let _ = writeln!(text, "{} {line}", pod.key());
    let Record::Tried { attempt, .. } = record else { return };
    if let Outcome::Unschedulable { nominated: Some(node), .. } = &attempt.outcome {
        let for_it = done.evicted.iter().filter(|(_, preemptor)| preemptor.meta.uid == pod.meta.uid);
        for (victim, _) in for_it {
            let _ = writeln!(text, "  {} is evicted from {node} for it", victim.key());
        }
    }
}

#[test]
fn replicas_spread_over_zones() {
    check("spread-over-zones");
}

#[test]
fn one_replica_for_each_node() {
    check("anti-affinity");
}

#[test]
fn dedicated_nodes() {
    check("taints");
}

#[test]
fn preemption_spares_what_a_budget_protects() {
    check("preemption-with-budget");
}

#[test]
fn preemption_passes_over_a_node_where_a_filter_breaks() {
    check("preemption-past-broken-claims");
}

#[test]
fn a_gated_pod_is_kept_back() {
    check("gated-pod");
}

#[test]
fn volumes_wait_for_their_first_consumer() {
    check("wait-for-first-consumer");
}

#[test]
fn nodes_are_filled_up() {
    check("binpack");
}

#[test]
fn a_daemon_on_every_node_that_lets_it() {
    check("daemon-set");
}

#[test]
fn ordinals_with_claims_of_their_own() {
    check("stateful-set");
}

#[test]
fn every_reason_is_counted() {
    check("unschedulable-reasons");
}

#[test]
fn two_profiles_in_one_scheduler() {
    check("two-profiles");
}

#[test]
fn pods_move_close_to_what_they_use() {
    check("pod-affinity");
}
