//! A decision for a pod whose class is known, one node having changed since: for plain pods, and where domains are counted.

use criterion::{BenchmarkId, Criterion};
use longshore_benches::{Shape, engine};
use longshore_framework::port::Input;

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("class");
    let shapes =
        [("plain", Shape::Basic), ("anti-affinity", Shape::AntiAffinity), ("zone-spread", Shape::Spread)];
    for (name, shape) in shapes {
        for nodes in [1_000, 5_000, 50_000] {
            let mut engine = engine(nodes, (0..100).map(|at| shape.pod(at)));
            longshore_benches::run(&mut engine);
            let probe = shape.pod(1_000_000);
            group.bench_function(BenchmarkId::new(name, nodes), |b| {
                b.iter(|| {
                    engine.apply(Input::Pod(probe.clone()));
                    let attempt = engine.step();
                    engine.apply(Input::PodDeleted { uid: probe.meta.uid.clone() });
                    attempt
                });
            });
        }
    }
    group.finish();
}
