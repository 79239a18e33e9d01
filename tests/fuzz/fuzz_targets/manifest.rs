//! Any bytes as a manifest; what can be read of them is then scheduled with the default profile.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use longshore_engine::{Options, TieBreak};
use longshore_framework::profile::Profile;
use longshore_loader as plugins;
use longshore_manifest::{Manifests, Source};
use longshore_simulation as simulation;

/// Nodes and pods that are scheduled, at most: more of them find no other faults, only more slowly.
const MOST: usize = 24;

static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    let resolved = longshore_profile::default_profile(&plugins::registry(), plugins::default_multi_point());
    resolved.expect("the default profile resolves").profiles
});

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if asks_for_many_pods(bytes) {
        return Corpus::Reject;
    }
    let source = Source { name: "fuzz".to_string(), text: bytes.to_vec() };
    let cluster = longshore_manifest::read(&[source]);
    for problem in &cluster.problems {
        assert!(!problem.message.is_empty(), "a problem without a message: {problem:?}");
        assert!(problem.to_string().len() < 4096, "a problem that nobody will read: {problem}");
    }
    schedule(cluster);
    Corpus::Keep
});

/// Every pending pod is tried, and none is lost.
fn schedule(mut cluster: Manifests) {
    cluster.nodes.truncate(MOST);
    cluster.pods.truncate(MOST);
    let pending = cluster.pods.iter().filter(|p| p.meta.node_name.is_none()).count();
    let options = Options { adopt_all: true, trace: true, tie_break: TieBreak::First, ..Options::default() };
    let done = simulation::run(&cluster, PROFILES.clone(), options, &mut |_| {});
    assert_eq!(done.pending_at_start, pending);
    let tried: std::collections::BTreeSet<_> = done.records.iter().map(|r| &r.pod().meta.uid).collect();
    let evicted: std::collections::BTreeSet<_> = done.evicted.iter().map(|(v, _)| &v.meta.uid).collect();
    for pod in cluster.pods.iter().filter(|p| p.meta.node_name.is_none()) {
        assert!(
            tried.contains(&pod.meta.uid) || evicted.contains(&pod.meta.uid),
            "{} was never tried",
            pod.key()
        );
    }
}

/// A million replicas are allowed, and take seconds to expand. They are no fault, so the fuzzer is kept from them.
fn asks_for_many_pods(bytes: &[u8]) -> bool {
    [&b"eplicas"[..], b"arallelism", b"ompletions"].iter().any(|word| {
        bytes.windows(word.len()).enumerate().any(|(at, window)| {
            let rest = &bytes[at + word.len()..];
            let shown = &rest[..rest.len().min(24)];
            window == *word
                && shown
                    .split(|b| !b.is_ascii_alphanumeric())
                    .any(|run| run.len() > 2 && run[0].is_ascii_digit())
        })
    })
}
