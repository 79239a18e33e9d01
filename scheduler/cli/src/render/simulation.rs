//! A simulation for people: who went where, who is left and why, and how full the nodes are.

use std::collections::BTreeMap;
use std::io::{self, Write};

use longshore_simulation::report::{Decided, Pending, Simulation, Summary, Utilisation};
use longshore_simulation::text::bytes::amount;

use super::table::Table;
use super::{devices, seen};
use crate::console::{Style, printable};
use crate::input::some;

/// The table lists placements up to this many pods; more is for `-o wide`.
pub(crate) const LISTED: usize = 50;

/// Groups of pending pods that the table shows at the most.
const GROUPS: usize = 20;

/// Pods of a group that are listed one by one, at the most.
const FEW: usize = 3;

/// How to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) wide: bool,
    pub(crate) headers: bool,
    pub(crate) several_profiles: bool,
    pub(crate) style: Style,
}

/// Prints everything.
pub(crate) fn write(out: &mut dyn Write, report: &Simulation, layout: Layout) -> io::Result<()> {
    if report.summary.pods == 0 && report.skipped.is_empty() {
        writeln!(out, "No pending pods: nothing to schedule.")?;
        writeln!(out)?;
    }
    if let Some(nodes) = &report.nodes {
        seen::nodes(out, nodes, layout.headers, layout.wide)?;
        writeln!(out)?;
    }
    if let Some(owners) = &report.owners {
        seen::owners(out, owners, layout.headers)?;
        writeln!(out)?;
    }
    let is_seen = report.nodes.is_some() || report.owners.is_some();
    let listed = layout.wide || report.summary.pods + report.summary.skipped <= LISTED;
    if listed && !is_seen && !report.placements.is_empty() {
        placements(out, report, layout)?;
        writeln!(out)?;
    }
    pending(out, report, layout)?;
    let heading = layout.style.bad(&format!("Removed ({})", report.removed.len()));
    seen::removed(out, &report.removed, &heading)?;
    evicted(out, report, layout)?;
    skipped(out, report, layout)?;
    summary(out, report, layout)?;
    if !listed && !is_seen && !report.placements.is_empty() {
        writeln!(out)?;
        writeln!(out, "Placements are listed with -o wide, json or yaml.")?;
    }
    Ok(())
}

fn placements(out: &mut dyn Write, report: &Simulation, layout: Layout) -> io::Result<()> {
    let mut header = vec!["NAMESPACE", "NAME", "NODE"];
    if layout.wide {
        header.extend(["PRIORITY", "SCORE", "ATTEMPTS", "PROFILE"]);
    } else if layout.several_profiles {
        header.push("PROFILE");
    }
    let mut table = Table::new(&header);
    for placement in &report.placements {
        let (namespace, name) = placement.pod.split_once('/').unwrap_or(("", &placement.pod));
        let mut row = vec![namespace.to_string(), name.to_string(), placement.node.clone()];
        if layout.wide {
            row.push(placement.priority.to_string());
            row.push(placement.score.map_or("-".to_string(), |s| s.to_string()));
            row.push(placement.attempts.to_string());
        }
        if layout.wide || layout.several_profiles {
            row.push(placement.profile.clone());
        }
        table.row(row);
    }
    table.write(out, 0, layout.headers)
}

/// Pods with the same message together, the largest group first.
fn pending(out: &mut dyn Write, report: &Simulation, layout: Layout) -> io::Result<()> {
    let pending = &report.pending;
    if pending.is_empty() {
        return Ok(());
    }
    let mut groups: Vec<(&str, Vec<&Pending>)> = Vec::new();
    let mut places = rustc_hash::FxHashMap::default();
    for pod in pending {
        let place = *places.entry(pod.message.as_str()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, pods)) => pods.push(pod),
            None => groups.push((&pod.message, vec![pod])),
        }
    }
    groups.sort_by_key(|(_, pods)| std::cmp::Reverse(pods.len()));
    writeln!(out, "{}", layout.style.bad(&format!("Pending ({})", pending.len())))?;
    let most = if layout.wide { usize::MAX } else { GROUPS };
    for (message, pods) in groups.iter().take(most) {
        writeln!(out, "  {}", printable(&who(pods, report, layout.wide)))?;
        writeln!(out, "      {}", printable(message))?;
        for search in pods.first().into_iter().flat_map(|pod| &pod.devices) {
            writeln!(out, "      {}", printable(&devices::line(search)))?;
        }
    }
    if groups.len() > most {
        writeln!(out, "  and pods with {} more messages, listed with -o wide", groups.len() - most)?;
    }
    writeln!(out)
}

