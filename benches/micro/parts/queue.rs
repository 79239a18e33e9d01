//! The queue: pods come, wait for nothing to fit them, and go.

use criterion::{BatchSize, Criterion, Throughput};
use longshore_benches::{Shape, engine};
use longshore_framework::port::Input;

const PODS: usize = 10_000;

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("queue");
    let pods: Vec<_> = (0..PODS).map(|at| Shape::Basic.pod(at)).collect();
    group.throughput(Throughput::Elements(PODS as u64));
    group.bench_function("enqueue", |b| {
        b.iter_batched(|| pods.clone(), |pods| engine(0, pods.into_iter()), BatchSize::LargeInput);
    });
    // Without a node a decision is over at once: what is left is popping and parking.
    group.bench_function("pop-and-park", |b| {
        b.iter_batched(
            || engine(0, pods.iter().cloned()),
            |mut engine| {
                while engine.step().is_some() {}
                engine
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("remove", |b| {
        b.iter_batched(
            || engine(0, pods.iter().cloned()),
            |mut engine| {
                for pod in &pods {
                    engine.apply(Input::PodDeleted { uid: pod.meta.uid.clone() });
                }
                engine
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}
