use longshore_framework::fixture::{node, pod};
use longshore_framework::snapshot::{CPU_ID, Slot};

use super::*;

/// A cache with the table it is lent, and what the columns say of a node.
#[derive(Default)]
struct Both {
    cache: Cache,
    pods: Pods,
}

impl Both {
    fn node_is(&mut self, name: &str) {
        self.cache.set_node(&self.pods, node(name).build());
    }

    fn confirm(&mut self, pod: &Arc<Pod>, node: &str) -> Option<Arc<Pod>> {
        let number = self.pods.number_for(&pod.meta.uid);
        self.cache.confirm(&mut self.pods, number, Arc::clone(pod), node.into())
    }

    #[track_caller]
    fn check(&self, slot: u32, milli_cpu: i64) {
        let held = self.cache.snapshot().column(CPU_ID).at(Slot(slot)).1;
        assert_eq!((held, self.pods.counts()), (milli_cpu, (1, 0)));
        self.pods.check();
    }
}

#[test]
fn what_was_counted_is_taken_back_and_nothing_else() {
    let mut cache = Cache::default();
    cache.set_node(&Pods::default(), node("n").build());
    let held = |cache: &Cache| cache.snapshot().column(CPU_ID).at(Slot(0)).1;
    let p = pod("p").request("cpu", "1").build();
    cache.count(0, Arc::clone(&p), &"n".into());
    assert_eq!(held(&cache), 1000);
    cache.uncount(0, &pod("p").request("cpu", "1").build(), &"n".into());
    assert_eq!(held(&cache), 1000, "another version of the pod");
    cache.uncount(0, &p, &"n".into());
    assert_eq!(held(&cache), 0);
}

#[test]
fn a_pod_that_left_an_unknown_node_does_not_come_back_with_it() {
    let mut both = Both::default();
    both.node_is("m");
    let p = pod("p").request("cpu", "1").build();
    for node in ["n", "m"] {
        both.confirm(&p, node);
    }
    both.node_is("n");
    both.check(0, 1000);
    both.check(1, 0);
    assert!(both.cache.homeless.is_empty());
}

#[test]
fn a_pod_that_is_seen_on_another_node_counts_there() {
    let mut both = Both::default();
    for name in ["n", "m"] {
        both.node_is(name);
    }
    let p = pod("p").request("cpu", "1").build();
    assert_eq!(both.confirm(&p, "n"), None);
    assert_eq!(both.confirm(&p, "m").as_ref(), Some(&p));
    both.check(0, 0);
    both.check(1, 1000);
}

#[test]
fn of_a_new_version_that_counts_otherwise_the_old_one_is_taken_back() {
    let mut both = Both::default();
    both.node_is("n");
    for (cpu, want) in [("1", 1000), ("1", 1000), ("3", 3000), ("2", 2000)] {
        both.confirm(&pod("p").request("cpu", cpu).build(), "n");
        both.check(0, want);
    }
}

#[test]
fn a_pod_on_an_unknown_node_counts_when_the_node_comes() {
    let mut both = Both::default();
    let p = pod("p").request("cpu", "1").build();
    both.confirm(&p, "n");
    both.node_is("n");
    both.check(0, 1000);
    both.cache.remove_node(&both.pods, &"n".into());
    assert_eq!(both.pods.counts(), (1, 0));
    both.node_is("n");
    both.check(0, 1000);
}
