//! Budgets: how many pods may be disrupted.

use std::collections::BTreeMap;
use std::rc::Rc;

use longshore_plugin::object::Object;
use longshore_plugin::selector::LabelSelector;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Victim;

/// `policy/v1`, PodDisruptionBudget; the fields `spec.selector`, `status.disruptionsAllowed` and `status.disruptedPods`.
#[derive(Deserialize)]
pub struct Budget {
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Default, Deserialize)]
struct Spec {
    selector: Option<LabelSelector>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    disruptions_allowed: i32,
    disrupted_pods: Option<BTreeMap<String, IgnoredAny>>,
}

impl Budget {
    /// Whether an eviction of the pod is one that the budget counts.
    fn counts(&self, victim: &Victim) -> bool {
        let pod = &victim.info;
        let empty = LabelSelector::default();
        let Some(selector) = self.spec.selector.as_ref().filter(|selector| **selector != empty) else {
            return false;
        };
        let disrupted = self.status.disrupted_pods.as_ref().is_some_and(|pods| pods.contains_key(&pod.name));
        !pod.labels.is_empty() && selector.matches(|key| pod.label(key)) && !disrupted
    }
}

/// Those whose eviction some budget forbids once those before them are evicted, and the others; each in their order.
pub(super) fn split(victims: Vec<Victim>, budgets: &[Rc<Object<Budget>>]) -> (Vec<Victim>, Vec<Victim>) {
    let mut allowed: Vec<i32> = budgets.iter().map(|budget| budget.status.disruptions_allowed).collect();
    victims.into_iter().partition(|victim| {
        let mut violated = false;
        for (budget, allowed) in budgets.iter().zip(&mut allowed) {
            if budget.namespace == victim.info.namespace && budget.counts(victim) {
                *allowed = allowed.saturating_sub(1);
                violated |= *allowed < 0;
            }
        }
        violated
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::victim;
    use super::*;
    use serde_json::json;

    fn budget(selector: serde_json::Value, allowed: i32) -> Budget {
        let json = json!({
            "spec": {"selector": selector},
            "status": {"disruptionsAllowed": allowed, "disruptedPods": {"gone": "2026-01-01T00:00:00Z"}},
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_budget_counts_pods_that_it_selects() {
        let mut pod = victim("a", 0, 0);
        let web = budget(json!({"matchLabels": {"app": "web"}}), 1);
        assert!(!web.counts(&pod), "without labels");
        pod.info.labels.push(("app".into(), "web".into()));
        assert!(web.counts(&pod));
        assert!(!budget(json!({}), 1).counts(&pod), "an empty selector");
        assert!(!budget(json!(null), 1).counts(&pod), "no selector");
        pod.info.name = "gone".into();
        assert!(!web.counts(&pod), "it was counted already");
    }
}
