//! kube-scheduler and longshore by turns on one real API server, in one run.
//!
//! From a backlog: pods exist first, then the scheduler starts. Arriving: the scheduler runs, pods come at a steady rate.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench reports to people"
)]

mod observe;
mod report;
mod run;

use clap::Parser;
use longshore_tests::control_plane::{ADMIN, ControlPlane, Kind, Options, objects};

/// Measures both schedulers side by side.
#[derive(Parser, Debug)]
struct Args {
    /// Nodes: 4 CPUs, 32Gi, 110 pods
    #[arg(long, default_value_t = 1000)]
    nodes: usize,
    /// Backlogs, in pods: 100m, 500Mi
    #[arg(long, value_delimiter = ',', default_value = "2000,10000")]
    backlogs: Vec<usize>,
    /// Rates of arrival, in pods per second
    #[arg(long, value_delimiter = ',', default_value = "100,200")]
    rates: Vec<u32>,
    /// How long pods arrive
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// How often everything is repeated
    #[arg(long, default_value_t = 1)]
    rounds: u32,
    /// Name of the run: it goes to benches/runs/DATE-NAME
    #[arg(long, default_value = "live")]
    name: String,
    /// Cargo says so
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let args = Args::parse();
    let plane = ControlPlane::start(&Options::default());
    let api = plane.api(ADMIN);
    api.create_all((0..args.nodes).map(|n| objects::node(&format!("node-{n}"))));
    let mut rows = Vec::new();
    for round in 0..args.rounds {
        // Who goes first alternates: the API server is older for the second.
        let mut kinds = [Kind::KubeScheduler, Kind::Longshore];
        if round % 2 == 1 {
            kinds.reverse();
        }
        for &pods in &args.backlogs {
            rows.extend(kinds.map(|kind| run::backlog(&plane, kind, args.nodes, pods)));
        }
        for &rate in &args.rates {
            rows.extend(kinds.map(|kind| run::arrival(&plane, kind, args.nodes, rate, args.seconds)));
        }
    }
    report::write(&args.name, &rows);
}
