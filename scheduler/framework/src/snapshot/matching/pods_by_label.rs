//! The pods by their labels: a new column is counted from those that may match, and not from all pods.
//!
//! It is made when the first new column is asked for, follows the pods as long as others are, and is given up after that: where no
//! selectors come, nobody pays for it.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::super::Slot;
use super::super::by_label::distinct;
use super::{NamespaceSet, PodQuery};
use crate::Str;
use crate::keyed::KeyedState;
use crate::labels::{Operator, Requirement};
use crate::pod::Pod;

/// Pods by where they lie in memory, each with its node. Versions that count the same may take each other's place.
pub(super) type Pods = FxHashMap<usize, (Slot, Arc<Pod>)>;

type ByNamespace = HashMap<Str, Pods, KeyedState>;
type ByValue = HashMap<Str, ByNamespace, KeyedState>;

/// All pods on nodes, by key, value and namespace, and by namespace alone.
#[derive(Debug, Default)]
pub(super) struct PodsByLabel {
    labels: HashMap<Str, ByValue, KeyedState>,
    namespaces: ByNamespace,
    len: usize,
}

impl PodsByLabel {
    /// Of all pods.
    pub(super) fn of(pods: &[Vec<Arc<Pod>>]) -> Self {
        let mut index = Self::default();
        for (at, pods_there) in pods.iter().enumerate() {
            pods_there.iter().for_each(|pod| index.insert(Slot::from(at), pod));
        }
        index
    }

    /// How many pods there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// A pod came to a node.
    pub(super) fn insert(&mut self, slot: Slot, pod: &Arc<Pod>) {
        self.len += 1;
        let namespace = &pod.meta.namespace;
        let put = |by_namespace: &mut ByNamespace| {
            let pods = match by_namespace.get_mut(namespace) {
                Some(pods) => pods,
                None => by_namespace.entry(Str::clone(namespace)).or_default(),
            };
            pods.insert(address(pod), (slot, Arc::clone(pod)));
        };
        put(&mut self.namespaces);
        for (key, value) in pod.meta.labels.iter() {
            let by_value = match self.labels.get_mut(key) {
                Some(by_value) => by_value,
                None => self.labels.entry(Str::clone(key)).or_default(),
            };
            match by_value.get_mut(value) {
                Some(by_namespace) => put(by_namespace),
                None => put(by_value.entry(Str::clone(value)).or_default()),
            }
        }
    }

    /// A pod left its node.
    pub(super) fn remove(&mut self, pod: &Arc<Pod>) {
        self.len = self.len.saturating_sub(1);
        let namespace = &pod.meta.namespace;
        let take = |by_namespace: &mut ByNamespace| {
            let Some(pods) = by_namespace.get_mut(namespace) else { return };
            pods.remove(&address(pod));
            if pods.is_empty() {
                by_namespace.remove(namespace);
            }
        };
        take(&mut self.namespaces);
        for (key, value) in pod.meta.labels.iter() {
            let Some(by_value) = self.labels.get_mut(key) else { continue };
            let Some(by_namespace) = by_value.get_mut(value) else { continue };
            take(by_namespace);
            if by_namespace.is_empty() {
                by_value.remove(value);
            }
            if by_value.is_empty() {
                self.labels.remove(key);
            }
        }
    }

    /// The pods that a query may match, and some that it does not; `None` when nothing it asks for narrows them down.
    pub(super) fn candidates(&self, query: &PodQuery) -> Option<Vec<&Pods>> {
        let by_label = query.all_of.iter().flat_map(|(namespaces, selector)| {
            selector.requirements.iter().filter_map(|requirement| self.meeting(namespaces, requirement))
        });
        let namespaces = query.all_of.iter().filter_map(|(namespaces, _)| namespaces.only());
        let by_namespace = namespaces.map(|namespace| self.namespaces.get(namespace).into_iter().collect());
        let all = by_label.chain(by_namespace);
        all.min_by_key(|found: &Vec<&Pods>| found.iter().map(|pods| pods.len()).sum::<usize>())
    }

