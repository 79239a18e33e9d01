//! Numbers of things that ask for labels of pods, by a label that a pod must have.

use std::collections::HashMap;

use crate::Str;
use crate::keyed::KeyedState;
use crate::labels::{Labels, Operator, Requirement};

/// Who asks for a label lies by it, so that a pod is held against those only that ask for one of its labels. The maps are
/// keyed, since texts are whatever users write; their order is never read.
#[derive(Clone, Debug, Default)]
pub(super) struct ByLabel<N> {
    /// By key and value.
    labels: HashMap<Str, HashMap<Str, Vec<N>, KeyedState>, KeyedState>,
    /// Those that ask for no value of a label.
    others: Vec<N>,
}

impl<N: Copy + PartialEq> ByLabel<N> {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.others.is_empty()
    }

    /// Those that a pod with these labels may concern.
    pub(super) fn candidates<'n>(&'n self, labels: &'n Labels) -> impl Iterator<Item = N> + 'n {
        let labels = labels.iter().filter(|_| !self.labels.is_empty());
        let by_label = labels.filter_map(|(key, value)| self.labels.get(key)?.get(value));
        by_label.flatten().chain(&self.others).copied()
    }

    /// Adds one that lies by this [anchor].
    pub(super) fn insert(&mut self, number: N, anchor: Option<&Requirement>) {
        let Some(Requirement { key, values, .. }) = anchor else { return self.others.push(number) };
        let by_value = self.labels.entry(Str::clone(key)).or_default();
        for value in distinct(values) {
            by_value.entry(Str::clone(value)).or_default().push(number);
        }
    }

    /// Takes out one that lies by this anchor.
    pub(super) fn remove(&mut self, number: N, anchor: Option<&Requirement>) {
        let Some(Requirement { key, values, .. }) = anchor else {
            return self.others.retain(|other| *other != number);
        };
        let Some(by_value) = self.labels.get_mut(key) else { return };
        for value in values {
            if let Some(numbers) = by_value.get_mut(value) {
                numbers.retain(|other| *other != number);
                if numbers.is_empty() {
                    by_value.remove(value);
                }
            }
        }
        if by_value.is_empty() {
            self.labels.remove(key);
        }
    }
}

/// The requirement that something lies by: a label with one of some values, the fewer the better.
pub(super) fn anchor<'r>(requirements: impl Iterator<Item = &'r Requirement>) -> Option<&'r Requirement> {
    requirements.filter(|r| r.operator == Operator::In).min_by_key(|r| r.values.len())
}

pub(super) fn distinct(values: &[Str]) -> impl Iterator<Item = &Str> {
    values.iter().enumerate().filter(|(at, value)| !values[..*at].contains(value)).map(|(_, value)| value)
}
