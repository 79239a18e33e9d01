//! A binary heap whose entries can be found, changed and removed by key.

use std::cmp::Ordering;

use longshore_framework::Str;
use rustc_hash::FxHashMap;

/// What a heap holds.
pub(crate) trait Keyed {
    /// The key, unique in a heap and never changing.
    fn key(&self) -> &Str;
}

/// The comparison is an argument of every call: it belongs to a plugin, which the heap does not own. It has to be the
/// same one each time.
#[derive(Debug)]
pub(crate) struct Heap<T> {
    entries: Vec<T>,
    places: FxHashMap<Str, usize>,
}

impl<T> Default for Heap<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), places: FxHashMap::default() }
    }
}

impl<T: Keyed> Heap<T> {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&T> {
        self.places.get(key).map(|at| &self.entries[*at])
    }

    /// Every entry, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter()
    }

    /// Every entry, in no particular order.
    pub(crate) fn into_entries(self) -> Vec<T> {
        self.entries
    }

    /// The entry that goes first.
    pub(crate) fn peek(&self) -> Option<&T> {
        self.entries.first()
    }

    /// Adds an entry, or takes the place of the one with its key.
    pub(crate) fn push(&mut self, entry: T, compare: &dyn Fn(&T, &T) -> Ordering) {
        match self.places.get(entry.key()).copied() {
            Some(at) => {
                self.entries[at] = entry;
                self.settle(at, compare);
            }
            None => {
                let at = self.entries.len();
                self.places.insert(entry.key().clone(), at);
                self.entries.push(entry);
                self.rise(at, compare);
            }
        }
    }

    pub(crate) fn pop(&mut self, compare: &dyn Fn(&T, &T) -> Ordering) -> Option<T> {
        if self.entries.is_empty() { None } else { Some(self.take(0, compare)) }
    }

    pub(crate) fn remove(&mut self, key: &str, compare: &dyn Fn(&T, &T) -> Ordering) -> Option<T> {
        let at = *self.places.get(key)?;
        Some(self.take(at, compare))
    }

    fn take(&mut self, at: usize, compare: &dyn Fn(&T, &T) -> Ordering) -> T {
        let taken = self.entries.swap_remove(at);
        self.places.remove(taken.key());
        if at < self.entries.len() {
            self.places.insert(self.entries[at].key().clone(), at);
            self.settle(at, compare);
        }
        taken
    }

    fn settle(&mut self, at: usize, compare: &dyn Fn(&T, &T) -> Ordering) {
        let at = self.rise(at, compare);
        self.sink(at, compare);
    }

    fn rise(&mut self, mut at: usize, compare: &dyn Fn(&T, &T) -> Ordering) -> usize {
        while at > 0 {
            let parent = (at - 1) / 2;
            if compare(&self.entries[at], &self.entries[parent]) != Ordering::Less {
                break;
            }
            self.swap(at, parent);
            at = parent;
        }
        at
    }

    fn sink(&mut self, mut at: usize, compare: &dyn Fn(&T, &T) -> Ordering) {
        loop {
            let children = [2 * at + 1, 2 * at + 2].into_iter().filter(|c| *c < self.entries.len());
            let first = children.min_by(|a, b| compare(&self.entries[*a], &self.entries[*b]));
            let Some(first) = first else { return };
            if compare(&self.entries[first], &self.entries[at]) != Ordering::Less {
                return;
            }
            self.swap(at, first);
            at = first;
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.entries.swap(a, b);
        for at in [a, b] {
            if let Some(place) = self.places.get_mut(self.entries[at].key()) {
                *place = at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Entry(Str, i32);

    impl Keyed for Entry {
        fn key(&self) -> &Str {
            &self.0
        }
    }

    fn compare(a: &Entry, b: &Entry) -> Ordering {
        a.1.cmp(&b.1)
    }

    fn entry(at: i32, rank: i32) -> Entry {
        Entry(format!("k{at}").into(), rank)
    }

    #[test]
    fn entries_leave_in_order_also_after_changes_and_removals() {
        let mut heap = Heap::default();
        for at in 0..50 {
            heap.push(entry(at, (at * 37) % 50), &compare);
        }
        heap.push(entry(7, -1), &compare);
        heap.push(entry(8, 100), &compare);
        let gone = heap.remove("k9", &compare).map(|e| e.1);
        assert_eq!(gone, Some((9 * 37) % 50));
        assert_eq!(heap.remove("k9", &compare), None);
        assert_eq!(heap.get("k8").map(|e| e.1), Some(100));
        let ranks: Vec<i32> = std::iter::from_fn(|| heap.pop(&compare)).map(|e| e.1).collect();
        assert_eq!(ranks.len(), 49);
        assert!(ranks.is_sorted());
        assert_eq!((ranks[0], ranks[48]), (-1, 100));
    }
}
