//! The parts of a decision and of what is around it, one file each: what a change of one of them costs or gains.

mod classes;
mod domains;
mod manifests;
mod plugins;
mod queue;
mod snapshot;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    all,
    classes::benches,
    domains::benches,
    snapshot::benches,
    plugins::benches,
    queue::benches,
    manifests::benches
);
criterion_main!(all);
