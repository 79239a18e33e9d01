//! The affinity terms of some pods, each once, and which of them speak of a pod.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::by_label::{ByLabel, anchor};
use crate::labels::{Labels, Requirement};
use crate::pod::{AffinityTerm, Pod};

/// The number of a term. Numbers are never used again, so that a number that is kept means one term or none.
pub type TermNumber = u64;

/// Every affinity and anti-affinity term of some pods, required or preferred.
///
/// Terms lie [by a label](ByLabel) that a pod must have.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    numbers: HashMap<AffinityTerm, Counted>,
    by_label: ByLabel<TermNumber>,
    terms: HashMap<TermNumber, AffinityTerm>,
    next: TermNumber,
    revision: u64,
}

#[derive(Clone, Copy, Debug)]
struct Counted {
    number: TermNumber,
    pods: usize,
}

impl Terms {
    /// Rises when there is a term that there was not, or one is no longer there.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// How many different terms there are.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether there is no term.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The numbers of the terms that speak of `pod`, whose namespace has `namespace_labels`, in ascending order.
    pub fn speaking_of(&self, pod: &Pod, namespace_labels: &Labels) -> SmallVec<[TermNumber; 4]> {
        let candidates = self.by_label.candidates(&pod.meta.labels);
        let speaks =
            |number: &TermNumber| self.terms.get(number).is_some_and(|t| t.matches(pod, namespace_labels));
        let mut found: SmallVec<[TermNumber; 4]> = candidates.filter(speaks).collect();
        found.sort_unstable();
        found
    }

    /// There is one more pod with its terms.
    pub fn add(&mut self, pod: &Pod) {
        for term in terms_of(pod) {
            match self.numbers.get_mut(term) {
                Some(counted) => counted.pods += 1,
                None => self.enter(term),
            }
        }
    }

    /// There is one pod less with its terms.
    pub fn remove(&mut self, pod: &Pod) {
        for term in terms_of(pod) {
            let Some(counted) = self.numbers.get_mut(term) else { continue };
            counted.pods -= 1;
            if counted.pods == 0 {
                self.strike(term);
            }
        }
    }

    fn enter(&mut self, term: &AffinityTerm) {
        let number = self.next;
        self.next += 1;
        self.revision += 1;
        self.by_label.insert(number, anchor_of(term));
        self.numbers.insert(term.clone(), Counted { number, pods: 1 });
        self.terms.insert(number, term.clone());
    }

    fn strike(&mut self, term: &AffinityTerm) {
        let Some(Counted { number, .. }) = self.numbers.remove(term) else { return };
        self.revision += 1;
        self.terms.remove(&number);
        self.by_label.remove(number, anchor_of(term));
    }
}

/// The terms of a pod that can speak of any pod.
fn terms_of(pod: &Pod) -> impl Iterator<Item = &AffinityTerm> {
    let both = [&pod.spec.pod_affinity, &pod.spec.pod_anti_affinity];
    let all =
        both.into_iter().flat_map(|t| t.required.iter().chain(t.preferred.iter().map(|(_, term)| term)));
    all.filter(|term| term.selector.is_some())
}

/// The requirement that a term lies by.
fn anchor_of(term: &AffinityTerm) -> Option<&Requirement> {
    anchor(term.selector.iter().flat_map(|selector| &selector.requirements))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fixture::{affinity_term, pod};
    use crate::labels::{LabelSelector, Operator};

    fn term(operator: Operator, values: &[&str]) -> AffinityTerm {
        let values = values.iter().map(|v| (*v).into()).collect();
        let requirements = vec![Requirement { key: "app".into(), operator, values }];
        AffinityTerm { selector: Some(LabelSelector { requirements }), ..affinity_term("zone", &[]) }
    }

    fn holder(name: &str, term: &AffinityTerm) -> Arc<Pod> {
        pod(name).spec(|s| s.pod_anti_affinity.required.push(term.clone())).build()
    }

    #[test]
    fn each_term_is_known_once_and_as_long_as_a_pod_has_it() {
        let mut terms = Terms::default();
        let web = term(Operator::In, &["web", "api", "web"]);
        let (a, b) = (holder("a", &web), holder("b", &web));
        terms.add(&a);
        terms.add(&b);
        assert_eq!((terms.len(), terms.revision()), (1, 1));
        terms.remove(&a);
        assert_eq!((terms.len(), terms.revision()), (1, 1));
        terms.remove(&b);
        assert_eq!((terms.len(), terms.revision()), (0, 2));
        assert!(terms.by_label.is_empty() && terms.numbers.is_empty());
        terms.add(&a);
        assert_eq!(
            terms.speaking_of(&pod("p").label("app", "api").build(), &Labels::default()).as_slice(),
            [1]
        );
    }

    #[test]
    fn the_index_finds_what_matching_all_terms_finds() {
        let all = [
            term(Operator::In, &["web"]),
            term(Operator::In, &["web", "db"]),
            term(Operator::NotIn, &["web"]),
            term(Operator::Exists, &[]),
            term(Operator::DoesNotExist, &[]),
            AffinityTerm { selector: None, ..term(Operator::Exists, &[]) },
            AffinityTerm { selector: Some(LabelSelector::default()), ..term(Operator::Exists, &[]) },
            AffinityTerm { namespaces: vec!["far".into()], ..term(Operator::In, &["db"]) },
        ];
        let mut terms = Terms::default();
        for term in &all {
            terms.add(&holder("h", term));
        }
        let pods =
            [pod("a"), pod("b").label("app", "web"), pod("c").label("app", "db"), pod("d").label("x", "y")];
        for pod in pods {
            let pod = pod.build();
            let found = terms.speaking_of(&pod, &Labels::default()).len();
            assert_eq!(found, all.iter().filter(|t| t.matches(&pod, &Labels::default())).count(), "{pod:?}");
        }
    }
}
