//! CronJobs: the Job of one run, whenever that is.

use super::count::Result;
use super::world::World;
use super::{job, names};
use crate::error::Within;
use crate::meta;
use crate::wire::meta::Meta;
use crate::wire::workload::{CronJob, Workload};

/// Adds the pods of one run; of a suspended CronJob none.
pub(crate) fn expand(cron_job: &CronJob, world: &mut World<'_>) -> Result<()> {
    if cron_job.spec.suspend {
        return Ok(());
    }
    let (own, template) = (&cron_job.metadata, &cron_job.spec.job_template);
    let namespace = meta::namespace(own);
    let seed = names::hash(&format!("CronJob/{namespace}/{}", own.name));
    let metadata = Meta {
        // The controller puts the minute there; here no run is due at any time.
        name: format!("{}-{}", own.name, names::suffix(seed, 0)).into(),
        namespace,
        labels: template.metadata.labels.clone(),
        annotations: template.metadata.annotations.clone(),
        ..Default::default()
    };
    job::expand(&Workload { metadata, spec: template.spec.clone(), ..Default::default() }, world)
        .within("spec.jobTemplate")
}
