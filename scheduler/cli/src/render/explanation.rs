//! An explanation for people: the answer first, then stage by stage how it came about, then what would help.

use std::io::{self, Write};

use longshore_simulation::report::{ChangeOf, Explanation, Preemption, Relaxation, Status};
use longshore_simulation::text::names::{named, thousands};

use super::table::Table;
use super::{devices, preemption, scores};
use crate::console::{Style, printable};

/// Changes that are listed, at the most.
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
        thousands(explanation.decided_before),
        thousands(explanation.feasible),
        thousands(explanation.nodes)
    )?;
    pre_filter(out, explanation, style)?;
    filters(out, explanation, style, headers)?;
    score(out, explanation, style, headers)?;
    if let Some(said) = &explanation.preemption
        && adds_something(said, explanation)
    {
        preemption::write(out, said, style)?;
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
        Status::Scheduled => style.good(&format!("{pod} goes to {node}{}.", scores::tied(explanation.tied))),
        Status::Preempting => style.bad(&format!("{pod} goes to {node} once others have made room.")),
        Status::Unschedulable => style.bad(&format!("{pod} fits nowhere.")),
        Status::Gated => style.bad(&format!("{pod} is gated.")),
        Status::Skipped => style.bad(&format!("{pod} is not decided here.")),
        Status::Error => style.bad(&format!("{pod} cannot be decided: a plugin failed.")),
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

fn score(out: &mut dyn Write, explanation: &Explanation, style: Style, headers: bool) -> io::Result<()> {
    let scored = &explanation.scores;
    if scored.is_empty() {
        if explanation.status == Status::Scheduled && explanation.feasible == 1 {
            section(out, "Score", style)?;
            writeln!(out, "  Nothing was scored: it is the only node.")?;
        }
        return Ok(());
    }
    let (best, of) = (scored.len(), thousands(explanation.feasible));
    let title = format!("Score: the best {best} of {of} nodes ({})", scores::LEGEND);
    scores::write(out, &title, scored, style, headers)
}

/// Without a candidate there is only its message, which the pod's own message ends with.
fn adds_something(preemption: &Preemption, explanation: &Explanation) -> bool {
    let message = preemption.message.as_deref().unwrap_or_default();
    let said = explanation.message.as_ref().is_some_and(|m| m.ends_with(message));
    preemption.node.is_some() || !preemption.failures.is_empty() || !said
}

fn help(out: &mut dyn Write, explanation: &Explanation, style: Style) -> io::Result<()> {
    if let Some(cause) = &explanation.cause {
        section(out, "One thing keeps it from every node", style)?;
        writeln!(out, "  {}", printable(cause))?;
    }
    if let Some(found) = &explanation.devices {
        section(out, "Devices: what its requests find", style)?;
        devices::write(out, found)?;
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
        writeln!(out, "  Nothing that was tried: no change of the pod and no change of a node.")?;
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
        ChangeOf::Cluster if !relaxation.on.is_empty() => {
            format!("{}: {}", relaxation.change, named(&relaxation.on))
        }
        ChangeOf::Node | ChangeOf::Both | ChangeOf::Cluster => relaxation.change.clone(),
    }
}
