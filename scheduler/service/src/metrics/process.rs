//! `process_*`, read from `/proc` each time the page is asked for. Where there is no `/proc`, they are absent.

use std::fs;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge, Opts};

/// Clock ticks per second in `/proc`: 100 on every Linux there is.
const TICKS: f64 = 100.0;

/// CPU time, memory and files of this process.
pub(super) struct ProcessMetrics {
    cpu: Counter,
    resident: Gauge,
    virtual_size: Gauge,
    open_fds: Gauge,
    max_fds: Gauge,
    start: StartTime,
}

/// When this process started.
pub(super) struct StartTime(Gauge);

impl ProcessMetrics {
    pub(super) fn new() -> prometheus::Result<Self> {
        let gauge = |name: &str, help: &str| Gauge::with_opts(Opts::new(format!("process_{name}"), help));
        Ok(Self {
            cpu: Counter::with_opts(Opts::new(
                "process_cpu_seconds_total",
                "CPU time, in user and in kernel mode.",
            ))?,
            resident: gauge("resident_memory_bytes", "Resident memory.")?,
            virtual_size: gauge("virtual_memory_bytes", "Virtual memory.")?,
            open_fds: gauge("open_fds", "Open file descriptors.")?,
            max_fds: gauge("max_fds", "The most file descriptors there may be.")?,
            start: StartTime::new()?,
        })
    }
}

impl StartTime {
    pub(super) fn new() -> prometheus::Result<Self> {
        let opts =
            Opts::new("process_start_time_seconds", "When the process started, in seconds since 1970.");
        Ok(Self(Gauge::with_opts(opts)?))
    }
}

impl Collector for StartTime {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let boot = fs::read_to_string("/proc/stat").ok().and_then(|text| boot_time(&text));
        let Some((boot, process)) = boot.zip(read_stat()) else { return Vec::new() };
        self.0.set(boot + process.started);
        self.0.collect()
    }
}

impl Collector for ProcessMetrics {
    fn desc(&self) -> Vec<&Desc> {
        let gauges = [&self.resident, &self.virtual_size, &self.open_fds, &self.max_fds];
        let gauges = gauges.into_iter().flat_map(Collector::desc);
        self.cpu.desc().into_iter().chain(gauges).chain(self.start.desc()).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families = self.start.collect();
        if let Some(process) = read_stat() {
            self.cpu.reset();
            self.cpu.inc_by(process.cpu);
            self.virtual_size.set(process.virtual_size);
            families.extend(self.cpu.collect().into_iter().chain(self.virtual_size.collect()));
        }
        let resident = fs::read_to_string("/proc/self/status").ok().and_then(|text| resident(&text));
        let open = fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as f64);
        let most = fs::read_to_string("/proc/self/limits").ok().and_then(|text| max_fds(&text));
        for (gauge, value) in [(&self.resident, resident), (&self.open_fds, open), (&self.max_fds, most)] {
            if let Some(value) = value {
                gauge.set(value);
                families.extend(gauge.collect());
            }
        }
        families
    }
}

/// What `/proc/self/stat` says.
#[derive(Debug, PartialEq)]
struct Stat {
    /// Seconds.
    cpu: f64,
    /// Bytes.
    virtual_size: f64,
    /// Seconds after the machine started.
    started: f64,
}

fn read_stat() -> Option<Stat> {
    stat(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// The fields follow the name in parentheses, which may hold anything.
fn stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<f64>().ok();
    let cpu = (number(11)? + number(12)?) / TICKS;
    Some(Stat { cpu, virtual_size: number(20)?, started: number(19)? / TICKS })
}

fn boot_time(text: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
}

fn resident(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? * 1024.0)
}

fn max_fds(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_proc_are_read() {
        let line = "42 (a) b) S 1 1 1 0 -1 4194560 99 0 0 0 150 50 0 0 20 0 7 0 12300 1048576 900 18446744073709551615";
        let want = Stat { cpu: 2.0, virtual_size: 1_048_576.0, started: 123.0 };
        assert_eq!(stat(line), Some(want));
        assert_eq!(stat("42 (a"), None);
        assert_eq!(resident("VmPeak:\t 9 kB\nVmRSS:\t    2048 kB\n"), Some(2_097_152.0));
        assert_eq!(boot_time("cpu 1\nbtime 1700000000\n"), Some(1_700_000_000.0));
        assert_eq!(
            max_fds("Max open files            1024                 4096                 files"),
            Some(1024.0)
        );
        assert_eq!(max_fds("Max open files unlimited"), None);
    }

    #[test]
    fn this_process_uses_memory_and_files_and_cpu_does_not_fall() {
        let metrics = ProcessMetrics::new().unwrap();
        let value = |name: &str| {
            let families = metrics.collect();
            let family = families.iter().find(|f| f.name() == name).unwrap();
            let metric = &family.get_metric()[0];
            metric.get_gauge().get_value().max(metric.get_counter().get_value())
        };
        assert!(value("process_resident_memory_bytes") > 1_000_000.0);
        assert!(value("process_open_fds") > 2.0);
        assert!(value("process_start_time_seconds") > 1_600_000_000.0);
        let before = value("process_cpu_seconds_total");
        assert!(value("process_cpu_seconds_total") >= before);
    }
}
