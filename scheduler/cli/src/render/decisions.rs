//! A running scheduler's decisions about a pod, for people: the newest in full, those before it in a line each.
//!
//! They are read as a tree: a scheduler of another release may know more fields, or fewer.

use std::io::{self, Write};

use longshore_simulation::report::{Preemption, ScoredNode};
use longshore_simulation::text::names::thousands;
use serde::Deserialize;
use serde_json::Value;

use super::table::Table;
use super::{preemption, scores};
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
    if let Some(group) = newest.get("group") {
        writeln!(
            out,
            "  It was decided with the group {}, {} of whose {} pods fit and which takes {}: {}.",
            printable(text(group, "name")),
            number(group, "fit"),
            number(group, "pods"),
            number(group, "minCount"),
            printable(text(group, "outcome")),
        )?;
    }
    writeln!(
        out,
        "  Attempt {} at {} by profile {}: {} node(s) looked at, {} of them fit.",
        number(newest, "attempt"),
        printable(text(newest, "time")),
        printable(text(newest, "profile")),
        thousands(usize::try_from(number(newest, "evaluated")).unwrap_or(0)),
        thousands(usize::try_from(number(newest, "feasible")).unwrap_or(0)),
    )?;
    filters(out, newest, style, headers)?;
    score(out, newest, style, headers)?;
    if let Some(said) = newest.get("preemption").and_then(|said| Preemption::deserialize(said).ok()) {
        preemption::write(out, &said, style)?;
    }
    before(out, earlier, style, headers)
}

fn answer(pod: &str, decision: &Value, style: Style) -> String {
    let node = printable(text(decision, "node"));
    match text(decision, "status") {
        "Scheduled" => {
            let tied = decision.get("tied").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
            style.good(&format!("{pod} was given {node}{}.", scores::tied(tied)))
        }
        "Preempting" => style.bad(&format!("{pod} is promised {node} once others have made room.")),
        "Unschedulable" => style.bad(&format!("{pod} fitted nowhere.")),
        "Skipped" => style.bad(&format!("{pod} was not tried: it was being deleted, or had a node.")),
        "Error" => style.bad(&format!("{pod} could not be decided: something failed.")),
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

fn score(out: &mut dyn Write, decision: &Value, style: Style, headers: bool) -> io::Result<()> {
    let nodes: Vec<ScoredNode> =
        items(decision, "scores").iter().filter_map(|node| ScoredNode::deserialize(node).ok()).collect();
    if nodes.is_empty() && text(decision, "scoresFrom") == "NotKept" {
        return writeln!(out, "  What plugins scored was not kept: there was no time for it.");
    }
    let title = format!("Best nodes ({})", scores::LEGEND);
    scores::write(out, &title, &nodes, style, headers)
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
            2026-01-01T00:00:00Z         1   Unschedulable   -      0/3 nodes are available: 3 Insufficient cpu.\n";
        assert_eq!(text, want);
    }

    #[test]
    fn a_placement_says_among_how_many_equals_and_what_they_scored() {
        let scores = json!([
            {"node": "n1", "total": 310, "chosen": true, "scores": [
                {"plugin": "NodeResourcesFit", "raw": 80, "score": 80, "weight": 1},
                {"plugin": "TaintToleration", "raw": 2, "score": 100, "weight": 3}]},
            {"node": "n2", "total": 300, "chosen": false, "scores": [
                {"plugin": "NodeResourcesFit", "raw": 70, "score": 70, "weight": 1}]},
        ]);
        let text = shown(&json!({"pod": "shop/web", "decisions": [{"status": "Scheduled", "node": "n1\u{7}",
            "tied": 5000, "feasible": 5000, "scoresFrom": "SameMoment", "scores": scores}]}));
        for want in [
            "shop/web was given n1\\u{7}, one of 5,000 equal nodes.\n",
            "PLUGIN             WEIGHT       *n1    n2",
            "TaintToleration         3   2 > 100     -",
            "TOTAL                           310   300",
        ] {
            assert!(text.contains(want), "{want}\n{text}");
        }
        assert_eq!(shown(&json!({"pod": "shop/web"})), "Nothing is remembered of shop/web.\n");
    }

    #[test]
    fn a_preemption_says_what_decided() {
        let candidate = |node: &str, priority: i32| {
            json!({"node": node, "victims": [format!("a/{node}")], "protected": 0, "count": 1,
                "highestPriority": priority, "sumOfPriorities": priority})
        };
        let text = shown(
            &json!({"pod": "shop/web", "decisions": [{"status": "Preempting", "node": "n1", "preemption": {
            "code": "Success", "node": "n1", "decidedBy": "LowestHighestPriority", "equal": 1, "tried": 9, "helped": 2,
            "victims": ["a/n1"], "candidates": [candidate("n1", 1), candidate("n2", 5)], "failures": []}}]}),
        );
        for want in [
            "On n1 these have to go: a/n1\n",
            "on 2 of 9 node(s) that were tried; this one was chosen because its most important victim matters least.",
            "or on n2   a/n2   highest priority 5",
        ] {
            assert!(text.contains(want), "{want}\n{text}");
        }
    }
}