/// The pods of a group; where they are many, by their workload, with how many it has.
fn who(pods: &[&Pending], report: &Simulation, all: bool) -> String {
    let mut lots: Vec<(String, usize)> = Vec::new();
    let few = all || pods.len() <= FEW;
    let mut places = rustc_hash::FxHashMap::default();
    for pod in pods {
        let owner = pod.owner.as_ref().filter(|_| !few);
        let name = owner.map_or(&pod.pod, |owner| owner);
        let place = *places.entry(name).or_insert(lots.len());
        match lots.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => lots.push((name.clone(), 1)),
        }
    }
    lots.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let names: Vec<String> = lots
        .into_iter()
        .map(|(name, count)| match report.sizes.get(&name) {
            Some(size) => {
                format!("{} {count}/{size}", name.split_once(' ').map_or(name.as_str(), |(_, name)| name))
            }
            None => name,
        })
        .collect();
    shown(&names.iter().map(String::as_str).collect::<Vec<_>>(), all)
}

fn shown(pods: &[&str], all: bool) -> String {
    if all { pods.join(", ") } else { some(pods) }
}

fn evicted(out: &mut dyn Write, report: &Simulation, layout: Layout) -> io::Result<()> {
    if report.evicted.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", layout.style.bad(&format!("Evicted ({})", report.evicted.len())))?;
    let mut table = Table::default();
    for evicted in &report.evicted {
        table.row([evicted.pod.clone(), format!("from {}", evicted.node), format!("for {}", evicted.by)]);
    }
    table.write(out, 2, false)?;
    writeln!(out)
}

/// Pods with the same reason together.
fn skipped(out: &mut dyn Write, report: &Simulation, layout: Layout) -> io::Result<()> {
    if report.skipped.is_empty() {
        return Ok(());
    }
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for skipped in &report.skipped {
        groups.entry(&skipped.reason).or_default().push(&skipped.pod);
    }
    writeln!(out, "{}", layout.style.bad(&format!("Skipped ({})", report.skipped.len())))?;
    for (reason, pods) in groups {
        writeln!(out, "  {}", printable(&shown(&pods, layout.wide)))?;
        writeln!(out, "      {}", printable(reason))?;
    }
    writeln!(out)
}

fn summary(out: &mut dyn Write, report: &Simulation, layout: Layout) -> io::Result<()> {
    let (summary, style) = (&report.summary, layout.style);
    writeln!(out, "{}", style.heading("Summary"))?;
    let mut table = Table::default();
    table.row(["nodes".to_string(), summary.nodes.to_string()]);
    table.row(["pods".to_string(), counts(summary)]);
    if let Some(fix) = report.skipped.iter().find_map(|skipped| skipped.fix.as_ref()) {
        let skipped = summary.not_placed - summary.pending;
        let text = format!("{skipped}, because no profile has their schedulerName: {fix}");
        table.row(["not decided".to_string(), text]);
    }
    if summary.evicted > 0 {
        table.row(["evicted".to_string(), summary.evicted.to_string()]);
    }
    if !report.unreadable.is_empty() {
        let text = format!("{} object(s), {} of them pods", report.unreadable.len(), summary.unreadable_pods);
        table.row(["unreadable".to_string(), text]);
    }
    if !report.unexpanded.is_empty() {
        table.row(["not expanded".to_string(), missing(report)]);
    }
    table.row(["time".to_string(), times(summary)]);
    if !summary.decided.is_empty() {
        table.row(["decided".to_string(), paths(&summary.decided)]);
    }
    table.row(["rules".to_string(), report.rules.to_string()]);
    if let Some(seed) = summary.seed {
        table.row(["ties".to_string(), format!("at random, seed {seed}")]);
    }
    table.write(out, 2, false)?;
    if !summary.utilisation.is_empty() {
        writeln!(out)?;
        utilisation(out, &summary.utilisation, layout)?;
    }
    if !summary.devices.is_empty() {
        writeln!(out)?;
        devices::utilisation(out, &summary.devices, layout.headers)?;
    }
    Ok(())
}

