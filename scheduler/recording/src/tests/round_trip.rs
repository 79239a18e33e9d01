//! Everything that an engine is told comes back as it was.

use std::sync::Arc;

use longshore_framework::fixture::{affinity_term, node, pod};
use longshore_framework::group::{GroupApi, OwnGroup, PodGroup};
use longshore_framework::node_metrics::{MetricsSource, Prometheus, Provider, Sample};
use longshore_framework::objects::declared::{DeclaredKind, DeclaredObject};
use longshore_framework::objects::{Namespace, Object};
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;
use longshore_framework::quantity::Quantity;
use longshore_framework::volume::{Claim, PersistentVolume};
use proptest::prelude::*;

use super::{Entry, Str, Timestamp, What};
use crate::Turn;
use crate::done::{Done, DoneKind, Ended, Tried};
use crate::line::{Lines, Unlined};

/// Writes turns and reads them again.
fn back(turns: &[Turn]) -> Vec<Turn> {
    let mut lines = Lines::default();
    for turn in turns {
        lines.turn(turn).unwrap();
    }
    let (bytes, mut unlined, mut read) = (lines.take(), Unlined::default(), Vec::new());
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let (length, after) = rest.split_at(4);
        let (line, after) = after.split_at(u32::from_le_bytes(length.try_into().unwrap()) as usize);
        if let Some(Entry::Turn(turn)) = unlined.read(line).unwrap() {
            read.push(turn);
        }
        rest = after;
    }
    read
}

#[track_caller]
fn check(whats: Vec<What>) {
    let effects = vec![Done {
        kind: DoneKind::Evict,
        pod: "u".into(),
        node: Some("n".into()),
        detail: "a b".to_string(),
    }];
    let turn = |what| Turn { at: Timestamp(-3), what, effects: effects.clone() };
    let turns: Vec<Turn> = whats.into_iter().map(turn).collect();
    assert_eq!(format!("{:#?}", back(&turns)), format!("{turns:#?}"));
}

#[test]
fn pods_and_nodes() {
    let own = OwnGroup::new("gang", Some(3));
    let full = pod("full")
        .namespace("shop")
        .label("b", "2")
        .label("a", "1")
        .request("cpu", "1500m")
        .request("memory", "3Gi")
        .request("acme.com/gpu", "2")
        .spec(|spec| {
            spec.pod_anti_affinity.required.push(affinity_term("zone", &[("app", "web")]));
            spec.node_selector.push(("disk".into(), "ssd".into()));
        })
        .build();
    let mut grouped = Pod::clone(&full);
    grouped.meta.own_group = Some(Arc::new(own));
    grouped.meta.node_name = Some("n".into());
    let told = |pod: Arc<Pod>| What::Told(Input::Pod(pod));
    // Two with one spec, and one with another.
    check(vec![told(full.clone()), told(Arc::new(grouped)), told(pod("plain").build()), told(full)]);
    check(vec![What::Told(Input::Node(node("n").label("zone", "a").build()))]);
}

#[test]
fn objects_and_samples() {
    let object = |object| What::Told(Input::Object(object));
    let kind = DeclaredKind::of("acme.com", "v1", "Widget").unwrap();
    let declared =
        DeclaredObject { kind, namespace: "a".into(), name: "w".into(), json: "{\"a\":[1]}".into() };
    let claim = Claim { name: "c".into(), request: "10Gi".parse().unwrap(), ..Claim::default() };
    let volume = PersistentVolume { capacity: Quantity::milli(1), ..PersistentVolume::default() };
    check(vec![
        object(Object::Namespace(Arc::new(Namespace { name: "shop".into(), ..Namespace::default() }))),
        object(Object::Service(Arc::default())),
        object(Object::Claim(Arc::new(claim))),
        What::Told(Input::ObjectDeleted(Object::PersistentVolume(Arc::new(volume)))),
        object(Object::PodGroup(Arc::new(PodGroup::new(GroupApi::Kubernetes, "a", "b", Some(2))))),
        object(Object::Declared(Arc::new(declared))),
    ]);
    let mut sample = Sample::new(None);
    sample.add("n", Timestamp(5), ["cpu", "CPU", "AVG", "5m"], 41.5).unwrap();
    let source = Arc::new(MetricsSource::default());
    check(vec![What::Told(Input::Metrics { source, sample: Arc::new(sample) })]);
}

#[test]
fn answers_attempts_and_times() {
    let uid = || Str::from("uid");
    let tried = |ended| Tried { pod: uid(), number: 3, ended, feasible: 8 };
    check(vec![
        What::Told(Input::Time(Timestamp(i64::MAX))),
        What::Told(Input::Bound { uid: uid(), result: Ok(()) }),
        What::Told(Input::PreBound { uid: uid(), result: Err("no".into()) }),
        What::Told(Input::Evicted { uid: uid(), result: Ok(()) }),
        What::Told(Input::Allow { uid: uid(), plugin: "P".into() }),
        What::Told(Input::Reject { uid: uid(), plugin: "P".into(), message: "why".into() }),
        What::Looked { pod: uid(), node: "n".into(), fits: false },
        What::Tried(vec![
            tried(Ended::Node("n".into())),
            tried(Ended::Unschedulable { message: "m".to_string(), nominated: Some("n".into()) }),
            tried(Ended::Broken("b".to_string())),
            tried(Ended::Terminating),
        ]),
    ]);
}

#[test]
fn a_token_is_written_nowhere() {
    let prometheus = Prometheus {
        address: "http://p".to_string(),
        token: "s3cret".to_string(),
        token_file: String::new(),
        insecure_skip_verify: false,
        ca_file: String::new(),
        node_label: "instance".to_string(),
        queries: Vec::new(),
    };
    let source = MetricsSource { provider: Provider::Prometheus(prometheus), ..MetricsSource::default() };
    let input = Input::Metrics { source: Arc::new(source), sample: Arc::default() };
    let mut lines = Lines::default();
    lines.turn(&Turn { at: Timestamp(0), what: What::Told(input), effects: Vec::new() }).unwrap();
    let bytes = lines.take();
    assert!(!bytes.windows(6).any(|six| six == b"s3cret"));
    assert!(bytes.windows(8).any(|eight| eight == b"http://p"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn quantities_are_exact(milli: i64, more in 0..1_000_000_i64) {
        let mut amount = Quantity::milli(milli);
        amount += Quantity::milli(more);
        let (units, rest) = amount.parts();
        prop_assert_eq!(Quantity::of_parts(units, rest), amount);
    }
}
