//! A simulation seen by node or by workload, and pods that changes take away.

use std::io::{self, Write};

use longshore_simulation::report::{NodeUse, OwnerCount, Removed};
use longshore_simulation::text::bytes::amount;

use super::table::Table;

/// Resources that have a column of their own beside cpu and memory.
const MORE: usize = 3;

/// A line for each node.
pub(crate) fn nodes(out: &mut dyn Write, nodes: &[NodeUse], headers: bool, wide: bool) -> io::Result<()> {
    let others = others(nodes);
    let names = ["cpu".to_string(), "memory".to_string()].into_iter().chain(others);
    let names: Vec<String> = names.collect();
    let mut header: Vec<String> = vec!["NODE".into(), "PODS".into(), "NEW".into()];
    header.extend(names.iter().map(|name| name.to_uppercase()));
    header.push("PLACED".into());
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = Table::new(&header).right(1..3 + names.len());
    for node in nodes {
        let mut row = vec![node.node.clone(), node.pods.to_string(), node.placed.len().to_string()];
        row.extend(names.iter().map(|name| share(node, name, wide)));
        let placed: Vec<&str> = node.placed.iter().map(String::as_str).collect();
        row.push(if wide { placed.join(", ") } else { crate::input::some(&placed) });
        table.row(row);
    }
    table.write(out, 0, headers)
}

/// How full a node is: in percent, with `wide` in amounts as well.
fn share(node: &NodeUse, name: &str, wide: bool) -> String {
    let Some(share) = node.resources.iter().find(|share| share.resource == name) else {
        return "-".to_string();
    };
    let percent = match share.allocatable {
        0 => "-".to_string(),
        has => format!("{:.0}%", share.requested as f64 / has as f64 * 100.0),
    };
    match wide {
        true => {
            format!("{} of {} ({percent})", amount(name, share.requested), amount(name, share.allocatable))
        }
        false => percent,
    }
}

/// Other resources that pods ask for, those of most nodes first.
fn others(nodes: &[NodeUse]) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::new();
    let shares = nodes.iter().flat_map(|node| &node.resources).filter(|share| share.requested > 0);
    for share in shares.filter(|share| !matches!(share.resource.as_str(), "cpu" | "memory")) {
        *counts.entry(share.resource.clone()).or_insert(0_usize) += 1;
    }
    let mut names: Vec<(String, usize)> = counts.into_iter().collect();
    names.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    names.into_iter().take(MORE).map(|(name, _)| name).collect()
}

/// A line for each workload.
pub(crate) fn owners(out: &mut dyn Write, owners: &[OwnerCount], headers: bool) -> io::Result<()> {
    let mut table = Table::new(&["WORKLOAD", "PODS", "RUNNING", "PLACED", "PENDING"]).right(1..5);
    for owner in owners {
        let counts = [owner.pods, owner.running, owner.scheduled, owner.pending];
        table.row([owner.owner.clone()].into_iter().chain(counts.iter().map(ToString::to_string)));
    }
    table.write(out, 0, headers)
}

/// Pods that are no longer there, and why.
pub(crate) fn removed(out: &mut dyn Write, removed: &[Removed], heading: &str) -> io::Result<()> {
    if removed.is_empty() {
        return Ok(());
    }
    writeln!(out, "{heading}")?;
    let mut table = Table::default();
    for pod in removed {
        let from = pod.node.as_ref().map_or(String::new(), |node| format!("from {node}"));
        table.row([pod.pod.clone(), from, pod.reason.clone()]);
    }
    table.write(out, 2, false)?;
    writeln!(out)
}
