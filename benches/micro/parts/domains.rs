//! One node's part in the sums by topology domain, and the least of them: what a placement costs a spread constraint.

use criterion::Criterion;
use longshore_benches::nodes;
use longshore_framework::domains::{DomainSums, SumHistogram};
use longshore_framework::node::{HOSTNAME, ZONE};
use longshore_framework::snapshot::{Slot, Snapshot};

pub(crate) fn benches(c: &mut Criterion) {
    let mut snapshot = Snapshot::default();
    let slots: Vec<Slot> = nodes(5_000).into_iter().map(|node| snapshot.set_node(node)).collect();
    let mut group = c.benchmark_group("domain-sums");
    for (name, key) in [("zone", ZONE), ("hostname", HOSTNAME)] {
        let (key, mut histogram) = (key.into(), SumHistogram::default());
        let (mut sums, column) = (DomainSums::new(&snapshot, &key), snapshot.topology(&key));
        let (mut at, mut amount) = (0, 0);
        group.bench_function(name, |b| {
            b.iter(|| {
                at = (at + 1) % slots.len();
                amount = (amount + 1) % 7;
                for change in sums.set(slots[at], column.domain(slots[at]), Some(amount)) {
                    histogram.note(change);
                }
                histogram.least()
            });
        });
    }
    group.finish();
}
