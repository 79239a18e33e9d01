//! Devices for people: what requests find, and how many are in use.

use std::io::{self, Write};

use longshore_simulation::report::{DeviceSearch, DeviceSearches, DeviceUse};
use longshore_simulation::text::names::named;

use super::table::Table;
use crate::console::printable;

/// Groups of nodes that are listed, at the most.
const LISTED: usize = 10;

/// What the requests of a pod find: on all nodes, then node by node where they differ.
pub(super) fn write(out: &mut dyn Write, found: &DeviceSearches) -> io::Result<()> {
    for search in &found.everywhere {
        writeln!(out, "  {}", printable(&line(search)))?;
    }
    let several = found.everywhere.len() > 1;
    let mut table = Table::default();
    for search in found.by_node.iter().take(LISTED) {
        let request = if several { search.request.clone() } else { String::new() };
        table.row([named(&search.nodes), request, search.text.clone()]);
    }
    table.write(out, 4, false)?;
    match found.by_node.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => writeln!(out, "    and {more} more: -o json has all"),
    }
}

/// `request gpus of claim default/train: 2 of 8 devices match`.
pub(super) fn line(search: &DeviceSearch) -> String {
    format!("request {} of claim {}: {}", search.request, search.claim, search.text)
}

/// How many devices of which drivers and classes are in use.
pub(super) fn utilisation(out: &mut dyn Write, rows: &[DeviceUse], headers: bool) -> io::Result<()> {
    let mut table = Table::new(&["DEVICES OF", "", "IN USE", "DEVICES", "SHARE"]).right(2..5);
    for row in rows {
        let (what, name) = match (&row.driver, &row.class) {
            (Some(driver), _) => ("driver", driver.clone()),
            (None, class) => ("class", class.clone().unwrap_or_default()),
        };
        let share = format!("{:.0}%", row.share * 100.0);
        table.row([what.to_string(), name, row.in_use.to_string(), row.devices.to_string(), share]);
    }
    table.write(out, 2, headers)
}
