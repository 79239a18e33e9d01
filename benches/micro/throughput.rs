//! Whole runs: every pod of a workload from the queue to its binding, in process.
//!
//! The default profile, all nodes filtered and all feasible nodes scored, random ties, the literal evaluator. Reading
//! manifests and filling the queue are not measured; popping, deciding, assuming and binding are.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use longshore_benches::{Shape, engine, run};

fn workload(c: &mut Criterion, name: &str, nodes: usize, pods: usize, shape: Shape) {
    let mut group = c.benchmark_group("throughput");
    group.sample_size(10);
    group.throughput(Throughput::Elements(pods as u64));
    group.bench_function(format!("{name}/{nodes}-nodes/{pods}-pods"), |b| {
        b.iter_batched(
            || engine(nodes, (0..pods).map(|at| shape.pod(at))),
            |mut engine| {
                assert_eq!(run(&mut engine), pods, "every pod fits");
                engine
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn benches(c: &mut Criterion) {
    workload(c, "basic", 1_000, 2_000, Shape::Basic);
    workload(c, "basic", 5_000, 10_000, Shape::Basic);
    workload(c, "anti-affinity", 5_000, 1_000, Shape::AntiAffinity);
    workload(c, "zone-spread", 5_000, 2_000, Shape::Spread);
}

criterion_group!(all, benches);
criterion_main!(all);
