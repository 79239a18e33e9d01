//! ElasticQuota objects, and how much of each is used.

use std::collections::BTreeMap;

use catalogue_common::Quantity;
use catalogue_common::preemption::Budget;
use longshore_plugin::{PodInfo, objects};
use serde::Deserialize;

objects! {
    /// One for each namespace.
    pub(crate) QUOTAS: Limits = kind("scheduling.x-k8s.io/v1alpha1", "ElasticQuota").fields(&["spec.min", "spec.max"]),
    /// Budgets, which protect pods from being victims before others.
    pub(crate) BUDGETS: Budget = kind("policy/v1", "PodDisruptionBudget")
        .fields(&["spec.selector", "status.disruptionsAllowed", "status.disruptedPods"]),
}

/// Amounts by resource, as pods count them: cpu in thousandths of a core, all else in units.
pub(crate) type Amounts = BTreeMap<String, i64>;

/// Resources that a quota speaks of whether it names them or not.
const ALWAYS: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// What a namespace may always have, and what it may have at the most.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(from = "Wire")]
pub(crate) struct Limits {
    /// What is not named is nothing.
    min: Amounts,
    /// `None`: anything. Else of [`ALWAYS`] what is not named is nothing, and of other resources anything.
    max: Option<Amounts>,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    spec: Spec,
}

#[derive(Default, Deserialize)]
struct Spec {
    min: Option<BTreeMap<String, Quantity>>,
    max: Option<BTreeMap<String, Quantity>>,
}

impl From<Wire> for Limits {
    fn from(wire: Wire) -> Self {
        let amount = |(name, amount): (String, Quantity)| {
            let amount = if name == "cpu" { amount.milli() } else { amount.units() };
            (name, amount)
        };
        let amounts = |given: BTreeMap<String, Quantity>| given.into_iter().map(amount).collect();
        Self { min: wire.spec.min.map(amounts).unwrap_or_default(), max: wire.spec.max.map(amounts) }
    }
}

impl Limits {
    fn max(&self, resource: &str) -> i64 {
        let Some(max) = &self.max else { return i64::MAX };
        let unnamed = if ALWAYS.contains(&resource) { 0 } else { i64::MAX };
        max.get(resource).copied().unwrap_or(unnamed)
    }
}

/// A namespace's quota and what is used of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quota {
    pub(crate) limits: Limits,
    used: Amounts,
}

/// Whether some of these amounts, or of those that a quota always speaks of, is more than its bound.
fn exceeds(of: &Amounts, more: &Amounts, bound: impl Fn(&str) -> i64) -> bool {
    let amount = |of: &Amounts, name: &str| of.get(name).copied().unwrap_or(0);
    let names = ALWAYS.into_iter().chain(of.keys().map(String::as_str));
    names.into_iter().any(|name| amount(of, name).saturating_add(amount(more, name)) > bound(name))
}

pub(crate) fn subtract(sum: &mut Amounts, less: &Amounts) {
    for (name, amount) in less {
        let held = sum.entry(name.clone()).or_default();
        *held = held.saturating_sub(*amount);
    }
}

pub(crate) fn add(sum: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let held = sum.entry(name.clone()).or_default();
        *held = held.saturating_add(*amount);
    }
}

impl Quota {
    pub(crate) fn over_max_with(&self, request: &Amounts) -> bool {
        exceeds(request, &self.used, |name| self.limits.max(name))
    }

    pub(crate) fn over_min_with(&self, request: &Amounts) -> bool {
        exceeds(request, &self.used, |name| self.limits.min.get(name).copied().unwrap_or(0))
    }

    pub(crate) fn over_min(&self) -> bool {
        exceeds(&self.used, &Amounts::new(), |name| self.limits.min.get(name).copied().unwrap_or(0))
    }
}

/// The quotas by their namespace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quotas(BTreeMap<String, Quota>);

