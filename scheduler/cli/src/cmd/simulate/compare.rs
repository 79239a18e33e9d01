//! `longshore simulate --compare`: several configurations over one cluster, each deciding all pods.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use longshore_engine::Options;
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_simulation::report::{
    Around, Comparison, Rules, Run, RunCost, Simulation, is_movable, rounded,
};
use longshore_simulation::{self as simulation, Simulated};
use rustc_hash::FxHashMap;

use super::{detail, options};
use crate::args::format::Format;
use crate::args::price::Price;
use crate::args::{DataFormat, SimulateArgs, Ties};
use crate::console::Console;
use crate::exit::{Exit, UsageError};
use crate::input::{self, Input};
use crate::render::{comparison as table, data, html, picked};
use crate::{selection, sources};

/// What one configuration comes to.
struct Outcome {
    run: Run,
    report: Simulation,
    rules: Rules,
    /// An answer of a plugin is missing.
    spoiled: bool,
}

/// Decides with each configuration and prints what differs.
pub(super) fn run(args: &SimulateArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    if args.input.from_cluster {
        let message = "--compare reads the input once for each configuration: write the cluster to a file with longshore dump, and \
                       name that with -f";
        return Err(UsageError(message.to_string()).into());
    }
    if args.input.choice.profile.is_some() {
        return Err(UsageError(
            "--profile does not go with --compare: the first profile of each file decides".into(),
        )
        .into());
    }
    let mut configs: Vec<Option<&Path>> = args.input.config.iter().map(|path| Some(path.as_path())).collect();
    if configs.is_empty() && args.compare.len() == 1 {
        configs.push(None);
    }
    configs.extend(args.compare.iter().map(|path| Some(path.as_path())));
    if let Some(warning) = detail::warning(args) {
        console.warn(warning);
    }
    let sources = sources::gather(&args.input.filenames, &args.input.kustomizations)?;
    let mut outcomes = Vec::new();
    for (at, config) in configs.into_iter().enumerate() {
        let mut unheard = Vec::new();
        // What there is to say of the cluster is said once.
        let mut quiet = Console { out: &mut Vec::new(), err: &mut unheard, colour: false, progress: false };
        let input = if at == 0 {
            input::load_from(&args.input, sources.clone(), config, console)
        } else {
            input::load_from(&args.input, sources.clone(), config, &mut quiet)
        };
        let name = config.map_or("default".to_string(), |path| path.display().to_string());
        outcomes.push(decide(args, input.with_context(|| name.clone())?, name, console)?);
    }
    let spoiled = outcomes.iter().any(|outcome| outcome.spoiled || !outcome.report.unreadable.is_empty());
    let left_out = outcomes.iter().any(|outcome| outcome.report.leaves_pods_out());
    let Some(rules) = outcomes.first().map(|outcome| outcome.rules.clone()) else { return Ok(Exit::Done) };
    let (runs, reports): (Vec<Run>, Vec<Simulation>) =
        outcomes.into_iter().map(|outcome| (outcome.run, outcome.report)).unzip();
    print(args, &Comparison::new(rules, runs, &reports), console)?;
    Ok(match (spoiled, args.fail_on_pending && left_out) {
        (true, _) => Exit::Failure,
        (false, true) => Exit::Pending,
        (false, false) => Exit::Done,
    })
}

fn decide(
    args: &SimulateArgs,
    input: Input,
    name: String,
    console: &mut Console<'_>,
) -> anyhow::Result<Outcome> {
    let Input { cluster, resolved, extenders, requests, failures, features, .. } = input;
    let profile =
        resolved.profiles.first().map_or(String::new(), |profile| profile.scheduler_name.to_string());
    let options = Options {
        adopt_all: true,
        extenders: extenders.list(),
        requests,
        features,
        ..options(&args.decision)?
    };
    let mut simulated = simulation::run(&cluster, resolved.profiles, options, &mut |_| {});
    let seed = (args.decision.tie_break == Ties::Random).then_some(args.decision.seed);
    let scores = FxHashMap::default();
    let around = Around { cluster: &cluster, seed, read_seconds: 0.0, scores: &scores };
    let mut report = Simulation::new(&simulated, around);
    let in_use = in_use(&simulated);
    let mut run = Run::of(name, profile, in_use.len(), &report);
    run.cost = (!args.price.is_empty()).then(|| cost(&args.price, &in_use));
    if !selection::is_all(&args.selection) {
        report.select(&simulated, &|pod: &Pod| selection::shows(&args.selection, pod));
    }
    run.detail = detail::is_wanted(args).then(|| detail::of(&report, &mut simulated));
    for line in failures.lines() {
        console.warn(&line);
    }
    Ok(Outcome { run, report, rules: features.into(), spoiled: failures.spoils() })
}

/// Nodes that could not be removed: some pod is on them that belongs to no DaemonSet and not to the node itself.
fn in_use(simulated: &Simulated) -> Vec<Arc<Node>> {
    let snapshot = simulated.engine.snapshot();
    let used = snapshot.order().iter().filter(|slot| snapshot.pods(**slot).iter().any(|pod| is_movable(pod)));
    used.map(|slot| Arc::clone(snapshot.node(*slot))).collect()
}

/// What these nodes cost.
fn cost(prices: &[Price], nodes: &[Arc<Node>]) -> RunCost {
    let (mut total, mut unpriced) = (0.0, 0);
    for node in nodes {
        match Price::of(prices, &node.labels) {
            Some(price) => total += price,
            None => unpriced += 1,
        }
    }
    RunCost { total: rounded(total, 6), unpriced }
}

fn print(args: &SimulateArgs, report: &Comparison, console: &mut Console<'_>) -> anyhow::Result<()> {
    match &args.output {
        Format::Json => data::write(console.out, DataFormat::Json, report)?,
        Format::Yaml => data::write(console.out, DataFormat::Yaml, report)?,
        Format::Html => html::write(console.out, report)?,
        Format::JsonPath(path) => picked::template(console.out, path, report)?,
        Format::JsonPathAsJson(path) => picked::template_as_json(console.out, path, report)?,
        Format::Name => picked::names(console.out, report.moved.iter().map(|moved| moved.pod.as_str()))?,
        Format::CustomColumns(columns) => {
            let rows: Vec<_> = report.moved.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
            picked::columns(console.out, columns, &rows, !args.no_headers)?;
        }
        Format::Table | Format::Wide => {
            let (style, wide) = (console.style(), args.output == Format::Wide);
            table::write(console.out, report, style, !args.no_headers, wide)?;
        }
    }
    Ok(())
}
