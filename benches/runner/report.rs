//! Results as a table for people, and as files.

mod table;

use std::fs;
use std::path::PathBuf;

use longshore_benches::record::Circumstances;
use longshore_benches::results::{Figure, Run, groups};
use serde_json::{Value, json};

use crate::parent::Wanted;
pub(crate) use table::table;
use table::{size_of, to_b1, to_calm};

/// What there is.
pub(crate) fn list(wanted: &[Wanted<'_>]) -> String {
    let line = |w: &Wanted<'_>| format!("{:<42} {:<24} {}\n", w.file, w.size.name, w.workload.about);
    wanted.iter().map(line).collect()
}

/// One run, for those who wait.
pub(crate) fn line(run: &Run) -> String {
    format!(
        "{} {}{} run {}: {:.0} pods/s, {:.2} us CPU per pod, decisions p50 {:.2} us p99 {:.2} us, {:.0} MiB",
        run.workload,
        run.size,
        if run.calm { " (calm)" } else { "" },
        run.run,
        run.pods_per_second,
        run.cpu_us_per_pod,
        run.p50_us,
        run.p99_us,
        run.rss_mib
    )
}

/// Writes the folder of these runs.
pub(crate) fn write(
    circumstances: &Circumstances,
    name: &str,
    table: &str,
    wanted: &[Wanted<'_>],
    runs: &[Run],
) -> anyhow::Result<PathBuf> {
    let folder = circumstances.folder(name)?;
    let lines: Result<Vec<String>, _> = runs.iter().map(serde_json::to_string).collect();
    fs::write(folder.join("raw.jsonl"), lines?.join("\n") + "\n")?;
    let rows: Vec<Value> = groups(runs).iter().map(|group| summary(wanted, group, runs)).collect();
    let document = json!({"circumstances": circumstances, "rows": rows});
    fs::write(folder.join("results.json"), format!("{document:#}\n"))?;
    let most = groups(runs).iter().map(Vec::len).max().unwrap_or_default();
    let text = format!(
        "# {}: workloads\n\n{}- Runs: {most} of each, by turns, each in a process of its own\n\n{EXPLANATION}\n\n{table}",
        circumstances.date,
        circumstances.list()
    );
    fs::write(folder.join("README.md"), text)?;
    Ok(folder)
}

const EXPLANATION: &str = "\
`benches/README.md` says what is measured and what is not. *to CI floor*: to the pods a second that kube-scheduler's own CI
asks for, which include its API server, so the two are not alike. *share of B1*: the rate to that of B1 in the same round,
by the clock and by processor time, where B1 was run. *evicting*: decisions that chose victims. *no node*:
decisions that found nothing. *to calm*: the rate to that of the same workload without what goes on beside the measured
pods, by the clock and by processor time. Every number is a median over the runs; the range is from the smallest to the
largest.";

fn summary(wanted: &[Wanted<'_>], group: &[&Run], runs: &[Run]) -> Value {
    let run = group[0];
    let size = size_of(wanted, run);
    json!({
        "workload": run.workload, "bench": run.bench, "size": run.size, "calm": run.calm, "pods": run.pods,
        "runs": group.len(),
        "pods_per_second": Figure::of(group, |r| Some(r.pods_per_second)),
        "cpu_us_per_pod": Figure::of(group, |r| Some(r.cpu_us_per_pod)),
        "p50_us": Figure::of(group, |r| Some(r.p50_us)),
        "p99_us": Figure::of(group, |r| Some(r.p99_us)),
        "evicting_p50_us": Figure::of(group, |r| Some(r.preempting?.p50_us)),
        "evicting_p99_us": Figure::of(group, |r| Some(r.preempting?.p99_us)),
        "no_node_p50_us": Figure::of(group, |r| Some(r.unfit?.p50_us)),
        "no_node_p99_us": Figure::of(group, |r| Some(r.unfit?.p99_us)),
        "rate_to_b1": to_b1(group, runs, |run| run.pods_per_second),
        "rate_to_b1_by_cpu": to_b1(group, runs, |run| 1.0 / run.cpu_us_per_pod),
        "rate_to_calm": to_calm(group, runs, |run| run.pods_per_second),
        "rate_to_calm_by_cpu": to_calm(group, runs, |run| 1.0 / run.cpu_us_per_pod),
        "rss_mib": Figure::of(group, |r| Some(r.rss_mib)),
        "guest_us_per_pod": Figure::of(group, |r| r.guest_us_per_pod),
        "allocations_per_pod": Figure::of(group, |r| r.allocations_per_pod),
        "threshold": size.and_then(|s| s.threshold), "aim": size.and_then(|s| s.aim),
    })
}
