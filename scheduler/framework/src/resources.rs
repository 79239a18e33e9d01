//! Resource lists as written, and the effective request of a pod.
//!
//! Kubernetes counts a pod in three ways, which [`PodResources`] computes once when the pod is read: what an incoming
//! pod asks for, what a pod on a node holds (in-place resize can make it differ), and what scoring assumes of
//! containers that ask for nothing.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHasher;

use crate::Str;
use crate::pod::{Container, PodSpec};
use crate::quantity::Quantity;

/// `cpu`, in thousandths of a core.
pub const CPU: &str = "cpu";
/// `memory`, in bytes.
pub const MEMORY: &str = "memory";
/// `ephemeral-storage`, in bytes.
pub const EPHEMERAL_STORAGE: &str = "ephemeral-storage";
/// `pods`, a count.
pub const PODS: &str = "pods";

/// What scoring assumes of a container without a cpu request: 100m.
pub const DEFAULT_MILLI_CPU: i64 = 100;
/// What scoring assumes of a container without a memory request: 200 MiB.
pub const DEFAULT_MEMORY: i64 = 200 * 1024 * 1024;

/// Whether `name` is counted per node beside cpu, memory, ephemeral-storage and pods: extended resources, huge pages,
/// attachable volumes and anything in the `kubernetes.io/` namespace.
pub fn is_scalar(name: &str) -> bool {
    is_extended(name)
        || name.starts_with("hugepages-")
        || name.contains("kubernetes.io/")
        || name.starts_with("attachable-volumes-")
}

/// Whether `name` is an extended resource: qualified, outside the `kubernetes.io/` namespace, not a quota name.
pub fn is_extended(name: &str) -> bool {
    let Some((prefix, rest)) = name.split_once('/') else { return false };
    !name.contains("kubernetes.io/")
        && !name.starts_with("requests.")
        && is_dns_subdomain(&format!("requests.{prefix}"))
        && is_qualified_part(rest)
}

fn is_dns_subdomain(text: &str) -> bool {
    let label = |l: &str| {
        let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = l.as_bytes();
        !bytes.is_empty()
            && edge(bytes[0])
            && edge(bytes[bytes.len() - 1])
            && bytes.iter().all(|b| edge(*b) || *b == b'-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// The part after the slash of a qualified name: at most 63 letters, digits, `-`, `_` and `.`, beginning and ending
/// with a letter or digit.
pub fn is_qualified_part(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    bytes.len() <= 63
        && first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Whether `name` is a qualified name: an optional DNS prefix with a slash, then a name part.
pub fn is_qualified_name(name: &str) -> bool {
    match name.split_once('/') {
        Some((prefix, rest)) => is_dns_subdomain(prefix) && is_qualified_part(rest),
        None => is_qualified_part(name),
    }
}

/// Amounts by resource name, sorted by name. An entry of zero differs from no entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ResourceList(Vec<(Str, Quantity)>);

impl ResourceList {
    /// The amount of `name`, if there is an entry.
    pub fn get(&self, name: &str) -> Option<Quantity> {
        self.0.binary_search_by(|(n, _)| (**n).cmp(name)).ok().map(|at| self.0[at].1)
    }

    /// The entries in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&Str, Quantity)> {
        self.0.iter().map(|(n, q)| (n, *q))
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets the amount of `name`.
    pub fn set(&mut self, name: &Str, amount: Quantity) {
        *self.entry(name) = amount;
    }

    /// Removes the entry of `name`.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| &**n != name);
    }

    /// Adds every amount of `other`.
    pub fn add(&mut self, other: &Self) {
        for (name, amount) in &other.0 {
            *self.entry(name) += *amount;
        }
    }

    /// Raises every amount to that of `other` where it is larger.
    pub fn max(&mut self, other: &Self) {
        for (name, amount) in &other.0 {
            let entry = self.entry(name);
            *entry = (*entry).max(*amount);
        }
    }

    fn entry(&mut self, name: &Str) -> &mut Quantity {
        let at = match self.0.binary_search_by(|(n, _)| n.cmp(name)) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (Arc::clone(name), Quantity::ZERO));
                at
            }
        };
        &mut self.0[at].1
    }
}

impl<K: Into<Str>> FromIterator<(K, Quantity)> for ResourceList {
    fn from_iter<I: IntoIterator<Item = (K, Quantity)>>(pairs: I) -> Self {
        let mut list = Self::default();
        for (name, amount) in pairs {
            list.set(&name.into(), amount);
        }
        list
    }
}

/// Amounts in scheduling units: cpu in thousandths, all else in whole units, each rounded up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Amounts {
    /// Thousandths of a core.
    pub milli_cpu: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes.
    pub ephemeral_storage: i64,
    /// Scalar resources in name order, entries of zero included.
    pub scalars: Vec<(Str, i64)>,
}

impl Amounts {
    /// The amount of `name`; 0 when absent.
    pub fn get(&self, name: &str) -> i64 {
        match name {
            CPU => self.milli_cpu,
            MEMORY => self.memory,
            EPHEMERAL_STORAGE => self.ephemeral_storage,
            _ => self.scalars.iter().find(|(n, _)| &**n == name).map_or(0, |(_, v)| *v),
        }
    }

    /// Whether cpu, memory and ephemeral storage are 0 and there is no scalar entry, not even one of 0.
    pub fn is_nothing(&self) -> bool {
        self.milli_cpu == 0 && self.memory == 0 && self.ephemeral_storage == 0 && self.scalars.is_empty()
    }

    /// Every amount with its name, zeroes included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        [(CPU, self.milli_cpu), (MEMORY, self.memory), (EPHEMERAL_STORAGE, self.ephemeral_storage)]
            .into_iter()
            .chain(self.scalars.iter().map(|(n, v)| (&**n, *v)))
    }
}

impl From<&ResourceList> for Amounts {
    fn from(list: &ResourceList) -> Self {
        let mut out = Self::default();
        for (name, amount) in list.iter() {
            match &**name {
                CPU => out.milli_cpu = amount.milli_value(),
                MEMORY => out.memory = amount.value(),
                EPHEMERAL_STORAGE => out.ephemeral_storage = amount.value(),
                other if is_scalar(other) => out.scalars.push((Arc::clone(name), amount.value())),
                _ => {}
            }
        }
        out
    }
}

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
    /// A hash of the spec they were computed from, for tables of pods by spec. Of one process; nothing is decided from it.
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
            spec_hash: hash(spec),
        }
    }
}

fn hash(spec: &PodSpec) -> u64 {
    let mut hasher = FxHasher::default();
    spec.hash(&mut hasher);
    hasher.finish()
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

    #[test]
    fn extended_names() {
        for (name, want) in [
            ("nvidia.com/gpu", true),
            ("cpu", false),
            ("kubernetes.io/x", false),
            ("x.kubernetes.io/y", false),
            ("requests.nvidia.com/gpu", false),
            ("a b/c", false),
            ("nvidia.com/", false),
        ] {
            assert_eq!(is_extended(name), want, "{name}");
        }
    }
}
