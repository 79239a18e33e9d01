//! A set of node slots, one bit each.

use std::ops::Range;

/// A growable set of small integers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BitSet {
    words: Vec<u64>,
    count: usize,
}

impl BitSet {
    /// The set of all numbers below `len`.
    pub fn full(len: usize) -> Self {
        let mut words = vec![u64::MAX; len.div_ceil(64)];
        if let (Some(last), spare @ 1..) = (words.last_mut(), len % 64) {
            *last = (1 << spare) - 1;
        }
        Self { words, count: len }
    }

    /// The set of all numbers whose bit is set: bit `n % 64` of word `n / 64` stands for `n`.
    pub fn from_words(words: Vec<u64>) -> Self {
        let count = words.iter().map(|word| word.count_ones() as usize).sum();
        Self { words, count }
    }

    /// Adds `at`; whether it was new.
    pub fn insert(&mut self, at: usize) -> bool {
        if at / 64 >= self.words.len() {
            self.words.resize(at / 64 + 1, 0);
        }
        let word = &mut self.words[at / 64];
        let new = *word & (1 << (at % 64)) == 0;
        *word |= 1 << (at % 64);
        self.count += usize::from(new);
        new
    }

    /// Removes `at`; whether it was there.
    pub fn remove(&mut self, at: usize) -> bool {
        let had = self.contains(at);
        if had {
            self.words[at / 64] &= !(1 << (at % 64));
            self.count -= 1;
        }
        had
    }

    /// Adds or removes `at`.
    pub fn set(&mut self, at: usize, member: bool) {
        if member {
            self.insert(at);
        } else {
            self.remove(at);
        }
    }

    /// Removes all of them; the memory stays.
    pub fn clear(&mut self) {
        if self.count > 0 {
            self.words.fill(0);
            self.count = 0;
        }
    }

    /// Whether `at` is in the set.
    pub fn contains(&self, at: usize) -> bool {
        self.words.get(at / 64).is_some_and(|w| w & (1 << (at % 64)) != 0)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The set as words: bit `n % 64` of word `n / 64` stands for `n`. Trailing words may be missing or 0.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The member before which there are `at` others in ascending order.
    pub fn nth(&self, at: usize) -> Option<usize> {
        let mut before = at;
        for (place, word) in self.words.iter().enumerate() {
            match before.checked_sub(word.count_ones() as usize) {
                Some(left) => before = left,
                None => return Bits(*word).nth(before).map(|bit| place * 64 + bit),
            }
        }
        None
    }

    /// The members in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        self.within(0..self.words.len() * 64)
    }

    /// The members within `range`, in ascending order.
    pub fn within(&self, range: Range<usize>) -> impl Iterator<Item = usize> + Clone + '_ {
        let end_word = range.end.div_ceil(64).min(self.words.len());
        let first_word = (range.start / 64).min(end_word);
        self.words[first_word..end_word]
            .iter()
            .enumerate()
            .flat_map(move |(at, word)| Bits(*word).map(move |bit| (first_word + at) * 64 + bit))
            .filter(move |at| range.contains(at))
    }
}

impl FromIterator<usize> for BitSet {
    fn from_iter<I: IntoIterator<Item = usize>>(members: I) -> Self {
        let mut set = Self::default();
        for at in members {
            set.insert(at);
        }
        set
    }
}

/// The set bits of one word, lowest first.
#[derive(Clone)]
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let at = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_and_ranges() {
        let mut set = BitSet::full(130);
        assert_eq!(set.len(), 130);
        assert_eq!(set.iter().count(), 130);
        set.remove(64);
        assert_eq!(set.within(63..66).collect::<Vec<_>>(), [63, 65]);
        assert_eq!(set.within(128..500).collect::<Vec<_>>(), [128, 129]);
        assert_eq!(set.within(900..950).count(), 0);
        assert_eq!(BitSet::from_words(set.words().to_vec()), set);
        let one_by_one: Vec<_> = (0..).map_while(|at| set.nth(at)).collect();
        assert_eq!(one_by_one, set.iter().collect::<Vec<_>>());
        assert!(BitSet::full(64).contains(63) && !BitSet::full(64).contains(64));
    }
}
