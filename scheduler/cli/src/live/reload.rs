//! A configuration that changes while the scheduler runs: read again, checked, and taken over between two decisions. One
//! that is not valid is reported, and the one before goes on serving.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::bail;
use longshore_cluster::extender::{Binders, RawStore, Wants};
use longshore_cluster::perform::Performer;
use longshore_engine::Engine;
use longshore_framework::port::Effect;
use longshore_framework::profile::Profile;
use longshore_profile::{Configuration, Resolved, show};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::assembly::Extending;
use super::{Inbox, Message};
use crate::input;
use crate::metrics::Metrics;

/// How often the file is looked at. A ConfigMap takes a minute to arrive anyway.
const EVERY: Duration = Duration::from_secs(2);

/// Who takes a changed configuration over.
#[derive(Clone)]
pub(crate) struct Reloading {
    /// The thread.
    pub(crate) inbox: Inbox,
    /// Where it is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Who asks extenders to bind.
    pub(crate) performer: Performer,
    /// Whole objects for extenders, and which of them are kept.
    pub(crate) whole: (Arc<RawStore>, Wants),
    /// What is in force, for `/configz`.
    pub(crate) in_force: Arc<Mutex<Configuration>>,
    /// The same as `profile show` prints it.
    pub(crate) shown: Arc<Mutex<Value>>,
}

/// Looks at the file until told to stop.
pub(crate) async fn follow(file: PathBuf, stop: CancellationToken, reloading: Reloading) {
    let mut known = read(&file).await;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let now = read(&file).await;
        // A file that is gone for a moment is being replaced.
        if now.is_none() || now == known {
            continue;
        }
        known = now;
        if let Err(error) = reloading.take_over(&file) {
            reloading.failed(&error);
        }
    }
}

impl Reloading {
    /// # Errors
    /// The file is not valid, or asks for what only a restart can give.
    fn take_over(&self, file: &Path) -> anyhow::Result<()> {
        let resolved = input::profiles(Some(file))?;
        let shown = show(&resolved);
        let Resolved { configuration, profiles, .. } = resolved;
        let extending = Extending::of(&configuration, Arc::clone(&self.whole.0))?;
        if !self.whole.1.cover(extending.wants()) {
            bail!("its extenders want whole objects that were not kept so far; restart to use them");
        }
        self.tell_of_restarts(&configuration);
        let taking = self.clone();
        let errand =
            move |engine: &mut Engine| taking.exchange(engine, (configuration, shown), profiles, &extending);
        // When the thread is gone there is nothing to take over any more.
        let _ = self.inbox.send(Message::Do(Box::new(errand)));
        Ok(())
    }

    /// On the scheduling thread, between two decisions.
    fn exchange(
        &self,
        engine: &mut Engine,
        (configuration, shown): (Configuration, Value),
        profiles: Vec<Profile>,
        extending: &Extending,
    ) -> Vec<Effect> {
        let meter = self.metrics.meter(&profiles);
        match engine.set_profiles(profiles, &extending.for_engine()) {
            Ok(effects) => {
                engine.set_meter(Some(meter));
                self.performer.set_binders(Binders::of(&extending.clients));
                *self.in_force.lock().unwrap_or_else(PoisonError::into_inner) = configuration;
                *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = shown;
                self.metrics.own.config_reloads.with_label_values(&["success"]).inc();
                self.metrics.own.config_generation.inc();
                tracing::info!("the configuration was read again and is in force");
                effects
            }
            Err(error) => {
                self.failed(&error.into());
                Vec::new()
            }
        }
    }

    fn failed(&self, error: &anyhow::Error) {
        self.metrics.own.config_reloads.with_label_values(&["error"]).inc();
        tracing::error!(
            "the changed configuration is not taken over, the one before goes on serving: {error:#}"
        );
    }

    /// Settings beside profiles and extenders are read at the start only.
    fn tell_of_restarts(&self, new: &Configuration) {
        let old = self.in_force.lock().unwrap_or_else(PoisonError::into_inner);
        let differs = [
            ("leaderElection", old.leader_election != new.leader_election),
            ("clientConnection", old.client_connection != new.client_connection),
            ("podInitialBackoffSeconds", old.pod_initial_backoff_seconds != new.pod_initial_backoff_seconds),
            ("podMaxBackoffSeconds", old.pod_max_backoff_seconds != new.pod_max_backoff_seconds),
        ];
        for (field, _) in differs.into_iter().filter(|(_, differs)| *differs) {
            tracing::warn!(field, "changed in the configuration; restart to use it");
        }
    }
}

async fn read(file: &Path) -> Option<Vec<u8>> {
    tokio::fs::read(file).await.ok()
}
