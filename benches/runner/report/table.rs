//! The table of results.

use std::fmt::Write as _;

use longshore_benches::results::{Figure, Run, groups};
use longshore_benches::stats::geometric_mean;
use longshore_benches::workload::Size;

use crate::parent::Wanted;

const HEAD: &str = "\
| bench | workload | size | pods/s (median, range) | aim | to CI floor | share of B1: clock / CPU (aim) | CPU us/pod | p50 us | p99 us \
| evicting p50 / p99 us | no node p50 / p99 us | to calm: clock / CPU (aim) | peak RSS MiB | plugin us/pod, CPU to it (aim) | allocations/pod |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
";

/// The table, and below it what the rows of a bench amount to.
pub(crate) fn table(wanted: &[Wanted<'_>], runs: &[Run]) -> String {
    let mut table = String::from(HEAD);
    for group in groups(runs) {
        // A String takes everything.
        let _ = writeln!(table, "{}", row(wanted, &group, runs));
    }
    let sums = [means(runs), growth(runs)].concat();
    if sums.is_empty() { table } else { format!("{table}\n{sums}") }
}

/// The size that was run.
pub(super) fn size_of<'w>(wanted: &[Wanted<'w>], run: &Run) -> Option<&'w Size> {
    wanted.iter().find(|w| w.workload.name == run.workload && w.size.name == run.size).map(|w| w.size)
}

fn row(wanted: &[Wanted<'_>], group: &[&Run], runs: &[Run]) -> String {
    let run = group[0];
    let size = size_of(wanted, run);
    let median = |pick: fn(&Run) -> Option<f64>| Figure::of(group, pick).map(|figure| figure.median);
    let rate = Figure::of(group, |r| Some(r.pods_per_second)).unwrap_or_default();
    let name = format!("{}{}", run.workload, if run.calm { ", calm" } else { "" });
    let rates: [fn(&Run) -> f64; 2] = [|r| r.pods_per_second, |r| 1.0 / r.cpu_us_per_pod];
    let of_b1 = rates.map(|rate| to_b1(group, runs, rate));
    let to_calm = rates.map(|rate| to_calm(group, runs, rate));
    let cells = [
        run.bench.clone(),
        name,
        run.size.clone(),
        format!("{:.0} ({:.0} to {:.0})", rate.median, rate.least, rate.most),
        number(size.and_then(|s| s.aim), 0),
        floor(size, rate.median),
        share(of_b1, size.and_then(|s| s.aim_share)),
        number(median(|r| Some(r.cpu_us_per_pod)), 2),
        number(median(|r| Some(r.p50_us)), 2),
        number(median(|r| Some(r.p99_us)), 2),
        pair(median(|r| Some(r.preempting?.p50_us)), median(|r| Some(r.preempting?.p99_us)), 1),
        pair(median(|r| Some(r.unfit?.p50_us)), median(|r| Some(r.unfit?.p99_us)), 1),
        share(to_calm, size.and_then(|s| s.aim_calm)),
        number(median(|r| Some(r.rss_mib)), 0),
        share(
            [median(|r| r.guest_us_per_pod), median(|r| Some(r.cpu_us_per_pod / r.guest_us_per_pod?))],
            size.and_then(|s| s.aim_guest),
        ),
        number(median(|r| r.allocations_per_pod), 1),
    ];
    format!("| {} |", cells.join(" | "))
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}

fn pair(a: Option<f64>, b: Option<f64>, digits: usize) -> String {
    a.zip(b).map_or_else(|| "-".to_owned(), |(a, b)| format!("{a:.digits$} / {b:.digits$}"))
}

/// Two numbers, such as a share by the clock and by processor time, and what is aimed at.
fn share(shares: [Option<f64>; 2], aim: Option<f64>) -> String {
    let share = pair(shares[0], shares[1], 2);
    aim.map_or_else(|| share.clone(), |aim| format!("{share} ({aim})"))
}

/// The rate to what kube-scheduler's CI asks for; thresholds of small sizes only set the pace of simulated time.
fn floor(size: Option<&Size>, rate: f64) -> String {
    let size = size.filter(|size| size.labels.iter().any(|label| label == "performance"));
    size.and_then(|s| s.threshold).map_or_else(|| "-".to_owned(), |floor| format!("{:.1}x", rate / floor))
}

/// A rate to that of B1; each run is compared with that of the same round. Where B1 was run in several sizes, the one with
/// about as many pods counts.
pub(super) fn to_b1(group: &[&Run], runs: &[Run], rate: fn(&Run) -> f64) -> Option<f64> {
    let ratio = |run: &Run| {
        let same_round = |r: &&Run| r.bench == "B1" && run.bench != "B1" && !run.calm && r.run == run.run;
        let plain = runs.iter().filter(same_round).min_by_key(|r| r.pods.abs_diff(run.pods))?;
        Some(rate(run) / rate(plain))
    };
    Figure::of(group, ratio).map(|figure| figure.median)
}

/// A rate to that of the calm runs; each run is compared with the calm run just before it.
pub(super) fn to_calm(group: &[&Run], runs: &[Run], rate: fn(&Run) -> f64) -> Option<f64> {
    let ratio = |run: &Run| {
        let same = |r: &&Run| r.run == run.run && r.workload == run.workload && r.size == run.size;
        let twin = runs.iter().filter(|r| r.calm && !run.calm).find(same)?;
        Some(rate(run) / rate(twin))
    };
    Figure::of(group, ratio).map(|figure| figure.median)
}

/// The geometric means of benches that are several workloads.
fn means(runs: &[Run]) -> String {
    let mut text = String::new();
    for bench in ["B2", "B3"] {
        let rate = |group: Vec<&Run>| Figure::of(&group, |run| Some(run.pods_per_second)).map(|f| f.median);
        let of_bench = groups(runs).into_iter().filter(|group| group[0].bench == bench);
        let rates: Vec<f64> = of_bench.filter_map(rate).collect();
        if rates.len() > 1 {
            let _ = writeln!(
                text,
                "{bench}: geometric mean of {} rows {:.0} pods/s, the least {:.0}.",
                rates.len(),
                geometric_mean(&rates),
                rates.iter().copied().fold(f64::MAX, f64::min)
            );
        }
    }
    text
}

/// How the time per pod grows with the cluster: the last size of B10 to the first.
fn growth(runs: &[Run]) -> String {
    let sizes: Vec<Vec<&Run>> = groups(runs).into_iter().filter(|group| group[0].bench == "B10").collect();
    let [first, .., last] = sizes.as_slice() else { return String::new() };
    let cpu = |group: &[&Run]| Figure::of(group, |run| Some(run.cpu_us_per_pod)).unwrap_or_default().median;
    let clock =
        |group: &[&Run]| Figure::of(group, |run| Some(run.pods_per_second)).unwrap_or_default().median;
    format!(
        "B10: time per pod at {} to that at {}: {:.2} by the clock, {:.2} of processor time.\n",
        last[0].size,
        first[0].size,
        clock(first) / clock(last),
        cpu(last) / cpu(first)
    )
}
