//! Several configurations side by side, for people.

use std::io::{self, Write};
use std::path::Path;

use longshore_simulation::report::{Comparison, Run, RunCost};

use super::table::Table;
use crate::console::Style;

/// Moved pods that are listed at the most; more is for `-o wide`.
const LISTED: usize = 50;

/// Prints the numbers of all runs, then the pods that moved.
pub(crate) fn write(
    out: &mut dyn Write,
    report: &Comparison,
    style: Style,
    headers: bool,
    wide: bool,
) -> io::Result<()> {
    let names: Vec<String> = report.runs.iter().map(|run| short(&run.config)).collect();
    let mut header = vec![""];
    header.extend(names.iter().map(String::as_str));
    let mut table = Table::new(&header).right(1..=report.runs.len());
    type Count = fn(&Run) -> usize;
    let counts: [(&str, Count); 5] = [
        ("scheduled", |run| run.scheduled),
        ("pending", |run| run.pending),
        ("evicted", |run| run.evicted),
        ("skipped", |run| run.skipped),
        ("nodes in use", |run| run.nodes_in_use),
    ];
    for (name, count) in counts {
        table.row([name.to_string()].into_iter().chain(report.runs.iter().map(|run| count(run).to_string())));
    }
    if report.runs.iter().any(|run| run.cost.is_some()) {
        table.row(["cost of nodes in use".to_string()].into_iter().chain(report.runs.iter().map(cost)));
    }
    for resource in resources(report) {
        let share = |run: &Run, pick: fn(f64, f64) -> f64| {
            let found = run.utilisation.iter().find(|u| u.resource == resource);
            found.map_or("-".to_string(), |u| format!("{:.0}%", pick(u.mean, u.spread) * 100.0))
        };
        let mean = report.runs.iter().map(|run| share(run, |mean, _| mean));
        table.row([format!("{resource} used, mean")].into_iter().chain(mean));
        let spread = report.runs.iter().map(|run| share(run, |_, spread| spread));
        table.row([format!("{resource} used, spread")].into_iter().chain(spread));
    }
    table.write(out, 0, headers)?;
    writeln!(out)?;
    if report.moved.is_empty() {
        return writeln!(out, "No pod moved.");
    }
    writeln!(out, "{}", style.heading(&format!("Moved ({})", report.moved.len())))?;
    let mut header = vec!["POD"];
    header.extend(names.iter().map(String::as_str));
    let mut table = Table::new(&header);
    let most = if wide { usize::MAX } else { LISTED };
    for moved in report.moved.iter().take(most) {
        let nodes = moved.nodes.iter().map(|node| node.clone().unwrap_or_else(|| "-".to_string()));
        table.row([moved.pod.clone()].into_iter().chain(nodes));
    }
    table.write(out, 2, headers)?;
    if report.moved.len() > most {
        writeln!(out, "  and {} more, listed with -o wide", report.moved.len() - most)?;
    }
    Ok(())
}

/// With the number of nodes that no price was given for.
fn cost(run: &Run) -> String {
    match run.cost {
        None => "-".to_string(),
        Some(RunCost { total, unpriced: 0 }) => total.to_string(),
        Some(RunCost { total, unpriced }) => format!("{total} and {unpriced} without a price"),
    }
}

/// Those that some pod asks for, as the summary of a simulation has them.
fn resources(report: &Comparison) -> Vec<String> {
    let all = report.runs.first().map_or(&[][..], |run| &run.utilisation);
    let asked = |name: &str| {
        let rows = report.runs.iter().flat_map(|run| &run.utilisation).filter(|u| u.resource == name);
        rows.map(|u| u.requested).any(|requested| requested != 0)
    };
    all.iter()
        .filter(|u| matches!(u.resource.as_str(), "cpu" | "memory") || asked(&u.resource))
        .map(|u| u.resource.clone())
        .collect()
}

/// The name of a file without its folders.
fn short(config: &str) -> String {
    Path::new(config).file_name().map_or(config.to_string(), |name| name.to_string_lossy().into_owned())
}
