//! Pages for a browser.

use std::io::Write;

use serde::Serialize;

/// Writes a document as a page that needs nothing else.
///
/// # Errors
/// There is no page for such documents, or it cannot be written; a broken pipe stays an [`std::io::Error`].
pub(crate) fn write(out: &mut dyn Write, document: &impl Serialize) -> anyhow::Result<()> {
    let page = longshore_report::page(&serde_json::to_value(document)?)?;
    out.write_all(page.as_bytes())?;
    Ok(())
}
