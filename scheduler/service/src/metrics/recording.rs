//! How a recording goes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use longshore_recording::Status;
use prometheus::{IntCounter, IntGauge, Registry};

use super::add;

/// The families, which are there once something is recorded.
#[derive(Debug, Default)]
pub(super) struct RecordingMetrics(OnceLock<Families>);

#[derive(Debug)]
struct Families {
    status: Arc<Status>,
    bytes: IntCounter,
    turns: IntCounter,
    dropped: IntCounter,
    stopped: IntGauge,
}

impl RecordingMetrics {
    pub(super) fn begin(&self, registry: &Registry, status: Arc<Status>) -> prometheus::Result<()> {
        let counter = |name: &str, help: &str| add(registry, IntCounter::new(name, help)?);
        let families = Families {
            status,
            bytes: counter("longshore_recording_bytes_total", "Bytes that were recorded")?,
            turns: counter(
                "longshore_recording_turns_total",
                "Calls of the engine that were recorded: what it was told, and attempts",
            )?,
            dropped: counter(
                "longshore_recording_dropped_turns_total",
                "Calls of the engine that are missing in the recording, because writing was slower",
            )?,
            stopped: add(
                registry,
                IntGauge::new(
                    "longshore_recording_stopped",
                    "1 when nothing is recorded any more because writing failed, as on a full disk",
                )?,
            )?,
        };
        // There is one in a process: a second one could not have been registered.
        _ = self.0.set(families);
        Ok(())
    }

    /// Brings the families up to date.
    pub(super) fn read(&self) {
        let Some(families) = self.0.get() else { return };
        let follow = |counter: &IntCounter, now: &AtomicU64| {
            counter.inc_by(now.load(Ordering::Relaxed).saturating_sub(counter.get()));
        };
        follow(&families.bytes, &families.status.bytes);
        follow(&families.turns, &families.status.turns);
        follow(&families.dropped, &families.status.dropped);
        families.stopped.set(i64::from(families.status.has_stopped()));
    }
}
