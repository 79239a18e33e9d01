//! The parts around a decision: snapshot changes, the queue, reading manifests.

use std::fmt::Write;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use longshore_benches::{Shape, basic, engine, nodes};
use longshore_framework::snapshot::Snapshot;

fn snapshot(c: &mut Criterion) {
    let mut snapshot = Snapshot::default();
    let slots: Vec<_> = nodes(5_000).into_iter().map(|n| snapshot.set_node(n)).collect();
    let pod = basic("p").build();
    let mut at = 0;
    c.bench_function("snapshot/add-and-remove-a-pod", |b| {
        b.iter(|| {
            at = (at + 1) % slots.len();
            snapshot.add_pod(slots[at], pod.clone());
            snapshot.remove_pod(slots[at], &pod.meta.uid)
        });
    });
}

fn queue(c: &mut Criterion) {
    let mut group = c.benchmark_group("queue");
    let pods: Vec<_> = (0..10_000).map(|at| Shape::Basic.pod(at)).collect();
    group.throughput(Throughput::Elements(pods.len() as u64));
    group.bench_function("enqueue", |b| {
        b.iter_batched(|| pods.clone(), |pods| engine(0, pods.into_iter()), BatchSize::LargeInput);
    });
    group.finish();
}

fn manifests(c: &mut Criterion) {
    let mut json = String::from(r#"{"apiVersion":"v1","kind":"List","items":["#);
    let mut yaml = String::new();
    for at in 0..1_000 {
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(
            json,
            r#"{comma}{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p{at}","namespace":"default","labels":{{"app":"web"}}}},"spec":{{"containers":[{{"name":"c","image":"registry.example/web:1","resources":{{"requests":{{"cpu":"100m","memory":"500Mi"}}}}}}]}}}}"#
        );
        let _ = write!(
            yaml,
            "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: p{at}\n  labels: {{app: web}}\nspec:\n  containers:\n  - name: c\n    image: registry.example/web:1\n    resources:\n      requests: {{cpu: 100m, memory: 500Mi}}\n"
        );
    }
    json.push_str("]}");
    let mut group = c.benchmark_group("manifests");
    group.sample_size(20);
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("json-list", |b| b.iter(|| longshore_manifest::read_str(&json)));
    group.bench_function("yaml-documents", |b| b.iter(|| longshore_manifest::read_str(&yaml)));
    group.finish();
}

criterion_group!(all, snapshot, queue, manifests);
criterion_main!(all);
