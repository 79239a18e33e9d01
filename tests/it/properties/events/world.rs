//! A cluster with an engine in it: the API server's part, as simple as can be.

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_engine::{Attempt, Engine, Options, Outcome, Scored};
use longshore_framework::node::Node;
use longshore_framework::objects::Object;
use longshore_framework::pod::{Pod, PodMeta, PodSpec};
use longshore_framework::port::{Effect, Input, PreBindWrite, StorageWrite};
use longshore_framework::profile::Profile;
use longshore_framework::volume::{BIND_COMPLETED, Claim, ClaimRef, PersistentVolume};
use longshore_framework::{Str, Timestamp};
use longshore_recording::Tape;

use super::Happening;
use crate::properties::PROFILES;
use crate::properties::cluster::{budget, namespace, node_name, service};

/// Nodes of which it is told what they scored: more than there are.
pub(super) const DESCRIBED: usize = 64;

/// Pods and nodes as the API server has them, and what is under way.
pub(super) struct World {
    pub(super) engine: Engine,
    /// Who keeps what the engine is told.
    pub(super) tape: Tape,
    /// What the engine decides with.
    pub(super) profiles: Vec<Profile>,
    pods: BTreeMap<Str, Arc<Pod>>,
    nodes: BTreeMap<Str, Arc<Node>>,
    budgets: BTreeMap<usize, i32>,
    /// Bindings, or what goes before one, that have no answer yet.
    binding: Vec<(Str, Str, bool)>,
    /// What is to be written before a pod is bound.
    writes: BTreeMap<Str, Vec<StorageWrite>>,
    /// Pods that are bound, which the engine has not been shown.
    unseen: Vec<Arc<Pod>>,
    evicting: Vec<(Str, Vec<Str>)>,
    now: i64,
    made: usize,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(super) fn with(options: Options) -> Self {
        Self::of(PROFILES.clone(), options)
    }

    pub(super) fn of(profiles: Vec<Profile>, options: Options) -> Self {
        Self {
            engine: Engine::new(profiles.clone(), options),
            tape: Tape::none(),
            profiles,
            pods: BTreeMap::new(),
            nodes: BTreeMap::new(),
            budgets: BTreeMap::new(),
            binding: Vec::new(),
            writes: BTreeMap::new(),
            unseen: Vec::new(),
            evicting: Vec::new(),
            now: 0,
            made: 0,
        }
    }

    /// Pods without a node that the engine is to place.
    pub(super) fn pending(&self) -> Vec<Arc<Pod>> {
        self.pods.values().filter(|p| self.engine.cache().pod(&p.meta.uid).is_none()).cloned().collect()
    }

    /// An engine that is told of the cluster as the old one sees it, with assumed pods on their nodes.
    pub(super) fn fresh_engine(&self) -> Engine {
        let mut engine = Engine::new(PROFILES.clone(), Options::default());
        for object in self.engine.cache().objects().all() {
            engine.apply(Input::Object(object));
        }
        for node in self.nodes.values() {
            engine.apply(Input::Node(Arc::clone(node)));
        }
        for pod in self.pods.values() {
            if let Some((seen, node)) = self.engine.cache().pod(&pod.meta.uid) {
                engine.apply(Input::Pod(on(seen, node)));
            }
        }
        engine
    }

