//! A recorded case again, by the engine with a guest.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use longshore_engine::trace::NodeTrace;
use longshore_engine::{Attempt, Engine, Evaluation, Options, Outcome, TieBreak};
use longshore_framework::Timestamp;
use longshore_framework::features::{Features, Minor};
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, Input};
use longshore_loader::{Guests, Loader, LoaderOptions};
use longshore_manifest::measured_answer;
use longshore_wasm::Patience;
use serde_json::{Value, json};

use crate::world::{Pods, set};

/// For so many seconds pods are waited for that evictions woke: longer than any backoff.
const SETTLED: u32 = 15;

/// When it begins: 2026-01-01T00:00:00Z, in milliseconds.
const BEGIN: i64 = 1_767_225_600_000;

/// What came of it.
#[derive(Default)]
pub(crate) struct Replayed {
    /// Pod to node.
    pub(crate) placements: BTreeMap<String, String>,
    /// Pods that were evicted, in order.
    pub(crate) evicted: Vec<String>,
    /// Pods in the order of their first attempts.
    pub(crate) order: Vec<String>,
    /// Pod to node to plugin to weighted score, of the last attempt that scored.
    pub(crate) scores: BTreeMap<String, BTreeMap<String, BTreeMap<String, i64>>>,
    /// Pod to message of the last attempt.
    pub(crate) messages: BTreeMap<String, String>,
}

struct Replay {
    engine: Engine,
    pods: Arc<Pods>,
    kubelet: bool,
    /// Places of the pods in the case.
    places: BTreeMap<String, usize>,
    now: i64,
    replayed: Replayed,
}

/// Decides a case.
pub(crate) fn replay(case: &Value, catalogue: &Path) -> Result<Replayed, String> {
    let recording = &case["recording"];
    let loader = loader(catalogue);
    let config = case["config"].as_str().unwrap_or_default();
    let loaded = loader
        .load("config", config, Path::new(""), &Guests::default())
        .map_err(|error| format!("configuration: {error}"))?;
    let (objects, waiting) = (prepared(&case["objects"], recording), prepared(&case["pods"], &Value::Null));
    let all: Vec<Value> = objects.iter().chain(&waiting).cloned().collect();
    let features = Features::of(Minor::V1_36);
    let options = longshore_manifest::Options {
        features,
        declared: loaded.guests.declarations(),
        ..Default::default()
    };
    let cluster = longshore_manifest::read_values_with(&all, options);
    if let Some(problem) = cluster.problems.first() {
        return Err(format!("unreadable: {problem}"));
    }
    let pods = Arc::new(Pods::default());
    let raw: BTreeMap<String, &Value> =
        all.iter().filter(|o| o["kind"] == "Pod").map(|o| (key(o), o)).collect();
    for node in all.iter().filter(|object| object["kind"] == "Node") {
        pods.add_node(node);
    }
    for pod in &cluster.pods {
        pods.add(&pod.meta.uid, raw.get(&pod.key()).map_or(Value::Null, |raw| (*raw).clone()));
    }
    loader.objects().set(Arc::clone(&pods) as _);
    let options = Options {
        tie_break: TieBreak::First,
        trace: true,
        evaluation: Evaluation::Audited,
        requests: loader.requests(),
        features,
        ..Options::default()
    };
    let places = waiting.iter().enumerate().map(|(at, pod)| (key(pod), at)).collect();
    let mut replay = Replay {
        engine: Engine::new(loaded.resolved.profiles, options),
        pods,
        kubelet: recording["kubelet"] == true,
        places,
        now: BEGIN,
        replayed: Replayed::default(),
    };
    replay.measure(&case["metrics"])?;
    replay.run(&cluster, recording["podsAtOnce"] == true);
    Ok(replay.replayed)
}

pub(crate) fn loader(catalogue: &Path) -> Loader {
    let loader = Loader::new(LoaderOptions {
        cache_dir: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins")),
        catalogue: Some(format!("file://{}", catalogue.display())),
        ignore_unknown: false,
        clock: Arc::new(|| BEGIN.unsigned_abs()),
        observer: Arc::new(longshore_loader::Tally::default()),
        patience: Patience::Endless,
    });
    loader.follow(Features::of(Minor::V1_36));
    loader
}

