//! Results as a table for people, and as files.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use longshore_benches::record::Circumstances;
use longshore_benches::results::{Figure, Run, groups};
use serde_json::{Value, json};

use crate::parent::Wanted;

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

/// The table.
pub(crate) fn table(wanted: &[Wanted<'_>], runs: &[Run]) -> String {
    let mut table = String::from(
        "| bench | workload | size | pods/s (median, range) | aim | to CI floor | CPU us/pod | p50 us | p99 us \
         | evicting p50 / p99 us | no node p50 / p99 us | to calm | peak RSS MiB | allocations/pod |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for group in groups(runs) {
        // A String takes everything.
        let _ = writeln!(table, "{}", row(wanted, &group, runs));
    }
    table
}

fn row(wanted: &[Wanted<'_>], group: &[&Run], runs: &[Run]) -> String {
    let run = group[0];
    let size =
        wanted.iter().find(|w| w.workload.name == run.workload && w.size.name == run.size).map(|w| w.size);
    let median = |pick: fn(&Run) -> Option<f64>| Figure::of(group, pick).map(|figure| figure.median);
    let rate = Figure::of(group, |r| Some(r.pods_per_second)).unwrap_or_default();
    let pair = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => format!("{a:.1} / {b:.1}"),
        _ => "-".to_owned(),
    };
    let number =
        |value: Option<f64>, digits: usize| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"));
    let floor = size.and_then(|s| s.threshold).map(|threshold| rate.median / threshold);
    let calm = format!("{}{}", run.workload, if run.calm { ", calm" } else { "" });
    let cells = [
        run.bench.clone(),
        calm,
        run.size.clone(),
        format!("{:.0} ({:.0} to {:.0})", rate.median, rate.least, rate.most),
        number(size.and_then(|s| s.aim), 0),
        floor.map_or_else(|| "-".to_owned(), |floor| format!("{floor:.1}x")),
        number(median(|r| Some(r.cpu_us_per_pod)), 2),
        number(median(|r| Some(r.p50_us)), 2),
        number(median(|r| Some(r.p99_us)), 2),
        pair(median(|r| Some(r.preempting?.p50_us)), median(|r| Some(r.preempting?.p99_us))),
        pair(median(|r| Some(r.unfit?.p50_us)), median(|r| Some(r.unfit?.p99_us))),
        number(to_calm(group, runs), 3),
        number(median(|r| Some(r.rss_mib)), 0),
        number(median(|r| r.allocations_per_pod), 1),
    ];
    format!("| {} |", cells.join(" | "))
}

/// The rate to that of the calm runs; each run is compared with the calm run just before it.
fn to_calm(group: &[&Run], runs: &[Run]) -> Option<f64> {
    let ratio = |run: &Run| {
        let twin = |r: &&Run| {
            r.calm && !run.calm && r.run == run.run && r.workload == run.workload && r.size == run.size
        };
        Some(run.pods_per_second / runs.iter().find(twin)?.pods_per_second)
    };
    Figure::of(group, ratio).map(|figure| figure.median)
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
asks for, which include its API server, so the two are not alike. *evicting*: decisions that chose victims. *no node*:
decisions that found nothing. *to calm*: the rate to that of the same workload without what goes on beside the measured
pods. Every number is a median over the runs; the range is from the smallest to the largest.";

fn summary(wanted: &[Wanted<'_>], group: &[&Run], runs: &[Run]) -> Value {
    let run = group[0];
    let size =
        wanted.iter().find(|w| w.workload.name == run.workload && w.size.name == run.size).map(|w| w.size);
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
        "rate_to_calm": to_calm(group, runs),
        "rss_mib": Figure::of(group, |r| Some(r.rss_mib)),
        "allocations_per_pod": Figure::of(group, |r| r.allocations_per_pod),
        "threshold": size.and_then(|s| s.threshold), "aim": size.and_then(|s| s.aim),
    })
}