    pub(super) fn happens(&mut self, happening: &Happening) {
        match happening {
            Happening::PodAdded(draft) => {
                let name = format!("p{:03}", self.made);
                self.made += 1;
                let pod = draft.build(&name, None, self.nodes.len());
                for claim in draft.claims(&pod) {
                    self.apply(Input::Object(claim));
                }
                self.set_pod(pod);
            }
            Happening::PodChanged(at, label) => self.change_pod(*at, |meta, spec| {
                meta.labels = [("app", ["web", "db", "new"][usize::from(*label)])].into_iter().collect();
                spec.gates.clear();
            }),
            Happening::PodTerminates(at) => self.change_pod(*at, |meta, _| meta.terminating = true),
            Happening::PodDeleted(at) => {
                if let Some(uid) = nth(&self.pods, *at) {
                    self.delete_pod(&uid);
                }
            }
            Happening::NodeSet(at, draft) => {
                let node = draft.build(&node_name(*at));
                self.nodes.insert(Arc::clone(&node.name), Arc::clone(&node));
                self.apply(Input::Node(node));
            }
            Happening::NodeDeleted(at) => {
                if let Some(name) = nth(&self.nodes, *at) {
                    self.nodes.remove(&name);
                    self.apply(Input::NodeDeleted { name });
                }
            }
            Happening::BudgetSet(app, allowed) => {
                self.budgets.insert(*app, *allowed);
                self.apply(Input::Object(budget(*app, *app, *allowed)));
            }
            Happening::NamespaceLabelled(at, label) => self.apply(Input::Object(namespace(*at, *label))),
            Happening::ServiceSet(app, true) => self.apply(Input::Object(service(*app))),
            Happening::ServiceSet(app, false) => self.apply(Input::ObjectDeleted(service(*app))),
            Happening::Storage(change) => match change.shown() {
                (object, true) => self.apply(Input::Object(object)),
                (object, false) => self.apply(Input::ObjectDeleted(object)),
            },
            Happening::TimePasses(milliseconds) => {
                self.now += milliseconds;
                self.apply(Input::Time(Timestamp(self.now)));
            }
            Happening::Step => drop(self.step()),
            Happening::BindingSucceeds(at) => self.answer_binding(*at, true),
            Happening::BindingFails(at) => self.answer_binding(*at, false),
            Happening::BindingSeen(at) => self.see_binding(*at),
            Happening::EvictionEnds(at, well) => self.end_eviction(*at, *well),
        }
    }

    /// Everything under way ends well, and every pod that can be placed is.
    pub(super) fn settle(&mut self) {
        for _ in 0..200 {
            while !self.evicting.is_empty() {
                self.end_eviction(0, true);
            }
            while !self.binding.is_empty() {
                self.answer_binding(0, true);
            }
            while !self.unseen.is_empty() {
                self.see_binding(0);
            }
            self.check_places(&Happening::Step);
            if self.step().is_none() {
                return;
            }
        }
    }

    fn set_pod(&mut self, pod: Arc<Pod>) {
        self.pods.insert(Arc::clone(&pod.meta.uid), Arc::clone(&pod));
        self.apply(Input::Pod(pod));
    }

    /// Writes and shows a new version of a pod, unless an older one is still to be shown.
    fn change_pod(&mut self, at: usize, change: impl FnOnce(&mut PodMeta, &mut PodSpec)) {
        let Some(uid) = nth(&self.pods, at) else { return };
        if self.unseen.iter().any(|p| p.meta.uid == uid) {
            return;
        }
        let mut pod = Pod::clone(&self.pods[&uid]);
        change(&mut pod.meta, Arc::make_mut(&mut pod.spec));
        self.set_pod(Arc::new(pod));
    }

    fn delete_pod(&mut self, uid: &Str) {
        self.pods.remove(uid);
        self.unseen.retain(|p| p.meta.uid != *uid);
        self.apply(Input::PodDeleted { uid: Arc::clone(uid) });
    }

    /// Tries the next pod; returns which.
    pub(super) fn step(&mut self) -> Option<Str> {
        let attempt = self.tape.step(&mut self.engine)?;
        check_choice(&attempt);
        let Attempt { pod, outcome, effects, .. } = attempt;
        if let Outcome::Broken { message } = &outcome {
            panic!("{} met an error: {message}", pod.key());
        }
        if let Outcome::Unschedulable { message, .. } = &outcome {
            assert!(!message.contains("audit: "), "{}: {message}", pod.key());
        }
        self.note(effects);
        Some(Arc::clone(&pod.meta.uid))
    }

    fn apply(&mut self, input: Input) {
        let effects = self.tape.apply(&mut self.engine, input);
        self.note(effects);
    }

