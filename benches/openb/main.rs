//! GPUFragmentation on the traces of openb, beside the published figures of fragmentation gradient descent.
//!
//! `cargo bench --bench openb -- FOLDER [--catalogue DIR] [--seeds N] [TRACE...]`: FOLDER has the CSV files of Alibaba's
//! cluster-trace-gpu-v2023. The protocol is that of the published experiments (hkust-adsl/kubernetes-scheduler-simulator): nodes get a
//! random order, by which equally good ones are told apart; the pods of a trace arrive in random order and are sampled again until
//! they have asked for 130 % of all GPUs; the workload is that of the trace; a pod that fits nowhere is gone. The figure is the share
//! of all GPUs that is given to pods at the end: the mean of ten runs.

#![allow(clippy::print_stdout, reason = "a bench reports on standard output")]

mod run;
mod trace;

use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;

use trace::Trace;

/// Means of ten runs that were published: of FGD, and of BestFit, the next best policy.
const PUBLISHED: [(&str, f64, f64); 5] = [
    ("default", 95.39, 93.08),
    ("cpu050", 95.21, 93.79),
    ("gpushare40", 94.15, 91.69),
    ("gpuspec33", 94.55, 93.09),
    ("multigpu20", 95.65, 93.93),
];

/// What is wanted.
#[derive(Parser)]
struct Args {
    /// The folder with the CSV files.
    folder: PathBuf,
    /// The traces; all of them where none is named.
    traces: Vec<String>,
    /// The catalogue, as make catalogue builds it.
    #[arg(long, default_value = "target/catalogue-plugins")]
    catalogue: PathBuf,
    /// So many runs of each trace.
    #[arg(long, default_value_t = 10)]
    seeds: u64,
    /// What cargo bench adds.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match compare(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn compare(args: &Args) -> anyhow::Result<()> {
    let catalogue = std::path::absolute(&args.catalogue).context("--catalogue")?;
    let catalogue = format!("file://{}", catalogue.display());
    println!("GPU allocation ratio in percent at 130 % arrivals, means of {} runs", args.seeds);
    println!("trace         published  measured  difference   lowest  highest  BestFit  seconds");
    for (name, published, best_fit) in PUBLISHED {
        if !args.traces.is_empty() && !args.traces.iter().any(|wanted| wanted == name) {
            continue;
        }
        let (begun, trace) = (Instant::now(), Trace::read(&args.folder, name)?);
        let ratios = runs(&trace, &catalogue, args.seeds)?;
        let mean = ratios.iter().sum::<f64>() / ratios.len().max(1) as f64;
        let lowest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        println!(
            "{name:13} {published:9.2} {mean:9.2} {:+11.2} {lowest:8.2} {highest:8.2} {best_fit:8.2} {:8.0}",
            mean - published,
            begun.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

/// Runs with the seeds 42 and on, as many at once as there are processors.
fn runs(trace: &Trace, catalogue: &str, seeds: u64) -> anyhow::Result<Vec<f64>> {
    let workers = thread::available_parallelism().map_or(1, usize::from) as u64;
    thread::scope(|scope| {
        let worker = |first: u64| {
            let seeds = (42 + first..42 + seeds).step_by(usize::try_from(workers).unwrap_or(1));
            scope.spawn(move || {
                seeds.map(|seed| run::run(trace, catalogue, seed)).collect::<anyhow::Result<Vec<f64>>>()
            })
        };
        let handles: Vec<_> = (0..workers).map(worker).collect();
        let mut ratios = Vec::new();
        for handle in handles {
            ratios.extend(handle.join().map_err(|_| anyhow::anyhow!("a run ended early"))??);
        }
        Ok(ratios)
    })
}
