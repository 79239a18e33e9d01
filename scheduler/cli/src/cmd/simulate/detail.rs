//! Everything that the page shows, for documents.

use crate::args::SimulateArgs;
use crate::args::format::Format;
use longshore_simulation::Simulated;
use longshore_simulation::explain;
use longshore_simulation::report::{Detail, Simulation};

/// Whether it is asked for, and shows.
pub(super) fn is_wanted(args: &SimulateArgs) -> bool {
    let documents =
        matches!(args.output, Format::Json | Format::Yaml | Format::JsonPath(_) | Format::JsonPathAsJson(_));
    args.output == Format::Html || (args.detail && documents)
}

/// What is said when it is asked for and does not show.
pub(super) fn warning(args: &SimulateArgs) -> Option<&'static str> {
    (args.detail && !is_wanted(args)).then_some("--detail shows only with -o json and -o yaml")
}

/// All of it, with what would help pending pods.
pub(super) fn of(report: &Simulation, simulated: &mut Simulated) -> Detail {
    let mut detail = report.detail(simulated);
    explain::add_fixes(&mut detail.unplaced, simulated);
    detail
}
