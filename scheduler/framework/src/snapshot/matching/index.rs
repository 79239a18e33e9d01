//! Which queries may concern a pod.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::PodQuery;
use crate::Str;
use crate::keyed::KeyedState;
use crate::labels::{Operator, Requirement};
use crate::pod::Pod;

/// The number of a column.
pub(super) type ColumnNumber = u32;

/// Queries by the namespace that they speak of, if it is one, and there by a label that a pod must have. So a pod is held
/// against those only that ask for one of its labels, and what one namespace asks for costs others nothing.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_namespace: HashMap<Option<Str>, ByLabel, KeyedState>,
}

#[derive(Debug, Default)]
struct ByLabel {
    /// By key and value.
    labels: HashMap<Str, HashMap<Str, Vec<ColumnNumber>, KeyedState>, KeyedState>,
    /// Queries that ask for no value of a label.
    others: Vec<ColumnNumber>,
}

impl Index {
    /// The queries that may match the pod.
    pub(super) fn candidates(&self, pod: &Pod) -> SmallVec<[ColumnNumber; 8]> {
        let mut found = SmallVec::new();
        if self.by_namespace.is_empty() {
            return found;
        }
        let own = self.by_namespace.get(&Some(Str::clone(&pod.meta.namespace)));
        for by_label in own.into_iter().chain(self.by_namespace.get(&None)) {
            found.extend_from_slice(&by_label.others);
            if by_label.labels.is_empty() {
                continue;
            }
            for (key, value) in pod.meta.labels.iter() {
                let numbers = by_label.labels.get(key).and_then(|by_value| by_value.get(value));
                found.extend_from_slice(numbers.map_or(&[], Vec::as_slice));
            }
        }
        found
    }

    pub(super) fn insert(&mut self, number: ColumnNumber, query: &PodQuery) {
        let by_label = self.by_namespace.entry(namespace(query).cloned()).or_default();
        match anchor(query) {
            None => by_label.others.push(number),
            Some(Requirement { key, values, .. }) => {
                let by_value = by_label.labels.entry(Str::clone(key)).or_default();
                for value in distinct(values) {
                    by_value.entry(Str::clone(value)).or_default().push(number);
                }
            }
        }
    }

    pub(super) fn remove(&mut self, number: ColumnNumber, query: &PodQuery) {
        let namespace = namespace(query).cloned();
        let Some(by_label) = self.by_namespace.get_mut(&namespace) else { return };
        match anchor(query) {
            None => by_label.others.retain(|other| *other != number),
            Some(Requirement { key, values, .. }) => {
                let Some(by_value) = by_label.labels.get_mut(key) else { return };
                for value in distinct(values) {
                    if let Some(numbers) = by_value.get_mut(value) {
                        numbers.retain(|other| *other != number);
                        if numbers.is_empty() {
                            by_value.remove(value);
                        }
                    }
                }
                if by_value.is_empty() {
                    by_label.labels.remove(key);
                }
            }
        }
        if by_label.others.is_empty() && by_label.labels.is_empty() {
            self.by_namespace.remove(&namespace);
        }
    }
}

/// The only namespace whose pods may match.
fn namespace(query: &PodQuery) -> Option<&Str> {
    query.all_of.iter().find_map(|(namespaces, _)| namespaces.only())
}

/// The requirement that a query lies by: a label with one of some values, the fewer the better.
fn anchor(query: &PodQuery) -> Option<&Requirement> {
    let requirements = query.all_of.iter().flat_map(|(_, selector)| &selector.requirements);
    requirements.filter(|r| r.operator == Operator::In).min_by_key(|r| r.values.len())
}

fn distinct(values: &[Str]) -> impl Iterator<Item = &Str> {
    values.iter().enumerate().filter(|(at, value)| !values[..*at].contains(value)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::super::NamespaceSet;
    use super::*;
    use crate::fixture::pod;
    use crate::labels::LabelSelector;

    fn query(namespaces: &[&str], all_but: bool, requirements: Vec<Requirement>) -> PodQuery {
        let namespaces = NamespaceSet::new(namespaces.iter().map(|n| (*n).into()).collect(), all_but);
        PodQuery { all_of: vec![(namespaces, LabelSelector { requirements })], terminating: true }
    }

    /// Who may concern a pod with these labels in the namespace `here`.
    #[track_caller]
    fn check(queries: &[PodQuery], labels: &[(&str, &str)], want: &[ColumnNumber]) {
        let mut index = Index::default();
        (0..).zip(queries).for_each(|(number, query)| index.insert(number, query));
        let mut builder = pod("p").namespace("here");
        for (key, value) in labels {
            builder = builder.label(key, value);
        }
        let pod = builder.build();
        let mut found = index.candidates(&pod).to_vec();
        found.sort_unstable();
        assert_eq!(found, want);
        let matching = (0..).zip(queries).filter(|(_, query)| query.matches(&pod));
        assert!(matching.into_iter().all(|(number, _)| found.contains(&number)), "one is missing");
        (0..).zip(queries).for_each(|(number, query)| index.remove(number, query));
        assert!(index.by_namespace.is_empty());
    }

    #[test]
    fn a_pod_is_held_against_those_that_ask_for_its_namespace_and_label() {
        let app = |value: &str| Requirement::equals("app", value);
        let has = Requirement { key: "app".into(), operator: Operator::Exists, values: Vec::new() };
        let either = Requirement {
            key: "app".into(),
            operator: Operator::In,
            values: vec!["web".into(), "web".into()],
        };
        let queries = [
            query(&["here"], false, vec![app("web")]),
            query(&["here"], false, vec![app("db")]),
            query(&["there"], false, vec![app("web")]),
            query(&["here", "there"], false, vec![app("web")]),
            query(&["there"], true, vec![app("web")]),
            query(&["here"], false, vec![has]),
            query(&["here"], false, Vec::new()),
            query(&["here"], false, vec![either]),
        ];
        check(&queries, &[("app", "web"), ("tier", "x")], &[0, 3, 4, 5, 6, 7]);
        check(&queries, &[("app", "other")], &[5, 6]);
        check(&queries, &[], &[5, 6]);
    }
}
