//! Many pods, few devices, and schedulers that end at any moment or work at the same time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use longshore_tests::control_plane::{Kind, LONG, SchedulerOptions, shared, until};
use serde_json::{Value, json};

use super::fixture::{Devices, names};

/// Who has which device, as the watch of claims shows it, and when one was given twice.
#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The claims that have a device, in the order in which they got it.
    holders: BTreeMap<String, Vec<String>>,
    /// Devices that two claims had at the same time while both pods were bound.
    doubled: Vec<String>,
}

impl Ledger {
    /// Follows all claims of the test from now on.
    fn follow(devices: &Devices) -> Self {
        let ledger = Self::default();
        let list = devices.arena.api.get(&devices.path("")).unwrap();
        let version = list["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
        let seen = ledger.clone();
        devices.arena.api.follow(&devices.path(""), &version, move |claim| {
            seen.see(&claim);
            true
        });
        ledger
    }

    fn see(&self, claim: &Value) {
        let name = claim["metadata"]["name"].as_str().unwrap_or_default();
        let key = |device: &str| format!("{}/{device}", pool(claim, device));
        let mut state = self.0.lock().unwrap();
        let has: Vec<String> = names(claim).into_iter().map(key).collect();
        for (device, holders) in &mut state.holders {
            if !has.contains(device) {
                holders.retain(|other| other != name);
            }
        }
        for device in has {
            let holders = state.holders.entry(device.clone()).or_default();
            if !holders.iter().any(|other| other == name) {
                holders.push(name.to_owned());
            }
            if holders.len() > 1 {
                let said = format!("{device}: {}", holders.join(", "));
                state.doubled.push(said);
            }
        }
    }

    fn doubled(&self) -> Vec<String> {
        self.0.lock().unwrap().doubled.clone()
    }

    /// Devices that more than one claim has now.
    fn shared_now(&self) -> Vec<String> {
        let state = self.0.lock().unwrap();
        state
            .holders
            .iter()
            .filter(|(_, holders)| holders.len() > 1)
            .map(|(device, _)| device.clone())
            .collect()
    }
}

fn pool(claim: &Value, device: &str) -> String {
    let results = claim["status"]["allocation"]["devices"]["results"].as_array();
    let mut of = results.into_iter().flatten().filter(|result| result["device"] == device);
    of.next().map_or(String::new(), |result| result["pool"].to_string())
}

/// Nodes with four devices each.
fn nodes(devices: &Devices, count: usize) {
    for at in 0..count.div_ceil(4) {
        let here = count.saturating_sub(at * 4).min(4);
        let names: Vec<String> = (0..here).map(|device| format!("gpu-{device}")).collect();
        devices.node(&format!("n{at}"), &names.iter().map(String::as_str).collect::<Vec<_>>());
    }
    devices.class("gpu", &json!({}));
    devices.template("one", &json!({"deviceClassName": "gpu"}));
}

/// Pods and devices of the storm: few by default, `LONGSHORE_STORM=2000/500` for all of it.
fn size() -> (usize, usize) {
    let size = std::env::var("LONGSHORE_STORM").unwrap_or_default();
    let parts =
        size.split_once('/').and_then(|(pods, devices)| Some((pods.parse().ok()?, devices.parse().ok()?)));
    parts.unwrap_or((120, 40))
}

/// A scheduler that is killed again and again loses no device and gives none twice: pods come to four times what there are
/// devices, and go when they have run.
#[test]
fn a_scheduler_that_is_killed_at_any_moment_leaks_no_device_and_gives_none_twice() {
    let devices = Devices::on(shared());
    let (pods, count) = size();
    nodes(&devices, count);
    let ledger = Ledger::follow(&devices);
    let all = (0..pods).map(|at| devices.new_pod(&format!("p{at}"), "one"));
    devices.arena.api.create_all(all.collect::<Vec<_>>());
    let options = SchedulerOptions::new(Kind::Longshore);
    let (start, limit) = (Instant::now(), LONG * 4);
    let mut gone = 0;
    // Moments that differ from life to life, and do not from run to run.
    for life in 0_u64.. {
        let mut scheduler = devices.arena.scheduler_with(&options);
        let moment = 150 + life * 7919 % 900;
        let lives_on = life >= 8;
        let born = Instant::now();
        while lives_on || born.elapsed() < Duration::from_millis(moment) {
            gone += finish(&devices, 16);
            if gone >= pods || start.elapsed() > limit {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        if gone >= pods || start.elapsed() > limit {
            break;
        }
        scheduler.process.kill();
    }
    assert_eq!(gone, pods, "every pod gets its device");
    assert_eq!(ledger.doubled(), Vec::<String>::new());
    // The controller takes back what pods had that are gone.
    let held = || {
        let claims = devices.arena.api.list(&devices.path(""));
        claims.iter().filter(|claim| !claim["status"]["allocation"].is_null()).count()
    };
    until(
        "all devices to be free",
        LONG,
        || format!("{} claims have one", held()),
        || (held() == 0).then_some(()),
    );
}

/// Deletes pods that have a node, so that their devices become free; how many.
fn finish(devices: &Devices, most: usize) -> usize {
    let pods = devices.arena.api.list(&devices.arena.path("pods"));
    let bound = pods.iter().filter(|pod| pod["spec"]["nodeName"].is_string());
    let running = bound.filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).take(most);
    let deleted = running.map(|pod| {
        let path = devices.arena.path(&format!("pods/{}", pod["metadata"]["name"].as_str().unwrap()));
        usize::from(devices.arena.api.delete(&path).is_ok())
    });
    deleted.sum()
}

/// Two schedulers that know nothing of each other give out the devices of one pool. Both may write one device for a moment:
/// then one takes its own back before its pod is bound.
#[test]
fn two_schedulers_and_one_pool_bind_no_two_pods_with_one_device() {
    let devices = Devices::on(shared());
    nodes(&devices, 24);
    let ledger = Ledger::follow(&devices);
    let scheduler = |name: &str| {
        let profile = json!({"profiles": [{"schedulerName": name}]});
        devices.arena.scheduler_with(&SchedulerOptions::new(Kind::Longshore).config(&profile))
    };
    let _schedulers = (scheduler("one"), scheduler("two"));
    let pods = (0..40).map(|at| {
        let mut pod = devices.new_pod(&format!("p{at}"), "one");
        pod["spec"]["schedulerName"] = ["one", "two"][at % 2].into();
        pod
    });
    devices.arena.api.create_all(pods.collect::<Vec<_>>());
    let bound = || {
        devices
            .arena
            .api
            .list(&devices.arena.path("pods"))
            .iter()
            .filter(|p| p["spec"]["nodeName"].is_string())
            .count()
    };
    until("24 pods to be bound", LONG, || format!("{} are", bound()), || (bound() >= 24).then_some(()));
    thread::sleep(Duration::from_secs(2));
    assert_eq!(bound(), 24, "no more pods than devices");
    assert_eq!(ledger.shared_now(), Vec::<String>::new());
    let claims = devices.arena.api.list(&devices.path(""));
    let mut given: Vec<String> = claims
        .iter()
        .filter(|claim| !claim["status"]["reservedFor"].is_null())
        .flat_map(|claim| names(claim).into_iter().map(|name| format!("{}/{name}", pool(claim, name))))
        .collect();
    let all = given.len();
    given.sort();
    given.dedup();
    assert_eq!((all, given.len()), (24, 24));
}
