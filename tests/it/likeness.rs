//! Pods of one spec whose labels differ from pod to pod, as those of Jobs do. Their labels count as far as somebody reads them, and
//! what is kept for them is held against the literal evaluator.

use std::sync::Arc;

use longshore_engine::{Engine, Evaluation, Options, Outcome, TieBreak};
use longshore_framework::fixture::{affinity_term, node, pod};
use longshore_framework::objects::{Object, Service};
use longshore_framework::port::Input;

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

    /// A pod runs on `a` that wants no pod of this Job there: must not have, or would rather not.
    fn guard(&mut self, name: &str, job: &str, required: bool) {
        let term = affinity_term("kubernetes.io/hostname", &[("job-name", job)]);
        let guard = pod(name).on("a").spec(|spec| match required {
            true => spec.pod_anti_affinity.required.push(term),
            false => spec.pod_anti_affinity.preferred.push((100, term)),
        });
        self.0.apply(Input::Pod(guard.build()));
    }

    fn delete(&mut self, name: &str) {
        self.0.apply(Input::PodDeleted { uid: format!("default/{name}").into() });
    }
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
    cluster.guard("guard", "three", true);
    cluster.check("third", "three", "b");
    cluster.check("fourth", "four", "a");
    cluster.check("fifth", "three", "b");
}

#[test]
fn a_label_no_longer_matters_when_the_term_is_gone() {
    let mut cluster = warm();
    cluster.guard("guard", "three", true);
    cluster.guard("other", "four", true);
    cluster.check("third", "three", "b");
    cluster.delete("guard");
    cluster.check("fourth", "three", "a");
    cluster.check("fifth", "four", "b");
    // A term that comes back is not the one that left.
    cluster.guard("guard", "five", true);
    cluster.check("sixth", "three", "a");
    cluster.check("seventh", "five", "b");
}

#[test]
fn preferred_terms_of_others_count_as_well() {
    let mut cluster = warm();
    cluster.guard("guard", "three", false);
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
    cluster.guard("elsewhere", "three", false);
    cluster.0.apply(Input::Pod(
        pod("guard")
            .on("b")
            .spec(|spec| {
                let term = affinity_term("kubernetes.io/hostname", &[("job-name", "five")]);
                spec.pod_anti_affinity.required.push(term);
            })
            .build(),
    ));
    let term = affinity_term("kubernetes.io/hostname", &[("job-name", "five")]);
    let promised = pod("promised").priority(100).request("cpu", "100").spec(|spec| {
        spec.pod_anti_affinity.required.push(term);
    });
    cluster.0.apply(Input::Pod(promised.meta(|meta| meta.nominated_node = Some("a".into())).build()));
    assert!(matches!(cluster.0.step().unwrap().outcome, Outcome::Unschedulable { .. }));
    cluster.check("third", "four", "a");
    cluster.check("fourth", "four", "a");
}
