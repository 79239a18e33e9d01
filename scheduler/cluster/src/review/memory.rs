//! Answers that are remembered for a while.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So many answers, each for so long.
#[derive(Debug)]
pub(super) struct Memory<K, V> {
    ttl: Duration,
    most: usize,
    // Keys come from outside: the standard hasher is seeded.
    answers: HashMap<K, (Duration, V)>,
}

impl<K: Eq + Hash, V: Clone> Memory<K, V> {
    pub(super) fn new(ttl: Duration, most: usize) -> Self {
        Self { ttl, most, answers: HashMap::new() }
    }

    fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q, now: Duration) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (put, answer) = self.answers.get(key)?;
        (*put + self.ttl > now).then(|| answer.clone())
    }

    /// When there is no room, what is too old goes, and all of it when that is not enough.
    fn put(&mut self, key: K, answer: V, now: Duration) {
        if self.answers.len() >= self.most {
            let ttl = self.ttl;
            self.answers.retain(|_, (put, _)| *put + ttl > now);
            if self.answers.len() >= self.most {
                self.answers.clear();
            }
        }
        self.answers.insert(key, (now, answer));
    }
}

/// The answer, if it is still remembered.
pub(super) fn get<K, V, Q>(memory: &Mutex<Memory<K, V>>, key: &Q, now: Duration) -> Option<V>
where
    K: Eq + Hash + Borrow<Q>,
    V: Clone,
    Q: Eq + Hash + ?Sized,
{
    memory.lock().unwrap_or_else(PoisonError::into_inner).get(key, now)
}

/// Remembers an answer.
pub(super) fn put<K: Eq + Hash, V: Clone>(memory: &Mutex<Memory<K, V>>, key: K, answer: V, now: Duration) {
    memory.lock().unwrap_or_else(PoisonError::into_inner).put(key, answer, now);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_forgotten_after_its_time_and_the_memory_does_not_grow() {
        let second = Duration::from_secs;
        let mut memory = Memory::new(second(10), 2);
        memory.put("a", 1, second(0));
        assert_eq!(memory.get("a", second(9)), Some(1));
        assert_eq!(memory.get("a", second(10)), None);
        memory.put("b", 2, second(5));
        memory.put("c", 3, second(11));
        assert_eq!((memory.get("b", second(11)), memory.answers.len()), (Some(2), 2));
        memory.put("d", 4, second(12));
        assert_eq!((memory.get("d", second(12)), memory.answers.len()), (Some(4), 1));
    }
}
