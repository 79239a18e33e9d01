//! The cluster as an engine knows it, as inputs that rebuild it.

use std::sync::Arc;

use longshore_engine::Engine;
use longshore_framework::Str;
use longshore_framework::node_metrics::{MetricsSource, Sample};
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;

/// The cluster at one moment. Shared with the engine, so that it costs a count for each object.
///
/// What it does not have is what only the engine remembers: how often a pod was tried and until when it stays away, what chance
/// will draw next. So who goes on from here [follows](crate::Replay) the recording in these.
#[derive(Debug)]
pub struct Checkpoint {
    /// The inputs.
    pub inputs: Vec<Input>,
    /// Pods that are being bound, as they waited. The inputs have them on their nodes.
    pub in_flight: Vec<Arc<Pod>>,
}

impl Checkpoint {
    /// Of an engine that was told these samples last.
    pub fn of(engine: &Engine, measured: &[(Arc<MetricsSource>, Arc<Sample>)]) -> Self {
        let (snapshot, cache) = (engine.snapshot(), engine.cache());
        let mut inputs = vec![Input::Time(engine.now())];
        inputs.extend(cache.objects().all().map(Input::Object));
        inputs.extend(snapshot.order().iter().map(|slot| Input::Node(Arc::clone(snapshot.node(*slot)))));
        let sampled = measured.iter();
        inputs.extend(sampled.map(|(source, sample)| Input::Metrics {
            source: Arc::clone(source),
            sample: Arc::clone(sample),
        }));
        let mut in_flight = Vec::new();
        let mut pods: Vec<Arc<Pod>> = Vec::new();
        for (pod, node) in cache.pods() {
            if cache.is_assumed(&pod.meta.uid) {
                in_flight.push(Arc::clone(pod));
            }
            pods.push(placed(pod, node));
        }
        pods.sort_unstable_by(|a, b| a.meta.uid.cmp(&b.meta.uid));
        in_flight.sort_unstable_by(|a, b| a.meta.uid.cmp(&b.meta.uid));
        let mut waiting: Vec<Arc<Pod>> =
            engine.waiting_pods().map(|pod| promised(pod, engine.promised_node(&pod.meta.uid))).collect();
        let order = |pod: &Arc<Pod>| (pod.meta.created, Arc::clone(&pod.meta.uid));
        waiting.sort_by_cached_key(order);
        inputs.extend(pods.into_iter().chain(waiting).map(Input::Pod));
        Self { inputs, in_flight }
    }
}

/// A pod that is assumed does not say yet where it is.
fn placed(pod: &Arc<Pod>, node: &Str) -> Arc<Pod> {
    with(pod, pod.meta.node_name.as_ref() != Some(node), |pod| pod.meta.node_name = Some(Arc::clone(node)))
}

/// The promise that counts is the one in memory.
fn promised(pod: &Arc<Pod>, node: Option<&Str>) -> Arc<Pod> {
    with(pod, pod.meta.nominated_node.as_ref() != node, |pod| pod.meta.nominated_node = node.cloned())
}

fn with(pod: &Arc<Pod>, other: bool, change: impl FnOnce(&mut Pod)) -> Arc<Pod> {
    if !other {
        return Arc::clone(pod);
    }
    let mut changed = Pod::clone(pod);
    change(&mut changed);
    Arc::new(changed)
}
