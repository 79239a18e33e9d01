//! One source, asked from time to time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use longshore_framework::Timestamp;
use longshore_framework::node_metrics::{MetricsSource, Sample};
use longshore_framework::port::Input;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::fetch::Fetcher;
use crate::told::{Tell, Told};

/// The first pause after a failure; it doubles up to the interval of the source.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Who is told how asking went.
pub trait SourceMeter: Send + Sync {
    /// It answered, and when the newest of its values was measured.
    fn fetched(&self, source: &MetricsSource, newest: Option<Timestamp>, took: Duration);

    /// It did not, or cannot be understood.
    fn failed(&self, source: &MetricsSource, took: Duration);
}

/// What following a source takes.
#[derive(Clone)]
pub struct Following {
    /// Who is told of samples.
    pub tell: Tell,
    /// The time by the engine's clock.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Who counts.
    pub meter: Arc<dyn SourceMeter>,
    /// Ends it.
    pub stop: CancellationToken,
}

/// Asks a source until told to stop; `first` hears when it was asked once.
pub async fn follow(
    source: Arc<MetricsSource>,
    fetcher: Fetcher,
    with: Following,
    first: oneshot::Sender<()>,
) {
    let mut first = Some(first);
    let mut failures = Failures { first: FIRST_PAUSE, longest: source.interval, ..Failures::default() };
    loop {
        let began = Instant::now();
        let fetched = tokio::select! {
            () = with.stop.cancelled() => return,
            fetched = fetcher.fetch((with.clock)()) => fetched,
        };
        let pause = match fetched {
            Ok(sample) => {
                let newest = sample.nodes.values().map(|measured| measured.at).max();
                with.meter.fetched(&source, newest, began.elapsed());
                failures.answered(&source, &sample);
                let (source, sample) = (Arc::clone(&source), Arc::new(sample));
                (with.tell)(Told::Input(Input::Metrics { source, sample }));
                failures.longest
            }
            Err(why) => {
                with.meter.failed(&source, began.elapsed());
                failures.failed(&source, why)
            }
        };
        // Perhaps nobody waits any more.
        let _ = first.take().map(|first| first.send(()));
        tokio::select! {
            () = with.stop.cancelled() => return,
            () = tokio::time::sleep(pause.saturating_sub(began.elapsed())) => {}
        }
    }
}

/// Failures in a row: each text is told once.
#[derive(Default)]
struct Failures {
    first: Duration,
    longest: Duration,
    count: u32,
    said: Option<String>,
    /// Whether it has answered before.
    known: bool,
}

impl Failures {
    fn answered(&mut self, source: &MetricsSource, sample: &Sample) {
        let nodes = sample.nodes.len();
        if self.said.take().is_some() {
            tracing::info!(nodes, "{source} answers again");
        } else if !self.known {
            tracing::info!(nodes, "{source} says what is measured on nodes");
        }
        (self.known, self.count) = (true, 0);
    }

    /// How long to wait.
    fn failed(&mut self, source: &MetricsSource, why: String) -> Duration {
        if self.said.as_ref() != Some(&why) {
            tracing::warn!("{source} does not say what is measured on nodes, asking again: {why}");
            self.said = Some(why);
        }
        let doubled = self.first.saturating_mul(1 << self.count.min(16));
        self.count = self.count.saturating_add(1);
        doubled.min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_fails_is_asked_again_sooner_at_first() {
        let source = MetricsSource::default();
        let mut failures =
            Failures { first: FIRST_PAUSE, longest: Duration::from_secs(5), ..Failures::default() };
        let mut pause = || failures.failed(&source, "no".to_string()).as_secs();
        assert_eq!([pause(), pause(), pause(), pause(), pause()], [1, 2, 4, 5, 5]);
        failures.answered(&source, &Sample::default());
        assert_eq!(failures.failed(&source, "no".to_string()).as_secs(), 1);
    }
}
