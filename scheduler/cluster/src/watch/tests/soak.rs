//! Thousands of pods, nodes, namespaces and services that are all different come and go, through the watches and the
//! engine. When the last one has gone nothing is kept of them but what has a stated bound.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};

use kube::runtime::watcher::Event;
use longshore_engine::{Engine, Options};
use longshore_framework::Timestamp;
use longshore_framework::pod::PodSpec;
use longshore_framework::port::{Effect, Input};
use longshore_manifest::{Identity, SeenPod};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::super::item::{Item, Readable};
use super::super::ledger::Ledger;
use super::super::*;
use crate::call::Caller;
use crate::fake_api::{Answer, FakeApi};
use crate::kinds::{KINDS, WatchedKind};
use crate::race::Races;
use crate::status::{SeenStatus, StatusWriter};
use crate::told::{Bystander, Told};
use crate::volumes::StorageStore;

const PODS: usize = 10_000;
const ALIVE: usize = 60;
/// So many pods see the same nodes, namespaces and services.
const GENERATION: usize = 250;

/// What `run` has beside the engine.
struct Beside {
    status: StatusWriter,
    storage: StorageStore,
    races: Mutex<Races>,
    /// Specs that came through.
    specs: Mutex<Vec<Weak<PodSpec>>>,
}

impl Beside {
    /// Nothing is remembered of any pod or claim, and none of the specs that came through is there.
    #[track_caller]
    fn check_empty(&self) {
        assert!(self.status.is_empty() && self.storage.is_empty());
        assert!(self.races.lock().unwrap().is_empty());
        let specs = self.specs.lock().unwrap().iter().filter(|spec| spec.strong_count() > 0).count();
        assert_eq!(specs, 0, "specs");
    }
}

impl Bystander for Beside {
    fn pod(&self, identity: &Identity, seen: &SeenPod, _: &str) {
        self.specs.lock().unwrap().push(Arc::downgrade(&seen.pod.spec));
        match (&*seen.pod.spec.scheduler_name, &seen.pod.meta.node_name) {
            ("default-scheduler", None) => self.status.saw(&identity.uid, SeenStatus::default()),
            ("default-scheduler", Some(_)) => self.status.forget(&identity.uid),
            (_, Some(_)) => self.races.lock().unwrap().saw(&seen.pod, ""),
            (_, None) => {}
        }
    }

    fn object(&self, kind: &'static WatchedKind, identity: &Identity, json: &str) {
        self.storage.object(kind, identity, json);
    }

    fn gone(&self, kind: &'static WatchedKind, identity: &Identity) {
        Bystander::gone(&self.storage, kind, identity);
        self.status.forget(&identity.uid);
        self.races.lock().unwrap().left(&identity.uid);
    }
}

/// One kind and its ledger.
struct Watched<'a> {
    ledger: Ledger<'a>,
    state: &'a WatchState,
}

impl<'a> Watched<'a> {
    fn new(state: &'a WatchState, to: &'a Reporting) -> Self {
        Self { ledger: Ledger::new(state.kind, to, state), state }
    }

    fn here<B: Readable>(&mut self, object: &Value) {
        self.ledger.take(Event::<Item<B>>::Apply(serde_json::from_str(&object.to_string()).unwrap()));
    }

    fn gone<B: Readable>(&mut self, object: &Value) {
        self.ledger.take(Event::<Item<B>>::Delete(serde_json::from_str(&object.to_string()).unwrap()));
    }

    #[track_caller]
    fn check_empty(&mut self) {
        self.ledger.sweep();
        assert_eq!(self.state.kept(), Kept::default(), "{}", self.state.kind.plural);
    }
}

fn state(kind: &str) -> WatchState {
    WatchState::new(KINDS.iter().find(|k| k.kind == kind).unwrap())
}

fn meta(name: &str, namespace: &str) -> Value {
    json!({"name": name, "namespace": namespace, "uid": format!("{namespace}/{name}"), "resourceVersion": "1"})
}

/// A pod of which no other has the labels, nor the selector; every third is another scheduler's.
fn pod(number: usize, node: Option<&str>) -> Value {
    let namespace = format!("ns-{}", number / GENERATION);
    let mut metadata = meta(&format!("p-{number}"), &namespace);
    let unique = |part: usize| (format!("label-{part}"), Value::from(format!("value-{number}-{part}")));
    metadata["labels"] = (0..20).map(unique).collect::<serde_json::Map<_, _>>().into();
    let selector = json!({"matchLabels": {"label-0": format!("value-{number}-0")}});
    let term = json!({"labelSelector": selector, "topologyKey": format!("key-{}", number % 400)});
    let preferred = json!([{"weight": 1, "podAffinityTerm": term}]);
    let affinity = json!({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}});
    let scheduler = if number % 3 == 2 { format!("other-{number}") } else { "default-scheduler".to_string() };
    let resources = json!({"requests": {"cpu": "1m", "memory": format!("{}", 1000 + number)}});
    let containers = json!([{"name": "c", "image": format!("image:{number}"), "resources": resources}]);
    json!({"metadata": metadata, "status": {"phase": "Pending"},
        "spec": {"schedulerName": scheduler, "nodeName": node, "affinity": affinity, "containers": containers}})
}

fn node(name: &str) -> Value {
    let mut metadata = meta(name, "");
    metadata["labels"] = json!({"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": name});
    json!({"metadata": metadata, "status": {"allocatable": {"cpu": "64", "memory": "64Gi", "pods": "500"}}})
}

fn namespace(name: &str) -> Value {
    json!({"metadata": {"name": name, "uid": name, "labels": {"name": name}}})
}

