//! Pods of one spec whose labels differ from pod to pod, as those of Jobs do. Their labels count as far as somebody reads them, and
//! what is kept for them is held against the literal evaluator.

use std::sync::Arc;

use longshore_engine::{Engine, Evaluation, Options, Outcome, TieBreak};
use longshore_framework::fixture::{PodBuilder, affinity_term, node, pod};
use longshore_framework::objects::{Object, Service};
use longshore_framework::pod::AffinityTerm;
use longshore_framework::port::Input;
use longshore_framework::ports::{ANY_ADDRESS, HostPort};
use longshore_framework::volume::{
    BIND_COMPLETED, Claim, CsiNode, CsiSource, PersistentVolume, Volume, VolumeSource,
};

use crate::properties::PROFILES;

/// An engine with the large node `a`, which pods prefer, and the small node `b`.
struct Cluster(Engine);

impl Cluster {
    fn new() -> Self {
        let options =
            Options { evaluation: Evaluation::Audited, tie_break: TieBreak::First, ..Options::default() };
        let mut engine = Engine::new(PROFILES.clone(), options);
        for (name, cpu) in [("a", "64"), ("b", "4")] {
            let node = node(name).label("kubernetes.io/hostname", name).allocatable("cpu", cpu);
            engine.apply(Input::Node(node.build()));
        }
        Self(engine)
    }

    /// Whether a pod of this Job goes to the node.
    #[track_caller]
    fn check(&mut self, name: &str, job: &str, node: &str) {
        self.0.apply(Input::Pod(pod(name).label("job-name", job).request("cpu", "100m").build()));
        match self.0.step().unwrap().outcome {
            Outcome::Assumed { node: got } => assert_eq!(&*got, node, "{name} of {job}"),
            other => panic!("{name} of {job}: {other:?}"),
        }
    }

    /// A pod runs on `a` that must not have a pod of this Job there.
    fn guard(&mut self, name: &str, job: &str) {
        self.0.apply(Input::Pod(away_from(job, pod(name).on("a")).build()));
    }

    /// A pod runs on `a` that would rather not have a pod of this Job there.
    fn mild_guard(&mut self, name: &str, job: &str) {
        let guard = pod(name).on("a").spec(|spec| spec.pod_anti_affinity.preferred.push((100, term(job))));
        self.0.apply(Input::Pod(guard.build()));
    }

    fn delete(&mut self, name: &str) {
        self.0.apply(Input::PodDeleted { uid: format!("default/{name}").into() });
    }
}

/// Pods of this Job, on one node.
fn term(job: &str) -> AffinityTerm {
    affinity_term("kubernetes.io/hostname", &[("job-name", job)])
}

/// The pod must not be on a node with pods of this Job.
fn away_from(job: &str, pod: PodBuilder) -> PodBuilder {
    pod.spec(|spec| spec.pod_anti_affinity.required.push(term(job)))
}

/// Two pods, after which their class has columns.
fn warm() -> Cluster {
    let mut cluster = Cluster::new();
    cluster.check("first", "one", "a");
    cluster.check("second", "two", "a");
    cluster
}

#[test]
fn a_label_matters_from_when_a_term_speaks_of_it() {
    let mut cluster = warm();
    cluster.guard("guard", "three");
    cluster.check("third", "three", "b");
    cluster.check("fourth", "four", "a");
    cluster.check("fifth", "three", "b");
}

#[test]
fn a_label_no_longer_matters_when_the_term_is_gone() {
    let mut cluster = warm();
    cluster.guard("guard", "three");
    cluster.guard("other", "four");
    cluster.check("third", "three", "b");
    cluster.delete("guard");
    cluster.check("fourth", "three", "a");
    cluster.check("fifth", "four", "b");
    // A term that comes back is not the one that left.
    cluster.guard("guard", "five");
    cluster.check("sixth", "three", "a");
    cluster.check("seventh", "five", "b");
}

#[test]
fn preferred_terms_of_others_count_as_well() {
    let mut cluster = warm();
    cluster.mild_guard("guard", "three");
    cluster.check("third", "three", "b");
    cluster.check("fourth", "four", "a");
}