    fn note(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::PreBind { pod, node, writes } => {
                    let storage = |write| match write {
                        PreBindWrite::Storage(write) => Some(write),
                        _ => None,
                    };
                    let writes: Vec<_> = writes.into_iter().filter_map(storage).collect();
                    check_writes(&pod, &writes);
                    self.writes.insert(Arc::clone(&pod.meta.uid), writes);
                    self.binding.push((Arc::clone(&pod.meta.uid), node, true));
                }
                Effect::Bind { pod, binding, .. } => {
                    self.binding.push((Arc::clone(&pod.meta.uid), binding.node, false));
                }
                Effect::Evict { preemptor, victims, .. } => {
                    let victims = victims.iter().map(|v| Arc::clone(&v.meta.uid)).collect();
                    self.evicting.push((Arc::clone(&preemptor.meta.uid), victims));
                }
                _ => {}
            }
        }
    }

    fn answer_binding(&mut self, at: usize, well: bool) {
        if self.binding.is_empty() {
            return;
        }
        let (uid, node, before) = self.binding.remove(at % self.binding.len());
        let known = self.pods.get(&uid).cloned();
        let result = if well && known.is_some() { Ok(()) } else { Err("the API server said no".into()) };
        if before {
            let writes = self.writes.remove(&uid).unwrap_or_default();
            for write in writes.iter().filter(|_| result.is_ok()) {
                self.written(write).into_iter().for_each(|object| self.apply(Input::Object(object)));
            }
            return self.apply(Input::PreBound { uid, result });
        }
        if let (Ok(()), Some(pod)) = (&result, known) {
            let bound = on(&pod, &node);
            self.pods.insert(Arc::clone(&uid), Arc::clone(&bound));
            self.unseen.push(bound);
        }
        self.apply(Input::Bound { uid, result });
    }

    /// The claim and the volume after a write: the volume is bound, or one is made and bound.
    fn written(&self, write: &StorageWrite) -> Vec<Object> {
        let (StorageWrite::BindVolume { namespace, claim, .. }
        | StorageWrite::Provision { namespace, claim, .. }) = write;
        let objects = self.engine.cache().objects();
        let Some(claim) = objects.claim(namespace, claim) else { return Vec::new() };
        let volume = match write {
            StorageWrite::BindVolume { volume, .. } => match objects.volumes.get(volume) {
                Some(volume) => PersistentVolume::clone(volume),
                None => return Vec::new(),
            },
            StorageWrite::Provision { .. } => PersistentVolume {
                name: format!("made-{}", claim.uid).into(),
                class: claim.class.clone().unwrap_or_default(),
                capacity: claim.request,
                ..PersistentVolume::default()
            },
        };
        bound(claim, volume)
    }

    /// The engine is shown a bound pod.
    fn see_binding(&mut self, at: usize) {
        if !self.unseen.is_empty() {
            let pod = self.unseen.remove(at % self.unseen.len());
            self.apply(Input::Pod(pod));
        }
    }

    fn end_eviction(&mut self, at: usize, well: bool) {
        if self.evicting.is_empty() {
            return;
        }
        let (uid, victims) = self.evicting.remove(at % self.evicting.len());
        for victim in victims.iter().filter(|_| well) {
            self.delete_pod(victim);
        }
        let result = if well { Ok(()) } else { Err("the API server said no".into()) };
        self.apply(Input::Evicted { uid, result });
    }

    /// Fails the binding of a pod that has just been assumed.
    pub(super) fn fail_binding(&mut self, uid: &Str) {
        let at = self.binding.iter().rposition(|(of, ..)| of == uid);
        self.answer_binding(at.expect("an assumed pod is to be bound"), false);
    }

    /// Every pod is in one place, no pod that is gone is in any, and the queue counts what it holds.
    #[track_caller]
    pub(super) fn check_places(&self, after: &Happening) {
        let mut waiting = 0;
        for (uid, pod) in &self.pods {
            let queued = self.engine.waiting(uid);
            let places = usize::from(queued.is_some()) + usize::from(self.engine.cache().pod(uid).is_some());
            // A pod that is being deleted need not be anywhere: it is not tried any more.
            let least = usize::from(!pod.meta.terminating);
            assert!((least..=1).contains(&places), "{uid} is in {places} places after {after:?}");
            if let Some(queued) = queued {
                // A binding that the engine has given up may have been made, and then the watch has still to show it.
                let unbound = PodMeta { node_name: None, ..pod.meta.clone() };
                assert_eq!(queued.pod.meta, unbound, "an old version of {uid} waits after {after:?}");
                waiting += 1;
            }
        }
        let counts = self.engine.queue_counts();
        let held = counts.active + counts.backoff + counts.unschedulable + counts.gated;
        assert_eq!((held, counts.in_flight), (waiting, 0), "after {after:?}");
        let cached = self.pods.keys().filter(|uid| self.engine.cache().pod(uid).is_some()).count();
        assert_eq!(self.engine.cache().pod_counts().0, cached, "a pod that is gone is held after {after:?}");
    }
}

