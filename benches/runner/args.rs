//! The command line.

use clap::Parser;
use longshore_benches::workload::{Size, Workload};

/// Measures workloads and keeps the results in benches/runs/DATE-NAME.
#[derive(Parser, Debug)]
pub(crate) struct Args {
    /// Workloads: names of files, their beginnings such as mixed, or rows of the table such as B2; all if absent. With B1 among
    /// them, the others are compared with it
    pub(crate) workloads: Vec<String>,
    /// Sizes, by name or label; if absent, those with the label `table`, or the first where there is none
    #[arg(long, value_delimiter = ',')]
    pub(crate) size: Vec<String>,
    /// How often each is run
    #[arg(long, default_value_t = 6)]
    pub(crate) runs: usize,
    /// Name of the folder for the results; without it nothing is kept
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Print what there is, and end
    #[arg(long)]
    pub(crate) list: bool,
    /// Print one line of JSON for each run, for other programs; the runs that the others are compared with are left out
    #[arg(long)]
    pub(crate) json: bool,
    /// Count allocations; it costs some time
    #[arg(long)]
    pub(crate) allocations: bool,
    /// Keep the verdicts and scores of every attempt, as the engine does when it is asked to explain
    #[arg(long)]
    pub(crate) trace: bool,
    /// One run, in this process
    #[arg(long, hide = true)]
    pub(crate) child: Option<String>,
    /// Cargo says so
    #[arg(long, hide = true)]
    bench: bool,
}

impl Args {
    /// The workloads that were asked for.
    pub(crate) fn wanted<'w>(&self, all: &'w [(String, Workload)]) -> Vec<&'w (String, Workload)> {
        let is_wanted = |(file, workload): &&(String, Workload)| {
            let is_it = |wanted: &String| {
                let is_named = all.iter().any(|(file, workload)| is_called(wanted, file, workload));
                is_called(wanted, file, workload) || (!is_named && begins(wanted, file))
            };
            self.workloads.is_empty() || self.workloads.iter().any(is_it)
        };
        all.iter().filter(is_wanted).collect()
    }

    /// The sizes of the workload that were asked for.
    pub(crate) fn sizes<'w>(&self, workload: &'w Workload) -> Vec<&'w Size> {
        let table = ["table".to_owned()];
        let asked = if self.size.is_empty() { &table[..] } else { &self.size };
        let is_it = |size: &&Size| asked.iter().any(|s| *s == size.name || size.labels.contains(s));
        let found: Vec<&Size> = workload.sizes.iter().filter(is_it).collect();
        match found.is_empty() && self.size.is_empty() {
            true => workload.sizes.iter().take(1).collect(),
            false => found,
        }
    }
}

/// Whether this is the workload's row, or the name of it or its file.
fn is_called(wanted: &str, file: &str, workload: &Workload) -> bool {
    let wanted = wanted.to_lowercase();
    let (row, rest) = file.split_once('-').unwrap_or_default();
    match wanted.strip_prefix('b').is_some_and(|n| n.parse::<u32>().is_ok()) {
        true => wanted == row,
        false => wanted == file || wanted == rest || wanted == workload.name.to_lowercase(),
    }
}

/// Whether the name of the file begins so.
fn begins(wanted: &str, file: &str) -> bool {
    let rest = file.split_once('-').unwrap_or_default().1;
    rest.strip_prefix(&wanted.to_lowercase()).is_some_and(|rest| rest.starts_with('-'))
}
