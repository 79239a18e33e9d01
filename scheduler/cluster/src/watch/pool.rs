//! Replicas of one workload are alike: they share one spec, one sum of requests and one set of labels, so that ten thousand
//! of them cost the memory of ten thousand names.
//!
//! What the last pod leaves behind is let go: when what pods left behind may be half of what is kept, and whenever the watch is
//! quiet for a while. So the pool holds what pods that are there use, and at most half as much again that nobody does.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use longshore_framework::labels::Labels;
use longshore_framework::pod::{Pod, PodResources, PodSpec};
use rustc_hash::FxHashMap;

/// Specs and sets of labels that pods have to leave behind before it is worth a look.
const FIRST_SWEEP: usize = 1024;

/// What pods of one watch share.
#[derive(Debug, Default)]
pub(super) struct Pool {
    specs: FxHashMap<Arc<PodSpec>, Arc<PodResources>>,
    labels: FxHashMap<Labels, ()>,
    /// What nobody may use any more since the last look: a spec and a set of labels for each pod that changed or left.
    left: usize,
}

impl Pool {
    /// Puts what is known already in place of what `pod` brought.
    pub(super) fn share(&mut self, pod: &mut Pod) {
        match self.specs.get_key_value(&pod.spec) {
            Some((spec, resources)) => {
                (pod.spec, pod.resources) = (Arc::clone(spec), Arc::clone(resources));
            }
            None => {
                self.specs.insert(Arc::clone(&pod.spec), Arc::clone(&pod.resources));
            }
        }
        pod.meta.labels = known(&mut self.labels, &pod.meta.labels);
    }

    /// A pod has left, or is another than it was.
    pub(super) fn left(&mut self) {
        self.left += 2;
        if self.left >= (self.len() / 2).max(FIRST_SWEEP) {
            self.sweep();
        }
    }

    /// Lets go of what only the pool still holds.
    pub(super) fn sweep(&mut self) {
        if std::mem::take(&mut self.left) == 0 {
            return;
        }
        self.specs.retain(|spec, _| Arc::strong_count(spec) > 1);
        self.labels.retain(|labels, ()| labels.is_shared());
        give_back(&mut self.specs);
        give_back(&mut self.labels);
    }

    /// Specs and sets of labels.
    pub(super) fn len(&self) -> usize {
        self.specs.len() + self.labels.len()
    }
}

/// The memory of a map that has become much smaller.
fn give_back<K: Eq + Hash, V, S: std::hash::BuildHasher>(map: &mut HashMap<K, V, S>) {
    if map.capacity() > 4 * map.len().max(FIRST_SWEEP) {
        map.shrink_to_fit();
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

    fn labelled(number: usize, cpu: usize) -> Pod {
        let number = number.to_string();
        let made =
            pod("p").label("job", "x").label("controller-uid", &number).request("cpu", &cpu.to_string());
        Pod::clone(&made.build())
    }

    #[test]
    fn replicas_share_and_others_do_not() {
        let mut pool = Pool::default();
        let mut shared = |name: &str, cpu: &str| {
            let mut made = Pod::clone(&pod(name).label("app", "web").request("cpu", cpu).on(name).build());
            pool.share(&mut made);
            made
        };
        let (a, b, c) = (shared("a", "1"), shared("b", "1"), shared("c", "2"));
        assert!(Arc::ptr_eq(&a.spec, &b.spec) && Arc::ptr_eq(&a.resources, &b.resources));
        assert!(!Arc::ptr_eq(&a.spec, &c.spec));
        assert_eq!((&*b.meta.name, &b.meta.labels), ("b", &a.meta.labels));
    }

    /// Pods come and go, ten at a time; each is of one spec and `unique` in its labels, or the other way round.
    #[track_caller]
    fn check(make: impl Fn(usize) -> Pod) {
        let mut pool = Pool::default();
        let mut alive = std::collections::VecDeque::new();
        for number in 0..10 * FIRST_SWEEP {
            let mut pod = make(number);
            pool.share(&mut pod);
            alive.push_back(pod);
            if alive.len() > 10 {
                alive.pop_front();
                pool.left();
            }
            assert!(pool.len() <= FIRST_SWEEP + 22, "{} after {number}", pool.len());
        }
        pool.sweep();
        assert!(pool.len() <= 11, "{}", pool.len());
        alive.clear();
        pool.left();
        pool.sweep();
        assert_eq!(pool.len(), 0);
    }

    #[test]
    fn labels_of_pods_that_are_gone_go_though_the_spec_stays() {
        check(|number| labelled(number, 1));
    }

    #[test]
    fn specs_of_pods_that_are_gone_go_though_the_labels_stay() {
        check(|number| labelled(1, number));
    }

    #[test]
    fn what_is_used_stays() {
        let mut pool = Pool::default();
        let mut pods: Vec<Pod> = (0..3 * FIRST_SWEEP).map(|number| labelled(number, 1)).collect();
        pods.iter_mut().for_each(|pod| pool.share(pod));
        (0..10 * FIRST_SWEEP).for_each(|_| pool.left());
        assert_eq!(pool.len(), 3 * FIRST_SWEEP + 1);
    }
}
