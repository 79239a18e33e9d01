//! An explanation for people: the answer first, then stage by stage how it came about, then what would help.

use std::io::{self, Write};

use super::names::named;
use super::table::Table;
use crate::console::{Style, printable};
use crate::report::{ChangeOf, Explanation, Preemption, Relaxation, ScoredNode, Status};

/// Changes, and nodes for a preemption, that are listed, at the most.
const LISTED: usize = 8;

/// Prints everything.
pub(crate) fn write(
    out: &mut dyn Write,
    explanation: &Explanation,
    style: Style,
    headers: bool,
) -> io::Result<()> {
    writeln!(out, "{}", answer(explanation, style))?;
    if let Some(message) = &explanation.message {
        writeln!(out, "  {}", printable(message))?;
    }
    for note in &explanation.notes {
        writeln!(out, "  {}", printable(note))?;
    }
    let Some(profile) = &explanation.profile else { return Ok(()) };
    writeln!(
        out,
        "  Profile {}, priority {}, after {} other pod(s); {} of {} node(s) pass every filter.",
        printable(profile),
        explanation.priority,
        explanation.decided_before,
        explanation.feasible,
        explanation.nodes
    )?;
    pre_filter(out, explanation, style)?;
    filters(out, explanation, style, headers)?;
    scores(out, explanation, style, headers)?;
    if let Some(preemption) = &explanation.preemption
        && adds_something(preemption, explanation)
    {
        preempt(out, preemption, style)?;
    }
    if explanation.feasible == 0 {
        help(out, explanation, style)?;
    }
    Ok(())
}

fn answer(explanation: &Explanation, style: Style) -> String {
    let pod = printable(&explanation.pod);
    let node = printable(explanation.node.as_deref().unwrap_or("-"));
    match explanation.status {
        Status::Running => style.good(&format!("{pod} runs on {node}.")),
        Status::Scheduled => style.good(&format!("{pod} goes to {node}.")),
        Status::Preempting => style.bad(&format!("{pod} goes to {node} once others have made room.")),
        Status::Unschedulable => style.bad(&format!("{pod} fits nowhere.")),
        Status::Gated => style.bad(&format!("{pod} is gated.")),
        Status::Skipped => style.bad(&format!("{pod} is not decided here.")),
        Status::Error => style.bad(&format!("{pod} cannot be decided: a plugin broke.")),
    }
}

fn section(out: &mut dyn Write, title: &str, style: Style) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "{}", style.heading(title))
}

fn pre_filter(out: &mut dyn Write, explanation: &Explanation, style: Style) -> io::Result<()> {
    let Some(said) = &explanation.pre_filter else { return Ok(()) };
    section(out, "PreFilter", style)?;
    if !said.reasons.is_empty() {
        let by = said.plugin.as_ref().map_or(String::new(), |p| format!("{p}: "));
        writeln!(out, "  {}{}", printable(&by), printable(&said.reasons.join(", ")))?;
    }
    if let Some(nodes) = &said.nodes {
        writeln!(out, "  leaves only {}", printable(&named(nodes)))?;
    }
    Ok(())
}

fn filters(out: &mut dyn Write, explanation: &Explanation, style: Style, headers: bool) -> io::Result<()> {
    if explanation.filters.is_empty() {
        return Ok(());
    }
    section(out, "Filter: who rejects which nodes", style)?;
    let mut table = Table::new(&["PLUGIN", "NODES", "EVICTING", "REASON", "WHICH"]).right([1]);
    for group in &explanation.filters {
        table.row([
            group.plugin.clone(),
            group.nodes.len().to_string(),
            if group.code == "UnschedulableAndUnresolvable" { "no use" } else { "may help" }.to_string(),
            group.reasons.join(", "),
            named(&group.nodes),
        ]);
    }
    table.write(out, 2, headers)
}

