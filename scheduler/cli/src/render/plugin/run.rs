//! What a plugin answered about a pod, for people.

use std::io::{self, Write};

use crate::console::{Style, printable};
use crate::rehearsal::report::{PluginRun, StageResult};
use crate::render::table::Table;

/// Prints nodes, then stages, then what else it said.
pub(crate) fn run(out: &mut dyn Write, report: &PluginRun, style: Style, headers: bool) -> io::Result<()> {
    if !report.nodes.is_empty() {
        nodes(out, report, headers)?;
        writeln!(out)?;
    }
    let title = format!("{} of {}", printable(&report.pod), printable(&report.plugin));
    writeln!(out, "{}", style.heading(&title))?;
    let mut table = Table::default();
    for stage in &report.stages {
        table.row([stage.stage.to_string(), said(stage)]);
    }
    let chosen = report.chosen.as_deref().unwrap_or("none");
    table.row(["chosen".to_string(), format!("{chosen} of {} that fit", report.feasible)]);
    table.write(out, 2, false)?;
    asked(out, report, style)
}

fn nodes(out: &mut dyn Write, report: &PluginRun, headers: bool) -> io::Result<()> {
    let mut table = Table::new(&["NODE", "VERDICT", "RAW", "SCORE", "REASON"]).right([2, 3]);
    for node in &report.nodes {
        let number = |n: Option<i64>| n.map_or("-".to_string(), |n| n.to_string());
        let why = match (&node.message, node.code) {
            (Some(message), Some(code)) => format!("{message} ({code})"),
            _ => String::new(),
        };
        table.row([node.node.clone(), node.verdict.to_string(), number(node.raw), number(node.score), why]);
    }
    table.write(out, 0, headers)
}

/// A stage's answer in one line.
pub(crate) fn said(stage: &StageResult) -> String {
    let mut text = stage.answer.to_string();
    if let Some(message) = &stage.message {
        text.push_str(&format!(": {message}"));
    }
    if let Some(code) = stage.code {
        text.push_str(&format!(" ({code})"));
    }
    if let Some(nodes) = &stage.nodes {
        text.push_str(&format!(" {}", nodes.join(", ")));
    }
    if let Some(victims) = stage.victims.as_ref().filter(|v| !v.is_empty()) {
        text.push_str(&format!(", evicting {}", victims.join(", ")));
    }
    if let Some(millis) = stage.wait_millis {
        text.push_str(&format!(" for at most {} s", millis as f64 / 1000.0));
    }
    let annotations = stage.annotations.iter().flatten();
    let pairs: Vec<String> = annotations.map(|(key, value)| format!("{key}={value}")).collect();
    if !pairs.is_empty() {
        text.push_str(&format!(" with {}", pairs.join(", ")));
    }
    text
}

fn asked(out: &mut dyn Write, report: &PluginRun, style: Style) -> io::Result<()> {
    let mut section = |title: &str, lines: Vec<String>| -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        writeln!(out)?;
        writeln!(out, "{}", style.heading(title))?;
        lines.iter().try_for_each(|line| writeln!(out, "  {}", printable(line)))
    };
    section("Log", report.log.iter().map(|l| format!("{}: {}", l.level, l.message)).collect())?;
    let event =
        |e: &crate::rehearsal::report::EventOf| format!("{} {}: {} ({})", e.r#type, e.reason, e.note, e.uid);
    section("Events", report.events.iter().map(event).collect())?;
    section("Allowed", report.allowed.clone())?;
    section("Tried again", report.activated.clone())?;
    section("Turned away", report.turned_away.iter().map(|t| format!("{}: {}", t.uid, t.message)).collect())
}