/// A claim and the volume that it is bound to.
fn bound(claim: &Claim, volume: PersistentVolume) -> Vec<Object> {
    let reference = ClaimRef {
        namespace: Arc::clone(&claim.namespace),
        name: Arc::clone(&claim.name),
        uid: Arc::clone(&claim.uid),
    };
    let annotations = [(BIND_COMPLETED, "yes")].into_iter().collect();
    let claim = Claim { annotations, volume_name: Arc::clone(&volume.name), ..claim.clone() };
    let volume = PersistentVolume { claim: Some(reference), phase: "Bound".into(), ..volume };
    vec![Object::PersistentVolume(Arc::new(volume)), Object::Claim(Arc::new(claim))]
}

/// What is written for a pod concerns its own claims.
#[track_caller]
fn check_writes(pod: &Pod, writes: &[StorageWrite]) {
    for write in writes {
        let (StorageWrite::BindVolume { namespace, claim, .. }
        | StorageWrite::Provision { namespace, claim, .. }) = write;
        assert_eq!(*namespace, pod.meta.namespace);
        assert!(pod.claim_names().any(|own| own == *claim), "{claim} is not a claim of {}", pod.key());
    }
}

/// The same pod on a node.
fn on(pod: &Arc<Pod>, node: &Str) -> Arc<Pod> {
    let mut pod = Pod::clone(pod);
    pod.meta.node_name = Some(Arc::clone(node));
    Arc::new(pod)
}

/// Any key of a map that is not empty.
fn nth<T>(map: &BTreeMap<Str, T>, at: usize) -> Option<Str> {
    map.keys().nth(at % map.len().max(1)).cloned()
}

/// What is told of the choice of a node is how it was chosen.
fn check_choice(attempt: &Attempt) {
    let Outcome::Assumed { node } = &attempt.outcome else { return };
    let choice = attempt.choice.as_ref().expect("a node was chosen");
    assert_eq!(choice.scored == Scored::Nothing, attempt.feasible_nodes < 2, "{choice:?}");
    assert!((1..=attempt.feasible_nodes).contains(&choice.tied), "{choice:?}");
    let Some(first) = choice.best.first() else { return };
    assert_eq!(first.node, *node, "{choice:?}");
    let totals: Vec<i64> = choice.best.iter().map(|best| best.total).collect();
    assert!(totals.is_sorted_by(|a, b| a >= b), "{totals:?}");
    assert_eq!(totals.len(), attempt.feasible_nodes.min(DESCRIBED), "{choice:?}");
    assert_eq!(totals.iter().filter(|total| **total == totals[0]).count(), choice.tied, "{choice:?}");
    for best in &choice.best {
        let sum: i64 = best.scores.iter().map(|score| score.weight * score.score).sum();
        assert_eq!(sum, best.total, "{best:?}");
    }
}
