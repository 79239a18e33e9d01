//! How far requests have to come down for the pod to fit where there is some room, but not enough.

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_engine::Judgement;
use longshore_framework::Str;
use longshore_framework::pod::{Pod, PodSpec};
use longshore_framework::quantity::Quantity;
use longshore_framework::reason::Reason;
use longshore_framework::resources::{CPU, ResourceList, is_scalar};
use longshore_framework::snapshot::Snapshot;

use super::trial::PodChange;
use crate::explain::misses::room;
use crate::text::bytes::{exact, round_down};

/// How much the pod may ask for, by resource.
type Bounds = Vec<(Str, i64)>;

/// A resource that a node has too little of.
pub(super) struct Lack {
    pub(super) resource: Str,
    pub(super) wanted: i64,
    pub(super) allocatable: i64,
    pub(super) free: i64,
}

impl Lack {
    /// The share of the request that is lacking.
    pub(super) fn share(&self) -> f64 {
        self.wanted.saturating_sub(self.free) as f64 / self.wanted.max(1) as f64
    }

    /// What the pod may ask for here, in a round number; `None` when that is nothing, or less than what the pod's
    /// RuntimeClass adds.
    fn bound(&self, pod: &Pod) -> Option<i64> {
        let bound = round_down(&self.resource, self.free);
        (bound > overhead(pod, &self.resource)).then_some(bound)
    }
}

/// What the node lacks, of what NodeResourcesFit complained about.
pub(super) fn lacks(snapshot: &Snapshot, pod: &Pod, judgement: &Judgement) -> Vec<Lack> {
    let Some(slot) = snapshot.slot(&judgement.node) else { return Vec::new() };
    let reasons = judgement.rejections.iter().flat_map(|(_, r)| &r.reasons);
    let mut lacks: Vec<Lack> = Vec::new();
    for reason in reasons {
        if let Reason::Insufficient(resource) = reason
            && !lacks.iter().any(|l| l.resource == *resource)
        {
            let (wanted, allocatable, free) = room(snapshot, slot, pod, resource);
            lacks.push(Lack { resource: Arc::clone(resource), wanted, allocatable, free });
        }
    }
    lacks
}

/// The mildest cut for every set of resources that some node lacks and nothing else; doing without a resource that no
/// node has any of; and without what a RuntimeClass adds.
pub(super) fn changes(snapshot: &Snapshot, pod: &Pod, judged: &[Judgement]) -> Vec<PodChange> {
    let mut mildest: BTreeMap<Vec<Str>, (f64, Bounds)> = BTreeMap::new();
    let mut nowhere: BTreeMap<Str, bool> = BTreeMap::new();
    for judgement in judged {
        let lacks = lacks(snapshot, pod, judgement);
        for lack in lacks.iter().filter(|l| is_scalar(&l.resource)) {
            *nowhere.entry(Arc::clone(&lack.resource)).or_insert(true) &= lack.free <= 0;
        }
        let Some(bounds) = bounds(pod, &lacks).filter(|_| lacks_only(judgement)) else { continue };
        let share = lacks.iter().map(Lack::share).sum();
        let resources = lacks.iter().map(|l| Arc::clone(&l.resource)).collect();
        let best = mildest.entry(resources).or_insert((f64::INFINITY, Vec::new()));
        if share < best.0 {
            *best = (share, bounds);
        }
    }
    let lowered = mildest.into_values().map(|(_, bounds)| lower(pod, bounds));
    let without = nowhere.into_iter().filter(|(_, nowhere)| *nowhere).map(|(resource, _)| {
        PodChange::new(format!("do without {resource}"), move |s| drop_request(s, &resource))
    });
    lowered.chain(without).chain(without_overhead(pod)).collect()
}

fn without_overhead(pod: &Pod) -> Option<PodChange> {
    let overhead = pod.spec.overhead.iter().map(|(resource, _)| {
        let amount = overhead(pod, resource);
        format!("{} {resource}", exact(resource, amount))
    });
    let overhead = overhead.collect::<Vec<_>>().join(" and ");
    let text = format!("use another RuntimeClass: the overhead of this one is {overhead}");
    (!overhead.is_empty()).then(|| PodChange::new(text, |s| s.overhead = ResourceList::default()))
}

/// How far everything would have to come down that the node lacks; `None` when that does not do.
fn bounds(pod: &Pod, lacks: &[Lack]) -> Option<Bounds> {
    let bounds = lacks.iter().map(|l| Some((Arc::clone(&l.resource), l.bound(pod)?)));
    bounds.collect::<Option<Vec<_>>>().filter(|bounds| !bounds.is_empty())
}

/// The change that makes the pod small enough for this node, if there is one.
pub(super) fn lowering(pod: &Pod, lacks: &[Lack]) -> Option<PodChange> {
    bounds(pod, lacks).map(|bounds| lower(pod, bounds))
}

/// Whether there is nothing but resources that keeps the pod from the node.
fn lacks_only(judgement: &Judgement) -> bool {
    let mut reasons = judgement.rejections.iter().flat_map(|(_, r)| &r.reasons);
    reasons.all(|r| matches!(r, Reason::Insufficient(_)))
}

fn lower(pod: &Pod, bounds: Bounds) -> PodChange {
    let parts: Vec<String> =
        bounds.iter().map(|(resource, bound)| format!("{resource} to {}", exact(resource, *bound))).collect();
    let cuts: Vec<(Str, i128, i128)> = bounds
        .into_iter()
        .map(|(resource, bound)| {
            let (over, now) = (overhead(pod, &resource), pod.resources.request.get(&resource));
            let (part, whole) = (bound.saturating_sub(over), now.saturating_sub(over));
            (resource, i128::from(part), i128::from(whole.max(1)))
        })
        .collect();
    PodChange::new(format!("lower {} or less", parts.join(" and ")), move |s| {
        cuts.iter().for_each(|(resource, part, whole)| scale(s, resource, *part, *whole));
    })
}

/// Everything that asks for the resource asks for `part` of `whole` of it.
fn scale(spec: &mut PodSpec, resource: &Str, part: i128, whole: i128) {
    let scaled = |amount: i64| i64::try_from(i128::from(amount) * part / whole).unwrap_or(0);
    for list in requests(spec) {
        if let Some(amount) = list.get(resource) {
            let less = match &**resource {
                CPU => Quantity::milli(scaled(amount.milli_value())),
                _ => Quantity::units(scaled(amount.value())),
            };
            list.set(resource, less);
        }
    }
}

fn drop_request(spec: &mut PodSpec, resource: &str) {
    requests(spec).for_each(|list| list.remove(resource));
    spec.overhead.remove(resource);
}

fn requests(spec: &mut PodSpec) -> impl Iterator<Item = &mut ResourceList> {
    let containers = spec.containers.iter_mut().chain(&mut spec.init_containers).map(|c| &mut c.requests);
    containers.chain(std::iter::once(&mut spec.pod_level.requests))
}

/// What the pod's RuntimeClass adds to its requests.
fn overhead(pod: &Pod, resource: &str) -> i64 {
    let Some(amount) = pod.spec.overhead.get(resource) else { return 0 };
    if resource == CPU { amount.milli_value() } else { amount.value() }
}
