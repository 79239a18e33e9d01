//! The parts of a decision and of what is around it, one file each: what a change of one of them costs or gains.
//!
//! A part that comes to the engine later, such as the hit of a pod class or the update of a domain counter, gets a file of
//! its own and a line below.

mod manifests;
mod plugins;
mod queue;
mod snapshot;

use criterion::{criterion_group, criterion_main};

criterion_group!(all, snapshot::benches, plugins::benches, queue::benches, manifests::benches);
criterion_main!(all);
