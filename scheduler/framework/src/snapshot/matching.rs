//! How many pods of a kind every node has, for whoever counts pods by selector.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dashmap::DashMap;
use rustc_hash::FxHashMap;

use super::Slot;
use crate::Str;
use crate::labels::LabelSelector;
use crate::pod::Pod;

/// Namespaces, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NamespaceSet {
    names: Vec<Str>,
    all_but: bool,
}

impl NamespaceSet {
    /// These namespaces; with `all_but`, every namespace but these.
    pub fn new(mut names: Vec<Str>, all_but: bool) -> Self {
        names.sort_unstable();
        names.dedup();
        Self { names, all_but }
    }

    /// Whether the namespace is one of them.
    pub fn contains(&self, namespace: &Str) -> bool {
        self.names.binary_search(namespace).is_ok() != self.all_but
    }
}

/// Which pods to count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodQuery {
    /// A pod has to be in the namespaces and have the labels of every one of these.
    pub all_of: Vec<(NamespaceSet, LabelSelector)>,
    /// Pods that are being deleted count as well.
    pub terminating: bool,
}

impl PodQuery {
    /// Whether the pod is to be counted.
    pub fn matches(&self, pod: &Pod) -> bool {
        let meta = &pod.meta;
        (self.terminating || !meta.terminating)
            && self.all_of.iter().all(|(namespaces, selector)| {
                namespaces.contains(&meta.namespace) && selector.matches(&meta.labels)
            })
    }
}

/// The number of matching pods by slot.
#[derive(Clone, Debug)]
pub struct PodColumn(Vec<i64>);

impl PodColumn {
    pub(super) fn build(query: &PodQuery, pods: &[Vec<Arc<Pod>>]) -> Self {
        let count = |pods: &Vec<Arc<Pod>>| pods.iter().filter(|p| query.matches(p)).count() as i64;
        Self(pods.iter().map(count).collect())
    }

    pub(super) fn add(&mut self, slot: Slot, sign: i64) {
        if slot.index() >= self.0.len() {
            self.0.resize(slot.index() + 1, 0);
        }
        self.0[slot.index()] += sign;
    }

    /// Matching pods on a node.
    pub fn get(&self, slot: Slot) -> i64 {
        self.0.get(slot.index()).copied().unwrap_or(0)
    }
}

/// Columns kept at the most: every pod that comes or goes is matched against those that may concern it.
const MAX_COLUMNS: usize = 256;

/// The columns by query. A column is built by whichever thread of a decision asks first, and then kept up to date.
#[derive(Debug, Default)]
pub(super) struct PodColumns {
    columns: FxHashMap<PodQuery, Arc<PodColumn>>,
    /// Columns built since the last change of any pod.
    fresh: DashMap<PodQuery, Arc<PodColumn>>,
    any_fresh: AtomicBool,
}

impl Clone for PodColumns {
    /// Columns can be built again.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PodColumns {
    pub(super) fn get(&self, query: &PodQuery, pods: &[Vec<Arc<Pod>>]) -> Arc<PodColumn> {
        if let Some(column) = self.columns.get(query) {
            return Arc::clone(column);
        }
        if let Some(column) = self.fresh.get(query) {
            return Arc::clone(&column);
        }
        let column = Arc::new(PodColumn::build(query, pods));
        if self.fresh.len() >= MAX_COLUMNS {
            self.fresh.clear();
        }
        self.fresh.insert(query.clone(), Arc::clone(&column));
        self.any_fresh.store(true, Ordering::Release);
        column
    }

    /// A pod came to the node (`sign` 1) or left it (−1).
    pub(super) fn count(&mut self, slot: Slot, pod: &Pod, sign: i64) {
        if *self.any_fresh.get_mut() {
            self.adopt();
        }
        for (query, column) in &mut self.columns {
            if query.matches(pod) {
                Arc::make_mut(column).add(slot, sign);
            }
        }
    }

    fn adopt(&mut self) {
        if self.columns.len() + self.fresh.len() > MAX_COLUMNS {
            self.columns.clear();
        }
        self.columns.extend(std::mem::take(&mut self.fresh));
        *self.any_fresh.get_mut() = false;
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{node, pod};
    use crate::snapshot::{NamespaceSet, PodQuery, Snapshot};

    #[test]
    fn a_column_follows_pods_that_come_and_go() {
        let mut snapshot = Snapshot::default();
        let a = snapshot.set_node(node("a").build());
        snapshot.add_pod(a, pod("first").label("app", "web").build());
        let here = NamespaceSet::new(vec!["default".into()], false);
        let elsewhere = NamespaceSet::new(vec!["default".into()], true);
        let web = || [("app", "web")].into_iter().collect();
        let living = PodQuery { all_of: vec![(here, web())], terminating: false };
        let outside = PodQuery { all_of: vec![(elsewhere, web())], terminating: true };
        assert_eq!((snapshot.matching(&living).get(a), snapshot.matching(&outside).get(a)), (1, 0));
        let b = snapshot.set_node(node("b").build());
        snapshot.add_pod(b, pod("second").label("app", "web").build());
        snapshot.add_pod(b, pod("leaving").label("app", "web").meta(|m| m.terminating = true).build());
        snapshot.add_pod(b, pod("other").label("app", "db").build());
        snapshot.add_pod(b, pod("far").namespace("prod").label("app", "web").build());
        snapshot.remove_pod(a, "default/first");
        assert_eq!((snapshot.matching(&living).get(a), snapshot.matching(&living).get(b)), (0, 1));
        assert_eq!(snapshot.matching(&outside).get(b), 1);
        snapshot.remove_node("b");
        assert_eq!((snapshot.matching(&living).get(b), snapshot.matching(&outside).get(b)), (0, 0));
    }
}
