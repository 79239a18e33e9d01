//! The best nodes and what each plugin gave them: one row per plugin, one column per node.

use std::io::{self, Write};

use longshore_simulation::report::ScoredNode;
use longshore_simulation::text::names::thousands;

use super::table::Table;
use crate::console::Style;

/// Prints the nodes under `title`; the chosen one has a star.
pub(crate) fn write(
    out: &mut dyn Write,
    title: &str,
    scored: &[ScoredNode],
    style: Style,
    headers: bool,
) -> io::Result<()> {
    let Some(best) = scored.first() else { return Ok(()) };
    writeln!(out)?;
    writeln!(out, "{}", style.heading(title))?;
    let mut header = vec!["PLUGIN".to_string(), "WEIGHT".to_string()];
    header.extend(scored.iter().map(|n| if n.chosen { format!("*{}", n.node) } else { n.node.clone() }));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = Table::new(&header).right(1..header.len());
    for (at, plugin) in best.scores.iter().enumerate() {
        let mut row = vec![plugin.plugin.to_string(), plugin.weight.to_string()];
        row.extend(scored.iter().map(|n| cell(n, at)));
        table.row(row);
    }
    let mut totals = vec!["TOTAL".to_string(), String::new()];
    totals.extend(scored.iter().map(|n| n.total.to_string()));
    table.row(totals);
    table.write(out, 2, headers)
}

/// What the columns hold.
pub(crate) const LEGEND: &str = "raw > normalised; total = sum of normalised x weight";

/// `, one of 5,000 equal nodes`, where there are several.
pub(crate) fn tied(nodes: Option<usize>) -> String {
    match nodes {
        Some(nodes @ 2..) => format!(", one of {} equal nodes", thousands(nodes)),
        _ => String::new(),
    }
}

fn cell(node: &ScoredNode, at: usize) -> String {
    match node.scores.get(at) {
        Some(s) if s.raw == s.score => s.score.to_string(),
        Some(s) => format!("{} > {}", s.raw, s.score),
        None => "-".to_string(),
    }
}
