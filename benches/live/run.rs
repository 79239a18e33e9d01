//! One measurement: one scheduler, one load.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use longshore_tests::control_plane::{
    ADMIN, Api, ControlPlane, Kind, LONG, Scheduler, SchedulerOptions, objects, runtime, until,
};
use serde::Serialize;

use crate::observe::{Observer, Times};

/// What was measured. Times in milliseconds unless the name says otherwise.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) scheduler: &'static str,
    pub(crate) load: String,
    pub(crate) nodes: usize,
    pub(crate) pods: usize,
    /// (n - 1) / (last binding - first binding).
    pub(crate) pods_per_second: f64,
    /// From the start of the process to the last binding.
    pub(crate) seconds_from_start: Option<f64>,
    /// Processor time of the scheduler per pod; from a backlog it includes its start.
    pub(crate) scheduler_cpu_per_pod: f64,
    pub(crate) api_server_cpu_per_pod: f64,
    pub(crate) etcd_cpu_per_pod: f64,
    pub(crate) peak_rss_mib: f64,
    /// From scheduler_scheduling_attempt_duration_seconds.
    pub(crate) attempt_p99: Option<f64>,
    /// From before the POST to the binding seen by a watch.
    pub(crate) created_to_bound_p50: Option<f64>,
    pub(crate) created_to_bound_p99: Option<f64>,
    /// Cores used by whatever else runs on the machine.
    pub(crate) other_cores: f64,
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::KubeScheduler => "kube-scheduler",
        Kind::Longshore => "longshore",
    }
}

/// Pods wait, the scheduler starts.
pub(crate) fn backlog(plane: &ControlPlane, kind: Kind, nodes: usize, pods: usize) -> Row {
    eprintln!("{} with {pods} pods waiting", name(kind));
    let api = plane.api(ADMIN);
    api.create_all((0..pods).map(|n| objects::pod("default", &format!("pod-{n}"))));
    let observer = Observer::start(&api);
    let before = Times::now(plane, None);
    let start = Instant::now();
    let scheduler = Scheduler::start(plane, &SchedulerOptions::new(kind).without_waiting());
    let bound = observer.finish(pods);
    let mut row = row(plane, &scheduler, before, &bound);
    row.load = format!("backlog of {pods}");
    row.nodes = nodes;
    row.seconds_from_start = bound.values().max().map(|last| (*last - start).as_secs_f64());
    drop(scheduler);
    sweep(&api);
    row
}

/// The scheduler runs, pods come.
pub(crate) fn arrival(plane: &ControlPlane, kind: Kind, nodes: usize, rate: u32, seconds: u32) -> Row {
    eprintln!("{} with {rate} pods a second", name(kind));
    let api = plane.api(ADMIN);
    let scheduler = Scheduler::start(plane, &SchedulerOptions::new(kind));
    let observer = Observer::start(&api);
    let before = Times::now(plane, Some(&scheduler));
    let created = runtime::block_on(create(&api, rate, rate * seconds));
    let bound = observer.finish(created.len());
    let mut row = row(plane, &scheduler, before, &bound);
    row.load = format!("{rate} pods/s");
    row.nodes = nodes;
    let mut waits: Vec<Duration> = created.iter().map(|(name, at)| bound[name] - *at).collect();
    waits.sort();
    let quantile = |q: f64| waits.get(((waits.len() - 1) as f64 * q).round() as usize);
    row.created_to_bound_p50 = quantile(0.50).map(|wait| wait.as_secs_f64() * 1000.0);
    row.created_to_bound_p99 = quantile(0.99).map(|wait| wait.as_secs_f64() * 1000.0);
    drop(scheduler);
    sweep(&api);
    row
}

/// Creates `count` pods, `rate` a second whether the server keeps up or not, and says when each was sent.
async fn create(api: &Api, rate: u32, count: u32) -> HashMap<String, Instant> {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let mut created = HashMap::new();
    let mut sent = Vec::new();
    for n in 0..count {
        ticks.tick().await;
        let (api, name) = (api.clone(), format!("pod-{n}"));
        created.insert(name.clone(), Instant::now());
        sent.push(tokio::spawn(async move {
            let pod = objects::pod("default", &name);
            let json = "application/json";
            api.send(http::Method::POST, "/api/v1/namespaces/default/pods", json, Some(&pod)).await.map(drop)
        }));
    }
    for answer in sent {
        answer.await.unwrap().unwrap();
    }
    created
}

fn row(plane: &ControlPlane, scheduler: &Scheduler, before: Times, bound: &HashMap<String, Instant>) -> Row {
    let now = Times::now(plane, Some(scheduler));
    let used = now.since(before);
    let pods = bound.len();
    let span = *bound.values().max().unwrap() - *bound.values().min().unwrap();
    let per_pod = |seconds: f64| seconds * 1000.0 / pods as f64;
    let metrics = scheduler.metrics();
    let attempts = "scheduler_scheduling_attempt_duration_seconds";
    Row {
        scheduler: name(scheduler.kind),
        load: String::new(),
        nodes: 0,
        pods,
        pods_per_second: (pods - 1) as f64 / span.as_secs_f64(),
        seconds_from_start: None,
        scheduler_cpu_per_pod: per_pod(used.scheduler),
        api_server_cpu_per_pod: per_pod(used.api_server),
        etcd_cpu_per_pod: per_pod(used.etcd),
        peak_rss_mib: scheduler.process.usage().peak_rss_bytes as f64 / f64::from(1 << 20),
        attempt_p99: metrics.quantile(0.99, attempts, &[("result", "scheduled")]).map(|s| s * 1000.0),
        created_to_bound_p50: None,
        created_to_bound_p99: None,
        other_cores: used.other_cores(now.wall(before)),
    }
}

/// Deletes every pod, and waits until the server has calmed down.
fn sweep(api: &Api) {
    let path = "/api/v1/namespaces/default/pods";
    let gone = || {
        let _ = api.delete(path);
        api.list(&format!("{path}?limit=1")).is_empty().then_some(())
    };
    until("every pod to be gone", LONG * 3, String::new, gone);
    std::thread::sleep(Duration::from_secs(2));
}
