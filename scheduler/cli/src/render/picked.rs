//! What kubectl's own formats make of a document: names, templates and columns.

use std::io::Write;

use anyhow::anyhow;
use serde::Serialize;
use serde_json::Value;

use super::table::Table;
use crate::args::format::{Column, JsonPath};
use crate::console::printable;

/// Names of pods, one a line, as `pod/NAME`.
///
/// # Errors
/// It cannot be written.
pub(crate) fn names<'p>(out: &mut dyn Write, pods: impl Iterator<Item = &'p str>) -> anyhow::Result<()> {
    for pod in pods {
        let name = pod.split_once('/').map_or(pod, |(_, name)| name);
        writeln!(out, "pod/{}", printable(name))?;
    }
    Ok(())
}

/// What a template makes of a document. As of kubectl, no line ends that the template does not end.
///
/// # Errors
/// The template does not fit the document, or it cannot be written.
pub(crate) fn template(
    out: &mut dyn Write,
    path: &JsonPath,
    document: &impl Serialize,
) -> anyhow::Result<()> {
    let text = path.0.text(&serde_json::to_value(document)?);
    write!(out, "{}", text.map_err(|error| anyhow!("-o jsonpath: {error}"))?)?;
    Ok(())
}

/// What a template finds, as JSON.
///
/// # Errors
/// As before.
pub(crate) fn template_as_json(
    out: &mut dyn Write,
    path: &JsonPath,
    document: &impl Serialize,
) -> anyhow::Result<()> {
    let found = path.0.json(&serde_json::to_value(document)?);
    for part in found.map_err(|error| anyhow!("-o jsonpath-as-json: {error}"))? {
        serde_json::to_writer_pretty(&mut *out, &part).map_err(std::io::Error::from)?;
        writeln!(out)?;
    }
    Ok(())
}

/// A table of one's own over rows.
///
/// # Errors
/// As before.
pub(crate) fn columns(
    out: &mut dyn Write,
    columns: &[Column],
    rows: &[Value],
    headers: bool,
) -> anyhow::Result<()> {
    let headings: Vec<&str> = columns.iter().map(|column| column.heading.as_str()).collect();
    let mut table = Table::new(&headings);
    for row in rows {
        let cells: Result<Vec<String>, _> = columns.iter().map(|column| column.path.cell(row)).collect();
        table.row(cells.map_err(|error| anyhow!("-o custom-columns: {error}"))?);
    }
    table.write(out, 0, headers)?;
    Ok(())
}
