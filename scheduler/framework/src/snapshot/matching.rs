//! How many pods of a kind every node has, for whoever counts pods by selector.

mod column;
mod index;
mod pods_by_label;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;

use super::Slot;
use crate::Str;
use crate::keyed::KeyedState;
use crate::labels::LabelSelector;
use crate::pod::Pod;
pub use column::PodColumn;
use index::{ColumnNumber, Index};
use pods_by_label::PodsByLabel;

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

/// So many pods come and go, or a quarter of those that there are if that is more, until the pods are not kept by label any more when no
/// column was built.
const MIN_IDLE: usize = 4096;

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
    /// Whether a column was built of late.
    built: AtomicBool,
    /// The pods by their labels, if more were.
    by_label: OnceLock<PodsByLabel>,
    /// How many pods came and went since.
    idle: AtomicUsize,
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
        let column = Arc::new(self.build(query, pods, generation));
        // No decision asks for so many.
        if self.fresh.len() < MAX_COLUMNS {
            self.fresh.insert(query.clone(), Arc::clone(&column));
            self.any_fresh.store(true, Ordering::Release);
        }
        column
    }

    fn build(&self, query: &PodQuery, pods: &[Vec<Arc<Pod>>], generation: u64) -> PodColumn {
        self.idle.store(0, Ordering::Relaxed);
        let as_of = (pods.len(), generation);
        // One alone is counted sooner than all pods are sorted.
        let is_second = self.built.swap(true, Ordering::Relaxed);
        let by_label = is_second.then(|| self.by_label.get_or_init(|| PodsByLabel::of(pods)));
        match by_label.and_then(|by_label| by_label.candidates(query)) {
            Some(found) => {
                let found = found.into_iter().flat_map(|pods| pods.values());
                PodColumn::build(query, found.map(|(slot, pod)| (*slot, pod)), as_of)
            }
            None => PodColumn::build(query, all(pods), as_of),
        }
    }

    /// A pod came to the node (`sign` 1) or left it (−1), with this generation; there are so many slots.
    pub(super) fn count(&mut self, slot: Slot, pod: &Arc<Pod>, sign: i32, (slots, generation): (usize, u64)) {
        if *self.any_fresh.get_mut() {
            self.adopt();
        }
        self.follow(slot, pod, sign);
        for number in self.index.candidates(pod) {
            if let Some(Some(kept)) = self.kept.get_mut(number as usize)
                && kept.query.matches(pod)
            {
                Arc::make_mut(&mut kept.column).add(slot, sign, (slots, generation));
            }
        }
    }

    /// Keeps the pods by label up to date, as long as they are of use.
    fn follow(&mut self, slot: Slot, pod: &Arc<Pod>, sign: i32) {
        let Some(by_label) = self.by_label.get_mut() else { return };
        if sign > 0 {
            by_label.insert(slot, pod);
        } else {
            by_label.remove(pod);
        }
        let idle = self.idle.get_mut();
        *idle += 1;
        if *idle > MIN_IDLE.max(by_label.len() / 4) {
            self.by_label.take();
            *self.built.get_mut() = false;
        }
    }

    /// A newer version of a pod takes its place, which counts the same.
    pub(super) fn renew(&mut self, slot: Slot, old: &Arc<Pod>, new: &Arc<Pod>) {
        if let Some(by_label) = self.by_label.get_mut() {
            by_label.remove(old);
            by_label.insert(slot, new);
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

/// All pods, each with its node.
fn all(pods: &[Vec<Arc<Pod>>]) -> impl Iterator<Item = (Slot, &Arc<Pod>)> {
    pods.iter().enumerate().flat_map(|(at, pods)| pods.iter().map(move |pod| (Slot::from(at), pod)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{MAX_COLUMNS, MIN_IDLE};
    use crate::fixture::{node, pod};
    use crate::pod::Pod;
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

    /// Columns for pods of each app and namespace, again and again, as pods come, go and are renewed: each is as a walk over all
    /// pods would have it.
    #[test]
    fn a_new_column_is_as_if_all_pods_were_counted() {
        let mut snapshot = Snapshot::default();
        let slots: Vec<_> = (0..3).map(|at| snapshot.set_node(node(&format!("n{at}")).build())).collect();
        let mut there = Vec::new();
        let mut asked = 0;
        for at in 0..3 * MIN_IDLE {
            let built =
                pod(&format!("p{at}")).namespace(["x", "y"][at % 2]).label("app", ["a", "b", "c"][at % 3]);
            let (slot, pod) = (slots[at % 7 % 3], built.label("of", &(at % 5).to_string()).build());
            snapshot.add_pod(slot, Arc::clone(&pod));
            there.push((slot, pod));
            if at % 2 == 1 {
                let (slot, pod) = there.swap_remove(at / 2 % there.len());
                snapshot.remove_known(slot, &pod);
            }
            let renewed = at % there.len();
            let (slot, old) = there[renewed].clone();
            let new = Arc::new(Pod::clone(&old));
            snapshot.renew_pod(slot, &old, Arc::clone(&new));
            there[renewed].1 = new;
            // Often at first, then never for long, and then again.
            if at < 40 || at + 40 > 3 * MIN_IDLE {
                let namespaces = NamespaceSet::new(vec![["x", "y"][at % 2].into()], at % 3 == 0);
                let labels = [("app", ["a", "b"][at % 2].to_string()), ("of", (asked % 5).to_string())];
                asked += 1;
                let query =
                    PodQuery { all_of: vec![(namespaces, labels.into_iter().collect())], terminating: true };
                let column = snapshot.matching.build(&query, &snapshot.pods, 0);
                for slot in &slots {
                    let want = there.iter().filter(|(on, pod)| on == slot && query.matches(pod)).count();
                    assert_eq!(column.get(*slot), want as i64, "{query:?} after {at}");
                }
            }
        }
        assert!(asked > 70 && snapshot.matching.by_label.get().is_some());
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