/// One row per plugin, one column per node.
fn scores(out: &mut dyn Write, explanation: &Explanation, style: Style, headers: bool) -> io::Result<()> {
    let scored = &explanation.scores;
    let Some(best) = scored.first() else {
        if explanation.status == Status::Scheduled && explanation.feasible == 1 {
            section(out, "Score", style)?;
            writeln!(out, "  Nothing was scored: it is the only node.")?;
        }
        return Ok(());
    };
    let title = format!(
        "Score: the best {} of {} nodes (raw > normalised; total = sum of normalised x weight)",
        scored.len(),
        explanation.feasible
    );
    section(out, &title, style)?;
    let mut header = vec!["PLUGIN".to_string(), "WEIGHT".to_string()];
    header.extend(scored.iter().map(|n| if n.chosen { format!("*{}", n.node) } else { n.node.clone() }));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = Table::new(&header).right(1..header.len());
    for (at, plugin) in best.scores.iter().enumerate() {
        let mut row = vec![plugin.plugin.clone(), plugin.weight.to_string()];
        row.extend(scored.iter().map(|n| cell(n, at)));
        table.row(row);
    }
    let mut totals = vec!["TOTAL".to_string(), String::new()];
    totals.extend(scored.iter().map(|n| n.total.to_string()));
    table.row(totals);
    table.write(out, 2, headers)
}

fn cell(node: &ScoredNode, at: usize) -> String {
    match node.scores.get(at) {
        Some(s) if s.raw == s.score => s.score.to_string(),
        Some(s) => format!("{} > {}", s.raw, s.score),
        None => "-".to_string(),
    }
}

/// Without a candidate there is only its message, which the pod's own message ends with.
fn adds_something(preemption: &Preemption, explanation: &Explanation) -> bool {
    let message = preemption.message.as_deref().unwrap_or_default();
    let said = explanation.message.as_ref().is_some_and(|m| m.ends_with(message));
    preemption.node.is_some() || !preemption.failures.is_empty() || !said
}

fn preempt(out: &mut dyn Write, preemption: &Preemption, style: Style) -> io::Result<()> {
    section(out, "Preemption", style)?;
    match &preemption.node {
        Some(node) => {
            writeln!(
                out,
                "  On {} these have to go: {}",
                printable(node),
                printable(&named(&preemption.victims))
            )?;
        }
        None => writeln!(out, "  Evicting pods would not help.")?,
    }
    let others = preemption.candidates.iter().filter(|c| Some(&c.node) != preemption.node.as_ref());
    let mut table = Table::default();
    for candidate in others.clone().take(LISTED) {
        let protected = match candidate.protected {
            0 => String::new(),
            n => format!("{n} protected by a PodDisruptionBudget"),
        };
        table.row([format!("or on {}", candidate.node), named(&candidate.victims), protected]);
    }
    table.write(out, 2, false)?;
    match others.count().saturating_sub(LISTED) {
        0 => {}
        more => writeln!(out, "  or on {more} more node(s)")?,
    }
    for failure in &preemption.failures {
        let (reasons, nodes) = (failure.reasons.join(", "), named(&failure.nodes));
        writeln!(out, "  not on {}: {}", printable(&nodes), printable(&reasons))?;
    }
    Ok(())
}

fn help(out: &mut dyn Write, explanation: &Explanation, style: Style) -> io::Result<()> {
    if let Some(cause) = &explanation.cause {
        section(out, "One thing keeps it from every node", style)?;
        writeln!(out, "  {}", printable(cause))?;
    }
    let instead = if explanation.status == Status::Preempting { " instead of evicting" } else { "" };
    section(out, &format!("What would help{instead}"), style)?;
    for relaxation in explanation.relaxations.iter().take(LISTED) {
        writeln!(out, "  {}", printable(&advice(relaxation)))?;
    }
    match explanation.relaxations.len().saturating_sub(LISTED) {
        0 => {}
        more => writeln!(out, "  and {more} more: -o json has all")?,
    }
    if explanation.relaxations.is_empty() {
        writeln!(out, "  Of all that was tried, nothing: neither a change of the pod nor one of a node.")?;
    }
    if explanation.nearest.is_empty() {
        return Ok(());
    }
    section(out, "Nearest misses", style)?;
    let mut table = Table::default();
    for miss in &explanation.nearest {
        table.row([named(&miss.nodes), miss.problems.join("; ")]);
    }
    table.write(out, 2, false)
}

/// `lower cpu to 500m or less: n3`. A change of nodes names them itself.
fn advice(relaxation: &Relaxation) -> String {
    match relaxation.of {
        ChangeOf::Pod => format!("{}: {}", relaxation.change, named(&relaxation.on)),
        ChangeOf::Node | ChangeOf::Both => relaxation.change.clone(),
    }
}
