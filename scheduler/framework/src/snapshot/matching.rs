//! How many pods of a kind every node has, for whoever counts pods by selector.

mod column;
mod index;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use dashmap::DashMap;

use super::Slot;
use crate::Str;
use crate::keyed::KeyedState;
use crate::labels::LabelSelector;
use crate::pod::Pod;
pub use column::PodColumn;
use index::{ColumnNumber, Index};

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

    /// The only namespace of the set, if it is one.
    pub(super) fn only(&self) -> Option<&Str> {
        match (&*self.names, self.all_but) {
            ([only], false) => Some(only),
            _ => None,
        }
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

/// Columns kept at the most.
const MAX_COLUMNS: usize = 4096;

/// Cells kept at the most, of four to twelve bytes each.
const MAX_CELLS: usize = 16 << 20;

/// A column that is kept.
#[derive(Debug)]
struct Kept {
    query: PodQuery,
    column: Arc<PodColumn>,
    /// When it was last asked for.
    asked: AtomicU64,
}

/// The columns by query. A column is built by whichever thread of a decision asks first, and then kept up to date, until
/// there are too many and others were asked for later.
#[derive(Debug, Default)]
pub(super) struct PodColumns {
    /// By number.
    kept: Vec<Option<Kept>>,
    free: Vec<ColumnNumber>,
    numbers: HashMap<PodQuery, ColumnNumber, KeyedState>,
    index: Index,
    /// Columns built since the last change of any pod.
    fresh: DashMap<PodQuery, Arc<PodColumn>, KeyedState>,
    any_fresh: AtomicBool,
    /// Counts up with each question.
    clock: AtomicU64,
}

impl Clone for PodColumns {
    /// Columns can be built again.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PodColumns {
    pub(super) fn get(&self, query: &PodQuery, pods: &[Vec<Arc<Pod>>], generation: u64) -> Arc<PodColumn> {
        let kept = self.numbers.get(query).and_then(|number| self.kept.get(*number as usize)?.as_ref());
        if let Some(kept) = kept {
            kept.asked.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
            return Arc::clone(&kept.column);
        }
        if let Some(column) = self.fresh.get(query) {
            return Arc::clone(&column);
        }
        let column = Arc::new(PodColumn::build(query, pods, generation));
        // No decision asks for so many.
        if self.fresh.len() < MAX_COLUMNS {
            self.fresh.insert(query.clone(), Arc::clone(&column));
            self.any_fresh.store(true, Ordering::Release);
        }
        column
    }

    /// A pod came to the node (`sign` 1) or left it (−1), with this generation; there are so many slots.
    pub(super) fn count(&mut self, slot: Slot, pod: &Pod, sign: i32, (slots, generation): (usize, u64)) {
        if *self.any_fresh.get_mut() {
            self.adopt();
        }
        for number in self.index.candidates(pod) {
            if let Some(Some(kept)) = self.kept.get_mut(number as usize)
                && kept.query.matches(pod)
            {
                Arc::make_mut(&mut kept.column).add(slot, sign, (slots, generation));
            }
        }
    }

    /// Keeps the columns that were built.
    fn adopt(&mut self) {
        *self.any_fresh.get_mut() = false;
        for (query, column) in std::mem::take(&mut self.fresh) {
            let number = self.free.pop().unwrap_or_else(|| {
                self.kept.push(None);
                ColumnNumber::try_from(self.kept.len() - 1).unwrap_or(ColumnNumber::MAX)
            });
            self.index.insert(number, &query);
            self.numbers.insert(query.clone(), number);
            let asked = self.clock.fetch_add(1, Ordering::Relaxed).into();
            self.kept[number as usize] = Some(Kept { query, column, asked });
        }
        self.limit();
    }

    /// Forgets the columns that were asked for longest ago while there are too many.
    fn limit(&mut self) {
        let kept = || self.kept.iter().flatten();
        let mut cells: usize = kept().map(|kept| kept.column.allocated()).sum();
        if self.numbers.len() <= MAX_COLUMNS && cells <= MAX_CELLS {
            return;
        }
        let mut oldest: Vec<(u64, ColumnNumber)> = Vec::new();
        for (number, kept) in (0..).zip(&mut self.kept) {
            oldest.extend(kept.as_mut().map(|kept| (*kept.asked.get_mut(), number)));
        }
        oldest.sort_unstable();
        // Some room is left, so that this is not done for each new column.
        for (_, number) in oldest {
            if self.numbers.len() <= MAX_COLUMNS / 8 * 7 && cells <= MAX_CELLS / 8 * 7 {
                break;
            }
            if let Some(kept) = self.kept.get_mut(number as usize).and_then(Option::take) {
                cells -= kept.column.allocated();
                self.index.remove(number, &kept.query);
                self.numbers.remove(&kept.query);
                self.free.push(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MAX_COLUMNS;
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

    #[test]
    fn the_columns_that_were_asked_for_last_stay() {
        let mut snapshot = Snapshot::default();
        let a = snapshot.set_node(node("a").build());
        let query = |at: usize| {
            let here = NamespaceSet::new(vec!["default".into()], false);
            let labels = [("app", format!("app-{at}"))].into_iter();
            PodQuery { all_of: vec![(here, labels.collect())], terminating: true }
        };
        for at in 0..MAX_COLUMNS + 10 {
            let count = snapshot.matching(&query(at)).get(a);
            assert_eq!((count, snapshot.matching(&query(0)).get(a)), (0, i64::from(at > 0)));
            if at == 0 {
                snapshot.add_pod(a, pod("first").label("app", "app-0").build());
            } else {
                snapshot.add_pod(a, pod(&format!("pod-{at}")).label("app", "other").build());
            }
        }
        let kept = &snapshot.matching.numbers;
        assert!(kept.len() <= MAX_COLUMNS && kept.contains_key(&query(0)) && !kept.contains_key(&query(1)));
        snapshot.remove_pod(a, "default/first");
        assert_eq!(snapshot.matching(&query(0)).get(a), 0);
    }
}
