//! The table, and the files of a recorded run.

use std::fmt::Write as _;
use std::fs;

use longshore_benches::record::Circumstances;
use serde_json::json;

use crate::run::Row;

/// Prints the table and writes it with its circumstances to `benches/runs/DATE-NAME`.
pub(crate) fn write(name: &str, rows: &[Row]) {
    let table = table(rows);
    println!("{table}");
    let arguments: Vec<_> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let circumstances = Circumstances::now(format!("make bench-live BENCH='{}'", arguments.join(" ")));
    let folder = circumstances.folder(name).unwrap();
    let Circumstances { date, command, commit, hardware, .. } = circumstances;
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
