//! Replicas of one workload are alike: they share one spec, one sum of requests and one set of labels, so that ten thousand
//! of them cost the memory of ten thousand names.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use longshore_framework::labels::Labels;
use longshore_framework::pod::{Pod, PodResources, PodSpec};
use rustc_hash::FxHashMap;

/// Entries before the first look for those that nobody uses any more.
const FIRST_SWEEP: usize = 1024;

/// What pods of one watch share.
#[derive(Debug, Default)]
pub(super) struct Pool {
    specs: FxHashMap<Arc<PodSpec>, Arc<PodResources>>,
    labels: FxHashMap<Labels, ()>,
    sweep_at: usize,
}

impl Pool {
    /// Puts what is known already in place of what `pod` brought.
    pub(super) fn share(&mut self, pod: &mut Pod) {
        match self.specs.get_key_value(&pod.spec) {
            Some((spec, resources)) => {
                (pod.spec, pod.resources) = (Arc::clone(spec), Arc::clone(resources));
            }
            None => {
                self.sweep();
                self.specs.insert(Arc::clone(&pod.spec), Arc::clone(&pod.resources));
            }
        }
        pod.meta.labels = known(&mut self.labels, &pod.meta.labels);
    }

    /// Lets go of what only the pool still holds, each time it has doubled.
    fn sweep(&mut self) {
        if self.specs.len() < self.sweep_at.max(FIRST_SWEEP) {
            return;
        }
        self.specs.retain(|spec, _| Arc::strong_count(spec) > 1);
        self.labels.clear();
        self.sweep_at = self.specs.len().saturating_mul(2);
    }
}

fn known<K: Hash + Eq + Clone, S: std::hash::BuildHasher>(pool: &mut HashMap<K, (), S>, key: &K) -> K {
    if let Some((known, ())) = pool.get_key_value(key) {
        return known.clone();
    }
    pool.insert(key.clone(), ());
    key.clone()
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::pod;

    use super::*;

    #[test]
    fn replicas_share_and_others_do_not() {
        let mut pool = Pool::default();
        let mut shared = |name: &str, cpu: &str| {
            let mut made = Pod::clone(&pod(name).label("app", "web").request("cpu", cpu).build());
            pool.share(&mut made);
            made
        };
        let (a, b, c) = (shared("a", "1"), shared("b", "1"), shared("c", "2"));
        assert!(Arc::ptr_eq(&a.spec, &b.spec) && Arc::ptr_eq(&a.resources, &b.resources));
        assert!(!Arc::ptr_eq(&a.spec, &c.spec));
        assert_eq!((&*b.meta.name, &b.meta.labels), ("b", &a.meta.labels));
    }

    #[test]
    fn what_nobody_uses_goes() {
        let mut pool = Pool::default();
        for cpu in 0..10 * FIRST_SWEEP {
            pool.share(&mut Pod::clone(&pod("p").request("cpu", &cpu.to_string()).build()));
        }
        assert!(pool.specs.len() <= FIRST_SWEEP);
    }
}