fn counts(summary: &Summary) -> String {
    let mut text =
        format!("{} to schedule: {} scheduled, {} pending", summary.pods, summary.scheduled, summary.pending);
    for (count, what) in [
        (summary.skipped, "skipped"),
        (summary.refused, "refused"),
        (summary.running, "running before"),
        (summary.finished, "finished"),
    ] {
        if count > 0 {
            text.push_str(&format!("; {count} {what}"));
        }
    }
    text
}

/// How many decisions were made from what is kept, and why the others were not.
fn paths(decided: &[Decided]) -> String {
    let kept: usize = decided.iter().filter(|d| d.is_kept()).map(|d| d.decisions).sum();
    let in_full = decided.iter().filter(|d| !d.is_kept());
    let why = in_full.clone().map(|d| match &d.plugin {
        Some(plugin) => format!("{} {plugin} {}", d.path, d.decisions),
        None => format!("{} {}", d.path, d.decisions),
    });
    match in_full.clone().map(|d| d.decisions).sum::<usize>() {
        0 => format!("{kept} from what is kept"),
        count => {
            format!("{kept} from what is kept, {count} in full ({})", why.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Pods that no object stands for.
fn missing(report: &Simulation) -> String {
    let pods = report.unexpanded.iter().filter_map(|u| u.pods).fold(0, u64::saturating_add);
    let more = if report.unexpanded.iter().any(|u| u.pods.is_none()) { " or more" } else { "" };
    format!("{} object(s), {pods}{more} pods are missing", report.unexpanded.len())
}

fn times(summary: &Summary) -> String {
    let mut text =
        format!("read in {}, decided in {}", seconds(summary.read_seconds), seconds(summary.decide_seconds));
    if summary.pods_per_second > 0.0 {
        text.push_str(&format!(" ({:.0} pods/s)", summary.pods_per_second));
    }
    text
}

fn seconds(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1000.0) } else { format!("{seconds:.2} s") }
}

/// What no pod asks for is left out, but for cpu and memory.
fn utilisation(out: &mut dyn Write, rows: &[Utilisation], layout: Layout) -> io::Result<()> {
    let mut table =
        Table::new(&["RESOURCE", "REQUESTED", "ALLOCATABLE", "NODES", "MEAN", "SPREAD", "0%......100%"])
            .right(1..6);
    for row in rows.iter().filter(|r| r.requested != 0 || matches!(r.resource.as_str(), "cpu" | "memory")) {
        table.row([
            row.resource.clone(),
            amount(&row.resource, row.requested),
            amount(&row.resource, row.allocatable),
            row.nodes.to_string(),
            percent(row.mean),
            percent(row.spread),
            blocks(&row.histogram),
        ]);
    }
    table.write(out, 2, layout.headers)
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// One block per part, as high as its share of the largest.
fn blocks(histogram: &[usize]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = histogram.iter().copied().max().unwrap_or(0).max(1);
    let bars = histogram.iter().map(|count| match count {
        0 => '·',
        _ => BLOCKS[(count * BLOCKS.len()).div_ceil(most) - 1],
    });
    format!("|{}|", bars.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_histogram_shows_every_part_that_has_nodes() {
        assert_eq!(blocks(&[0, 1, 8, 4]), "|·▁█▄|");
        assert_eq!(blocks(&[1, 1000]), "|▁█|");
        assert_eq!(blocks(&[0, 0]), "|··|");
    }

    #[test]
    fn short_times_are_in_milliseconds() {
        assert_eq!((seconds(0.0123), seconds(12.3)), ("12.3 ms".to_string(), "12.30 s".to_string()));
    }
}