impl Quotas {
    /// Every quota, with what each namespace uses. Where a namespace has several, the first by name counts.
    pub(crate) fn with(used: &BTreeMap<String, Amounts>) -> Self {
        let mut quotas = BTreeMap::new();
        for object in QUOTAS.all() {
            let namespace = &object.namespace;
            let used = used.get(namespace).cloned().unwrap_or_default();
            quotas.entry(namespace.clone()).or_insert(Quota { limits: object.body.clone(), used });
        }
        Self(quotas)
    }

    pub(crate) fn of(&self, namespace: &str) -> Option<&Quota> {
        self.0.get(namespace)
    }

    /// A pod comes.
    pub(crate) fn add(&mut self, pod: &PodInfo) {
        if let Some(quota) = self.0.get_mut(&pod.namespace) {
            add(&mut quota.used, &requests(pod));
        }
    }

    /// A pod goes.
    pub(crate) fn remove(&mut self, pod: &PodInfo) {
        if let Some(quota) = self.0.get_mut(&pod.namespace) {
            subtract(&mut quota.used, &requests(pod));
        }
    }

    /// Whether all namespaces together would use more than all of them may always have.
    pub(crate) fn over_all_min_with(&self, request: &Amounts) -> bool {
        let (mut used, mut min) = (request.clone(), Amounts::new());
        for quota in self.0.values() {
            add(&mut used, &quota.used);
            add(&mut min, &quota.limits.min);
        }
        exceeds(&used, &Amounts::new(), |name| min.get(name).copied().unwrap_or(0))
    }
}

/// What a pod requests.
pub(crate) fn requests(pod: &PodInfo) -> Amounts {
    let counted = pod.requests.iter().filter(|(name, _)| name != "pods");
    counted.map(|(name, amount)| (name.clone(), *amount)).collect()
}

/// The sum of two.
pub(crate) fn plus(mut sum: Amounts, more: &Amounts) -> Amounts {
    add(&mut sum, more);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn quota(spec: Value, used: &[(&str, i64)]) -> Quota {
        let limits = serde_json::from_value(json!({"spec": spec})).unwrap();
        Quota { limits, used: amounts(used) }
    }

    fn amounts(of: &[(&str, i64)]) -> Amounts {
        of.iter().map(|(name, amount)| ((*name).to_owned(), *amount)).collect()
    }

    #[test]
    fn a_quota_that_names_something_limits_what_it_does_not_name() {
        let gpu = amounts(&[("vendor.com/gpu", 8)]);
        let none = quota(json!({}), &[("cpu", 1000)]);
        assert!(!none.over_max_with(&gpu) && none.over_min_with(&gpu) && none.over_min());
        let given = quota(json!({"max": {"cpu": "2"}, "min": {"cpu": "1"}}), &[("cpu", 1000)]);
        assert!(!given.over_max_with(&amounts(&[("cpu", 1000)])));
        assert!(given.over_max_with(&amounts(&[("cpu", 1001)])));
        assert!(given.over_max_with(&amounts(&[("memory", 1)])), "not named, so nothing");
        assert!(!given.over_max_with(&gpu), "not named, so anything");
        assert!(!given.over_min() && given.over_min_with(&gpu));
    }

    #[test]
    fn pods_come_and_go() {
        let limits = quota(json!({"min": {"cpu": "2"}}), &[]);
        let mut quotas = Quotas([("shop".to_owned(), limits)].into());
        let mut pod = PodInfo::new("shop", "a");
        pod.requests = vec![("cpu".into(), 1500), ("pods".into(), 1)];
        quotas.add(&pod);
        quotas.add(&PodInfo::new("bank", "b"));
        assert!(!quotas.over_all_min_with(&amounts(&[("cpu", 500)])));
        assert!(quotas.over_all_min_with(&amounts(&[("cpu", 501)])));
        quotas.remove(&pod);
        assert!(!quotas.over_all_min_with(&amounts(&[("cpu", 2000)])));
    }
}
