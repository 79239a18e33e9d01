//! What a preemption did, and what it weighed.

use std::io::{self, Write};

use longshore_simulation::report::{Candidate, DecidedBy, Preemption};
use longshore_simulation::text::names::{named, thousands};

use super::table::Table;
use crate::console::{Style, printable};

/// Nodes that are listed, at the most.
const LISTED: usize = 8;

/// Prints it.
pub(crate) fn write(out: &mut dyn Write, preemption: &Preemption, style: Style) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "{}", style.heading("Preemption"))?;
    match &preemption.node {
        Some(node) => {
            let victims = printable(&named(&preemption.victims));
            writeln!(out, "  On {} these have to go: {victims}", printable(node))?;
        }
        None => writeln!(out, "  Evicting pods would not help.")?,
    }
    if let (Some(decided_by), Some(tried), Some(helped)) =
        (preemption.decided_by, preemption.tried, preemption.helped)
    {
        let (tried, helped) = (thousands(tried), thousands(helped));
        let why = reason(decided_by, preemption.equal.unwrap_or(1));
        writeln!(
            out,
            "  Evictions would help on {helped} of {tried} node(s) that were tried; this one was chosen because {why}."
        )?;
    }
    let others = preemption.candidates.iter().filter(|c| Some(&c.node) != preemption.node.as_ref());
    let mut table = Table::default();
    for candidate in others.clone().take(LISTED) {
        table.row([format!("or on {}", candidate.node), named(&candidate.victims), costs(candidate)]);
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

/// What told the chosen node from the others.
fn reason(decided_by: DecidedBy, equal: usize) -> String {
    let text = match decided_by {
        DecidedBy::OnlyCandidate => "there is no other",
        DecidedBy::FewestProtectedVictims => {
            "the fewest victims there are protected by a PodDisruptionBudget"
        }
        DecidedBy::LowestHighestPriority => "its most important victim matters least",
        DecidedBy::LowestSumOfPriorities => "the priorities of its victims have the lowest sum",
        DecidedBy::FewestVictims => "it has the fewest victims",
        DecidedBy::LatestStart => "its most important victims started last",
        DecidedBy::AllEqual => "all are equally good, and ties are broken by chance",
    };
    match (decided_by, equal) {
        (DecidedBy::AllEqual | DecidedBy::OnlyCandidate, _) | (_, ..=1) => text.to_string(),
        (_, equal) => format!("{text}, as on {} other(s)", thousands(equal - 1)),
    }
}

fn costs(candidate: &Candidate) -> String {
    let mut parts = Vec::new();
    if candidate.protected > 0 {
        parts.push(format!("{} protected by a PodDisruptionBudget", candidate.protected));
    }
    if let Some(cost) = &candidate.cost {
        if cost.count > candidate.victims.len() {
            parts.push(format!("{} victims", cost.count));
        }
        parts.push(format!("highest priority {}", cost.highest_priority));
    }
    parts.join(", ")
}
