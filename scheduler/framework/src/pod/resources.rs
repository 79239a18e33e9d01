//! The effective request of a pod.
//!
//! Kubernetes counts a pod in three ways, which [`PodResources`] computes once when the pod is read: what an incoming
//! pod asks for, what a pod on a node holds (in-place resize can make it differ), and what scoring assumes of
//! containers that ask for nothing.

use std::hash::BuildHasher;

use super::{ActualResources, Container, PodSpec};
use crate::features::{Features, Rule};
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
    /// out (unless by [`FitScoresPodLevel`](Rule::FitScoresPodLevel)), overhead added.
    pub scored: Amounts,
    /// A [keyed](crate::keyed) hash of the spec they were computed from, for tables of pods by spec.
    pub spec_hash: u64,
}

impl PodResources {
    /// Computes all counts from the spec, by the rules of the newest stable minor.
    pub fn of(spec: &PodSpec) -> Self {
        Self::by(spec, Features::default())
    }

    /// Computes all counts from the spec. While a pod is resized it holds the greatest of three sums over the whole pod: of what is
    /// asked for, of what is allocated, and of what is in force; before [`ResizeCountsTheWholePod`](Rule::ResizeCountsTheWholePod)
    /// the sum, over its containers, of the greatest of the three.
    pub fn by(spec: &PodSpec, features: Features) -> Self {
        let counting = match features.follow(Rule::ResizeCountsTheWholePod) {
            true => Usage::WholePod,
            false => Usage::ContainerByContainer,
        };
        let request = Sum { take: Take::Spec, defaults: Defaults::NONE }.of(spec, Some(false));
        let usage = counting.of(spec, Defaults::NONE);
        let defaults = if spec.pod_level.requests.is_empty() {
            Defaults::ALL
        } else {
            // With pod-level requests a default applies only to what the whole effective request does not name.
            Defaults { cpu: usage.get(CPU).is_none(), memory: usage.get(MEMORY).is_none() }
        };
        let nonzero = Amounts::from(&counting.of(spec, defaults));
        let pod_level = features.follow(Rule::FitScoresPodLevel).then_some(false);
        let scored = Sum { take: Take::Spec, defaults: Defaults::ALL }.of(spec, pod_level);
        Self {
            request: (&request).into(),
            usage: (&usage).into(),
            nonzero_usage: (nonzero.milli_cpu, nonzero.memory),
            scored: (&scored).into(),
            spec_hash: KeyedState.hash_one(spec),
        }
    }
}

/// How the usage of a pod that is being resized is counted.
#[derive(Clone, Copy)]
enum Usage {
    WholePod,
    ContainerByContainer,
}

impl Usage {
    fn of(self, spec: &PodSpec, defaults: Defaults) -> ResourceList {
        match self {
            Self::ContainerByContainer => Sum { take: Take::Greatest, defaults }.of(spec, Some(true)),
            Self::WholePod => whole_pod(spec, defaults),
        }
    }
}

/// The greatest of the sums over the whole pod.
fn whole_pod(spec: &PodSpec, defaults: Defaults) -> ResourceList {
    let sum = |take| Sum { take, defaults }.containers(spec);
    let mut total = if spec.resize_infeasible { ResourceList::default() } else { sum(Take::Spec) };
    match &spec.pod_level.actual {
        // What is reported of the whole pod is the sum over its containers already.
        Some(actual) if !actual.allocated.is_empty() && !actual.requests.is_empty() => {
            total.max(&actual.allocated);
            total.max(&actual.requests);
        }
        _ => {
            total.max(&sum(Take::Allocated));
            total.max(&sum(Take::InForce));
        }
    }
    put_pod_level_of_whole_pod(spec, &mut total);
    total.add(&spec.overhead);
    total
}

/// Pod-level requests in place of the sum, where the spec has some: the greatest of what is asked for and what is reported.
fn put_pod_level_of_whole_pod(spec: &PodSpec, sum: &mut ResourceList) {
    if !spec.pod_level.requests.iter().any(|(name, _)| is_pod_level(name)) {
        return;
    }
    let mut effective = match (&spec.pod_level.actual, spec.resize_infeasible) {
        (Some(_), true) => ResourceList::default(),
        _ => spec.pod_level.requests.clone(),
    };
    if let Some(actual) = &spec.pod_level.actual {
        effective.max(&actual.requests);
        effective.max(&actual.allocated);
    }
    for (name, amount) in effective.iter().filter(|(name, _)| is_pod_level(name)) {
        sum.set(name, amount);
    }
}

/// Whether a pod may ask for the resource as a whole.
fn is_pod_level(name: &str) -> bool {
    matches!(name, CPU | MEMORY) || name.starts_with("hugepages-")
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

/// What is taken of a container.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Take {
    /// What its spec asks for.
    Spec,
    /// What the kubelet has allocated; the spec's where nothing is reported, unless that was found infeasible.
    Allocated,
    /// What is in force; what is allocated where nothing is reported.
    InForce,
    /// The greatest of all three.
    Greatest,
}

/// One way of summing a pod's requests.
#[derive(Clone, Copy)]
struct Sum {
    take: Take,
    defaults: Defaults,
}

