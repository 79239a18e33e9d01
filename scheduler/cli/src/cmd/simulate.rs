//! `longshore simulate`: decides every pending pod of a cluster given as files.

mod compare;
mod detail;

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use longshore_engine::trace::{NodeTrace, Trace};
use longshore_engine::{Options, Parallelism, TieBreak};
use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_manifest::Manifests;
use longshore_simulation::report::Simulation;
use longshore_simulation::{self as simulation, Observer, Record, Simulated, attempts, explain};
use rustc_hash::FxHashMap;

use crate::args::format::Format;
use crate::args::selection::By;
use crate::args::{DataFormat, DecisionArgs, SimulateArgs, Ties};
use crate::console::Console;
use crate::exit::{Exit, UsageError};
use crate::input::{self, Input};
use crate::render::{data, html, picked, simulation as table};
use crate::selection;

/// Runs with fewer pods than this are over before a progress bar is of use.
const WORTH_A_BAR: usize = 500;

/// Reads, decides, prints.
pub(crate) fn run(args: &SimulateArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    if args.input.is_empty() {
        let message = "no cluster is given: -f FILE, or --from-cluster for the one of the kubeconfig";
        return Err(UsageError(message.to_string()).into());
    }
    if !args.compare.is_empty() {
        return compare::run(args, console);
    }
    let began = Instant::now();
    let Input { cluster, resolved, adopt_all, extenders, requests, failures, features } =
        input::load(&args.input, console)?;
    let read_seconds = began.elapsed().as_secs_f64();
    let documents =
        matches!(args.output, Format::Json | Format::Yaml | Format::JsonPath(_) | Format::JsonPathAsJson(_));
    let keep_trace = args.trace && documents;
    if args.trace && !keep_trace {
        console.warn("--trace shows only with -o json and -o yaml");
    }
    let options = Options {
        adopt_all,
        trace: keep_trace || args.output == Format::Wide,
        extenders: extenders.list(),
        requests,
        features,
        ..options(&args.decision)?
    };
    if let Some(warning) = detail::warning(args) {
        console.warn(warning);
    }
    let mut watch = Watch::new(&cluster, keep_trace, console.progress);
    let mut simulated = simulation::run_watched(&cluster, resolved.profiles, options, &mut watch);
    watch.finish();
    tracing::info!(records = simulated.records.len(), "decided");
    let mut report = Simulation::new(
        &simulated,
        longshore_simulation::report::Around {
            cluster: &cluster,
            seed: (args.decision.tie_break == Ties::Random).then_some(args.decision.seed),
            read_seconds,
            scores: &watch.scores,
        },
    );
    explain::add_devices(&mut report, &simulated);
    report.claims = Some(attempts::claims(&simulated)).filter(|claims| !claims.is_null());
    report.attempts = keep_trace.then(|| attempts::to_json(&simulated));
    narrow(&mut report, args, &simulated, &cluster);
    if detail::is_wanted(args) {
        let mut detail = detail::of(&report, &mut simulated);
        report.nodes = detail.nodes.take();
        report.detail = Some(detail);
    }
    print(args, &report, &simulated, console)?;
    if let Some(warning) = nothing_decided(&report) {
        console.warn(&warning);
    }
    if let Some(warning) = input::without_budgets(&cluster, report.evicted.len()) {
        console.warn(&warning);
    }
    for line in failures.lines() {
        console.warn(&line);
    }
    Ok(exit(args, &report, failures.spoils()))
}

/// Leaves what is to be shown, and sees it as it is asked for.
fn narrow(report: &mut Simulation, args: &SimulateArgs, simulated: &Simulated, cluster: &Manifests) {
    let shows = |pod: &Pod| selection::shows(&args.selection, pod);
    if !selection::is_all(&args.selection) {
        report.select(simulated, &shows);
    }
    let running = cluster.pods.iter().filter(|pod| pod.meta.node_name.is_some()).map(AsRef::as_ref);
    report.count_owners(simulated, running, &shows, args.selection.by == Some(By::Owner));
    if args.selection.by == Some(By::Node) {
        report.add_nodes(simulated);
    }
}

/// What to say when no profile took any pod, though there were some.
fn nothing_decided(report: &Simulation) -> Option<String> {
    let fix = report.skipped.iter().find_map(|skipped| skipped.fix.as_ref())?;
    (report.summary.pods == 0)
        .then(|| format!("none of the {} pod(s) was decided: {fix}", report.skipped.len()))
}

