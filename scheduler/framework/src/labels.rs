//! Labels and label selectors (`metav1.LabelSelector`).

use std::fmt;
use std::sync::Arc;

use crate::Str;
use serde::{Deserialize, Serialize};

/// An immutable set of labels, sorted by key.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Labels(Arc<[(Str, Str)]>);

impl Labels {
    /// The value of `key`, if the label is present.
    pub fn get(&self, key: &str) -> Option<&Str> {
        let at = self.0.binary_search_by(|(k, _)| (**k).cmp(key)).ok()?;
        Some(&self.0[at].1)
    }

    /// Whether there is no label at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether another copy of this very set is about.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// The labels in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&Str, &Str)> {
        self.0.iter().map(|(k, v)| (k, v))
    }
}

impl<K: Into<Str>, V: Into<Str>> FromIterator<(K, V)> for Labels {
    /// Sorts by key; of a repeated key the last value wins.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut sorted: Vec<(Str, Str)> = Vec::new();
        for (k, v) in pairs {
            let (k, v) = (k.into(), v.into());
            match sorted.binary_search_by(|(have, _)| have.cmp(&k)) {
                Ok(at) => sorted[at].1 = v,
                Err(at) => sorted.insert(at, (k, v)),
            }
        }
        Self(sorted.into())
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(k, v)| (k, v))).finish()
    }
}

/// How a [`Requirement`] compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operator {
    /// The label is present with one of the values.
    In,
    /// The label is absent, or has none of the values.
    NotIn,
    /// The label is present.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

/// One condition on one label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Requirement {
    /// Label key.
    pub key: Str,
    /// How to compare.
    pub operator: Operator,
    /// Values for `In` and `NotIn`.
    pub values: Vec<Str>,
}

impl Requirement {
    /// `key In [value]`.
    pub fn equals(key: impl Into<Str>, value: impl Into<Str>) -> Self {
        Self { key: key.into(), operator: Operator::In, values: vec![value.into()] }
    }

    /// Whether `labels` meet this requirement.
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            Operator::In => value.is_some_and(|v| self.values.contains(v)),
            Operator::NotIn => value.is_none_or(|v| !self.values.contains(v)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

/// A conjunction of requirements; the empty one matches everything. An absent (nil) selector, which matches nothing,
/// is an `Option::None` with whoever holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LabelSelector {
    /// All of these must hold. `matchLabels` are `In` requirements with one value.
    pub requirements: Vec<Requirement>,
}

impl LabelSelector {
    /// Whether `labels` meet every requirement.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements.iter().all(|r| r.matches(labels))
    }

    /// Whether this is the selector `{}`.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }
}

impl<K: Into<Str>, V: Into<Str>> FromIterator<(K, V)> for LabelSelector {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self { requirements: pairs.into_iter().map(|(k, v)| Requirement::equals(k, v)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(operator: Operator, values: &[&str], labels: &[(&str, &str)], want: bool) {
        let r =
            Requirement { key: "k".into(), operator, values: values.iter().map(|v| (*v).into()).collect() };
        assert_eq!(
            r.matches(&labels.iter().copied().collect()),
            want,
            "{operator:?} {values:?} on {labels:?}"
        );
    }

    #[test]
    fn an_absent_label_meets_only_the_negative_operators() {
        check(Operator::In, &["a"], &[], false);
        check(Operator::NotIn, &["a"], &[], true);
        check(Operator::Exists, &[], &[], false);
        check(Operator::DoesNotExist, &[], &[], true);
    }

    #[test]
    fn a_present_label_is_compared() {
        check(Operator::In, &["a", "b"], &[("k", "b")], true);
        check(Operator::NotIn, &["a", "b"], &[("k", "b")], false);
        check(Operator::Exists, &[], &[("k", "")], true);
        check(Operator::DoesNotExist, &[], &[("k", "")], false);
    }

    #[test]
    fn the_last_of_a_repeated_key_wins() {
        let labels: Labels = [("b", "1"), ("a", "2"), ("b", "3")].into_iter().collect();
        assert_eq!(labels.get("b").map(|v| &**v), Some("3"));
        assert_eq!(labels.iter().count(), 2);
    }
}