impl Sum {
    /// Sum of the containers with the overhead on top. Pod-level requests stand in its place as they are in the spec, or
    /// (`Some(true)`) as they are reported; with `None` they do not count.
    fn of(self, spec: &PodSpec, pod_level: Option<bool>) -> ResourceList {
        let mut sum = self.containers(spec);
        if let Some(reported) = pod_level {
            put_pod_level(spec, reported, &mut sum);
        }
        sum.add(&spec.overhead);
        sum
    }

    /// Sum of the containers, raised to what the init phase needs.
    fn containers(self, spec: &PodSpec) -> ResourceList {
        let mut sum = ResourceList::default();
        for container in &spec.containers {
            sum.add(&self.container(spec, container));
        }
        let init_peak = self.init_peak(spec, &mut sum);
        sum.max(&init_peak);
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
        let mut requests = match self.take {
            Take::Spec => container.requests.clone(),
            Take::Greatest => greatest(spec, container),
            Take::Allocated => reported(spec, container, |actual| [&actual.allocated, &actual.allocated]),
            Take::InForce => reported(spec, container, |actual| [&actual.requests, &actual.allocated]),
        };
        self.defaults.apply(&mut requests);
        requests
    }
}

/// The first list of `wanted` that is reported; the spec's where there is none, unless that was found infeasible.
fn reported<'a>(
    spec: &PodSpec,
    container: &'a Container,
    wanted: impl Fn(&'a ActualResources) -> [&'a ResourceList; 2],
) -> ResourceList {
    let lists = container.actual.iter().flat_map(wanted);
    match lists.into_iter().find(|list| !list.is_empty()) {
        Some(list) => list.clone(),
        None if spec.resize_infeasible => ResourceList::default(),
        None => container.requests.clone(),
    }
}

/// The greatest of what a container asks for and what is reported of it; the spec's where it cannot be resized.
fn greatest(spec: &PodSpec, container: &Container) -> ResourceList {
    let resizes = container.restartable || !container.init;
    let Some(actual) = container.actual.as_ref().filter(|actual| resizes && actual.has_resources) else {
        return container.requests.clone();
    };
    let mut requests =
        if spec.resize_infeasible { ResourceList::default() } else { container.requests.clone() };
    requests.max(&actual.requests);
    requests.max(&actual.allocated);
    requests
}

/// Pod-level requests in place of the sum, by the rule that goes container by container.
fn put_pod_level(spec: &PodSpec, from_status: bool, sum: &mut ResourceList) {
    for (name, amount) in spec.pod_level.requests.iter().filter(|(name, _)| is_pod_level(name)) {
        let mut amount = amount;
        if from_status && let Some(actual) = &spec.pod_level.actual {
            if spec.resize_infeasible {
                amount = Quantity::ZERO;
            }
            let found = [&actual.requests, &actual.allocated].into_iter().filter_map(|l| l.get(name));
            amount = found.fold(amount, Quantity::max);
        }
        sum.set(name, amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Minor;
    use crate::pod::PodLevelResources;

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

    /// A container that asks for `asks`, of which `allocated` and `actual` are reported; empty: not reported.
    fn reported_as(asks: &str, allocated: &str, actual: &str) -> Container {
        let amounts = |cpu: &str| if cpu.is_empty() { list(&[]) } else { list(&[("cpu", cpu)]) };
        let actual = ActualResources {
            has_resources: !actual.is_empty(),
            requests: amounts(actual),
            allocated: amounts(allocated),
        };
        Container { actual: Some(actual), ..container(&[("cpu", asks)]) }
    }

    #[track_caller]
    fn check_resize(containers: Vec<Container>, infeasible: bool, before: i64, since: i64) {
        let spec = PodSpec { containers, resize_infeasible: infeasible, ..Default::default() };
        let usage = |resources: PodResources| resources.usage.milli_cpu;
        let counted =
            (usage(PodResources::by(&spec, Features::of(Minor::V1_36))), usage(PodResources::of(&spec)));
        assert_eq!(counted, (before, since));
    }

    #[test]
    fn what_is_resized_holds_the_greatest_sum() {
        check_resize(vec![reported_as("2", "1", "1")], false, 2000, 2000);
        check_resize(vec![reported_as("2", "1", "1")], true, 1000, 1000);
        let opposite = || vec![reported_as("2", "1", "1"), reported_as("1", "2", "2")];
        check_resize(opposite(), false, 4000, 3000);
        check_resize(opposite(), true, 3000, 3000);
        check_resize(vec![reported_as("1", "2", "")], false, 1000, 2000);
        check_resize(vec![container(&[("cpu", "1")])], true, 1000, 0);
    }

    #[test]
    fn pod_level_requests_are_scored_since_1_38() {
        let pod_level = PodLevelResources { requests: list(&[("cpu", "2")]), actual: None };
        let containers = vec![container(&[("cpu", "500m")])];
        let spec = PodSpec { containers, pod_level, ..Default::default() };
        let scored = |minor| {
            let scored = PodResources::by(&spec, Features::of(minor)).scored;
            (scored.milli_cpu, scored.memory)
        };
        assert_eq!(scored(Minor::V1_37), (500, DEFAULT_MEMORY));
        assert_eq!(scored(Minor::V1_38), (2000, DEFAULT_MEMORY));
    }
}
