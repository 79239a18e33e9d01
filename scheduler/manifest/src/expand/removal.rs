//! Which pods go when there are too many: the order of `ActivePodsWithRanks` in kube-controller-manager.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;

use super::world::World;

/// Notes that `count` of the pods go. `related` are all pods of the same owner, and of the owner's owner.
pub(super) fn remove(
    pods: &[Arc<Pod>],
    related: &[Arc<Pod>],
    count: usize,
    reason: &str,
    world: &mut World<'_>,
) {
    for pod in first_to_go(pods, related, world).into_iter().take(count) {
        world.remove(&pod, reason);
    }
}

/// The pods, those that go first at the head.
fn first_to_go(pods: &[Arc<Pod>], related: &[Arc<Pod>], world: &World<'_>) -> Vec<Arc<Pod>> {
    let mut beside: BTreeMap<&Str, usize> = BTreeMap::new();
    for pod in related.iter().filter(|pod| world.is_healthy(pod)) {
        if let Some(node) = &pod.meta.node_name {
            *beside.entry(node).or_default() += 1;
        }
    }
    let mut pods: Vec<Arc<Pod>> =
        pods.iter().filter(|pod| !world.is_removed(&pod.meta.uid)).cloned().collect();
    pods.sort_by_cached_key(|pod| {
        let meta = &pod.meta;
        let neighbours = meta.node_name.as_ref().and_then(|node| beside.get(node)).copied().unwrap_or(0);
        // Neither how long a pod has been ready nor its restarts are read.
        (
            meta.node_name.is_some(),
            world.is_healthy(pod),
            world.existing.deletion_cost(&meta.uid),
            Reverse(neighbours),
            meta.created.is_some(),
            Reverse(meta.created),
            meta.uid.clone(),
        )
    });
    pods
}
