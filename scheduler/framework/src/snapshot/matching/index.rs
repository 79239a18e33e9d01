//! Which queries may concern a pod.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::super::by_label::{ByLabel, anchor};
use super::PodQuery;
use crate::Str;
use crate::keyed::KeyedState;
use crate::labels::Requirement;
use crate::pod::Pod;

/// The number of a column.
pub(super) type ColumnNumber = u32;

/// Queries by the namespace that they speak of, if it is one, and there by a label that a pod must have: what one
/// namespace asks for costs others nothing.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_namespace: HashMap<Option<Str>, ByLabel<ColumnNumber>, KeyedState>,
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
            found.extend(by_label.candidates(&pod.meta.labels));
        }
        found
    }

    pub(super) fn insert(&mut self, number: ColumnNumber, query: &PodQuery) {
        let by_label = self.by_namespace.entry(namespace(query).cloned()).or_default();
        by_label.insert(number, anchor_of(query));
    }

    pub(super) fn remove(&mut self, number: ColumnNumber, query: &PodQuery) {
        let namespace = namespace(query).cloned();
        let Some(by_label) = self.by_namespace.get_mut(&namespace) else { return };
        by_label.remove(number, anchor_of(query));
        if by_label.is_empty() {
            self.by_namespace.remove(&namespace);
        }
    }
}

/// The only namespace whose pods may match.
fn namespace(query: &PodQuery) -> Option<&Str> {
    query.all_of.iter().find_map(|(namespaces, _)| namespaces.only())
}

/// The requirement that a query lies by.
fn anchor_of(query: &PodQuery) -> Option<&Requirement> {
    anchor(query.all_of.iter().flat_map(|(_, selector)| &selector.requirements))
}

#[cfg(test)]
mod tests {
    use super::super::NamespaceSet;
    use super::*;
    use crate::fixture::pod;
    use crate::labels::{LabelSelector, Operator};

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
