//! A running scheduler's decisions about a pod, for people: the newest in full, those before it in a line each.
//!
//! They are read as a tree: a scheduler of another release may know more fields, or fewer.

use std::io::{self, Write};

use serde_json::Value;

use super::table::Table;
use crate::console::{Style, printable};

/// Names of nodes on one line, at the most.
const NAMED: usize = 4;

/// Prints everything.
pub(crate) fn write(out: &mut dyn Write, list: &Value, style: Style, headers: bool) -> io::Result<()> {
    let pod = printable(text(list, "pod"));
    let decisions = items(list, "decisions");
    let Some((newest, earlier)) = decisions.split_first() else {
        return writeln!(out, "Nothing is remembered of {pod}.");
    };
    writeln!(out, "{}", answer(&pod, newest, style))?;
    if !text(newest, "message").is_empty() {
        writeln!(out, "  {}", printable(text(newest, "message")))?;
    }
    writeln!(
        out,
        "  Attempt {} at {} by profile {}: {} node(s) looked at, {} of them fit.",
        number(newest, "attempt"),
        printable(text(newest, "time")),
        printable(text(newest, "profile")),
        number(newest, "evaluated"),
        number(newest, "feasible"),
    )?;
    filters(out, newest, style, headers)?;
    scores(out, newest, style, headers)?;
    before(out, earlier, style, headers)?;
    if text(newest, "status") == "Unschedulable" {
        writeln!(out, "\nWhat would help: longshore explain {pod} --from-cluster")?;
    }
    Ok(())
}

fn answer(pod: &str, decision: &Value, style: Style) -> String {
    let node = printable(text(decision, "node"));
    match text(decision, "status") {
        "Scheduled" => style.good(&format!("{pod} was given {node}.")),
        "Preempting" => style.bad(&format!("{pod} is promised {node} once others have made room.")),
        "Unschedulable" => style.bad(&format!("{pod} fitted nowhere.")),
        "Skipped" => style.bad(&format!("{pod} was not tried: it was being deleted, or had a node.")),
        "Error" => style.bad(&format!("{pod} could not be decided: something broke.")),
        other => style.bad(&format!("{pod}: {}.", printable(other))),
    }
}

fn section(out: &mut dyn Write, title: &str, style: Style) -> io::Result<()> {
    writeln!(out, "\n{}", style.heading(title))
}

fn filters(out: &mut dyn Write, decision: &Value, style: Style, headers: bool) -> io::Result<()> {
    let groups = items(decision, "filters");
    if groups.is_empty() {
        return Ok(());
    }
    section(out, "Rejected nodes", style)?;
    let mut table = Table::new(&["COUNT", "PLUGIN", "REASON", "NODES"]).right([0]);
    for group in groups {
        let nodes = strings(group, "nodes");
        let shown = nodes[..nodes.len().min(NAMED)].join(",");
        let more = number(group, "count") > i64::try_from(nodes.len().min(NAMED)).unwrap_or(0);
        table.row([
            number(group, "count").to_string(),
            text(group, "plugin").to_string(),
            strings(group, "reasons").join(", "),
            if more { format!("{shown},...") } else { shown },
        ]);
    }
    table.write(out, 2, headers)
}

fn scores(out: &mut dyn Write, decision: &Value, style: Style, headers: bool) -> io::Result<()> {
    let nodes = items(decision, "scores");
    if nodes.is_empty() {
        return Ok(());
    }
    section(out, "Best nodes", style)?;
    let mut table = Table::new(&["NODE", "TOTAL"]).right([1]);
    for node in nodes {
        table.row([text(node, "node").to_string(), number(node, "total").to_string()]);
    }
    table.write(out, 2, headers)
}

fn before(out: &mut dyn Write, earlier: &[Value], style: Style, headers: bool) -> io::Result<()> {
    if earlier.is_empty() {
        return Ok(());
    }
    section(out, "Earlier attempts", style)?;
    let mut table = Table::new(&["TIME", "ATTEMPT", "STATUS", "NODE", "MESSAGE"]).right([1]);
    for decision in earlier {
        let node = if text(decision, "node").is_empty() { "-" } else { text(decision, "node") };
        table.row([
            text(decision, "time"),
            &number(decision, "attempt").to_string(),
            text(decision, "status"),
            node,
            text(decision, "message"),
        ]);
    }
    table.write(out, 2, headers)
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, field: &str) -> i64 {
    value.get(field).and_then(Value::as_i64).unwrap_or(0)
}

fn items<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn strings<'v>(value: &'v Value, field: &str) -> Vec<&'v str> {
    items(value, field).iter().filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(list: &Value) -> String {
        let mut out = Vec::new();
        write(&mut out, list, Style::default(), true).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_newest_attempt_is_told_in_full_and_earlier_ones_in_a_line() {
        let failed = |attempt: u32| {
            json!({"time": "2026-01-01T00:00:00Z", "attempt": attempt, "profile": "longshore",
                "status": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient cpu.",
                "evaluated": 3, "feasible": 0, "filters": [{"plugin": "NodeResourcesFit", "count": 3,
                "reasons": ["Insufficient cpu"], "nodes": ["n1", "n2"]}]})
        };
        let text = shown(&json!({"pod": "shop/web", "decisions": [failed(2), failed(1)]}));
        let want = "shop/web fitted nowhere.\n  0/3 nodes are available: 3 Insufficient cpu.\n  \
            Attempt 2 at 2026-01-01T00:00:00Z by profile longshore: 3 node(s) looked at, 0 of them fit.\n\n\
            Rejected nodes\n  COUNT   PLUGIN             REASON             NODES\n      \
            3   NodeResourcesFit   Insufficient cpu   n1,n2,...\n\n\
            Earlier attempts\n  TIME                   ATTEMPT   STATUS          NODE   MESSAGE\n  \
            2026-01-01T00:00:00Z         1   Unschedulable   -      0/3 nodes are available: 3 Insufficient cpu.\n\n\
            What would help: longshore explain shop/web --from-cluster\n";
        assert_eq!(text, want);
    }

    #[test]
    fn a_placement_is_short_and_an_empty_answer_is_said() {
        let text = shown(&json!({"pod": "shop/web", "decisions": [{"status": "Scheduled", "node": "n1\u{7}",
            "scores": [{"node": "n1", "total": 310}]}]}));
        assert!(
            text.starts_with("shop/web was given n1\\u{7}.\n") && text.contains("n1       310"),
            "{text}"
        );
        assert_eq!(shown(&json!({"pod": "shop/web"})), "Nothing is remembered of shop/web.\n");
    }
}