/// Objects with what the recording says of pods that run.
fn prepared(objects: &Value, recording: &Value) -> Vec<Value> {
    let mut objects = objects.as_array().cloned().unwrap_or_default();
    let terminating: Vec<&str> =
        recording["terminating"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for pod in objects.iter_mut().filter(|object| object["kind"] == "Pod") {
        if terminating.contains(&key(pod).as_str()) {
            pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
        }
        if recording["running"] == true {
            set(pod, "phase", json!("Running"));
        }
    }
    objects
}

fn key(object: &Value) -> String {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    let namespace = if text("namespace").is_empty() { "default" } else { text("namespace") };
    format!("{namespace}/{}", text("name"))
}

impl Replay {
    /// What the load watcher says.
    fn measure(&mut self, metrics: &Value) -> Result<(), String> {
        if metrics.is_null() {
            return Ok(());
        }
        let sample = measured_answer(metrics.to_string().as_bytes(), Timestamp(self.now));
        let sample = Arc::new(sample.map_err(|error| format!("metrics: {error}"))?);
        for source in self.engine.metrics_sources() {
            self.engine.apply(Input::Metrics { source, sample: Arc::clone(&sample) });
        }
        Ok(())
    }

    fn run(&mut self, cluster: &longshore_manifest::Manifests, at_once: bool) {
        for object in &cluster.objects {
            self.engine.apply(Input::Object(object.clone()));
        }
        for node in &cluster.nodes {
            self.engine.apply(Input::Node(Arc::clone(node)));
        }
        let (running, mut waiting): (Vec<_>, Vec<_>) =
            cluster.pods.iter().cloned().partition(|pod| pod.meta.node_name.is_some());
        for pod in running {
            self.engine.apply(Input::Pod(pod));
        }
        waiting.sort_by_key(|pod| self.places.get(&pod.key()).copied());
        for pod in waiting {
            self.now += 1;
            self.engine.apply(Input::Time(Timestamp(self.now)));
            self.engine.apply(Input::Pod(pod));
            if !at_once {
                self.schedule();
            }
        }
        self.schedule();
    }

    /// Tries every pod that wants to be tried. When pods were evicted, those that this woke are waited for, as the recorder
    /// waited for the preemptor.
    fn schedule(&mut self) {
        let mut left = if self.step() { SETTLED } else { 0 };
        while left > 0 {
            left -= 1;
            self.now += 1000;
            let effects = self.engine.apply(Input::Time(Timestamp(self.now)));
            self.perform(effects);
            if self.step() {
                left = SETTLED;
            }
        }
    }

    /// Whether pods were evicted.
    fn step(&mut self) -> bool {
        let evicted = self.replayed.evicted.len();
        while let Some(attempt) = self.engine.step() {
            self.take(attempt);
        }
        self.replayed.evicted.len() > evicted
    }

    /// Notes what came of an attempt and does what it asks for.
    fn take(&mut self, attempt: Attempt) {
        let key = attempt.pod.key();
        if attempt.number == 1 {
            self.replayed.order.push(key.clone());
        }
        let nodes = attempt.trace.iter().flat_map(|trace| trace.nodes.iter().flatten());
        let scores: BTreeMap<_, _> = nodes
            .filter_map(|(node, trace)| match trace {
                NodeTrace::Feasible { scores: Some(scores), .. } => {
                    let each = scores.iter().map(|s| (s.plugin.to_string(), s.score * s.weight));
                    Some((node.to_string(), each.collect::<BTreeMap<_, _>>()))
                }
                _ => None,
            })
            .collect();
        if scores.is_empty() {
            self.replayed.scores.remove(&key);
        } else {
            self.replayed.scores.insert(key.clone(), scores);
        }
        match &attempt.outcome {
            Outcome::Assumed { .. } => drop(self.replayed.messages.remove(&key)),
            Outcome::Unschedulable { message, .. } | Outcome::Broken { message } => {
                self.replayed.messages.insert(key.clone(), message.clone());
            }
            _ => {}
        }
        self.perform(attempt.effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        let mut to_do: VecDeque<Effect> = effects.into();
        while let Some(effect) = to_do.pop_front() {
            let more = match effect {
                Effect::PreBind { pod, .. } => {
                    self.engine.apply(Input::PreBound { uid: Arc::clone(&pod.meta.uid), result: Ok(()) })
                }
                Effect::Bind { pod, binding, .. } => self.bind(&pod, &binding.node),
                Effect::Evict { preemptor, victims, .. } => {
                    for victim in victims {
                        self.replayed.evicted.push(victim.key());
                        self.replayed.placements.remove(&victim.key());
                        self.engine.apply(Input::PodDeleted { uid: Arc::clone(&victim.meta.uid) });
                    }
                    self.engine.apply(Input::Evicted { uid: Arc::clone(&preemptor.meta.uid), result: Ok(()) })
                }
                _ => Vec::new(),
            };
            to_do.extend(more);
        }
    }

    fn bind(&mut self, pod: &Arc<Pod>, node: &longshore_framework::Str) -> Vec<Effect> {
        let uid = Arc::clone(&pod.meta.uid);
        self.replayed.placements.insert(pod.key(), node.to_string());
        let mut effects = self.engine.apply(Input::Bound { uid: Arc::clone(&uid), result: Ok(()) });
        let minutes = self.places.get(&pod.key()).copied().unwrap_or(0);
        let started = self.kubelet.then(|| format!("2026-01-01T{:02}:{:02}:00Z", minutes / 60, minutes % 60));
        self.pods.bind(&uid, node, started.as_deref());
        if self.kubelet {
            // The watch shows what kubelet wrote.
            let mut seen = Pod::clone(pod);
            seen.meta.node_name = Some(Arc::clone(node));
            seen.meta.started =
                i64::try_from(minutes).ok().map(|minutes| Timestamp(BEGIN + minutes * 60_000));
            effects.extend(self.engine.apply(Input::Pod(Arc::new(seen))));
        }
        effects
    }
}
