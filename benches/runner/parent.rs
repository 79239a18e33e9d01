//! Starts a process for every run, by turns, and gathers the results.

use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use longshore_benches::record::Circumstances;
use longshore_benches::results::Run;
use longshore_benches::workload::{self, Operation, Size, Workload};

use crate::args::Args;
use crate::child::Job;
use crate::report;

/// A size of a workload that was asked for.
pub(crate) struct Wanted<'w> {
    pub(crate) file: &'w str,
    pub(crate) workload: &'w Workload,
    pub(crate) size: &'w Size,
}

/// Runs what was asked for.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let workloads = workload::read_all(&workload::folder())?;
    let mut wanted = Vec::new();
    for (file, workload) in args.wanted(&workloads) {
        wanted.extend(args.sizes(workload).into_iter().map(|size| Wanted { file, workload, size }));
    }
    ensure!(!wanted.is_empty(), "no workload and size is so called; see --list");
    if args.list {
        print!("{}", report::list(&wanted));
        return Ok(());
    }
    let circumstances = Circumstances::now(command());
    let mut runs = Vec::new();
    // Round by round, so that a change of the machine's load meets all of them.
    for number in 1..=args.runs {
        for wanted in &wanted {
            runs.extend(round(args, wanted, number)?);
        }
    }
    let table = report::table(&wanted, &runs);
    match args.json {
        true => eprintln!("{table}"),
        false => println!("{table}"),
    }
    if let Some(name) = &args.name {
        let folder = report::write(&circumstances, name, &table, &wanted, &runs)?;
        eprintln!("written to {}", folder.display());
    }
    Ok(())
}

/// One run; of a workload with churn or deletions one without them too, just before, to compare with.
fn round(args: &Args, wanted: &Wanted<'_>, number: usize) -> anyhow::Result<Vec<Run>> {
    let operations = wanted.workload.operations(wanted.size)?;
    let mut runs = Vec::new();
    for calm in [true, false] {
        if calm && (args.json || !operations.iter().any(Operation::is_beside)) {
            continue;
        }
        let job = Job {
            file: wanted.file.to_owned(),
            size: wanted.size.name.clone(),
            run: number,
            calm,
            trace: args.trace,
            allocations: args.allocations,
        };
        let run = start(&job).with_context(|| format!("{} {}", wanted.file, wanted.size.name))?;
        eprintln!("{}", report::line(&run));
        if args.json {
            println!("{}", serde_json::to_string(&run)?);
        }
        runs.push(run);
    }
    Ok(runs)
}

fn start(job: &Job) -> anyhow::Result<Run> {
    let program = std::env::current_exe()?;
    let job = serde_json::to_string(job)?;
    let output = Command::new(program).args(["--child", &job]).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the run failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn command() -> String {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    format!("cargo bench --locked -p longshore-benches --bench workloads -- {}", arguments.join(" "))
}
