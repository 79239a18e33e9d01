//! Between a question and the guest: instances made when needed, failures told, counted and acted upon.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use longshore_framework::objects::Objects;
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Snapshot;

use super::bindings::exports::longshore::scheduler::permit::Outcome;
use super::cluster::Cluster;
use super::imports::locked;
use super::live::{Live, Role};
use super::plugin::{Cell, ComponentPlugin};
use crate::args::FailurePolicy;
use crate::breaker::Change;
use crate::failure::{Failure, FailureKind, one_line};
use crate::ledger::LedgerPod;
use crate::trust::Trust;

/// The stage of calls for the time's sake.
pub(super) const TICK: &str = "Tick";

/// How long a new instance may take to be told what is set aside.
const REPLAY_TIME: Duration = Duration::from_secs(2);

impl ComponentPlugin {
    pub(super) fn guarded<T>(
        &self,
        cell: &mut Cell,
        (role, base): (Role, usize),
        (stage, pod): (&'static str, Option<&Pod>),
        (cluster, retry): (Cluster<'_>, bool),
        mut ask: impl FnMut(&mut Live) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.may_ask(stage, pod)?;
        let mut tries = 1 + usize::from(retry);
        loop {
            // What goes wrong before the question is not the pod's doing.
            let ready = self.ready(cell, role, base, cluster).map_err(|failure| (failure, None));
            let answer = ready.and_then(|live| ask(live).map_err(|failure| (failure, pod)));
            tries -= 1;
            match answer {
                Ok(answer) => {
                    self.tell(|trust| trust.succeeded(stage, pod), "");
                    return Ok(answer);
                }
                Err((failure, about)) => {
                    self.failed(&failure, stage, about);
                    if failure.kind.spoils() {
                        cell.live = None;
                    } else if let Some(live) = &mut cell.live {
                        live.forget_cycle();
                    }
                    // A second try after a timeout would keep the pods behind this one waiting twice.
                    let broke = matches!(failure.kind, FailureKind::Trap | FailureKind::Memory);
                    if tries == 0 || !broke || self.may_ask(stage, pod).is_err() {
                        return Err(failure);
                    }
                }
            }
        }
    }

    /// The instance, made if there is none, its table up to date.
    fn ready<'c>(
        &self,
        cell: &'c mut Cell,
        role: Role,
        base: usize,
        cluster: Cluster<'_>,
    ) -> Result<&'c mut Live, Failure> {
        let answers_reserve = !matches!(role, Role::Shard(_));
        // What happened while the plugin was switched off was not told to an instance that lived through it.
        if answers_reserve && self.stale.swap(false, Ordering::Relaxed) {
            cell.live = None;
        }
        let mut live = match cell.live.take() {
            Some(live) => live,
            None => {
                cell.told = false;
                Live::start(&self.loaded, role)?
            }
        };
        let snapshot = cluster.snapshot;
        if let Some(snapshot) = snapshot.filter(|_| role.has_table()) {
            live.sync(&self.loaded, snapshot, base)?;
            if let Some(objects) = cluster.objects {
                live.sync_metrics(&self.loaded, (snapshot, base), objects)?;
            }
        }
        if let Some(objects) = cluster.objects {
            live.sync_objects(&self.loaded, objects)?;
        }
        if answers_reserve {
            self.inherit(&mut live)?;
            // Without a snapshot nobody can tell who is still on a node; the next stage has one.
            if let Some(snapshot) = snapshot.filter(|_| !cell.told) {
                self.replay(&mut live, snapshot)?;
                cell.told = true;
            }
        }
        Ok(cell.live.insert(live))
    }

