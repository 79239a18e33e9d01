//! The effective request of a pod.
//!
//! Kubernetes counts a pod in three ways, which [`PodResources`] computes once when the pod is read: what an incoming
//! pod asks for, what a pod on a node holds (in-place resize can make it differ), and what scoring assumes of
//! containers that ask for nothing.

use std::hash::BuildHasher;

use super::{Container, PodSpec};
use crate::keyed::KeyedState;
use crate::quantity::Quantity;
use crate::resources::{Amounts, CPU, DEFAULT_MEMORY, DEFAULT_MILLI_CPU, MEMORY, ResourceList};

/// A pod's requests, as the different readers count them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PodResources {
    /// What the incoming pod asks for: from the spec, pod-level requests in place of the sum.
    pub request: Amounts,
    /// What the pod holds on a node: the same with in-place resize.
    pub usage: Amounts,
    /// [`usage`](Self::usage) with the defaults for containers without a request: (milli cpu, bytes).
    pub nonzero_usage: (i64, i64),
    /// What NodeResourcesFit scores the incoming pod by: container sums with the defaults, pod-level requests left
    /// out (as kube-scheduler 1.36 does), overhead added.
    pub scored: Amounts,
    /// A [keyed](crate::keyed) hash of the spec they were computed from, for tables of pods by spec.
    pub spec_hash: u64,
}

impl PodResources {
    /// Computes all counts from the spec.
    pub fn of(spec: &PodSpec) -> Self {
        let request = Sum { from_status: false, pod_level: true, defaults: Defaults::NONE }.of(spec);
        let usage = Sum { from_status: true, pod_level: true, defaults: Defaults::NONE }.of(spec);
        let defaults = if spec.pod_level.requests.is_empty() {
            Defaults::ALL
        } else {
            // With pod-level requests a default applies only to what the whole effective request does not name.
            Defaults { cpu: usage.get(CPU).is_none(), memory: usage.get(MEMORY).is_none() }
        };
        let nonzero = Amounts::from(&Sum { from_status: true, pod_level: true, defaults }.of(spec));
        let scored = Sum { from_status: false, pod_level: false, defaults: Defaults::ALL }.of(spec);
        Self {
            request: (&request).into(),
            usage: (&usage).into(),
            nonzero_usage: (nonzero.milli_cpu, nonzero.memory),
            scored: (&scored).into(),
            spec_hash: KeyedState.hash_one(spec),
        }
    }
}

/// Which missing container requests are replaced by a default.
#[derive(Clone, Copy)]
struct Defaults {
    cpu: bool,
    memory: bool,
}

impl Defaults {
    const NONE: Self = Self { cpu: false, memory: false };
    const ALL: Self = Self { cpu: true, memory: true };

    fn apply(self, requests: &mut ResourceList) {
        if self.cpu && requests.get(CPU).is_none() {
            requests.set(&CPU.into(), Quantity::milli(DEFAULT_MILLI_CPU));
        }
        if self.memory && requests.get(MEMORY).is_none() {
            requests.set(&MEMORY.into(), Quantity::units(DEFAULT_MEMORY));
        }
    }
}

/// One way of summing a pod's requests.
#[derive(Clone, Copy)]
struct Sum {
    from_status: bool,
    pod_level: bool,
    defaults: Defaults,
}

impl Sum {
    /// Sum of the containers, raised to what the init phase needs, pod-level requests in place, overhead on top.
    fn of(self, spec: &PodSpec) -> ResourceList {
        let mut sum = ResourceList::default();
        for container in &spec.containers {
            sum.add(&self.container(spec, container));
        }
        let init_peak = self.init_peak(spec, &mut sum);
        sum.max(&init_peak);
        if self.pod_level {
            self.put_pod_level(spec, &mut sum);
        }
        sum.add(&spec.overhead);
        sum
    }

    /// What the init phase needs at its worst. Sidecars (restartable init containers) keep running: they are added to
    /// `sum` and to every init container after them.
    fn init_peak(self, spec: &PodSpec, sum: &mut ResourceList) -> ResourceList {
        let mut sidecars = ResourceList::default();
        let mut peak = ResourceList::default();
        for container in &spec.init_containers {
            let mut need = self.container(spec, container);
            if container.restartable {
                sum.add(&need);
                sidecars.add(&need);
                need = sidecars.clone();
            } else {
                need.add(&sidecars);
            }
            peak.max(&need);
        }
        peak
    }

    fn container(self, spec: &PodSpec, container: &Container) -> ResourceList {
        let mut requests = container.requests.clone();
        let resizes = container.restartable || !container.init;
        if self.from_status
            && resizes
            && let Some(actual) = &container.actual
        {
            if spec.resize_infeasible {
                requests = ResourceList::default();
            }
            requests.max(&actual.requests);
            requests.max(&actual.allocated);
        }
        self.defaults.apply(&mut requests);
        requests
    }

    fn put_pod_level(self, spec: &PodSpec, sum: &mut ResourceList) {
        for (name, amount) in spec.pod_level.requests.iter() {
            if !matches!(&**name, CPU | MEMORY) && !name.starts_with("hugepages-") {
                continue;
            }
            let mut amount = amount;
            if self.from_status
                && let Some(actual) = &spec.pod_level.actual
            {
                if spec.resize_infeasible {
                    amount = Quantity::ZERO;
                }
                let found = [&actual.requests, &actual.allocated].into_iter().filter_map(|l| l.get(name));
                amount = found.fold(amount, Quantity::max);
            }
            sum.set(name, amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(pairs: &[(&str, &str)]) -> ResourceList {
        pairs.iter().map(|(n, q)| (*n, q.parse().unwrap())).collect()
    }

    fn container(pairs: &[(&str, &str)]) -> Container {
        Container { requests: list(pairs), ..Default::default() }
    }

    fn init(pairs: &[(&str, &str)], restartable: bool) -> Container {
        Container { init: true, restartable, ..container(pairs) }
    }

    #[track_caller]
    fn check(spec: &PodSpec, milli_cpu: i64) {
        assert_eq!(PodResources::of(spec).request.milli_cpu, milli_cpu);
    }

    #[test]
    fn a_sidecar_before_an_init_container_adds_to_it() {
        let (a, s, b) =
            (init(&[("cpu", "2")], false), init(&[("cpu", "100m")], true), init(&[("cpu", "300m")], false));
        let containers = vec![container(&[("cpu", "500m")]), container(&[("cpu", "250m")])];
        let overhead = list(&[("cpu", "50m")]);
        let spec = |inits| PodSpec {
            containers: containers.clone(),
            init_containers: inits,
            overhead: overhead.clone(),
            ..Default::default()
        };
        check(&spec(vec![s.clone(), a.clone(), b.clone()]), 2150);
        check(&spec(vec![a, s, b]), 2050);
    }

    #[test]
    fn a_default_fills_only_a_missing_entry() {
        let spec =
            PodSpec { containers: vec![container(&[("cpu", "0")]), container(&[])], ..Default::default() };
        assert_eq!(PodResources::of(&spec).nonzero_usage, (100, 2 * DEFAULT_MEMORY));
    }
}
