//! The table, and the files of a recorded run.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::run::Row;

/// Prints the table and writes it with its circumstances to `benches/runs/DATE-NAME`.
pub(crate) fn write(name: &str, rows: &[Row]) {
    let table = table(rows);
    println!("{table}");
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("runs/{date}-{name}"));
    fs::create_dir_all(&folder).unwrap();
    let (hardware, commit) = (hardware(), commit());
    let arguments: Vec<_> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let command = format!("make bench-live BENCH='{}'", arguments.join(" "));
    let document = json!({
        "date": date, "command": command, "commit": commit, "hardware": hardware, "rows": rows,
    });
    fs::write(folder.join("side-by-side.json"), format!("{document:#}\n")).unwrap();
    let text = format!(
        "# {date}: side by side with kube-scheduler\n\n\
         - Command: `{command}`\n- Commit: {commit}\n- Hardware: {hardware}\n\
         - Kubernetes: kube-apiserver and kube-scheduler as tests/control-plane/go.mod pins them\n\n\
         Nodes have 4 CPUs, 32Gi and room for 110 pods; pods ask for 100m and 500Mi. QPS and burst 5,000, no leader election,\n\
         default profile. Both schedulers ran by turns on the same API server, on the same machine as it and as the observer.\n\
         pods/s is (n - 1) / (last binding - first binding) as a watch saw them; CPU is user and system time in milliseconds\n\
         per pod, of the scheduler from its start when there was a backlog; *other* is how many cores whatever else ran on the\n\
         machine used meanwhile: rows with much of it say little.\n\n{table}"
    );
    fs::write(folder.join("README.md"), text).unwrap();
    println!("written to {}", folder.display());
}

fn table(rows: &[Row]) -> String {
    let mut table = String::from(
        "| load | scheduler | pods/s | from start s | CPU ms/pod | API server | etcd | peak RSS MiB | attempt p99 ms \
         | created to bound p50 / p99 ms | other |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
    };
    for row in rows {
        let waits = match (row.created_to_bound_p50, row.created_to_bound_p99) {
            (Some(p50), Some(p99)) => format!("{p50:.1} / {p99:.1}"),
            _ => "-".to_owned(),
        };
        writeln!(
            table,
            "| {} on {} nodes | {} | {:.0} | {} | {:.2} | {:.2} | {:.2} | {:.0} | {} | {waits} | {:.2} |",
            row.load,
            row.nodes,
            row.scheduler,
            row.pods_per_second,
            number(row.seconds_from_start, 1),
            row.scheduler_cpu_per_pod,
            row.api_server_cpu_per_pod,
            row.etcd_cpu_per_pod,
            row.peak_rss_mib,
            number(row.attempt_p99, 2),
            row.other_cores,
        )
        .unwrap();
    }
    table
}

/// The commit, and whether the tree had changes beside it.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]);
    let suffix = if changed.is_empty() { "" } else { " with changes" };
    format!("{}{suffix}", git(&["rev-parse", "--short", "HEAD"]))
}

fn hardware() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
        line.split_once(':').map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = field(&read("/proc/meminfo"), "MemTotal");
    let kib: u64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
    format!("{cores} cores, {}, {} GiB", field(&read("/proc/cpuinfo"), "model name"), kib >> 20)
}
