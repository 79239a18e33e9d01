//! Between a question and the guest: instances made when needed, failures told, counted and acted upon.

use std::sync::atomic::Ordering;
use std::time::Instant;

use longshore_framework::snapshot::Snapshot;

use super::bindings::exports::longshore::scheduler::permit::Outcome;
use super::imports::locked;
use super::live::{Live, Role};
use super::plugin::{Cell, ComponentPlugin};
use crate::args::FailurePolicy;
use crate::breaker::{Breaker, Change};
use crate::failure::{Failure, FailureKind};
use crate::ledger::Entry;

impl ComponentPlugin {
    pub(super) fn guarded<T>(
        &self,
        cell: &mut Cell,
        (role, base): (Role, usize),
        stage: &'static str,
        (snapshot, retry): (Option<&Snapshot>, bool),
        mut ask: impl FnMut(&mut Live) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.may_ask(stage)?;
        let mut tries = 1 + usize::from(retry);
        loop {
            let answer = self.ready(cell, role, base, snapshot).and_then(&mut ask);
            tries -= 1;
            match answer {
                Ok(answer) => {
                    self.tell(|breaker| breaker.succeeded(), "");
                    return Ok(answer);
                }
                Err(failure) => {
                    self.failed(&failure);
                    if failure.kind.spoils() {
                        cell.live = None;
                    }
                    // A second try after a timeout would keep the pods behind this one waiting twice.
                    let broke = matches!(failure.kind, FailureKind::Trap | FailureKind::Memory);
                    if tries == 0 || !broke || self.may_ask(stage).is_err() {
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
        snapshot: Option<&Snapshot>,
    ) -> Result<&'c mut Live, Failure> {
        let new = cell.live.is_none();
        let mut live = match cell.live.take() {
            Some(live) => live,
            None => Live::start(&self.loaded, role)?,
        };
        if let Some(snapshot) = snapshot.filter(|_| role.has_table()) {
            live.sync(&self.loaded, snapshot, base)?;
        }
        let answers_reserve = !matches!(role, Role::Shard(_));
        if answers_reserve {
            self.inherit(&mut live)?;
            if new {
                self.replay(&mut live, snapshot)?;
            }
        }
        Ok(cell.live.insert(live))
    }

    /// A new control instance is told what an older one knew.
    fn inherit(&self, live: &mut Live) -> Result<(), Failure> {
        let saved = locked(&self.inherited).take();
        saved.map_or(Ok(()), |saved| live.restore(&saved))
    }

    /// And what is set aside, in the order in which it was. What it says of pods that wait is heard.
    fn replay(&self, live: &mut Live, snapshot: Option<&Snapshot>) -> Result<(), Failure> {
        let entries: Vec<Entry> = {
            let mut ledger = locked(&self.loaded.common.ledger);
            if let Some(snapshot) = snapshot {
                ledger.sweep(snapshot);
            }
            ledger.entries().cloned().collect()
        };
        for entry in &entries {
            let said = self.loaded.pod(&entry.pod);
            live.ask("Reserve", |exports, store| match &exports.reserve {
                Some(reserve) => reserve.call_reserve(store, &said, &entry.node, &entry.shared),
                None => Ok(Ok(None)),
            })?;
        }
        for entry in entries.iter().filter(|e| e.waiting) {
            let said = self.loaded.pod(&entry.pod);
            let outcome = live.ask("Permit", |exports, store| match &exports.permit {
                Some(permit) => permit.call_permit(store, &said, &entry.node, &entry.shared),
                None => Ok(Ok(Outcome::Allow)),
            })?;
            self.hear(entry, outcome);
        }
        Ok(())
    }

    fn may_ask(&self, stage: &'static str) -> Result<(), Failure> {
        let mut breaker = locked(&self.breaker);
        if breaker.allows(Instant::now()) {
            return Ok(());
        }
        let last = breaker.open_for(Instant::now()).map_or("", |(why, _)| why).to_string();
        drop(breaker);
        let failure = Failure::new(
            stage,
            FailureKind::Breaker,
            format!("it is switched off after failing too often; the last failure: {last}"),
        );
        self.loaded.common.observer.failed(self.loaded.name(), stage, failure.kind, &failure.message);
        Err(failure)
    }

    pub(super) fn failed(&self, failure: &Failure) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let (name, observer) = (self.loaded.name(), &self.loaded.common.observer);
        observer.failed(name, failure.stage, failure.kind, &failure.message);
        tracing::warn!(plugin = &**name, stage = failure.stage, kind = failure.kind.as_str(), "{failure}");
        let why = failure.to_string();
        self.tell(|breaker| breaker.failed(Instant::now(), &why), &why);
    }

    fn tell(&self, change: impl FnOnce(&mut Breaker) -> Change, why: &str) {
        let change = change(&mut locked(&self.breaker));
        let (name, observer) = (self.loaded.name(), &self.loaded.common.observer);
        match change {
            Change::None => {}
            Change::Opened(pause) => {
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
            Err(_) if self.loaded.settings.failure_policy == FailurePolicy::Ignore => Ok(instead),
            other => other,
        }
    }
}
