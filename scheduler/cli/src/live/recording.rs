//! What the scheduler records of itself.

use std::sync::{Arc, Mutex, PoisonError};

use longshore_cluster::extender::Wants;
use longshore_engine::Engine;
use longshore_recording::{Module, Recorder, Settings, Tape};
use serde_json::Value;

use super::plugins::Announcer;
use crate::args::keep::RecordArgs;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::plugins::Guests;

/// A recording that goes on, if one was asked for.
#[derive(Default)]
pub(crate) struct Recording(Option<Recorder>);

/// Where a configuration is put that was read again.
#[derive(Clone, Default)]
pub(crate) struct Reloads(Option<Arc<Mutex<Option<Box<Settings>>>>>);

impl Recording {
    /// Begins to record an engine that knows nothing yet, if a folder is named. Should that end, people are told.
    ///
    /// # Errors
    /// Nothing can be written there.
    pub(crate) fn begin(
        args: &RecordArgs,
        engine: &Engine,
        (shown, guests): (Value, &Guests),
        metrics: &Metrics,
        announcer: Announcer,
    ) -> anyhow::Result<(Self, Tape)> {
        let Some(folder) = &args.record else { return Ok((Self::default(), Tape::none())) };
        if guests.wants() != Wants::default() {
            tracing::warn!(
                "plugins read whole objects, which are not recorded: what they say may come out otherwise"
            );
        }
        // The scheduling thread holds bindings back from the start.
        let settings = Settings { holds_bindings: true, ..Settings::of(engine, shown, modules(guests)) };
        if settings.extenders {
            tracing::warn!(
                "answers of extenders are not recorded: a replay takes the recorded nodes where it can"
            );
        }
        // The seed is drawn for each process.
        let chance = u32::try_from(settings.seed & u64::from(u32::MAX)).unwrap_or_default();
        let stopped = move |why: &str| {
            tracing::error!("nothing is recorded any more, and the scheduler goes on: {why}");
            announcer.warning("RecordingStopped", "Record", format!("nothing is recorded any more: {why}"));
        };
        let session = (Clock::new().now(), chance);
        let (recorder, tape) = Recorder::start(folder, args.limits.into(), settings, session, stopped)?;
        metrics.record(recorder.status())?;
        tracing::info!(folder = %folder.display(), "What is decided, and from what, is recorded");
        Ok((Self(Some(recorder)), tape))
    }

    /// Where a configuration is put that was read again.
    pub(crate) fn reloads(&self) -> Reloads {
        Reloads(self.0.as_ref().map(Recorder::reloaded))
    }

    /// Waits until everything is written. The scheduling thread has ended.
    pub(crate) async fn finish(self) {
        if let Some(recorder) = self.0 {
            // Whether it broke was said when it did.
            let _ = tokio::task::spawn_blocking(move || recorder.finish()).await;
        }
    }
}

impl Reloads {
    /// This is in force from now on.
    pub(crate) fn put(&self, engine: &Engine, shown: &Value, guests: &Guests) {
        if let Some(place) = &self.0 {
            let settings =
                Settings { holds_bindings: true, ..Settings::of(engine, shown.clone(), modules(guests)) };
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(settings));
        }
    }
}

/// The plugins in WebAssembly, by what they are.
pub(crate) fn modules(guests: &Guests) -> Vec<Module> {
    let module = |(profile, plugin, held): (
        &longshore_framework::Str,
        &longshore_framework::Str,
        &crate::plugins::Held,
    )| Module {
        profile: profile.to_string(),
        plugin: plugin.to_string(),
        digest: held.guest.digest().to_string(),
    };
    guests.iter().map(module).collect()
}
