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
mod removal;
mod rollout;
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

/// A workload to be expanded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'w> {
    pub(crate) kind: Kind,
    pub(crate) workload: &'w Workload,
    /// What an API server returned of it, where it takes the place of that.
    pub(crate) before: Option<&'w Workload>,
    /// The text that the name of a Deployment's ReplicaSet is derived from.
    pub(crate) hash: &'w str,
}

impl Change<'_> {
    /// Whether its pods are made from another template than before, as far as decisions can tell.
    fn is_of_new_template(&self, world: &mut World<'_>) -> Result<bool> {
        let Some(before) = self.before else { return Ok(false) };
        let now = Template::new(self.kind, self.workload).read(world)?;
        Ok(Template::new(self.kind, before).read(world).is_ok_and(|old| !template::are_alike(&old, &now)))
    }
}

/// Adds the pods of a workload to the world that it lacks, and what else its controller would make; takes out those that are too
/// many, or that a rollout exchanges first.
pub(crate) fn expand(change: Change<'_>, world: &mut World<'_>) -> Result<()> {
    let Change { kind, workload, .. } = change;
    check_selector(kind, workload)?;
    match kind {
        Kind::Deployment => deployment::expand(change, world),
        Kind::StatefulSet => stateful_set::expand(change, world),
        Kind::DaemonSet => daemon_set::expand(change, world),
        Kind::Job => job::expand(workload, world),
        _ => replicas(kind, workload, world),
    }
}

/// The pods of a ReplicaSet or ReplicationController.
fn replicas(kind: Kind, workload: &Workload, world: &mut World<'_>) -> Result<()> {
    let metadata = &workload.metadata;
    let namespace = meta::namespace(metadata);
    let selector = selectors::optional(workload.spec.selector.as_ref(), "spec.selector")?;
    let own = world.existing.pods_of(kind, &namespace, &metadata.name).to_vec();
    let have = own.len() + world.existing.adopted(&namespace, selector.as_ref());
    let wanted = world.autoscalers.replicas(kind, workload)?;
    let reason = format!("{} is scaled to {wanted}", world.subject);
    removal::remove(&own, &own, have.saturating_sub(wanted), &reason, world);
    Template::new(kind, workload).copies(wanted.saturating_sub(have), world)
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
