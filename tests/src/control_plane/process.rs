//! One process of the cluster: its log, its readiness, its end, what it has used.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::reaper;

const POLL: Duration = Duration::from_millis(25);
/// From SIGTERM to SIGKILL.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running child in a process group of its own, with its output in a file. Stopped when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    status: Option<ExitStatus>,
}

/// What a process has used since it started.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Seconds of processor time, user and system together.
    pub cpu_seconds: f64,
    /// The most memory it ever had resident, in bytes.
    pub peak_rss_bytes: u64,
}

impl Process {
    /// Starts `command`, with both output streams appended to `log`.
    pub fn spawn(name: &str, command: &mut Command, log: &Path) -> Self {
        let output = File::options().create(true).append(true).open(log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        reaper::add(child.id());
        Self { name: name.to_owned(), child, log: log.to_owned(), status: None }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, when it has.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        if self.status.is_none()
            && let Some(status) = self.child.try_wait().unwrap()
        {
            reaper::forget(self.child.id());
            self.status = Some(status);
        }
        self.status
    }

    /// Everything it has written so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// The last `count` lines it has written.
    pub fn last_lines(&self, count: usize) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(count)..].join("\n")
    }

    /// Waits until `ready` says yes. Panics with the end of the log when the process ends first or `limit` has passed.
    pub fn wait_until_ready(&mut self, limit: Duration, mut ready: impl FnMut() -> Result<(), String>) {
        let start = Instant::now();
        while let Err(why) = ready() {
            let name = &self.name.clone();
            if let Some(status) = self.exited() {
                panic!("{name} ended before it was ready ({status}):\n{}", self.last_lines(30));
            }
            assert!(start.elapsed() < limit, "{name} is not ready: {why}\n{}", self.last_lines(30));
            thread::sleep(POLL);
        }
    }

    /// Waits for it to end by itself. Panics with the end of the log after `limit`.
    pub fn wait_for_exit(&mut self, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.exited() {
                return status;
            }
            assert!(start.elapsed() < limit, "{} still runs:\n{}", self.name, self.last_lines(30));
            thread::sleep(POLL);
        }
    }

    /// Sends `signal`, unless it has ended.
    pub fn signal(&mut self, signal: Signal) {
        if self.exited().is_none()
            && let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
        {
            // It may end between the two lines; then there is nobody to tell.
            let _ = kill_process(pid, signal);
        }
    }

    /// SIGTERM, and SIGKILL after 20 seconds. Says how it ended.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.exited() {
                return status;
            }
            thread::sleep(Duration::from_millis(5));
        }
        self.kill()
    }

    /// SIGKILL.
    pub fn kill(&mut self) -> ExitStatus {
        self.signal(Signal::KILL);
        self.wait_for_exit(PATIENCE)
    }

    /// What it has used so far, from `/proc`; zeros where there is no `/proc` or no such process.
    pub fn usage(&self) -> Usage {
        Usage::of(&self.id().to_string())
    }
}

impl Usage {
    /// Of the process `id`, or of this one when that is `self`.
    pub fn of(id: &str) -> Self {
        let read = |file: &str| fs::read_to_string(format!("/proc/{id}/{file}")).unwrap_or_default();
        Self { cpu_seconds: cpu_seconds(&read("stat")), peak_rss_bytes: peak_rss(&read("status")) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Fields 14 and 15 of `/proc/PID/stat`, in ticks of which Linux has 100 a second on every machine this runs on. The name
/// in parentheses may hold blanks.
fn cpu_seconds(stat: &str) -> f64 {
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_ascii_whitespace();
    let ticks: u32 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
    f64::from(ticks) / 100.0
}

fn peak_rss(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_past_a_name_with_blanks() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 3 4 20 0 1 0 1 1 1";
        assert!((cpu_seconds(stat) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn peak_memory_is_in_bytes() {
        assert_eq!(peak_rss("VmPeak:\t  9 kB\nVmHWM:\t    2048 kB\n"), 2048 * 1024);
    }
}
