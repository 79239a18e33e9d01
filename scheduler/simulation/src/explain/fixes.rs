//! What would help pods that are pending at the end of a simulation.

use std::sync::Arc;

use longshore_engine::{Engine, Verdicts};
use longshore_framework::pod::Pod;
use rustc_hash::FxHashMap;

use super::devices::Devices;
use super::{advice::advice, more_nodes};
use crate::report::{Relaxation, Unplaced};
use crate::simulation::Simulated;

/// For how many groups of pending pods it is tried: at the least, and at the most. The largest ones come first.
const GROUPS: (usize, usize) = (8, 32);

/// Groups times nodes, at the most: in a large cluster each takes longer.
const MOST_LOOKS: usize = 64_000;

/// Changes that are told, at the most.
const MOST_FIXES: usize = 5;

/// Adds to each group what would help its first pod, as the cluster is at the end.
pub fn add_fixes(groups: &mut [Unplaced], simulated: &mut Simulated) {
    let wait: FxHashMap<String, &Arc<Pod>> =
        simulated.records.iter().map(|record| (record.pod().key(), record.pod())).collect();
    let nodes = simulated.engine.snapshot().order().len();
    let most = (MOST_LOOKS / nodes.max(1)).clamp(GROUPS.0, GROUPS.1);
    let tried = groups.iter_mut().filter(|group| group.reason == "Unschedulable").take(most);
    for group in tried {
        let Some(pod) = group.pods.first().and_then(|name| wait.get(name)) else { continue };
        group.fixes = fixes(&mut simulated.engine, pod);
        group.fixes.truncate(MOST_FIXES);
        group.tried = true;
    }
}

/// The changes that open nodes to the pod. The engine is as it was afterwards.
fn fixes(engine: &mut Engine, pod: &Arc<Pod>) -> Vec<Relaxation> {
    let Verdicts::PerNode(judged) = engine.judge_everywhere(pod) else { return Vec::new() };
    if judged.iter().any(|judgement| judgement.rejections.is_empty()) {
        return Vec::new();
    }
    let searches = Devices::new(engine.options().features, engine.cache().objects()).look(engine, pod);
    let mut found = advice(engine, pod, &judged, searches.as_ref());
    found.extend(more_nodes::one(engine, pod, &more_nodes::short_of_room(&judged)));
    found
}
