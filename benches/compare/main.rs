//! Two recorded runs of workloads: base and change, and whether they differ by more than chance.

#![allow(clippy::print_stdout, reason = "a bench reports to people")]

use std::path::PathBuf;

use anyhow::ensure;
use clap::Parser;
use longshore_benches::results::{self, Run, groups};
use longshore_benches::stats::{mann_whitney, median};

/// A probability above this shows no difference.
const CHANCE: f64 = 0.05;

/// Compares two folders of benches/runs.
#[derive(Parser, Debug)]
struct Args {
    /// The folder to compare with
    base: PathBuf,
    /// The folder with the change
    change: PathBuf,
    /// Cargo says so
    #[arg(long, hide = true)]
    bench: bool,
}

/// Something that is compared: its name, and where a run has it.
type Quantity = (&'static str, fn(&Run) -> Option<f64>);

const QUANTITIES: [Quantity; 6] = [
    ("pods/s", |run| Some(run.pods_per_second)),
    ("CPU us/pod", |run| Some(run.cpu_us_per_pod)),
    ("p99 us", |run| Some(run.p99_us)),
    ("evicting p50 us", |run| Some(run.preempting?.p50_us)),
    ("peak RSS MiB", |run| Some(run.rss_mib)),
    ("allocations/pod", |run| run.allocations_per_pod),
];

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let (base, change) = (results::read(&args.base)?, results::read(&args.change)?);
    let rows = rows(&base, &change);
    ensure!(!rows.is_empty(), "the two have no workload and size in common");
    println!(
        "| workload | size | | base | change | change / base | p | |\n|---|---|---|---|---|---|---|---|"
    );
    for row in rows {
        println!("{row}");
    }
    Ok(())
}

fn rows(base: &[Run], change: &[Run]) -> Vec<String> {
    let changed = groups(change);
    let mut rows = Vec::new();
    for before in groups(base) {
        let Some(after) = changed.iter().find(|group| group[0].is_like(before[0])) else { continue };
        rows.extend(QUANTITIES.iter().filter_map(|quantity| row(&before, after, quantity)));
    }
    rows
}

fn row(before: &[&Run], after: &[&Run], (name, pick): &Quantity) -> Option<String> {
    let values = |runs: &[&Run]| runs.iter().filter_map(|run| pick(run)).collect::<Vec<f64>>();
    let (before_values, after_values) = (values(before), values(after));
    if before_values.is_empty() || after_values.is_empty() {
        return None;
    }
    let (from, to) = (median(&before_values), median(&after_values));
    let p = mann_whitney(&before_values, &after_values);
    let run = before[0];
    Some(format!(
        "| {}{} | {} | {name} | {from:.2} | {to:.2} | {:.3} | {p:.3} | {} |",
        run.workload,
        if run.calm { ", calm" } else { "" },
        run.size,
        to / from,
        if p > CHANCE { "no difference shown" } else { "" }
    ))
}
