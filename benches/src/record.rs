//! Recorded runs: a folder of `benches/runs` each, and under which circumstances they were made.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

/// Under which circumstances something was measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Circumstances {
    /// The day.
    pub date: String,
    /// What was run.
    pub command: String,
    /// The commit, and whether the tree had changes beside it.
    pub commit: String,
    /// Processor and memory.
    pub hardware: String,
    /// The compiler.
    pub toolchain: String,
    /// How busy the machine was at the start: the load averages of 1, 5 and 15 minutes.
    pub load: String,
}

impl Circumstances {
    /// Those of now.
    pub fn now(command: String) -> Self {
        let date = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        let toolchain =
            output(&std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()), &["--version"]);
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').take(3).collect::<Vec<_>>().join(", ");
        Self { date, command, commit: commit(), hardware: hardware(), toolchain, load }
    }

    /// Makes the folder of a run with this name.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(&self, name: &str) -> io::Result<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("runs/{}-{name}", self.date));
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// As a list for the top of a page.
    pub fn list(&self) -> String {
        format!(
            "- Command: `{}`\n- Commit: {}\n- Hardware: {}\n- Toolchain: {}, cargo profile `bench`\n- Load averages at the start: {}\n",
            self.command, self.commit, self.hardware, self.toolchain, self.load
        )
    }
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// The commit, and whether the tree had changes beside it.
pub fn commit() -> String {
    let changed = output("git", &["status", "--porcelain", "--untracked-files=no"]);
    let suffix = if changed.is_empty() { "" } else { " with changes" };
    format!("{}{suffix}", output("git", &["rev-parse", "--short", "HEAD"]))
}

/// Cores, processor and memory.
pub fn hardware() -> String {
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

/// Most memory that this process has had at once, in MiB.
pub fn peak_rss_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap_or_default();
    kib / 1024.0
}
