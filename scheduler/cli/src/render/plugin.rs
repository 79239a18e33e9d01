//! What `longshore plugin` found out, for people.

mod results;
mod run;

use std::io::{self, Write};

use super::table::Table;
use crate::console::{Style, printable};
use crate::rehearsal::report::PluginInspection;

pub(crate) use results::{bench, check, test};
pub(crate) use run::{run, said};

/// Prints what a plugin is.
pub(crate) fn inspection(out: &mut dyn Write, found: &PluginInspection, style: Style) -> io::Result<()> {
    let about = &found.plugin;
    let mut table = Table::default();
    let list = |items: &[String]| if items.is_empty() { "none".to_string() } else { items.join(", ") };
    let name = if about.name.is_empty() { "(none)" } else { &about.name };
    table.row(["name", name]);
    table.row(["version", &about.version]);
    if !about.description.is_empty() {
        table.row(["description", &about.description]);
    }
    table.row(["source", &found.source]);
    table.row(["kind", about.kind.as_str()]);
    table.row(["sha256", &about.digest]);
    table.row(["size", &bytes(about.size as u64)]);
    if let Some(memory) = found.memory {
        table.row(["memory", &format!("{} for each instance", bytes(memory))]);
    }
    table.row(["load", &format!("{:.1} ms", found.load_seconds * 1000.0)]);
    table.row(["exports", &list(&about.exports)]);
    table.row(["imports", &list(&about.imports)]);
    table.row(["objects", &list(&about.objects)]);
    table.row(["metrics", &list(&about.metrics)]);
    table.row(["needs", &list(&about.needs)]);
    table.row(["columns", &list(&about.columns)]);
    table.row(["sharding", &about.sharding]);
    table.row(["pure", if about.pure { "yes" } else { "no" }]);
    table.row(["events", &list(&found.events)]);
    table.write(out, 0, false)?;
    if let Some(problem) = &found.problem {
        writeln!(out)?;
        writeln!(out, "{}", style.bad("It cannot be used as it is"))?;
        writeln!(out, "  {}", printable(problem))?;
    }
    Ok(())
}

/// An amount of bytes.
pub(crate) fn bytes(bytes: u64) -> String {
    let units = [(1_u64 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let check = |n: u64, want: &str| assert_eq!(bytes(n), want);
        check(512, "512 bytes");
        check(1536, "1.5 KiB");
        check(3 << 20, "3.0 MiB");
    }
}
