//! Runs workloads: each run in a process of its own, so that its memory is its own; see `benches/README.md`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench reports to people")]

mod allocations;
mod args;
mod child;
mod instruments;
mod parent;
mod report;

use clap::Parser;

use args::Args;

/// As in the `longshore` command; it can count.
#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    match &args.child {
        Some(job) => child::run(&serde_json::from_str(job)?),
        None => parent::run(&args),
    }
}
