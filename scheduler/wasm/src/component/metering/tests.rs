use longshore_framework::fixture::node;
use longshore_framework::node_metrics::{Sample, Window};

use super::*;

fn metric(kind: &str, stale: Stale) -> Metric {
    Metric {
        name: String::new(),
        kind: kind.to_string(),
        operator: String::new(),
        rollup: String::new(),
        max_age: 60_000,
        stale,
        timed: false,
    }
}

fn metering(metrics: &[Metric]) -> Metering {
    Metering::of(&MetricsSource::default(), metrics, 5).unwrap()
}

fn store(metering: &Metering) -> NodeMetrics {
    let mut store = NodeMetrics::default();
    store.declare(metering.need());
    store
}

/// Values of CPU, all measured at this second.
fn set(store: &mut NodeMetrics, at: i64, values: &[(&str, f64)]) {
    let mut sample = Sample::default();
    for (node, value) in values {
        sample.add(node, Timestamp(at * 1000), ["", "CPU", "AVG", ""], *value).unwrap();
    }
    store.set(&Arc::new(MetricsSource::default()), &sample, |_| None);
}

/// Rows and values of the first metric, and times where there are some.
fn told(telling: Option<Telling>) -> Option<(bool, String)> {
    let telling = telling?;
    let mut text = Vec::new();
    for update in telling.updates {
        for (at, row) in update.rows.iter().enumerate() {
            let time = update.times.get(at).map(|time| format!("@{time}")).unwrap_or_default();
            text.push(format!("{}.{row}={}{time}", update.metric, update.values[at]));
        }
    }
    Some((telling.reset, text.join(" ")))
}

fn some(reset: bool, text: &str) -> Option<(bool, String)> {
    Some((reset, text.to_string()))
}

#[test]
fn an_instance_is_told_of_rows_whose_values_changed() {
    let metering = metering(&[metric("CPU", Stale::Ignore)]);
    let (mut store, mut snapshot, mut instance) = (store(&metering), Snapshot::default(), Told::default());
    let mut tell =
        |store: &NodeMetrics, snapshot: &Snapshot| told(instance.missing(&metering, snapshot, 0..64, store));
    let a = snapshot.set_node(node("a").build());
    snapshot.set_node(node("b").build());
    set(&mut store, 0, &[("a", 1.0)]);
    assert_eq!(tell(&store, &snapshot), some(true, "0.0=1 0.1=NaN"));
    assert_eq!(tell(&store, &snapshot), None);
    set(&mut store, 1, &[("a", 2.0)]);
    snapshot.touch(a);
    assert_eq!(tell(&store, &snapshot), some(false, "0.0=2"));
    store.advance(Timestamp(62_000));
    snapshot.touch(a);
    assert_eq!(tell(&store, &snapshot), some(false, "0.0=NaN"));
    // Another node in the place of one that is gone is told of, though it has no value either.
    snapshot.remove_node("a");
    assert_eq!(tell(&store, &snapshot), None);
    snapshot.set_node(node("c").build());
    assert_eq!(tell(&store, &snapshot), some(false, "0.0=NaN"));
}

#[test]
fn times_are_told_by_the_plugins_clock_and_change_with_every_sample() {
    let timed = Metric { timed: true, ..metric("CPU", Stale::Keep) };
    let metering = metering(&[timed, metric("CPU", Stale::Keep)]);
    let (mut store, mut snapshot, mut instance) = (store(&metering), Snapshot::default(), Told::default());
    snapshot.set_node(node("a").build());
    set(&mut store, 1, &[("a", 1.0)]);
    let first = told(instance.missing(&metering, &snapshot, 0..64, &store));
    assert_eq!(first, some(true, "0.0=1@1005 1.0=1"));
    let seen = metering.seen(&store);
    set(&mut store, 2, &[("a", 1.0)]);
    assert!(metering.seen(&store) > seen);
    let second = told(instance.missing(&metering, &snapshot, 0..64, &store));
    assert_eq!(second, some(false, "0.0=1@2005"));
    // Where the source says which span values are about, its end is told, by the source's clock.
    let window = Window { start: Timestamp(0), end: Timestamp(900) };
    let mut sample = Sample::new(Some(window));
    sample.add("a", Timestamp(3000), ["", "CPU", "AVG", ""], 1.0).unwrap();
    store.set(&Arc::new(MetricsSource::default()), &sample, |_| None);
    let third = told(instance.missing(&metering, &snapshot, 0..64, &store));
    assert_eq!(third, some(false, "0.0=1@900"));
}

#[test]
fn a_plugin_that_does_without_no_value_is_not_asked_while_all_are_too_old() {
    let metering = metering(&[metric("CPU", Stale::Fail)]);
    let mut store = store(&metering);
    let check = |store: &NodeMetrics, want: Option<&str>| {
        let said = metering.too_old(store);
        assert_eq!(said.as_deref(), want);
    };
    check(&store, Some("there is no value of CPU from metrics.k8s.io yet"));
    set(&mut store, 0, &[("a", 1.0)]);
    check(&store, None);
    store.advance(Timestamp(61_000));
    check(
        &store,
        Some(
            "the newest value of CPU from metrics.k8s.io is 61 s old, and the plugin takes none that is older than 60 s",
        ),
    );
    set(&mut store, 50, &[("b", 1.0)]);
    check(&store, None);
}

#[test]
fn too_much_is_refused() {
    let refused = |metrics: &[Metric]| Metering::of(&MetricsSource::default(), metrics, 0).unwrap_err();
    assert!(refused(&vec![metric("CPU", Stale::Keep); 65]).contains("64 are allowed"));
    assert!(refused(&[metric(&"x".repeat(254), Stale::Keep)]).contains("the kind of a metric has 254 bytes"));
}