    /// The pods in some namespaces that meet a requirement; `None` when it asks for no label.
    fn meeting(&self, namespaces: &NamespaceSet, requirement: &Requirement) -> Option<Vec<&Pods>> {
        let Some(by_value) = self.labels.get(&requirement.key) else {
            return asks_for_a_label(requirement).then(Vec::new);
        };
        let found = |by_namespace| in_namespaces(by_namespace, namespaces);
        match requirement.operator {
            Operator::In => {
                let values = distinct(&requirement.values);
                Some(values.filter_map(|value| by_value.get(value)).flat_map(found).collect())
            }
            Operator::Exists => Some(by_value.values().flat_map(found).collect()),
            Operator::NotIn | Operator::DoesNotExist => None,
        }
    }
}

fn asks_for_a_label(requirement: &Requirement) -> bool {
    matches!(requirement.operator, Operator::In | Operator::Exists)
}

fn in_namespaces<'p>(by_namespace: &'p ByNamespace, namespaces: &NamespaceSet) -> Vec<&'p Pods> {
    match namespaces.only() {
        Some(only) => by_namespace.get(only).into_iter().collect(),
        None => {
            by_namespace.iter().filter(|(name, _)| namespaces.contains(name)).map(|(_, pods)| pods).collect()
        }
    }
}

fn address(pod: &Arc<Pod>) -> usize {
    Arc::as_ptr(pod).addr()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::pod;
    use crate::labels::LabelSelector;

    fn labelled(name: &str, namespace: &str, labels: &[(&str, &str)]) -> Arc<Pod> {
        labels.iter().fold(pod(name).namespace(namespace), |pod, (key, value)| pod.label(key, value)).build()
    }

    /// How many pods are looked at for a query; `None` when all are.
    #[track_caller]
    fn check(
        index: &PodsByLabel,
        namespaces: &[&str],
        selector: &[(&str, Operator, &[&str])],
        want: Option<usize>,
    ) {
        let texts = |texts: &[&str]| texts.iter().map(|text| Str::from(*text)).collect::<Vec<_>>();
        let requirement = |(key, operator, values): &(&str, Operator, &[&str])| Requirement {
            key: (*key).into(),
            operator: *operator,
            values: texts(values),
        };
        let selector = LabelSelector { requirements: selector.iter().map(requirement).collect() };
        let namespaces = NamespaceSet::new(texts(namespaces), namespaces.is_empty());
        let query = PodQuery { all_of: vec![(namespaces, selector)], terminating: true };
        let found = index.candidates(&query);
        assert_eq!(found.map(|found| found.iter().map(|pods| pods.len()).sum::<usize>()), want, "{query:?}");
    }

    #[test]
    fn only_pods_that_may_match_are_looked_at() {
        use Operator::{DoesNotExist, Exists, In, NotIn};
        let web = |name: &str, namespace: &str| labelled(name, namespace, &[("app", "web"), ("tier", "1")]);
        let pods = [web("a", "x"), web("b", "x"), web("c", "y"), labelled("d", "x", &[("app", "db")])];
        let mut index = PodsByLabel::of(&[pods[..3].to_vec(), Vec::new()]);
        index.insert(Slot(1), &pods[3]);
        check(&index, &["x"], &[("app", In, &["web"])], Some(2));
        check(&index, &["x", "y"], &[("app", In, &["web", "web", "db"])], Some(4));
        check(&index, &[], &[("app", In, &["web"]), ("app", In, &["db"])], Some(1));
        check(&index, &["x"], &[("tier", Exists, &[]), ("app", NotIn, &["web"])], Some(2));
        check(&index, &["x"], &[("app", NotIn, &["web"])], Some(3));
        check(&index, &["x", "y"], &[("app", DoesNotExist, &[])], None);
        check(&index, &["x", "y"], &[("none", Exists, &[])], Some(0));
        check(&index, &["z"], &[], Some(0));
        index.remove(&pods[0]);
        check(&index, &["x"], &[("app", In, &["web"])], Some(1));
        pods[1..].iter().for_each(|pod| index.remove(pod));
        assert!(index.labels.is_empty() && index.namespaces.is_empty());
    }
}
