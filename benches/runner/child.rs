//! One run, in the process that was started for it.

use anyhow::{Context, ensure};
use longshore_benches::deciders::Deciders;
use longshore_benches::driver::{self, Setting};
use longshore_benches::record::peak_rss_mib;
use longshore_benches::results::Run;
use longshore_benches::workload;
use serde::{Deserialize, Serialize};

use crate::allocations;
use crate::instruments::Instruments;

/// What is to be run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Job {
    /// Name of the workload's file, without `.yaml`.
    pub(crate) file: String,
    pub(crate) size: String,
    pub(crate) run: usize,
    pub(crate) calm: bool,
    pub(crate) trace: bool,
    pub(crate) allocations: bool,
}

/// Runs it and prints the result.
pub(crate) fn run(job: &Job) -> anyhow::Result<()> {
    let path = workload::folder().join(format!("{}.yaml", job.file));
    let workload = workload::read(&std::fs::read_to_string(&path)?)?;
    let size = workload.size(&job.size).context("there is no such size")?;
    let mut instruments = Instruments::new()?;
    let deciders = Deciders::of(&workload)?;
    let options = instruments.options(&deciders.profiles, job.run as u64, job.trace);
    let setting = Setting { deciders, options, calm: job.calm, allocations: None };
    let setting = match job.allocations {
        true => {
            allocations::count();
            Setting { allocations: Some(allocations::counted), ..setting }
        }
        false => setting,
    };
    let measured = driver::run(&workload, size, setting, &mut instruments)?;
    ensure!(measured.broken == 0, "{} attempts broke", measured.broken);
    let run = Run {
        workload: workload.name.clone(),
        bench: workload.bench.clone(),
        size: job.size.clone(),
        run: job.run,
        calm: job.calm,
        rss_mib: peak_rss_mib(),
        ..Run::of(&measured)
    };
    println!("{}", serde_json::to_string(&run)?);
    Ok(())
}
