//! The cluster as the engine knows it at one moment, to be looked at elsewhere while the engine goes on.

use std::sync::Arc;

use longshore_engine::Engine;
use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::profile::Profile;
use longshore_manifest::Manifests;

/// A cluster and the profiles to look at it with.
pub(crate) struct Picture {
    /// The cluster.
    pub(crate) cluster: Manifests,
    /// The profiles.
    pub(crate) profiles: Vec<Arc<Profile>>,
}

/// Takes a picture: shared objects, so that it costs a count each.
pub(crate) fn picture(engine: &Engine) -> Picture {
    let snapshot = engine.snapshot();
    let nodes = snapshot.order().iter().map(|slot| Arc::clone(snapshot.node(*slot))).collect();
    let mut pods: Vec<Arc<Pod>> = engine.cache().pods().map(|(pod, node)| placed(pod, node)).collect();
    pods.extend(engine.waiting_pods().cloned());
    // The order of hash maps must not reach a decision.
    pods.sort_unstable_by(|a, b| a.meta.uid.cmp(&b.meta.uid));
    let objects = engine.cache().objects().all().collect();
    Picture {
        cluster: Manifests { nodes, pods, objects, ..Manifests::default() },
        profiles: engine.profiles().to_vec(),
    }
}

/// A pod that is assumed does not say yet where it is.
fn placed(pod: &Arc<Pod>, node: &Str) -> Arc<Pod> {
    if pod.meta.node_name.as_ref() == Some(node) {
        return Arc::clone(pod);
    }
    let mut placed = Pod::clone(pod);
    placed.meta.node_name = Some(Arc::clone(node));
    Arc::new(placed)
}
