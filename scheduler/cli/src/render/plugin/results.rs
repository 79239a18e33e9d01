//! What tests, checks and measurements came to, for people.

use std::io::{self, Write};

use crate::console::{Style, printable};
use crate::rehearsal::report::{Measured, PluginBench, PluginCheck, PluginTest, Verdict};
use crate::render::table::Table;

/// Prints cases, and what was not as expected.
pub(crate) fn test(out: &mut dyn Write, report: &PluginTest, style: Style) -> io::Result<()> {
    for case in &report.cases {
        let word = match (case.success, case.updated) {
            (_, true) => style.good("updated"),
            (true, _) => style.good("ok"),
            (false, _) => style.bad("FAILED"),
        };
        writeln!(out, "{}: {} ... {word}", printable(&case.file), printable(&case.name))?;
        for line in &case.differences {
            writeln!(out, "    {}", printable(line))?;
        }
    }
    let failed = report.cases.iter().filter(|case| !case.success).count();
    writeln!(out, "{} cases, {failed} failed", report.cases.len())
}

/// Prints checks.
pub(crate) fn check(out: &mut dyn Write, report: &PluginCheck, style: Style) -> io::Result<()> {
    for check in &report.checks {
        let word = match check.status {
            Verdict::Ok => style.good("ok"),
            Verdict::Failed => style.bad("FAILED"),
            Verdict::Skipped => "skipped".to_string(),
        };
        writeln!(out, "{} ... {word}", check.name)?;
        for line in check.message.iter().flat_map(|message| message.lines()) {
            writeln!(out, "    {}", printable(line))?;
        }
    }
    Ok(())
}

/// Prints medians and spread.
pub(crate) fn bench(out: &mut dyn Write, report: &PluginBench, headers: bool) -> io::Result<()> {
    let columns = ["WHAT", "MEDIAN", "10%", "90%", "PER NODE", "NATIVE", "TIMES", "BUDGET"];
    let mut table = Table::new(&columns).right(1..8);
    for measured in &report.measured {
        table.row(row(measured));
    }
    table.write(out, 0, headers)?;
    writeln!(out)?;
    writeln!(
        out,
        "{} nodes, {} rounds. NATIVE is NodeResourcesFit on the same nodes, BUDGET the share of limits.time ({}).",
        report.nodes,
        report.rounds,
        time(report.budget_seconds * 1e9)
    )
}

fn row(measured: &Measured) -> Vec<String> {
    let some = |value: Option<f64>, show: fn(f64) -> String| value.map_or("-".to_string(), show);
    vec![
        measured.name.to_string(),
        time(measured.median_nanos),
        time(measured.low_nanos),
        time(measured.high_nanos),
        some(measured.nanos_per_node, time),
        some(measured.native_nanos, time),
        some(measured.times_native, |times| format!("{times:.2}x")),
        some(measured.budget_share, |share| format!("{:.1}%", share * 100.0)),
    ]
}

/// A time in the unit that suits it.
fn time(nanos: f64) -> String {
    match nanos {
        n if n >= 1e9 => format!("{:.2} s", n / 1e9),
        n if n >= 1e6 => format!("{:.2} ms", n / 1e6),
        n if n >= 1e3 => format!("{:.2} us", n / 1e3),
        n if n >= 100.0 => format!("{n:.0} ns"),
        n => format!("{n:.1} ns"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_the_unit_that_suits_them() {
        let shown = [2.25, 700.0, 1500.0, 2.5e6, 3e9].map(time);
        assert_eq!(shown, ["2.2 ns", "700 ns", "1.50 us", "2.50 ms", "3.00 s"]);
    }
}
