//! `minResources`: what the cluster has to have free before a group is tried, summed over all nodes.

use longshore_framework::group::{GroupKey, PodGroup};
use longshore_framework::resources::Amounts;
use longshore_framework::snapshot::{Slot, Snapshot};

/// What the cluster lacks for the group. What its own pods have counts as free, and so do as many places for pods as it takes.
pub(crate) fn lacks(snapshot: &Snapshot, group: &PodGroup) -> Option<String> {
    if group.min_resources.is_empty() {
        return None;
    }
    let (key, wanted) = (group.key(), Amounts::from(&group.min_resources));
    let missing = |(name, amount): (&str, i64)| {
        let free = free(snapshot, &key, name);
        (amount > free).then(|| format!("minResources asks for {amount} of {name}, and {free} are free"))
    };
    let places = ("pods", i64::try_from(group.min_count.unwrap_or(0)).unwrap_or(i64::MAX));
    let lacking: Vec<String> = wanted.iter().chain([places]).filter_map(missing).collect();
    (!lacking.is_empty()).then(|| lacking.join(", "))
}

fn free(snapshot: &Snapshot, key: &GroupKey, resource: &str) -> i64 {
    let free_on = |slot: &Slot| {
        let view = snapshot.view(*slot);
        let own = view.pods().iter().filter(|pod| GroupKey::of(pod).as_ref() == Some(key));
        if resource == "pods" {
            let own = i64::try_from(own.count()).unwrap_or(i64::MAX);
            return view.allowed_pods().saturating_sub(view.pod_count()).saturating_add(own);
        }
        let own = own.fold(0_i64, |sum, pod| sum.saturating_add(pod.resources.usage.get(resource)));
        let resource = snapshot.resource(resource);
        let left = resource.map_or(0, |id| view.allocatable(id).saturating_sub(view.requested(id)));
        left.saturating_add(own)
    };
    snapshot.order().iter().map(free_on).fold(0, i64::saturating_add)
}
