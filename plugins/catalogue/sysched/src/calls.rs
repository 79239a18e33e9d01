//! Sets of system calls.

use std::collections::BTreeMap;

/// Names of system calls as numbers. Bounded by the names that SeccompProfiles have.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<String, usize>);

impl Names {
    pub(crate) fn number(&mut self, name: &str) -> usize {
        let next = self.0.len();
        *self.0.entry(name.to_owned()).or_insert(next)
    }
}

/// A set: a bit for each number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls(Vec<u64>);

impl Calls {
    pub(crate) fn insert(&mut self, number: usize) {
        if self.0.len() <= number / 64 {
            self.0.resize(number / 64 + 1, 0);
        }
        self.0[number / 64] |= 1 << (number % 64);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own |= other;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// How many are not in another.
    pub(crate) fn beyond(&self, other: &Self) -> i64 {
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        self.0.iter().zip(others).map(|(own, other)| i64::from((own & !other).count_ones())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[usize]) -> Calls {
        let mut calls = Calls::default();
        numbers.iter().for_each(|number| calls.insert(*number));
        calls
    }

    #[test]
    fn sets_are_counted_against_each_other() {
        let (few, many) = (of(&[1, 2]), of(&[2, 3, 200]));
        assert_eq!((few.beyond(&many), many.beyond(&few), many.beyond(&of(&[]))), (1, 2, 3));
        let mut all = few.clone();
        all.add(&many);
        assert_eq!(all, of(&[1, 2, 3, 200]));
        assert!(of(&[]).is_empty() && !few.is_empty());
    }

    #[test]
    fn a_name_keeps_its_number() {
        let mut names = Names::default();
        assert_eq!(["read", "write", "read"].map(|name| names.number(name)), [0, 1, 0]);
    }
}
