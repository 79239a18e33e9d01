//! Changes of the snapshot, in a cluster of 5,000 nodes: a pod comes and goes, a node changes.

use std::sync::Arc;

use criterion::Criterion;
use longshore_benches::{basic, nodes};
use longshore_framework::snapshot::Snapshot;

pub(crate) fn benches(c: &mut Criterion) {
    let mut snapshot = Snapshot::default();
    let nodes = nodes(5_000);
    let slots: Vec<_> = nodes.iter().map(|n| snapshot.set_node(Arc::clone(n))).collect();
    let pod = basic("p").build();
    let mut at = 0;
    c.bench_function("snapshot/add-and-remove-a-pod", |b| {
        b.iter(|| {
            at = (at + 1) % slots.len();
            snapshot.add_pod(slots[at], pod.clone());
            snapshot.remove_pod(slots[at], &pod.meta.uid)
        });
    });
    let cordoned = nodes.iter().map(|node| {
        let mut node = Arc::clone(node);
        Arc::make_mut(&mut node).unschedulable = true;
        node
    });
    let versions = [cordoned.collect(), nodes];
    let mut turn = 0;
    c.bench_function("snapshot/update-a-node", |b| {
        b.iter(|| {
            at = (at + 1) % slots.len();
            turn += usize::from(at == 0);
            snapshot.set_node(Arc::clone(&versions[turn % 2][at]))
        });
    });
}
