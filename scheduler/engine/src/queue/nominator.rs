//! Nodes promised to pods that wait for room to be made there.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Terms;
use rustc_hash::FxHashMap;

use crate::pods::Echoes;

/// Node → nominated pods, in the order they were nominated.
#[derive(Debug, Default)]
pub(crate) struct Nominator {
    by_node: FxHashMap<Str, Vec<Arc<Pod>>>,
    node_of: FxHashMap<Str, Str>,
    /// The affinity terms of the nominated pods.
    terms: Terms,
    /// Nodes whose pods are others since someone last asked.
    changed: BTreeSet<Str>,
}

/// Nobody is promised anything.
static NOBODY: LazyLock<Nominator> = LazyLock::new(Nominator::default);

impl Nominator {
    /// One by which nobody is promised anything.
    pub(crate) fn nobody() -> &'static Self {
        &NOBODY
    }

    /// Promises `node` to `pod`, in place of any other node.
    pub(crate) fn nominate(&mut self, pod: &Arc<Pod>, node: &Str) {
        self.remove(&pod.meta.uid);
        self.changed.insert(Arc::clone(node));
        self.terms.add(pod);
        self.by_node.entry(Arc::clone(node)).or_default().push(Arc::clone(pod));
        self.node_of.insert(Arc::clone(&pod.meta.uid), Arc::clone(node));
    }

    /// A new version of a pod. When its status says something else than before, that counts, unless it is only what was
    /// to be [written](Echoes): the promise in memory is the newer one.
    pub(crate) fn update(&mut self, old: &Pod, new: &Arc<Pod>, echoes: &mut Echoes) {
        let (was, is) = (&old.meta.nominated_node, &new.meta.nominated_node);
        let node = if was == is || echoes.hears(is.as_ref()) {
            self.node_of(&new.meta.uid).cloned()
        } else {
            is.clone()
        };
        match node {
            Some(node) => self.nominate(new, &node),
            None => self.remove(&new.meta.uid),
        }
    }

    /// Takes the pod's promise back.
    pub(crate) fn remove(&mut self, uid: &str) {
        if self.node_of.is_empty() {
            return;
        }
        let Some(node) = self.node_of.remove(uid) else { return };
        if let Some(pods) = self.by_node.get_mut(&node) {
            for pod in pods.extract_if(.., |p| &*p.meta.uid == uid) {
                self.terms.remove(&pod);
            }
            if pods.is_empty() {
                self.by_node.remove(&node);
            }
        }
        self.changed.insert(node);
    }

    /// Names of nodes that were promised to a pod or given up by one since this was last asked, each once and in order
    /// of name. A new version of a nominated pod counts as well.
    pub(crate) fn take_changed(&mut self) -> impl Iterator<Item = Str> + use<> {
        std::mem::take(&mut self.changed).into_iter()
    }

    /// The node promised to the pod.
    pub(crate) fn node_of(&self, uid: &str) -> Option<&Str> {
        self.node_of.get(uid)
    }

    /// The affinity terms of all pods that a node is promised to.
    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Pods that the node is promised to.
    pub(crate) fn on(&self, node: &str) -> &[Arc<Pod>] {
        self.by_node.get(node).map_or(&[], Vec::as_slice)
    }

    /// Every pod that a node is promised to, in no particular order.
    pub(crate) fn pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.by_node.values().flatten()
    }

    /// How many nodes have a promise.
    pub(crate) fn node_count(&self) -> usize {
        self.by_node.len()
    }

    /// Nodes with a promise, in no particular order.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Str> {
        self.by_node.keys()
    }

    /// Whether there is no promise at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_node.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::pod;

    use super::*;

    fn stated(node: Option<&str>) -> Arc<Pod> {
        pod("p").meta(|m| m.nominated_node = node.map(Str::from)).build()
    }

    #[track_caller]
    fn check(old: Option<&str>, new: Option<&str>, want: Option<&str>) {
        check_written(&[], old, new, want);
    }

    #[track_caller]
    fn check_written(written: &[&str], old: Option<&str>, new: Option<&str>, want: Option<&str>) {
        let mut nominator = Nominator::default();
        nominator.nominate(&stated(old), &"memory".into());
        let mut echoes = Echoes::default();
        for node in written {
            echoes.wrote(&(*node).into(), stated(old).meta.nominated_node.as_ref());
        }
        nominator.update(&stated(old), &stated(new), &mut echoes);
        assert_eq!(nominator.node_of("default/p").map(|n| &**n), want);
        assert_eq!(nominator.on("memory").len(), usize::from(want == Some("memory")));
    }

    #[test]
    fn a_promise_in_memory_stands_until_the_status_says_something() {
        check(None, None, Some("memory"));
        check(None, Some("a"), Some("a"));
        check(Some("a"), Some("b"), Some("b"));
        check(Some("a"), None, None);
        check(Some("a"), Some("a"), Some("memory"));
    }

    #[test]
    fn a_status_that_was_overtaken_by_a_newer_promise_changes_nothing() {
        check_written(&["a", "memory"], None, Some("a"), Some("memory"));
        check_written(&["", "memory"], Some("a"), None, Some("memory"));
        check_written(&["memory"], None, Some("memory"), Some("memory"));
        check_written(&["a", "memory"], None, Some("b"), Some("b"));
        check_written(&["a", "memory"], Some("b"), None, None);
    }

    #[test]
    fn nodes_whose_promises_changed_are_told_once() {
        let mut nominator = Nominator::default();
        let mut told = |change: &dyn Fn(&mut Nominator), want: &[&str]| {
            change(&mut nominator);
            let nodes: Vec<Str> = nominator.take_changed().collect();
            assert_eq!(nodes.iter().map(|n| &**n).collect::<Vec<_>>(), want);
        };
        told(&|n| n.remove("default/p"), &[]);
        told(&|n| n.update(&stated(None), &stated(None), &mut Echoes::default()), &[]);
        told(&|n| n.nominate(&stated(None), &"b".into()), &["b"]);
        told(&|n| n.remove("default/q"), &[]);
        told(&|n| n.nominate(&stated(None), &"a".into()), &["a", "b"]);
        told(&|n| n.update(&stated(None), &stated(None), &mut Echoes::default()), &["a"]);
        told(&|n| n.update(&stated(None), &stated(Some("c")), &mut Echoes::default()), &["a", "c"]);
        told(&|n| n.remove("default/p"), &["c"]);
        told(&|_| (), &[]);
    }
}
