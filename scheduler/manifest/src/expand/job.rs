//! Jobs: as many pods as run at one time, until enough have succeeded.

use std::collections::BTreeSet;

use longshore_framework::Str;

use super::count::{Result, wanted};
use super::labels::INDEX;
use super::template::{Naming, Prototype, Template, named};
use super::world::World;
use crate::kind::Kind;
use crate::meta;
use crate::wire::workload::Workload;

/// Labels with the name of the Job, the former one too.
const JOB_NAME: [&str; 2] = ["batch.kubernetes.io/job-name", "job-name"];
/// Labels with the UID of the Job, the former one too.
const CONTROLLER_UID: [&str; 2] = ["batch.kubernetes.io/controller-uid", "controller-uid"];

pub(super) fn expand(workload: &Workload, world: &mut World<'_>) -> Result<()> {
    let metadata = &workload.metadata;
    let running = running(workload, world)?;
    let namespace = meta::namespace(metadata);
    let have = world.existing.owned_by(Kind::Job, &namespace, &metadata.name);
    let missing = running.saturating_sub(have);
    let mut template = Template::new(Kind::Job, workload);
    for label in JOB_NAME {
        template.labels.insert(label.into(), metadata.name.clone());
    }
    for label in CONTROLLER_UID {
        template.labels.insert(label.into(), template.owner_uid().clone());
    }
    if &*workload.spec.completion_mode == "Indexed" {
        let taken = world.existing.runs_of(&namespace, &metadata.name).indexes;
        indexed(&mut template, missing, &taken, world)
    } else {
        template.copies(missing, world)
    }
}

/// How many pods of it run at one time.
pub(super) fn running(workload: &Workload, world: &World<'_>) -> Result<usize> {
    let (metadata, spec, status) = (&workload.metadata, &workload.spec, &workload.status);
    let over = |c: &crate::wire::pod::Condition| {
        matches!(&*c.r#type, "Complete" | "Failed" | "SuccessCriteriaMet" | "FailureTarget")
            && &*c.status == "True"
    };
    let parallelism = wanted("spec.parallelism", spec.parallelism)?;
    if spec.suspend || status.conditions.iter().any(over) {
        return Ok(0);
    }
    let runs = world.existing.runs_of(&meta::namespace(metadata), &metadata.name);
    let succeeded = runs.succeeded.max(usize::try_from(status.succeeded).unwrap_or(0));
    Ok(match spec.completions {
        Some(_) => parallelism.min(wanted("spec.completions", spec.completions)?.saturating_sub(succeeded)),
        // Of a work queue no pod is made any more once one has succeeded.
        None if succeeded > 0 => 0,
        None => parallelism,
    })
}

/// Pods named `<job>-<index>-<suffix>`, of the first indexes that have none.
fn indexed(
    template: &mut Template<'_>,
    count: usize,
    taken: &BTreeSet<usize>,
    world: &mut World<'_>,
) -> Result<()> {
    template.read(world)?;
    template.allow(count, world)?;
    let mut naming = Naming::new(template);
    for (at, index) in (0..).filter(|index| !taken.contains(index)).take(count).enumerate() {
        let name = naming.next(&format!("{}-{index}-", template.owner_name()), world);
        let number: Str = index.to_string().into();
        template.labels.insert(INDEX.into(), number);
        let written = template.written(name.clone());
        let Some(Prototype { pod, charge }) = template.admitted(written, count - at, world)? else { break };
        if !world.charge(&charge, count - at) {
            break;
        }
        template.add(named(pod, name), world)?;
    }
    Ok(())
}
