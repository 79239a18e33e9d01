//! Jobs: as many pods as run at one time.

use longshore_framework::Str;

use super::template::{Naming, Template, named};
use super::world::World;
use super::{Result, wanted};
use crate::kind::Kind;
use crate::meta;
use crate::wire::workload::Workload;

/// Labels with the name of the Job, the former one too.
const JOB_NAME: [&str; 2] = ["batch.kubernetes.io/job-name", "job-name"];
/// Labels with the UID of the Job, the former one too.
const CONTROLLER_UID: [&str; 2] = ["batch.kubernetes.io/controller-uid", "controller-uid"];
/// The label with the index of a pod of an indexed Job.
const INDEX: &str = "batch.kubernetes.io/job-completion-index";

pub(super) fn expand(workload: &Workload, world: &mut World<'_>) -> Result<()> {
    let (metadata, spec) = (&workload.metadata, &workload.spec);
    let parallelism = wanted("spec.parallelism", spec.parallelism)?;
    let running = match spec.completions {
        Some(_) => parallelism.min(wanted("spec.completions", spec.completions)?),
        None => parallelism,
    };
    let running = if spec.suspend { 0 } else { running };
    let have = world.owned_by(Kind::Job.name(), &meta::namespace(metadata), &metadata.name);
    let mut template = Template::new(Kind::Job, workload);
    for label in JOB_NAME {
        template.labels.insert(label.into(), metadata.name.clone());
    }
    for label in CONTROLLER_UID {
        template.labels.insert(label.into(), template.owner_uid().clone());
    }
    if &*spec.completion_mode == "Indexed" {
        indexed(&mut template, have..running, world)
    } else {
        template.copies(running.saturating_sub(have), world)
    }
}

/// Pods named `<job>-<index>-<suffix>`; the ones of the input are taken for the first.
fn indexed(
    template: &mut Template<'_>,
    indexes: std::ops::Range<usize>,
    world: &mut World<'_>,
) -> Result<()> {
    template.prototype(world)?;
    template.allow(indexes.len(), world)?;
    let mut naming = Naming::new(template);
    for index in indexes {
        let name = naming.next(&format!("{}-{index}-", template.owner_name()), world);
        let number: Str = index.to_string().into();
        template.labels.insert(INDEX.into(), number);
        let pod = template.pod(&template.written(name.clone()), world)?;
        template.add(named(pod, name), world)?;
    }
    Ok(())
}
