//! Nodes and pods as guests may read them while they run: counted references, brought up to date from the snapshot
//! before a guest is called, by what changed since.

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::{Slot, Snapshot};
use rustc_hash::FxHashMap;

/// One node and the pods on it.
#[derive(Clone, Debug)]
pub(crate) struct MirroredNode {
    /// The node.
    pub(crate) node: Arc<Node>,
    /// Its pods.
    pub(crate) pods: Vec<Arc<Pod>>,
}

/// The nodes as of some generation.
#[derive(Debug, Default)]
pub(crate) struct Mirror {
    /// Which snapshot, and its generation.
    of: Option<(u64, u64)>,
    slots: Vec<Option<MirroredNode>>,
    by_name: FxHashMap<Str, Slot>,
    /// How many pods of a namespace are on which slot.
    by_namespace: FxHashMap<Str, BTreeMap<Slot, u32>>,
}

impl Mirror {
    /// Takes over what changed.
    pub(crate) fn sync(&mut self, snapshot: &Snapshot) {
        let now = (snapshot.lineage(), snapshot.generation());
        if self.of == Some(now) {
            return;
        }
        let known = self.of.filter(|of| of.0 == now.0).and_then(|of| snapshot.changed_since(of.1));
        match known {
            Some(changed) => {
                for slot in changed {
                    self.take_over(snapshot, slot);
                }
            }
            None => {
                *self = Self::default();
                for slot in snapshot.live().iter() {
                    self.take_over(snapshot, Slot::from(slot));
                }
            }
        }
        self.of = Some(now);
    }

    fn take_over(&mut self, snapshot: &Snapshot, slot: Slot) {
        if self.slots.len() <= slot.index() {
            self.slots.resize(snapshot.slots().max(slot.index() + 1), None);
        }
        if let Some(before) = self.slots[slot.index()].take() {
            if self.by_name.get(&before.node.name) == Some(&slot) {
                self.by_name.remove(&before.node.name);
            }
            for pod in &before.pods {
                self.uncount(&pod.meta.namespace, slot);
            }
        }
        if !snapshot.live().contains(slot.index()) {
            return;
        }
        let seen = MirroredNode { node: Arc::clone(snapshot.node(slot)), pods: snapshot.pods(slot).to_vec() };
        self.by_name.insert(Arc::clone(&seen.node.name), slot);
        for pod in &seen.pods {
            let slots = self.by_namespace.entry(Arc::clone(&pod.meta.namespace)).or_default();
            *slots.entry(slot).or_default() += 1;
        }
        self.slots[slot.index()] = Some(seen);
    }

    fn uncount(&mut self, namespace: &Str, slot: Slot) {
        let Some(slots) = self.by_namespace.get_mut(namespace) else { return };
        if let Some(count) = slots.get_mut(&slot) {
            *count -= 1;
            if *count == 0 {
                slots.remove(&slot);
            }
        }
        if slots.is_empty() {
            self.by_namespace.remove(namespace);
        }
    }

    /// The node of this name.
    pub(crate) fn node(&self, name: &str) -> Option<&MirroredNode> {
        self.slots.get(self.by_name.get(name)?.index())?.as_ref()
    }

    /// Every pod of a namespace that is on a node, with the node.
    pub(crate) fn of_namespace(&self, namespace: &str) -> impl Iterator<Item = (&Arc<Pod>, &Str)> {
        let slots = self.by_namespace.get(namespace).into_iter().flat_map(BTreeMap::keys);
        let seen = slots.filter_map(|slot| self.slots.get(slot.index())?.as_ref());
        let namespace = namespace.to_string();
        seen.flat_map(move |seen| {
            let namespace = namespace.clone();
            let own = seen.pods.iter().filter(move |pod| *pod.meta.namespace == *namespace);
            own.map(move |pod| (pod, &seen.node.name))
        })
    }
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::{node, pod};

    use super::*;

    #[track_caller]
    fn check(mirror: &Mirror, namespace: &str, want: &[&str]) {
        let pods: Vec<String> =
            mirror.of_namespace(namespace).map(|(p, n)| format!("{} on {n}", p.meta.name)).collect();
        assert_eq!(pods, want);
    }

    #[test]
    fn it_follows_the_snapshot() {
        let (mut mirror, mut snapshot) = (Mirror::default(), Snapshot::default());
        let a = snapshot.set_node(node("a").build());
        let b = snapshot.set_node(node("b").build());
        let p = pod("p").namespace("x").build();
        snapshot.add_pod(a, Arc::clone(&p));
        snapshot.add_pod(b, pod("q").namespace("y").build());
        mirror.sync(&snapshot);
        check(&mirror, "x", &["p on a"]);
        snapshot.remove_pod(a, &p.meta.uid);
        snapshot.add_pod(b, p);
        mirror.sync(&snapshot);
        check(&mirror, "x", &["p on b"]);
        snapshot.remove_node("b");
        mirror.sync(&snapshot);
        check(&mirror, "x", &[]);
        assert!(mirror.node("b").is_none() && mirror.node("a").is_some());
    }

    #[test]
    fn another_snapshot_is_read_anew() {
        let (mut mirror, mut one) = (Mirror::default(), Snapshot::default());
        one.set_node(node("a").build());
        mirror.sync(&one);
        let mut other = Snapshot::default();
        other.set_node(node("b").build());
        mirror.sync(&other);
        assert!(mirror.node("a").is_none() && mirror.node("b").is_some());
    }
}
