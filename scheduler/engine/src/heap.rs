//! A heap of numbers: whose key is least comes first, and any number can be found, moved and removed.
//!
//! Keys lie in the heap itself, so that ordering it follows no pointer. Numbers are meant to be indices of some slab:
//! small, and used again. A heap keeps its memory.

/// Children of one entry. Four of them lie side by side, and the heap is half as deep as with two.
const CHILDREN: usize = 4;

/// In [`Heap::places`]: not in the heap.
const NOWHERE: usize = usize::MAX;

#[derive(Clone, Copy, Debug)]
struct Keyed<K> {
    key: K,
    number: usize,
}

/// The heap. Keys are best unique: of equal keys either may come first.
#[derive(Debug)]
pub(crate) struct Heap<K> {
    entries: Vec<Keyed<K>>,
    /// By number: where in `entries` it is.
    places: Vec<usize>,
}

impl<K> Default for Heap<K> {
    fn default() -> Self {
        Self { entries: Vec::new(), places: Vec::new() }
    }
}

impl<K: Copy + Ord> Heap<K> {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Every number, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.entries.iter().map(|e| e.number)
    }

    /// The key that comes first, and its number.
    pub(crate) fn peek(&self) -> Option<(K, usize)> {
        self.entries.first().map(|e| (e.key, e.number))
    }

    /// Adds a number, or gives the one that is there another key.
    pub(crate) fn push(&mut self, number: usize, key: K) {
        if number >= self.places.len() {
            self.places.resize(number + 1, NOWHERE);
        }
        let entry = Keyed { key, number };
        match self.places[number] {
            NOWHERE => {
                self.entries.push(entry);
                self.rise(self.entries.len() - 1, entry);
            }
            at => self.settle(at, entry),
        }
    }

    /// Takes the number that comes first.
    pub(crate) fn pop(&mut self) -> Option<usize> {
        let first = self.entries.first()?.number;
        self.take(0);
        Some(first)
    }

    /// Takes a number out, if it is there.
    pub(crate) fn remove(&mut self, number: usize) {
        if let Some(at) = self.places.get(number).copied().filter(|at| *at != NOWHERE) {
            self.take(at);
        }
    }

    fn take(&mut self, at: usize) {
        let taken = self.entries.swap_remove(at);
        self.places[taken.number] = NOWHERE;
        if let Some(moved) = self.entries.get(at).copied() {
            self.settle(at, moved);
        }
    }

    /// Puts `entry` at `at` and then where it belongs.
    fn settle(&mut self, at: usize, entry: Keyed<K>) {
        if at > 0 && entry.key < self.entries[(at - 1) / CHILDREN].key {
            self.rise(at, entry);
        } else {
            self.sink(at, entry);
        }
    }

    fn rise(&mut self, mut at: usize, entry: Keyed<K>) {
        while at > 0 {
            let parent = (at - 1) / CHILDREN;
            if entry.key >= self.entries[parent].key {
                break;
            }
            self.set(at, self.entries[parent]);
            at = parent;
        }
        self.set(at, entry);
    }

    fn sink(&mut self, mut at: usize, entry: Keyed<K>) {
        while let Some((child, least)) = self.least_child(at).filter(|(_, least)| least.key < entry.key) {
            self.set(at, least);
            at = child;
        }
        self.set(at, entry);
    }

    fn least_child(&self, at: usize) -> Option<(usize, Keyed<K>)> {
        let first = CHILDREN * at + 1;
        let end = self.entries.len().min(first + CHILDREN);
        let children = self.entries.get(first..end)?;
        let (eldest, others) = children.split_first()?;
        let (mut at, mut least) = (first, eldest);
        for (offset, child) in others.iter().enumerate() {
            if child.key < least.key {
                (at, least) = (first + 1 + offset, child);
            }
        }
        Some((at, *least))
    }

    fn set(&mut self, at: usize, entry: Keyed<K>) {
        self.entries[at] = entry;
        self.places[entry.number] = at;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    /// Does `steps` random things to a heap and to a sorted set, and compares what they say.
    #[track_caller]
    fn check(seed: u64, numbers: u64, steps: usize) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = |bound: u64| rng.next_u64() % bound;
        let (mut heap, mut model) = (Heap::default(), BTreeSet::new());
        for step in 0..steps as u64 {
            let number = usize::try_from(draw(numbers)).unwrap();
            let known = model.iter().copied().find(|(_, n)| *n == number);
            match draw(3) {
                0 => {
                    known.map(|entry| model.remove(&entry));
                    heap.remove(number);
                }
                1 => {
                    let first = model.pop_first();
                    assert_eq!(heap.pop(), first.map(|(_, n)| n));
                }
                _ => {
                    known.map(|entry| model.remove(&entry));
                    let key = (draw(5), step);
                    model.insert((key, number));
                    heap.push(number, key);
                }
            }
            assert_eq!((heap.len(), heap.peek()), (model.len(), model.first().copied()));
        }
        let rest: Vec<usize> = std::iter::from_fn(|| heap.pop()).collect();
        assert_eq!(rest, model.into_iter().map(|(_, n)| n).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_leave_in_the_order_of_their_keys_also_after_changes_and_removals() {
        for seed in 0..50 {
            check(seed, 4, 200);
            check(seed, 60, 1000);
        }
        check(50, 2000, 20_000);
    }
}