#[test]
fn a_service_that_comes_and_goes_spreads_the_pods_that_it_selects() {
    let mut cluster = warm();
    let service = Object::Service(Arc::new(Service {
        namespace: "default".into(),
        name: "three".into(),
        selector: vec![("job-name".into(), "three".into())],
    }));
    cluster.0.apply(Input::Object(service.clone()));
    cluster.check("third", "three", "a");
    cluster.check("fourth", "three", "b");
    cluster.check("fifth", "four", "a");
    cluster.check("sixth", "four", "a");
    cluster.0.apply(Input::ObjectDeleted(service));
    cluster.check("seventh", "three", "a");
    cluster.check("eighth", "three", "a");
}

#[test]
fn a_node_promised_to_a_pod_that_counts_is_judged_by_itself() {
    let mut cluster = warm();
    // Somebody's term has to speak of the pod, or affinity is not filtered by at all.
    cluster.mild_guard("elsewhere", "three");
    cluster.0.apply(Input::Pod(away_from("five", pod("guard").on("b")).build()));
    let promised = away_from("five", pod("promised").priority(100).request("cpu", "100"));
    cluster.0.apply(Input::Pod(promised.meta(|meta| meta.nominated_node = Some("a".into())).build()));
    assert!(matches!(cluster.0.step().unwrap().outcome, Outcome::Unschedulable { .. }));
    cluster.check("third", "four", "a");
    cluster.check("fourth", "four", "a");
}

/// A claim of the namespace `default`, bound to a volume of its own.
fn bound(name: &str) -> [Object; 2] {
    let csi = CsiSource { driver: "csi".into(), handle: name.into(), migrated_from: None };
    let volume = PersistentVolume { name: name.into(), csi: Some(csi), ..PersistentVolume::default() };
    let claim = Claim {
        namespace: "default".into(),
        name: name.into(),
        volume_name: name.into(),
        annotations: [(BIND_COMPLETED, "yes")].into_iter().collect(),
        ..Claim::default()
    };
    [Object::PersistentVolume(Arc::new(volume)), Object::Claim(Arc::new(claim))]
}

fn with_port(pod: PodBuilder) -> PodBuilder {
    let port = HostPort { protocol: "TCP".into(), port: 80, address: ANY_ADDRESS.into() };
    pod.spec(|spec| spec.containers[0].host_ports.push(port))
}

fn using(claim: &str, pod: PodBuilder) -> PodBuilder {
    let source = VolumeSource::Claim { name: claim.into() };
    pod.spec(|spec| spec.volumes.push(Volume { name: "data".into(), source }))
}

#[test]
fn a_claim_matters_where_room_is_promised_to_a_pod_that_uses_it_too() {
    let mut cluster = Cluster::new();
    let drivers = vec![("csi".into(), Some(1))];
    cluster.0.apply(Input::Object(Object::CsiNode(Arc::new(CsiNode {
        name: "a".into(),
        drivers,
        migrated: Vec::new(),
    }))));
    for object in ["shared", "x", "y", "z"].iter().flat_map(|name| bound(name)) {
        cluster.0.apply(Input::Object(object));
    }
    // The eviction that makes a port free for it is under way.
    cluster.0.apply(Input::Pod(with_port(pod("victim").on("a").priority(-1)).build()));
    cluster.0.apply(Input::Pod(with_port(pod("important").on("b").priority(100)).build()));
    cluster.0.apply(Input::Pod(using("shared", with_port(pod("promised").priority(10))).build()));
    assert!(matches!(cluster.0.step().unwrap().outcome, Outcome::Unschedulable { .. }));
    for (name, claim, node) in [("1", "x", "b"), ("2", "y", "b"), ("3", "shared", "a"), ("4", "z", "b")] {
        cluster.0.apply(Input::Pod(using(claim, pod(name).request("cpu", "100m")).build()));
        match cluster.0.step().unwrap().outcome {
            Outcome::Assumed { node: got } => assert_eq!(&*got, node, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}
