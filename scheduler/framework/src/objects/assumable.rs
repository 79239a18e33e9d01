//! Objects of which the scheduler may assume changes before the API server confirms them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::keyed::KeyedState;

/// Objects by key, as the API server has them and as they are assumed to be.
#[derive(Clone, Debug)]
pub(super) struct Assumable<K, T> {
    known: HashMap<K, Arc<T>, KeyedState>,
    assumed: HashMap<K, Arc<T>, KeyedState>,
}

impl<K, T> Default for Assumable<K, T> {
    fn default() -> Self {
        Self { known: HashMap::default(), assumed: HashMap::default() }
    }
}

impl<K: Hash + Ord + Clone, T: PartialEq> Assumable<K, T> {
    /// The object, as assumed if anything is assumed of it.
    pub(super) fn get(&self, key: &K) -> Option<&Arc<T>> {
        let known = self.known.get(key)?;
        if self.assumed.is_empty() {
            return Some(known);
        }
        Some(self.assumed.get(key).unwrap_or(known))
    }

    /// Every object in key order, as assumed.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        let mut all: Vec<_> = self.known.iter().collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all.into_iter().map(|(key, known)| self.assumed.get(key).unwrap_or(known))
    }

    /// Assumes `object`; without effect when the API server has none of that key.
    pub(super) fn assume(&mut self, key: K, object: Arc<T>) {
        if self.known.contains_key(&key) {
            self.assumed.insert(key, object);
        }
    }

    /// Goes back to what the API server has.
    pub(super) fn restore(&mut self, key: &K) {
        self.assumed.remove(key);
    }

    /// Takes the API server's version. When it says something new, what was assumed is over.
    pub(super) fn set(&mut self, key: K, object: Arc<T>) -> Option<Arc<T>> {
        if self.known.get(&key) != Some(&object) {
            self.assumed.remove(&key);
        }
        self.known.insert(key, object)
    }

    /// Forgets the object.
    pub(super) fn remove(&mut self, key: &K) -> Option<Arc<T>> {
        self.assumed.remove(key);
        self.known.remove(key)
    }
}
