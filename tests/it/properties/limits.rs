//! No node ends with more than it can hold.

use longshore_engine::{Engine, Options};
use longshore_framework::snapshot::Slot;
use proptest::prelude::*;

use super::cluster::{ClusterDraft, cluster};
use super::{config, simulate};

/// Every node holds at most what it may: of every resource, and of pods.
#[track_caller]
pub(super) fn within(engine: &Engine) {
    let snapshot = engine.snapshot();
    for slot in snapshot.live().iter().map(Slot::from) {
        let view = snapshot.view(slot);
        for (id, resource) in snapshot.resource_names() {
            let (requested, allocatable) = (view.requested(id), view.allocatable(id));
            assert!(
                requested <= allocatable,
                "{} holds {requested} {resource} of {allocatable}",
                view.name()
            );
        }
        let (pods, allowed) = (view.pod_count(), view.allowed_pods());
        assert!(pods <= allowed, "{} holds {pods} pods of {allowed}", view.name());
        let mut ports: Vec<_> = view.pods().iter().flat_map(|p| p.host_ports()).collect();
        while let Some(port) = ports.pop() {
            let other = ports.iter().find(|p| p.conflicts(port));
            assert_eq!(other, None, "{} gave port {port:?} twice", view.name());
        }
    }
}

#[track_caller]
fn check(draft: &ClusterDraft, seed: u64) {
    let cluster = draft.build();
    within(&longshore_simulation::load(&cluster, super::PROFILES.clone(), Options::default()));
    let done = simulate(&cluster, Options { seed, ..Options::default() });
    within(&done.engine);
    let placed = done.records.iter().filter(|r| r.node().is_some()).count();
    let running = cluster.pods.len() - done.pending_at_start;
    assert_eq!(done.engine.cache().pod_counts().0, running + placed - done.evicted.len());
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn no_node_ends_over_its_limits(draft in cluster(8, 32), seed: u64) {
        check(&draft, seed);
    }
}
