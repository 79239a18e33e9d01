//! One decision for a basic pod, with work split over threads and not: where is the crossover?

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use longshore_benches::{basic, default_profiles, nodes};
use longshore_engine::{Engine, Options, Parallelism};
use longshore_framework::port::Input;

fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("cycle");
    for count in [1_000, 5_000, 20_000, 100_000] {
        for (name, threshold) in [("one-thread", usize::MAX), ("split", 1)] {
            let parallelism = Parallelism { threshold, ..Parallelism::default() };
            let options = Options { retry: false, parallelism, ..Options::default() };
            let mut engine = Engine::new(default_profiles(), options);
            for node in nodes(count) {
                engine.apply(Input::Node(node));
            }
            let pod = basic("probe").build();
            group.bench_function(BenchmarkId::new(name, count), |b| {
                b.iter(|| {
                    engine.apply(Input::Pod(pod.clone()));
                    let attempt = engine.step();
                    engine.apply(Input::PodDeleted { uid: pod.meta.uid.clone() });
                    attempt
                });
            });
        }
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
