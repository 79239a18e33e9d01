//! Input that nobody means well: what cannot be read is named, what can be read is decided all the same.

mod manifests;
mod numbers;
mod profiles;

use longshore_engine::{Options, Outcome, TieBreak};
use longshore_loader as plugins;
use longshore_manifest::{Manifests, Source};
use longshore_simulation::{self as simulation, Record};

/// Reads one source.
fn read(text: &[u8]) -> Manifests {
    longshore_manifest::read(&[Source { name: "cluster.yaml".to_string(), text: text.to_vec() }])
}

/// Tries every pending pod with the default profile; one line for each try: the node or the message.
fn decide(cluster: &Manifests) -> Vec<String> {
    let profile = longshore_profile::default_profile(&plugins::registry(), plugins::default_multi_point());
    let options = Options { adopt_all: true, trace: true, tie_break: TieBreak::First, ..Options::default() };
    let done = simulation::run(cluster, profile.expect("it resolves").profiles, options, &mut |_| {});
    done.records.iter().map(line).collect()
}

fn line(record: &Record) -> String {
    let Record::Tried { attempt, .. } = record else { return format!("{}: not tried", record.pod().key()) };
    let what = match &attempt.outcome {
        Outcome::Assumed { node } => node.to_string(),
        Outcome::Unschedulable { message, .. } | Outcome::Broken { message } => message.clone(),
        other => format!("{other:?}"),
    };
    format!("{}: {what}", attempt.pod.key())
}