/// The engine's options that the command line sets.
pub(crate) fn options(args: &DecisionArgs) -> anyhow::Result<Options> {
    let pool = match args.threads {
        None => None,
        Some(threads) => {
            let built = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build();
            Some(Arc::new(built.with_context(|| format!("cannot start {threads} threads; ask for fewer"))?))
        }
    };
    Ok(Options {
        seed: args.seed,
        tie_break: TieBreak::from(args.tie_break),
        parallelism: Parallelism { pool, ..Parallelism::default() },
        ..Options::default()
    })
}

fn print(
    args: &SimulateArgs,
    report: &Simulation,
    simulated: &Simulated,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    match &args.output {
        Format::Json => data::write(console.out, DataFormat::Json, report)?,
        Format::Yaml => data::write(console.out, DataFormat::Yaml, report)?,
        Format::Html => html::write(console.out, report)?,
        Format::JsonPath(path) => picked::template(console.out, path, report)?,
        Format::JsonPathAsJson(path) => picked::template_as_json(console.out, path, report)?,
        Format::Name => {
            let placed = report.placements.iter().map(|placement| placement.pod.as_str());
            let pending = report.pending.iter().map(|pending| pending.pod.as_str());
            picked::names(console.out, placed.chain(pending))?;
        }
        Format::CustomColumns(columns) => {
            picked::columns(console.out, columns, &rows(report)?, !args.no_headers)?
        }
        Format::Table | Format::Wide => {
            let layout = table::Layout {
                wide: args.output == Format::Wide,
                headers: !args.no_headers,
                several_profiles: simulated.engine.profiles().len() > 1,
                style: console.style(),
            };
            table::write(console.out, report, layout)?;
        }
    }
    Ok(())
}

/// The rows of custom columns: nodes or workloads where these are asked for, else pods, those that were placed before those that
/// are pending and those that were skipped.
fn rows(report: &Simulation) -> serde_json::Result<Vec<serde_json::Value>> {
    if let Some(nodes) = &report.nodes {
        return nodes.iter().map(serde_json::to_value).collect();
    }
    if let Some(owners) = &report.owners {
        return owners.iter().map(serde_json::to_value).collect();
    }
    let placed = report.placements.iter().map(serde_json::to_value);
    let pending = report.pending.iter().map(serde_json::to_value);
    placed.chain(pending).chain(report.skipped.iter().map(serde_json::to_value)).collect()
}

/// `spoiled`: an answer of a plugin is missing, and the profile does not ignore that.
fn exit(args: &SimulateArgs, report: &Simulation, spoiled: bool) -> Exit {
    if spoiled || !report.unreadable.is_empty() {
        Exit::Failure
    } else if args.fail_on_pending && report.leaves_pods_out() {
        Exit::Pending
    } else {
        Exit::Done
    }
}

/// Shows progress and notes the score of every placement.
struct Watch {
    bar: Option<ProgressBar>,
    keep_trace: bool,
    scores: FxHashMap<Str, i64>,
}

impl Watch {
    fn new(cluster: &Manifests, keep_trace: bool, progress: bool) -> Self {
        let pods = cluster.pods.iter().filter(|p| p.meta.node_name.is_none()).count();
        let bar = (progress && pods >= WORTH_A_BAR).then(|| {
            let bar = ProgressBar::new(pods as u64);
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} pods, {eta} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { bar, keep_trace, scores: FxHashMap::default() }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Watch {
    fn tried(&mut self, record: &mut Record) {
        let Record::Tried { attempt, retry, .. } = record else { return };
        if let (Some(bar), false) = (&self.bar, *retry) {
            bar.inc(1);
        }
        attempt.effects = Vec::new();
        let node = match &attempt.outcome {
            longshore_engine::Outcome::Assumed { node } => Some(node),
            _ => None,
        };
        if let Some((score, _)) =
            attempt.trace.as_deref().zip(node).and_then(|(t, n)| Some((total(t, n)?, n)))
        {
            self.scores.insert(Arc::clone(&attempt.pod.meta.uid), score);
        }
        if !self.keep_trace {
            attempt.trace = None;
        }
    }
}

/// The total score of a node, when nodes were scored.
fn total(trace: &Trace, node: &Str) -> Option<i64> {
    match trace.nodes.iter().flatten().find(|(name, _)| name == node)? {
        (_, NodeTrace::Feasible { scores: Some(_), total }) => Some(*total),
        _ => None,
    }
}
