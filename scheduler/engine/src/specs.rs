//! One copy of specs that are equal.

use std::sync::Arc;

use longshore_framework::pod::{Pod, PodResources, PodSpec};
use rustc_hash::FxHashMap;

/// Specs that are remembered at the most.
const MAX_SPECS: usize = 4096;

/// Specs by hash, with their requests.
type Shared = FxHashMap<u64, (Arc<PodSpec>, Arc<PodResources>)>;

/// Specs of pods that came lately. Replicas that share a spec take a fraction of the memory, and are told to be of one class
/// by a look at a pointer.
///
/// When half of the room is taken by specs that came or were asked for since the last time, the others are forgotten: so
/// whatever comes once only pushes out what was not asked for meanwhile.
#[derive(Debug)]
pub(crate) struct Specs {
    young: Shared,
    old: Shared,
    most: usize,
}

impl Default for Specs {
    fn default() -> Self {
        Self::with_room_for(MAX_SPECS)
    }
}

impl Specs {
    fn with_room_for(most: usize) -> Self {
        Self { young: Shared::default(), old: Shared::default(), most }
    }

    /// The pod with the spec that is known for it, if it has one that is equal and nobody else holds the pod yet.
    pub(crate) fn share(&mut self, mut pod: Arc<Pod>) -> Arc<Pod> {
        let Some(own) = Arc::get_mut(&mut pod) else { return pod };
        let hash = own.resources.spec_hash;
        if !self.young.contains_key(&hash) {
            let known = self.old.remove(&hash);
            self.remember(hash, known.unwrap_or_else(|| (Arc::clone(&own.spec), Arc::clone(&own.resources))));
        }
        if let Some((spec, resources)) = self.young.get(&hash)
            && !Arc::ptr_eq(spec, &own.spec)
            && *spec == own.spec
            && *resources == own.resources
        {
            own.spec = Arc::clone(spec);
            own.resources = Arc::clone(resources);
        }
        pod
    }

    fn remember(&mut self, hash: u64, spec: (Arc<PodSpec>, Arc<PodResources>)) {
        if self.young.len() >= self.most / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, spec);
    }
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::pod;

    use super::*;

    #[test]
    fn equal_specs_become_one_and_pods_that_others_hold_stay_as_they_are() {
        let mut specs = Specs::default();
        let web = |name: &str| pod(name).request("cpu", "1").build();
        let first = specs.share(web("a"));
        let second = specs.share(web("b"));
        assert!(Arc::ptr_eq(&first.spec, &second.spec) && Arc::ptr_eq(&first.resources, &second.resources));
        let bound = specs.share(pod("c").request("cpu", "1").on("n").build());
        assert!(Arc::ptr_eq(&first.spec, &bound.spec) && bound.meta.node_name.is_some());
        let other = specs.share(pod("c").request("cpu", "2").build());
        assert!(!Arc::ptr_eq(&first.spec, &other.spec));
        let held = web("d");
        assert!(Arc::ptr_eq(&specs.share(Arc::clone(&held)), &held));
    }

    #[test]
    fn specs_that_come_once_push_out_none_that_is_asked_for_meanwhile() {
        let mut specs = Specs::with_room_for(8);
        let web = |specs: &mut Specs| Arc::clone(&specs.share(pod("web").request("cpu", "1").build()).spec);
        let first = web(&mut specs);
        for round in 0..100 {
            for at in 0..3 {
                specs.share(pod("once").request("cpu", &format!("{}m", 2000 + 3 * round + at)).build());
            }
            assert!(Arc::ptr_eq(&web(&mut specs), &first), "in round {round}");
            assert!(specs.young.len() + specs.old.len() <= 8);
        }
    }
}
