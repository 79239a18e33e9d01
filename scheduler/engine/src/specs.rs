//! One copy of specs that are equal.

use std::sync::Arc;

use longshore_framework::pod::{Pod, PodResources, PodSpec};
use rustc_hash::FxHashMap;

/// Specs that are remembered at the most.
const MAX_SPECS: usize = 4096;

/// Specs of pods that came lately, with their requests, by hash. Replicas that share a spec take a fraction of the memory, and
/// are told to be of one class by a look at a pointer.
#[derive(Debug, Default)]
pub(crate) struct Specs(FxHashMap<u64, (Arc<PodSpec>, Arc<PodResources>)>);

impl Specs {
    /// The pod with the spec that is known for it, if it has one that is equal and nobody else holds the pod yet.
    pub(crate) fn share(&mut self, mut pod: Arc<Pod>) -> Arc<Pod> {
        let Some(own) = Arc::get_mut(&mut pod) else { return pod };
        let hash = own.resources.spec_hash;
        match self.0.get(&hash) {
            Some((spec, resources)) => {
                if !Arc::ptr_eq(spec, &own.spec) && *spec == own.spec && *resources == own.resources {
                    own.spec = Arc::clone(spec);
                    own.resources = Arc::clone(resources);
                }
            }
            None => {
                if self.0.len() >= MAX_SPECS {
                    self.0.clear();
                }
                self.0.insert(hash, (Arc::clone(&own.spec), Arc::clone(&own.resources)));
            }
        }
        pod
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
        let other = specs.share(pod("c").request("cpu", "2").build());
        assert!(!Arc::ptr_eq(&first.spec, &other.spec));
        let held = web("d");
        assert!(Arc::ptr_eq(&specs.share(Arc::clone(&held)), &held));
    }
}
