//! Workloads that no API server has seen, made into the pods their controllers would make. Pods of the input that
//! belong to such a workload count towards its replicas, by their owner references or because its selector adopts them.

mod count;
mod cron_job;
mod daemon_set;
mod deployment;
pub(crate) mod device_claims;
mod existing;
mod job;
mod labels;
pub(crate) mod names;
mod scale;
mod shortfall;
mod stateful_set;
mod template;
pub(crate) mod world;

pub(crate) use cron_job::expand as cron_job;
pub(crate) use shortfall::shortfall;
pub(crate) use world::World;

use crate::error::ObjectError;
use crate::kind::Kind;
use crate::wire::workload::Workload;
use crate::{meta, selectors};

use count::Result;
use template::Template;

/// Adds the pods of a workload to the world, and what else its controller would make. `hash` is the text that the name
/// of a Deployment's ReplicaSet is derived from.
pub(crate) fn expand(kind: Kind, workload: &Workload, hash: &str, world: &mut World<'_>) -> Result<()> {
    check_selector(kind, workload)?;
    match kind {
        Kind::Deployment => deployment::expand(workload, hash, world),
        Kind::StatefulSet => stateful_set::expand(workload, world),
        Kind::DaemonSet => daemon_set::expand(workload, world),
        Kind::Job => job::expand(workload, world),
        _ => replicas(kind, workload, world),
    }
}

/// The pods of a ReplicaSet or ReplicationController.
fn replicas(kind: Kind, workload: &Workload, world: &mut World<'_>) -> Result<()> {
    let metadata = &workload.metadata;
    let namespace = meta::namespace(metadata);
    let selector = selectors::optional(workload.spec.selector.as_ref(), "spec.selector")?;
    let have = world.existing.owned_by(kind, &namespace, &metadata.name)
        + world.existing.adopted(&namespace, selector.as_ref());
    let missing = world.autoscalers.replicas(kind, workload)?.saturating_sub(have);
    Template::new(kind, workload).copies(missing, world)
}

/// Except for Jobs, the API server wants a selector that matches the template.
fn check_selector(kind: Kind, workload: &Workload) -> Result<()> {
    if kind == Kind::Job {
        return Ok(());
    }
    let selector = selectors::optional(workload.spec.selector.as_ref(), "spec.selector")?;
    let message = match selector {
        None => "must be given; repeat the labels of spec.template under matchLabels",
        Some(s) if !s.matches(&meta::labels(&workload.spec.template.metadata.labels)) => {
            "does not match the labels of spec.template; make them agree"
        }
        Some(_) => return Ok(()),
    };
    Err(ObjectError::of("spec.selector", message))
}

#[cfg(test)]
mod tests;
