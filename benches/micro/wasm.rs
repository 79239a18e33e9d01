//! A filter and score about resources, native and as WebAssembly: the same pod over 5,000 nodes.
//!
//! Every iteration decides a pod, puts it on the best node and takes it off again, so that one row changes between two
//! pods, as it does when pods are placed one after another.

mod guest;

use std::sync::Arc;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use guest::{Subject, component, extension, native};
use longshore_benches::{basic, nodes};
use longshore_framework::snapshot::Snapshot;

const NODES: usize = 5_000;

fn cluster(count: usize) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for node in nodes(count) {
        snapshot.set_node(node);
    }
    snapshot
}

fn per_pod(c: &mut Criterion) {
    let mut group = c.benchmark_group("wasm/pod");
    group.throughput(Throughput::Elements(NODES as u64));
    let subjects = [
        Some(("native", native())),
        component(false).map(|s| ("component", s)),
        component(true).map(|s| ("component, kept verdicts", s)),
        extension().map(|s| ("extension", s)),
    ];
    for (name, subject) in subjects.into_iter().flatten() {
        let mut snapshot = cluster(NODES);
        let pod = basic("p").build();
        group.bench_function(BenchmarkId::new(name, NODES), |b| {
            b.iter(|| {
                let best = subject.decide(&snapshot, &pod);
                snapshot.add_pod(best, Arc::clone(&pod));
                snapshot.remove_pod(best, &pod.meta.uid);
            });
        });
    }
    group.finish();
}

fn table(c: &mut Criterion) {
    let mut group = c.benchmark_group("wasm/table");
    let Some(subject) = component(false) else { return };
    let mut snapshot = cluster(NODES);
    let pod = basic("p").build();
    let one = [subject.decide(&snapshot, &pod)];
    group.bench_function("filter of one node", |b| b.iter(|| subject.filter(&snapshot, &pod, &one)));
    group.bench_function("one changed row, then the same", |b| {
        b.iter(|| {
            snapshot.add_pod(one[0], Arc::clone(&pod));
            snapshot.remove_pod(one[0], &pod.meta.uid);
            subject.filter(&snapshot, &pod, &one)
        });
    });
    group.bench_function("5,000 new rows, then the same", |b| {
        // A copy is another snapshot: everything has to be told again.
        b.iter_batched(|| snapshot.clone(), |copy| subject.filter(&copy, &pod, &one), BatchSize::LargeInput);
    });
    group.finish();
}

fn start(c: &mut Criterion) {
    let mut group = c.benchmark_group("wasm/start");
    group.sample_size(20);
    if Subject::load_component(false).is_none() {
        return;
    }
    group.bench_function("compile, describe, init", |b| b.iter(|| Subject::load_component(false)));
    let snapshot = cluster(1);
    let pod = basic("p").build();
    let guest = guest::guest();
    group.bench_function("one instance with one row", |b| {
        b.iter_batched(
            || guest.as_ref().map(|g| (g.fresh(), snapshot.clone())),
            |ready| ready.map(|(subject, snapshot)| subject.decide(&snapshot, &pod)),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(all, per_pod, table, start);
criterion_main!(all);