    /// A new control instance is told what an older one knew. State that it does not understand is let go.
    fn inherit(&self, live: &mut Live) -> Result<(), Failure> {
        let Some(saved) = locked(&self.inherited).take() else { return Ok(()) };
        match live.restore(&saved) {
            Err(failure) if failure.kind.spoils() => Err(failure),
            Err(failure) => {
                self.failed(&failure, "Handover", None);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// And what is set aside, in the order in which it was. What it says of pods that wait is heard. A pod that it
    /// cannot take is left out; one that breaks it is forgotten, so that the next instance gets past it.
    fn replay(&self, live: &mut Live, snapshot: &Snapshot) -> Result<(), Failure> {
        let entries: Vec<LedgerPod> = {
            let mut ledger = locked(&self.loaded.common.ledger);
            ledger.sweep(snapshot);
            ledger.entries().cloned().collect()
        };
        let end = Instant::now() + self.loaded.runtime.patience().with(REPLAY_TIME);
        for entry in &entries {
            if Instant::now() > end {
                return Err(Failure::new(
                    "Reserve",
                    FailureKind::Timeout,
                    "it took too long to be told what is reserved",
                ));
            }
            self.retell(live, entry)?;
        }
        Ok(())
    }

    fn retell(&self, live: &mut Live, entry: &LedgerPod) -> Result<(), Failure> {
        let said = self.loaded.pod(&entry.pod);
        let mut told = live
            .ask("Reserve", |exports, store| match &exports.reserve {
                Some(reserve) => reserve.call_reserve(store, &said, &entry.node, &entry.shared),
                None => Ok(Ok(None)),
            })
            .map(|_| None);
        if told.is_ok() && entry.waiting {
            told = live
                .ask("Permit", |exports, store| match &exports.permit {
                    Some(permit) => permit.call_permit(store, &said, &entry.node, &entry.shared),
                    None => Ok(Ok(Outcome::Allow)),
                })
                .map(Some);
        }
        match told {
            Ok(outcome) => {
                outcome.into_iter().for_each(|outcome| self.hear(entry, outcome));
                Ok(())
            }
            Err(failure) if failure.kind.spoils() => {
                locked(&self.loaded.common.ledger).released(&entry.pod.meta.uid);
                Err(failure)
            }
            Err(failure) => {
                self.failed(&failure, failure.stage, Some(&entry.pod));
                Ok(())
            }
        }
    }

    fn may_ask(&self, stage: &'static str, pod: Option<&Pod>) -> Result<(), Failure> {
        let may = locked(&self.trust).may_ask(stage, pod, Instant::now());
        may.inspect_err(|failure| {
            self.loaded.common.observer.failed(self.loaded.name(), stage, failure.kind, &failure.message);
        })
    }

    /// Whether the values are there that the plugin does not do without. It is not to blame when they are not, so nothing
    /// but its own answer is missing.
    pub(super) fn measured(&self, stage: &'static str, objects: &Objects) -> Result<(), Failure> {
        let Some(why) = self.loaded.metering.too_old(&objects.metrics) else { return Ok(()) };
        self.failures.fetch_add(1, Ordering::Relaxed);
        let failure = Failure::new(stage, FailureKind::Metrics, why);
        self.loaded.common.observer.failed(self.loaded.name(), stage, failure.kind, &failure.message);
        Err(failure)
    }

    /// A failure is told and counted.
    pub(super) fn failed(&self, failure: &Failure, asked: &'static str, about: Option<&Pod>) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let (name, observer) = (self.loaded.name(), &self.loaded.common.observer);
        observer.failed(name, failure.stage, failure.kind, &failure.message);
        let pod = about.map(Pod::key).unwrap_or_default();
        tracing::warn!(
            plugin = &**name,
            stage = failure.stage,
            kind = failure.kind.as_str(),
            pod,
            "{}",
            one_line(failure.to_string())
        );
        // Ticks have pauses of their own: pods are not to wait because one fails.
        if asked != TICK {
            self.tell(|trust| trust.failed(failure, asked, about, Instant::now()), &failure.to_string());
        }
    }

    fn tell(&self, change: impl FnOnce(&mut Trust) -> Change, why: &str) {
        let change = change(&mut locked(&self.trust));
        let (name, observer) = (self.loaded.name(), &self.loaded.common.observer);
        match change {
            Change::None => {}
            Change::Opened(pause) => {
                self.stale.store(true, Ordering::Relaxed);
                tracing::error!(
                    plugin = &**name,
                    pause_s = pause.as_secs(),
                    "the plugin is switched off: {why}"
                );
                observer.breaker(name, true, why);
            }
            Change::Closed => {
                tracing::info!(plugin = &**name, "the plugin is called again");
                observer.breaker(name, false, "");
            }
        }
    }

    /// What takes the place of an answer: an error, or nothing when failures are ignored.
    pub(super) fn excused<T>(&self, answer: Result<T, Failure>, instead: T) -> Result<T, Failure> {
        match answer {
            Err(_) if self.loaded.settings.failure_policy == FailurePolicy::Ignore => {
                self.excuses.fetch_add(1, Ordering::Relaxed);
                Ok(instead)
            }
            other => other,
        }
    }
}
