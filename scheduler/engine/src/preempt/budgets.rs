//! PodDisruptionBudgets.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::features::{Features, Rule};
use longshore_framework::objects::{DisruptionBudget, Objects};
use longshore_framework::pod::Pod;

/// How many disruptions the budgets allow still, as pods are taken one after the other.
pub(super) struct Ledger<'a> {
    objects: &'a Objects,
    empty_counts: bool,
    /// The budgets of the namespaces that were asked about.
    left: Vec<(&'a str, Vec<(&'a DisruptionBudget, i64)>)>,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(objects: &'a Objects, features: Features) -> Self {
        let empty_counts = features.follow(Rule::EmptyBudgetSelectorCounts);
        Self { objects, empty_counts, left: Vec::new() }
    }

    fn budgets_in(&mut self, namespace: &'a Str) -> &mut [(&'a DisruptionBudget, i64)] {
        let at = self.left.iter().position(|(known, _)| **known == **namespace).unwrap_or_else(|| {
            let there = self.objects.budgets_of(namespace);
            self.left.push((namespace, there.map(|b| (b, i64::from(b.disruptions_allowed))).collect()));
            self.left.len() - 1
        });
        &mut self.left[at].1
    }

    /// Takes the pod, which takes one disruption from every budget that selects it; whether that breaks one.
    pub(super) fn take(&mut self, pod: &'a Pod) -> bool {
        let (mut broken, empty_counts) = (false, self.empty_counts);
        for (budget, left) in self.budgets_in(&pod.meta.namespace) {
            if protects(budget, pod, empty_counts) {
                *left -= 1;
                broken |= *left < 0;
            }
        }
        broken
    }
}

/// Splits pods, most important first, into those whose eviction would break a budget and the others.
pub(super) fn split<'p>(
    objects: &Objects,
    pods: Vec<&'p Arc<Pod>>,
    features: Features,
) -> (Vec<&'p Arc<Pod>>, Vec<&'p Arc<Pod>>) {
    if objects.disruption_budgets.is_empty() {
        return (Vec::new(), pods);
    }
    let mut ledger = Ledger::new(objects, features);
    pods.into_iter().partition(|pod| ledger.take(pod))
}

/// Whether a budget of the pod's namespace protects it. A pod whose disruption was counted already is protected by no budget. Unless `empty_counts`, neither is one without labels, and a
/// budget with an empty selector protects nobody.
fn protects(budget: &DisruptionBudget, pod: &Pod, empty_counts: bool) -> bool {
    (empty_counts || !pod.meta.labels.is_empty())
        && budget
            .selector
            .as_ref()
            .is_some_and(|s| (empty_counts || !s.is_empty()) && s.matches(&pod.meta.labels))
        && !budget.disrupted.contains(&pod.meta.name)
}

#[cfg(test)]
mod tests {
    use longshore_framework::features::Minor;
    use longshore_framework::fixture::pod;
    use longshore_framework::objects::Object;

    use super::*;

    #[track_caller]
    fn check(budget: DisruptionBudget, pods: &[Arc<Pod>], protected: &[&str]) {
        check_by(Minor::STABLE, budget, pods, protected);
    }

    #[track_caller]
    fn check_by(minor: Minor, budget: DisruptionBudget, pods: &[Arc<Pod>], protected: &[&str]) {
        let mut objects = Objects::default();
        objects.set(Object::DisruptionBudget(Arc::new(budget)));
        let (got, _) = split(&objects, pods.iter().collect(), Features::of(minor));
        let names: Vec<&str> = got.iter().map(|p| &*p.meta.name).collect();
        assert_eq!(names, protected);
    }

    fn budget(allowed: i32) -> DisruptionBudget {
        DisruptionBudget {
            namespace: "default".into(),
            name: "b".into(),
            selector: Some([("app", "web")].into_iter().collect()),
            disruptions_allowed: allowed,
            disrupted: Vec::new(),
        }
    }

    fn web(name: &str) -> Arc<Pod> {
        pod(name).label("app", "web").build()
    }

    #[test]
    fn the_first_pods_use_up_what_is_allowed() {
        check(budget(1), &[web("a"), web("b"), pod("c").build()], &["b"]);
        check(budget(0), &[web("a"), web("b")], &["a", "b"]);
    }

    #[test]
    fn disrupted_pods_foreign_namespaces_and_empty_selectors_do_not_count() {
        check(DisruptionBudget { disrupted: vec!["a".into()], ..budget(0) }, &[web("a")], &[]);
        check(DisruptionBudget { namespace: "x".into(), ..budget(0) }, &[web("a")], &[]);
        check(DisruptionBudget { selector: Some(Default::default()), ..budget(0) }, &[web("a")], &[]);
    }

    #[test]
    fn an_empty_selector_protects_all_of_the_namespace_since_1_38() {
        let all = || DisruptionBudget { selector: Some(Default::default()), ..budget(1) };
        let pods = [web("a"), pod("b").build(), pod("c").namespace("x").label("app", "web").build()];
        check_by(Minor::V1_38, all(), &pods, &["b"]);
        check_by(Minor::V1_38, DisruptionBudget { selector: None, ..budget(0) }, &pods, &[]);
        check_by(Minor::V1_37, all(), &pods, &[]);
    }
}
