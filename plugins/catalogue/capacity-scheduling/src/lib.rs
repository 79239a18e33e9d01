//! CapacityScheduling: an ElasticQuota says what the pods of its namespace may have at the most, and what they may always have.
//! What a namespace does not use of the latter others may borrow; when it wants it back, their pods are evicted.
//!
//! The operator grants `engine`, `evict`, `objects`, `pods` and `raw`.

mod quota;
#[cfg(test)]
mod tests;
mod usage;
mod victims;

use std::cell::RefCell;

use catalogue_common::preemption::{Vain, choose, resolvable};
use catalogue_common::{Args, RawPod};
use longshore_plugin::prelude::*;
use serde_json::Value;

use quota::{KINDS, QUOTAS, Quotas};
use usage::{Usage, Wanted};

columns! {
    NAME: Text = name(),
    PODS: Pods = pods(),
}

/// The plugin.
#[derive(Default)]
pub struct CapacityScheduling {
    usage: RefCell<Usage>,
}

impl Plugin for CapacityScheduling {
    type Config = Value;
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("CapacityScheduling")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Namespaces share capacity by ElasticQuotas, and take back what is theirs")
            .columns(COLUMNS)
            .objects(KINDS)
            .raw_pod()
            .single()
            .event("Pod", &["Delete"])
            .event_of(QUOTAS, &["Add", "Update", "Delete"])
    }

    fn new(config: Value) -> Result<Self, Error> {
        Args::of(&config, "CapacitySchedulingArgs").finish()?;
        Ok(Self::default())
    }
}

impl PreFilter for CapacityScheduling {
    fn pre_filter(&self, pod: &Pod) -> Result<PreFilterOutcome<()>, Error> {
        let Pod { info: PodInfo { namespace, name, .. }, .. } = pod;
        if QUOTAS.of_namespace(namespace).is_empty() {
            return Ok(PreFilterOutcome::Skip(()));
        }
        let quotas = self.usage.borrow_mut().quotas();
        let Some(quota) = quotas.of(namespace) else { return Ok(PreFilterOutcome::Skip(())) };
        let wanted = Wanted::of(pod, &quotas);
        let why = if quota.over_max_with(&wanted.in_namespace) {
            format!("ElasticQuota {namespace} is more than Max")
        } else if quotas.over_all_min_with(&wanted.in_all) {
            "total ElasticQuota used is more than min".to_owned()
        } else {
            return Ok(PreFilterOutcome::Skip(()));
        };
        let reason = format!("Pod {namespace}/{name} is rejected in PreFilter because {why}");
        Ok(PreFilterOutcome::Reject(Reject::unschedulable(reason)))
    }
}

/// Why a pod may evict nobody at all.
fn ineligible(pod: &Pod, quotas: &Quotas, wanted: &Wanted) -> Result<Option<&'static str>, Error> {
    let raw = RawPod::of(pod)?;
    if raw.spec.preemption_policy.as_deref() == Some("Never") {
        return Ok(Some("not eligible due to preemptionPolicy=Never."));
    }
    let Some(node) = raw.status.nominated_node_name.filter(|node| !node.is_empty()) else { return Ok(None) };
    let ending = host::engine::terminating(&node);
    let above = quotas.of(&pod.namespace).map(|quota| quota.over_min_with(&wanted.in_namespace));
    let waits =
        host::pods::on_node(&node).into_iter().filter(|other| ending.contains(&other.uid)).any(|other| {
            let (same, lower) = (other.namespace == pod.namespace, other.priority < pod.priority);
            match (above, quotas.of(&other.namespace)) {
                (Some(above), Some(quota)) => (same && lower) || (!same && !above && quota.over_min()),
                (None, None) => lower,
                _ => false,
            }
        });
    Ok(waits.then_some("not eligible due to a terminating pod on the nominated node."))
}

impl PostFilter for CapacityScheduling {
    fn post_filter(
        &mut self,
        pod: &Pod,
        (): &(),
        rejected: &[(String, RejectCode)],
    ) -> Result<PostFilterOutcome, Error> {
        let quotas = self.usage.borrow_mut().quotas();
        let wanted = Wanted::of(pod, &quotas);
        if let Some(why) = ineligible(pod, &quotas, &wanted)? {
            let message = format!("preemption: {why}");
            return Ok(PostFilterOutcome::Reject(Reject::unschedulable(message)));
        }
        let (mut found, mut vain) = (Vec::new(), Vain::default());
        for node in resolvable(rejected) {
            match victims::candidate(pod, node, quotas.clone(), &wanted)? {
                Ok(candidate) => found.push(candidate),
                Err(why) => vain.add(why),
            }
        }
        Ok(match choose(found) {
            Some(best) => PostFilterOutcome::Nominate { victims: best.uids(), node: best.node },
            None => PostFilterOutcome::Reject(Reject::unschedulable(vain.message(rejected.len()))),
        })
    }
}

/// Profiles enable it here, as the Go plugin counts pods when they are given a node. This one sees them on their nodes.
impl Reserve for CapacityScheduling {
    fn reserve(&mut self, _: &Placement<'_, Self>) -> Result<Verdict, Error> {
        Ok(Verdict::Fit)
    }

    fn unreserve(&mut self, _: &Pod, _: &str) {}
}

export_plugin!(CapacityScheduling: PreFilter, PostFilter, Reserve, Objects);
