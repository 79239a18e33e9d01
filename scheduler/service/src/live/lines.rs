//! The lines at the start and at the end that say what runs, and what was done.

use std::sync::atomic::Ordering;

use longshore_cluster::discover::Discovered;
use longshore_cluster::lease::{Leadership, LossReason};
use longshore_cluster::record::EventCounts;
use longshore_framework::Str;
use longshore_framework::features::Features;
use longshore_loader::Guests;
use longshore_simulation::report::rules;

use super::tally::{Tally, Work};

/// The scheduler name that pods have which ask for none.
const EVERYBODY: &str = "default-scheduler";
/// Digits of a digest that tell plugins apart to the eye.
const SHORT: usize = 12;

/// What the process is.
pub(crate) struct Starting<'s> {
    /// Scheduler names of the profiles.
    pub(crate) names: &'s [Str],
    /// Namespace and name of the Lease, where there is an election.
    pub(crate) lease: Option<String>,
    /// Plugins in WebAssembly.
    pub(crate) guests: &'s Guests,
    /// Whether a configuration file was given.
    pub(crate) configured: bool,
}

impl Starting<'_> {
    /// Says what runs, once the cluster is known.
    pub(crate) fn tell(&self, cluster: &Discovered, features: Features) {
        let lease = self.lease.as_deref().unwrap_or("none: no other process is asked");
        tracing::info!(
            profiles = self.names.len(),
            schedulerNames = self.names.join(","),
            lease,
            kubernetes = cluster.version,
            decidesAs = rules::line(features),
            plugins = self.plugins(),
            "Starting to schedule"
        );
    }

    /// Says what may not be meant.
    pub(crate) fn warn(&self) {
        if !self.names.iter().any(|name| &**name == EVERYBODY) {
            return;
        }
        let lease =
            self.lease.as_deref().map_or(String::new(), |lease| format!(" and stands for the Lease {lease}"));
        if self.configured {
            tracing::info!(
                "A profile is called {EVERYBODY}: pods that ask for no scheduler are scheduled here{lease}"
            );
        } else {
            tracing::warn!(
                "No --config is given, so this process takes kube-scheduler's place: it schedules the pods of {EVERYBODY}{lease}. \
                 To run beside kube-scheduler, give --config with a profile that has another schedulerName"
            );
        }
    }

    fn plugins(&self) -> String {
        let one = |name: &Str, version: &str, digest: &str| {
            let version = if version.is_empty() { String::new() } else { format!("@{version}") };
            format!("{name}{version} sha256:{}", &digest[..digest.len().min(SHORT)])
        };
        let all: Vec<String> = self
            .guests
            .iter()
            .map(|(_, name, held)| {
                let about = held.guest.about();
                one(name, &about.version, &about.digest)
            })
            .collect();
        if all.is_empty() { "in-tree only".to_string() } else { format!("in-tree, {}", all.join(", ")) }
    }
}

/// Says what was done, as the last word.
pub(crate) fn stopped(tally: &Tally, (elected, leadership): (bool, &Leadership), events: &EventCounts) {
    let lease = match leadership {
        Leadership::Lost(reason @ LossReason::Stopped { .. }) => reason.to_string(),
        Leadership::Lost(reason) => format!("lost: {reason}"),
        Leadership::Standby { .. } => "not held".to_string(),
        Leadership::Leading if elected => "not given back in time; it runs out by itself".to_string(),
        Leadership::Leading => "no election".to_string(),
    };
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let events = format!(
        "{} written, {} refused, {} dropped",
        count(&events.written),
        count(&events.failed),
        count(&events.dropped)
    );
    tracing::info!(
        bindings = tally.summary(Work::Binding),
        evictions = tally.summary(Work::Eviction),
        volumes = tally.summary(Work::Volumes),
        lease,
        events,
        "Stopped"
    );
}