fn service(namespace: &str) -> Value {
    json!({"metadata": meta("s", namespace), "spec": {"selector": {"label-1": namespace}}})
}

fn claim(namespace: &str) -> Value {
    json!({"metadata": meta("c", namespace), "spec": {"volumeName": "v"}})
}

/// An engine with the default profile, and a time that goes on.
struct Deciding {
    engine: Arc<Mutex<Engine>>,
    now: i64,
}

impl Deciding {
    /// Decides everything; the pods that are bound, and their nodes.
    fn decide(&mut self) -> Vec<(String, String)> {
        let (mut engine, mut bound) = (self.engine.lock().unwrap(), Vec::new());
        self.now += 100;
        engine.apply(Input::Time(Timestamp(self.now)));
        while let Some(attempt) = engine.step() {
            for effect in attempt.effects {
                if let Effect::Bind { binding, .. } = effect {
                    bound.push((binding.name.to_string(), binding.node.to_string()));
                    engine.apply(Input::Bound { uid: binding.uid, result: Ok(()) });
                }
            }
        }
        bound
    }

    /// Everything that the engine knows is counted somewhere here.
    #[track_caller]
    fn check_empty(&self) {
        let engine = self.engine.lock().unwrap();
        assert_eq!(engine.cache().pod_counts(), (0, 0));
        assert_eq!(engine.waiting_pods().count(), 0);
        assert_eq!(engine.cache().objects().all().count(), 0);
        let snapshot = engine.snapshot();
        assert_eq!((snapshot.order().len(), snapshot.images().is_empty()), (0, true));
        // Nodes of four generations were there at once, at the most.
        assert!(snapshot.slots() <= 16, "{} slots", snapshot.slots());
    }
}

fn new_engine() -> Engine {
    let (registry, plugins) =
        (longshore_plugins_native::registry(), longshore_plugins_native::DEFAULT_MULTI_POINT);
    let profiles = longshore_profile::default_profile(&registry, plugins).unwrap().profiles;
    Engine::new(profiles, Options::default())
}

#[tokio::test]
async fn nothing_is_kept_of_what_is_gone() {
    let api = FakeApi::new(|_| Answer::json(json!({})));
    let beside = Arc::new(Beside {
        status: StatusWriter::new(Caller::new(api.client())),
        storage: StorageStore::default(),
        races: Mutex::new(Races::new(["default-scheduler".into()])),
        specs: Mutex::default(),
    });
    let mut deciding = Deciding { engine: Arc::new(Mutex::new(new_engine())), now: 0 };
    let engine = Arc::clone(&deciding.engine);
    let to = Reporting {
        tell: Arc::new(move |told| {
            if let Told::Input(input) = told {
                engine.lock().unwrap().apply(input);
            }
        }),
        bystander: Arc::clone(&beside) as Arc<dyn Bystander>,
        times: Times::default(),
        stop: CancellationToken::new(),
    };
    let states = ["Pod", "Node", "Namespace", "Service", "PersistentVolumeClaim"].map(state);
    let [mut pods, mut nodes, mut namespaces, mut services, mut claims] =
        states.each_ref().map(|state| Watched::new(state, &to));

    let mut alive = VecDeque::new();
    let mut bound_pods = 0;
    for number in 0..PODS {
        if number % GENERATION == 0 {
            let generation = number / GENERATION;
            let name = format!("ns-{generation}");
            namespaces.here::<ObjectBody>(&namespace(&name));
            services.here::<ObjectBody>(&service(&name));
            claims.here::<ObjectBody>(&claim(&name));
            (0..4).for_each(|n| nodes.here::<NodeBody>(&node(&format!("n-{generation}-{n}"))));
        }
        let is_ours = number % 3 != 2;
        let somewhere = format!("n-{}-0", number / GENERATION);
        pods.here::<PodBody>(&pod(number, (!is_ours).then_some(&*somewhere)));
        alive.push_back((number, somewhere));
        for (name, node) in deciding.decide() {
            let number = name.trim_start_matches("p-").parse().unwrap();
            pods.here::<PodBody>(&pod(number, Some(&node)));
            bound_pods += 1;
        }
        if alive.len() > ALIVE || number + 1 == PODS {
            let leaving = if number + 1 == PODS { alive.len() } else { 1 };
            for (number, node) in alive.drain(..leaving) {
                pods.gone::<PodBody>(&pod(number, Some(&node)));
            }
        }
        if (number + 1) % GENERATION == 0 && number >= GENERATION || number + 1 == PODS {
            let last = number / GENERATION;
            let ended = if number + 1 == PODS { last - 1..last + 1 } else { last - 1..last };
            for generation in ended {
                let name = format!("ns-{generation}");
                (0..4).for_each(|n| nodes.gone::<NodeBody>(&node(&format!("n-{generation}-{n}"))));
                namespaces.gone::<ObjectBody>(&namespace(&name));
                services.gone::<ObjectBody>(&service(&name));
                claims.gone::<ObjectBody>(&claim(&name));
            }
        }
        let kept = states[0].kept();
        assert!(kept.objects <= ALIVE + 1, "{kept:?} after {number}");
    }

    assert!(bound_pods > PODS / 2, "{bound_pods} pods were bound");
    deciding.check_empty();
    // What the engine remembers of specs and classes has bounds of its own. Nobody else may hold anything of pods that are gone.
    *deciding.engine.lock().unwrap() = new_engine();
    for watched in [&mut pods, &mut nodes, &mut namespaces, &mut services, &mut claims] {
        watched.check_empty();
    }
    beside.check_empty();
}
