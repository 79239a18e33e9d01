//! When pods are bound, seen from outside, and who used the processors meanwhile.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use longshore_tests::control_plane::{Api, ControlPlane, Scheduler, Usage};
use tokio::task::JoinHandle;

/// A watch of bound pods.
pub(crate) struct Observer {
    bound: Arc<Mutex<HashMap<String, Instant>>>,
    task: JoinHandle<()>,
}

impl Observer {
    /// Sees every pod that is bound from now on. Pods without a node are filtered out by the server, so that watching costs
    /// it one event per pod.
    pub(crate) fn start(api: &Api) -> Self {
        let list = api.get("/api/v1/pods?limit=1").unwrap();
        let version = list["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
        let bound: Arc<Mutex<HashMap<String, Instant>>> = Arc::default();
        let seen = Arc::clone(&bound);
        let task = api.follow("/api/v1/pods?fieldSelector=spec.nodeName!=", &version, move |pod| {
            let name = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            seen.lock().unwrap().entry(name).or_insert_with(Instant::now);
            true
        });
        Self { bound, task }
    }

    /// Waits until `count` pods are bound, and says when each was. Panics when a minute passes without any.
    pub(crate) fn finish(self, count: usize) -> HashMap<String, Instant> {
        let (mut known, mut last) = (0, Instant::now());
        loop {
            let now = self.bound.lock().unwrap().len();
            if now >= count {
                self.task.abort();
                return std::mem::take(&mut *self.bound.lock().unwrap());
            }
            if now > known {
                (known, last) = (now, Instant::now());
            }
            assert!(last.elapsed() < Duration::from_secs(60), "stuck at {known} of {count} pods");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Processor time of everyone, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    at: Instant,
    machine: f64,
    pub(crate) scheduler: f64,
    pub(crate) api_server: f64,
    pub(crate) etcd: f64,
    observer: f64,
}

impl Times {
    pub(crate) fn now(plane: &ControlPlane, scheduler: Option<&Scheduler>) -> Self {
        Self {
            at: Instant::now(),
            machine: machine(),
            scheduler: scheduler.map_or(0.0, |scheduler| scheduler.process.usage().cpu_seconds),
            api_server: plane.api_server().usage().cpu_seconds,
            etcd: plane.etcd().usage().cpu_seconds,
            observer: Usage::of("self").cpu_seconds,
        }
    }

    /// What was used since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            at: self.at,
            machine: self.machine - before.machine,
            scheduler: self.scheduler - before.scheduler,
            api_server: self.api_server - before.api_server,
            etcd: self.etcd - before.etcd,
            observer: self.observer - before.observer,
        }
    }

    /// Cores that others used, on average over `wall`.
    pub(crate) fn other_cores(self, wall: Duration) -> f64 {
        let ours = self.scheduler + self.api_server + self.etcd + self.observer;
        ((self.machine - ours) / wall.as_secs_f64()).max(0.0)
    }

    pub(crate) fn wall(self, before: Self) -> Duration {
        self.at - before.at
    }
}

/// Busy seconds of all processors since boot: the first line of `/proc/stat` without idle, iowait and steal.
fn machine() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = stat.lines().next().unwrap_or_default().split_ascii_whitespace().skip(1);
    let ticks: Vec<f64> = fields.filter_map(|field| field.parse().ok()).collect();
    let busy = [0, 1, 2, 5, 6].iter().filter_map(|at| ticks.get(*at));
    busy.sum::<f64>() / 100.0
}
