//! Workloads that an API server returned: their controllers have made their pods, so none are made here. When the pods are
//! not in the input, that is worth a word.

use super::count::Result;
use super::job;
use super::world::World;
use crate::kind::Kind;
use crate::wire::workload::Workload;
use crate::{meta, selectors};

/// Says so when a workload of an API server has fewer pods in the input than it asks for.
pub(crate) fn shortfall(kind: Kind, workload: &Workload, world: &mut World<'_>) -> Result<()> {
    let metadata = &workload.metadata;
    // The pods of a ReplicaSet are spoken of with its Deployment.
    let in_charge = kind != Kind::ReplicaSet || meta::owner(metadata).is_none();
    if metadata.deletion_timestamp.is_some() || !in_charge {
        return Ok(());
    }
    let (wanted, have) = counts(kind, workload, world)?;
    if have < wanted {
        world.warn_of_subject(&format!(
            "has {have} of its {wanted} replicas in the input, and none are made for it: it has a uid, so its controller \
             has made them; add its pods, or remove metadata.uid to have the missing ones made"
        ));
    }
    Ok(())
}

/// How many pods the workload asks for, and how many of them are in the input.
fn counts(kind: Kind, workload: &Workload, world: &World<'_>) -> Result<(usize, usize)> {
    let metadata = &workload.metadata;
    let (namespace, name) = (meta::namespace(metadata), &metadata.name);
    let owned = world.existing.owned_by(kind, &namespace, name);
    Ok(match kind {
        Kind::Deployment => {
            let selector = selectors::optional(workload.spec.selector.as_ref(), "spec.selector")?;
            let sets = world.existing.sets_of(&namespace, name, selector.as_ref());
            let have = sets.iter().map(|(_, set)| set.active()).sum();
            // A Deployment that is paused from the start has no pods.
            let paused = workload.spec.paused && sets.is_empty();
            (if paused { 0 } else { world.autoscalers.replicas(kind, workload)? }, have)
        }
        Kind::DaemonSet => (usize::try_from(workload.status.desired_number_scheduled).unwrap_or(0), owned),
        Kind::Job => (job::running(workload, world)?, owned),
        _ => (world.autoscalers.replicas(kind, workload)?, owned),
    })
}
