//! The terms of the pod to be placed, ready to be matched against many pods.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::{LabelSelector, Labels};
use longshore_framework::objects::Objects;
use longshore_framework::pod::{AffinityTerm, Pod};
use longshore_framework::snapshot::{NamespaceSet, PodQuery};

/// The namespaces a term reaches, by name, so that no pod needs a look at its namespace's labels. A namespace that is
/// not known counts as one without labels.
fn reach(term: &AffinityTerm, objects: &Objects) -> NamespaceSet {
    let selector = term.namespace_selector.as_ref();
    let all_but = selector.is_some_and(|s| s.matches(&Labels::default()));
    let reached =
        |name, labels| term.namespaces.contains(name) || selector.is_some_and(|s| s.matches(labels));
    let mut names: Vec<Str> = if all_but { Vec::new() } else { term.namespaces.clone() };
    if selector.is_some_and(|s| !s.is_empty()) {
        let known = objects.namespaces.values();
        names.extend(known.filter(|n| reached(&n.name, &n.labels) != all_but).map(|n| Arc::clone(&n.name)));
    }
    NamespaceSet::new(names, all_but)
}

/// A term of the pod to be placed.
#[derive(Debug)]
pub(super) struct OwnTerm {
    pub(super) topology_key: Str,
    /// `None` without a label selector: the term speaks of no pod.
    pods: Option<(NamespaceSet, LabelSelector)>,
}

impl OwnTerm {
    pub(super) fn new(term: &AffinityTerm, objects: &Objects) -> Self {
        let pods = term.selector.as_ref().map(|selector| (reach(term, objects), selector.clone()));
        Self { topology_key: Arc::clone(&term.topology_key), pods }
    }

    /// Whether the pod is one of those the term speaks of.
    pub(super) fn matches(&self, pod: &Pod) -> bool {
        self.pods.as_ref().is_some_and(|(namespaces, selector)| {
            namespaces.contains(&pod.meta.namespace) && selector.matches(&pod.meta.labels)
        })
    }
}

/// Whether there are terms and the pod matches all of them.
pub(super) fn matches_all(terms: &[OwnTerm], pod: &Pod) -> bool {
    !terms.is_empty() && terms.iter().all(|t| t.matches(pod))
}

/// Counts the pods that match all terms, those being deleted among them; `None` when no pod can, or there is no term.
pub(super) fn query(terms: &[OwnTerm]) -> Option<PodQuery> {
    let all_of: Vec<_> = terms.iter().map(|t| t.pods.clone()).collect::<Option<_>>()?;
    (!all_of.is_empty()).then_some(PodQuery { all_of, terminating: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_framework::fixture::{affinity_term, pod};
    use longshore_framework::labels::{Operator, Requirement};
    use longshore_framework::objects::{Namespace, Object};

    /// Which of the namespaces `prod` (env=prod), `test` (env=test), `bare` (no labels) and `unknown` a term reaches
    /// that names `names` and selects by `selector`.
    #[track_caller]
    fn check(names: &[&str], selector: Option<&[(Operator, &str)]>, want: &[&str]) {
        let mut objects = Objects::default();
        for (name, labels) in [("prod", &[("env", "prod")][..]), ("test", &[("env", "test")]), ("bare", &[])]
        {
            let labels = labels.iter().copied().collect();
            objects.set(Object::Namespace(Arc::new(Namespace { name: name.into(), labels })));
        }
        let requirement = |(operator, value): &(Operator, &str)| Requirement {
            key: "env".into(),
            operator: *operator,
            values: vec![(*value).into()],
        };
        let mut term = affinity_term("zone", &[]);
        term.namespaces = names.iter().map(|n| (*n).into()).collect();
        term.namespace_selector =
            selector.map(|s| LabelSelector { requirements: s.iter().map(requirement).collect() });
        let own = OwnTerm::new(&term, &objects);
        for namespace in ["prod", "test", "bare", "unknown"] {
            let pod = pod("p").namespace(namespace).build();
            assert_eq!(own.matches(&pod), want.contains(&namespace), "{namespace}");
            assert_eq!(own.matches(&pod), term.matches(&pod, &objects.namespace_labels(namespace)));
        }
    }

    #[test]
    fn names_and_the_selector_add_up() {
        check(&["test"], None, &["test"]);
        check(&["test"], Some(&[(Operator::In, "prod")]), &["prod", "test"]);
        check(&[], None, &[]);
    }

    #[test]
    fn an_empty_selector_reaches_every_namespace() {
        check(&[], Some(&[]), &["prod", "test", "bare", "unknown"]);
    }

    #[test]
    fn negative_operators_look_at_the_real_labels() {
        check(&[], Some(&[(Operator::NotIn, "prod")]), &["test", "bare", "unknown"]);
        check(&[], Some(&[(Operator::DoesNotExist, "")]), &["bare", "unknown"]);
        check(&["prod"], Some(&[(Operator::DoesNotExist, "")]), &["prod", "bare", "unknown"]);
    }
}
