use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::fields::{Fields, Problem, Problems};
use crate::{Str, Timestamp};

fn read(args: &Value) -> (MetricsSource, Vec<String>) {
    let mut found: Vec<Problem> = Vec::new();
    let mut problems = Problems::new(&mut found);
    let mut fields = Fields::of(args, &mut problems);
    let source = MetricsSource::read(&mut fields, &mut problems);
    fields.finish(&mut problems);
    (source, found.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn check_source(args: &Value, effective: &Value, says: &str) {
    let (source, problems) = read(args);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!((&source.effective(), source.to_string().as_str()), (effective, says));
}

#[track_caller]
fn check_refused(args: &Value, problems: &[&str]) {
    assert_eq!(read(args).1, problems);
}

#[test]
fn a_source_is_named_as_trimaran_names_it() {
    let server = json!({"metricProvider": {"type": "KubernetesMetricsServer"}});
    check_source(&json!({}), &server, "metrics.k8s.io");
    let watcher = json!({"watcherAddress": "http://load-watcher:2020"});
    check_source(&watcher, &watcher, "the load watcher at http://load-watcher:2020");
    check_source(
        &json!({"watcherAddress": "http://load-watcher:2020/", "metricProvider": {"type": "SignalFx"}}),
        &watcher,
        "the load watcher at http://load-watcher:2020",
    );
    check_source(
        &json!({"metricProvider": {"type": "Prometheus"}}),
        &json!({"metricProvider": {
            "type": "Prometheus", "address": "http://prometheus-k8s:9090", "insecureSkipVerify": false,
            "nodeLabel": "instance"}}),
        "Prometheus at http://prometheus-k8s:9090",
    );
    let gpu = json!({"name": "gpu", "query": "avg by (node) (gpu_busy)"});
    check_source(
        &json!({"metricProvider": {"type": "Prometheus", "address": "https://p", "token": "secret", "caFile": "ca.pem",
            "nodeLabel": "node", "queries": [gpu]}}),
        &json!({"metricProvider": {
            "type": "Prometheus", "address": "https://p", "insecureSkipVerify": false, "nodeLabel": "node",
            "token": "(not shown)", "caFile": "ca.pem", "queries": [gpu]}}),
        "Prometheus at https://p",
    );
    let token = json!({"metricProvider": {"type": "Prometheus", "token": "t"}});
    assert_eq!(read(&token).0.effective()["metricProvider"]["insecureSkipVerify"], true);
    let (secret, _) = read(&json!({"metricProvider": {"type": "Prometheus", "token": "secret"}}));
    assert!(!format!("{secret:?}").contains("secret"));
}

#[test]
fn what_is_wrong_with_a_source_is_named_with_its_mend() {
    let signal = "metricProvider.type: SignalFx is not supported; run a load watcher that asks it, and say where in \
                  watcherAddress";
    check_refused(&json!({"metricProvider": {"type": "SignalFx"}}), &[signal]);
    check_refused(
        &json!({"watcherAddress": "load-watcher:2020", "metricProvider": {"adress": "x", "queries": [{"name": "a"}]}}),
        &[
            "watcherAddress: must be a URL that begins with http:// or https://, such as http://load-watcher:2020",
            "metricProvider.queries[0].query: is required",
            "metricProvider.adress: unknown field; did you mean address?",
            "metricProvider.queries: need the type Prometheus",
        ],
    );
    check_refused(
        &json!({"metricProvider": {"type": "Prometheus", "token": "a", "tokenFile": "b"}}),
        &["metricProvider.tokenFile: must be left out where there is a token"],
    );
}

fn source() -> Arc<MetricsSource> {
    Arc::new(MetricsSource {
        provider: Provider::Watcher("http://w".to_string()),
        interval: DEFAULT_INTERVAL,
    })
}

fn cpu(operator: &str) -> MetricSelector {
    MetricSelector { operator: operator.into(), ..MetricSelector::of_kind("CPU") }
}

/// A store that keeps values of CPU, some for a minute.
fn store() -> NodeMetrics {
    let mut store = NodeMetrics::default();
    let max_ages = vec![Duration::from_secs(60)];
    store.declare([MetricsNeed { source: source(), metrics: vec![cpu("")], max_ages }]);
    store
}

/// Node, seconds at which it was measured, operator, value.
fn sample(values: &[(&str, i64, &str, f64)]) -> Sample {
    let mut sample = Sample::default();
    for (node, at, operator, value) in values {
        sample.add(node, Timestamp(at * 1000), ["", "CPU", operator, ""], *value).unwrap();
        sample.add(node, Timestamp(at * 1000), ["", "Memory", operator, ""], 1.0).unwrap();
    }
    sample
}

#[track_caller]
fn check_changed(changed: &[Str], want: &[&str]) {
    assert_eq!(changed.iter().map(|name| &**name).collect::<Vec<_>>(), want);
}

const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

#[test]
fn nodes_change_with_their_values_and_when_these_become_too_old() {
    let (mut store, source) = (store(), source());
    let set = |store: &mut NodeMetrics, values: &[_]| store.set(&source, &sample(values), |_| None);
    check_changed(&set(&mut store, &[("a", 0, "AVG", 10.0), ("b", 0, "AVG", 20.0)]), &["a", "b"]);
    check_changed(&set(&mut store, &[("a", 30, "AVG", 10.0), ("b", 30, "AVG", 21.0)]), &["b"]);
    check_changed(&set(&mut store, &[("a", 40, "AVG", 10.0)]), &["b"]);
    check_changed(&store.advance(Timestamp(100_000)), &[]);
    let reading = |store: &NodeMetrics, age| store.reading(&source, "a", &cpu("AVG"), age);
    assert_eq!(reading(&store, MINUTE), Reading::Fresh(10.0, Timestamp(40_000)));
    check_changed(&store.advance(Timestamp(100_001)), &["a"]);
    assert_eq!(reading(&store, MINUTE), Reading::Stale(10.0, Timestamp(40_000)));
    assert_eq!(reading(&store, None), Reading::Fresh(10.0, Timestamp(40_000)));
    check_changed(&store.advance(Timestamp(200_000)), &[]);
    assert_eq!(store.youngest(&source, &cpu("")), Some(Duration::from_secs(160)));
    // The same value, but new.
    check_changed(&set(&mut store, &[("a", 190, "AVG", 10.0)]), &["a"]);
    assert_eq!(reading(&store, MINUTE), Reading::Fresh(10.0, Timestamp(190_000)));
    assert_eq!(store.reading(&source, "b", &cpu(""), None), Reading::Missing);
}

#[test]
fn the_last_value_that_fits_counts_and_what_nobody_reads_is_not_kept() {
    let (mut store, source) = (store(), source());
    let values = [("a", 0, "AVG", 1.0), ("a", 0, "Latest", 2.0), ("a", 0, "STD", 3.0)];
    store.set(&source, &sample(&values), |_| None);
    let value = |metric: &MetricSelector| store.reading(&source, "a", metric, None);
    assert_eq!(value(&cpu("Latest")), Reading::Fresh(2.0, Timestamp(0)));
    assert_eq!(value(&cpu("")), Reading::Fresh(3.0, Timestamp(0)));
    assert_eq!(value(&cpu("Latest|AVG")), Reading::Fresh(2.0, Timestamp(0)));
    assert_eq!(value(&cpu("|AVG")), Reading::Fresh(1.0, Timestamp(0)));
    assert_eq!(value(&cpu("|Best")), Reading::Missing);
    assert_eq!(value(&MetricSelector::of_kind("Memory")), Reading::Missing);
    let kept: Vec<f64> = store.node(&source, "a").unwrap().metrics.iter().map(|m| m.value).collect();
    assert_eq!(kept, [1.0, 2.0, 3.0]);
}

#[test]
fn usage_becomes_a_share_of_what_the_node_has() {
    let (mut store, source) = (store(), source());
    let mut sample = Sample::default();
    for node in ["a", "unknown", "empty"] {
        sample.set_usage(node, Timestamp(0), Usage { milli_cpu: 250, memory: 0 }).unwrap();
    }
    let capacity = |name: &str| match name {
        "a" => Some(Usage { milli_cpu: 2000, memory: 1 }),
        "empty" => Some(Usage::default()),
        _ => None,
    };
    check_changed(&store.set(&source, &sample, capacity), &["a", "empty", "unknown"]);
    assert_eq!(store.reading(&source, "a", &cpu("Latest"), None), Reading::Fresh(12.5, Timestamp(0)));
    // A node that comes later.
    store.learn("unknown", Usage { milli_cpu: 1000, memory: 1 });
    assert_eq!(store.reading(&source, "unknown", &cpu("Latest"), None), Reading::Fresh(25.0, Timestamp(0)));
}

#[test]
fn a_source_that_nobody_reads_any_more_is_forgotten_and_others_stay() {
    let (mut store, source) = (store(), source());
    store.set(&source, &sample(&[("a", 0, "AVG", 1.0)]), |_| None);
    let need = |source: &Arc<MetricsSource>| MetricsNeed {
        source: Arc::clone(source),
        metrics: vec![cpu("")],
        max_ages: Vec::new(),
    };
    let other = Arc::new(MetricsSource::default());
    store.declare([need(&other), need(&source)]);
    assert_eq!(store.reading(&source, "a", &cpu(""), None), Reading::Fresh(1.0, Timestamp(0)));
    store.declare([need(&other)]);
    assert_eq!(store.reading(&source, "a", &cpu(""), None), Reading::Missing);
    check_changed(&store.set(&source, &sample(&[("a", 0, "AVG", 1.0)]), |_| None), &[]);
}

#[test]
fn a_sample_is_bounded_and_holds_numbers_only() {
    let mut sample = Sample::default();
    let words = ["", "CPU", "", ""];
    let error = |sample: &mut Sample, node: &str, value| {
        sample.add(node, Timestamp(0), words, value).unwrap_err().to_string()
    };
    let nan = error(&mut sample, "a", f64::NAN);
    assert_eq!(nan, "it has NaN as a value of the node \"a\", where a finite number is wanted");
    assert!(error(&mut sample, &"x".repeat(254), 1.0).contains("253 bytes"));
    for _ in 0..64 {
        sample.add("a", Timestamp(0), words, 1.0).unwrap();
    }
    assert!(error(&mut sample, "a", 1.0).contains("more than 64 values"));
    for at in 1..50_000 {
        sample.node(&at.to_string(), Timestamp(0)).unwrap();
    }
    assert!(error(&mut sample, "one more", 1.0).contains("more than 50000 nodes"));
    sample.node("a", Timestamp(0)).unwrap();
}
