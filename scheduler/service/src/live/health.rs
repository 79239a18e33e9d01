//! What `/livez` and `/readyz` look at.

use std::sync::Arc;

use longshore_cluster::lease::Leadership;
use longshore_cluster::watch::{Sync, WatchState};
use tokio_util::sync::CancellationToken;

use super::leader::Candidacy;
use crate::metrics::Metrics;
use crate::serve::{Checks, Flag, Probe};

/// Adds the checks that are there from the start, under kube-scheduler's names. A standby is ready: it can take over at
/// once. The flag that is returned passes when every kind is known.
pub(crate) fn checks(checks: &Checks, candidacy: &Candidacy, stop: &CancellationToken) -> Flag {
    checks.add(&[Probe::Live, Probe::Ready, Probe::Health], "ping", || Ok(()));
    let watchdog = candidacy.watchdog.clone();
    checks.add(&[Probe::Ready, Probe::Health], "leaderElection", move || {
        watchdog.check_now().map_err(ToString::to_string)
    });
    let stop = stop.clone();
    checks.add(&[Probe::Ready], "shutdown", move || match stop.is_cancelled() {
        true => Err("the process is shutting down".to_string()),
        false => Ok(()),
    });
    checks.flag(&[Probe::Ready], "sched-handler-sync", "waiting for the first list of every kind")
}

/// Adds a check that names the kinds that are waited for, and why.
pub(crate) fn watches(checks: &Checks, watches: &[Arc<WatchState>]) {
    let watches = watches.to_vec();
    checks.add(&[Probe::Ready], "informer-sync", move || {
        let waiting: Vec<String> =
            watches.iter().filter(|w| w.sync() == Sync::Waiting).map(|w| waits(w)).collect();
        if waiting.is_empty() { Ok(()) } else { Err(waiting.join("; ")) }
    });
}

fn waits(watch: &WatchState) -> String {
    let (resource, error) = (watch.kind.plural, watch.last_error());
    if error.is_empty() {
        format!("waiting for {resource}")
    } else {
        format!("waiting for {resource}: {error}")
    }
}

/// `leader_election_master_status` follows where we stand.
pub(crate) fn lease_metric(metrics: &Metrics, lease: Option<String>, candidacy: &Candidacy) {
    let Some(lease) = lease else { return };
    let gauge = metrics.scheduler.leader.with_label_values(&[lease.as_str()]);
    let mut leadership = candidacy.leadership.clone();
    tokio::spawn(async move {
        loop {
            gauge.set(i64::from(*leadership.borrow_and_update() == Leadership::Leading));
            if leadership.changed().await.is_err() {
                return;
            }
        }
    });
}
