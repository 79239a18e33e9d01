//! The task that writes events: one loop that remembers, and a bounded number of calls under way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustc_hash::FxHashSet;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::event::Event;
use super::job::Job;
use super::options::{EventCounts, RecorderOptions};
use super::series::{RecentEvents, Verdict};
use super::wire::{self, Series, SeriesPatch};
use crate::call::{ApiError, Caller, Content, path};
use crate::retry::jittered;

/// Tries per event when the server does not answer, as in client-go.
const TRIES: u32 = 12;
/// Kinds of failures that are logged.
const KINDS_OF_FAILURES: usize = 64;
/// The pause is up to this much longer, by chance.
const JITTER: f64 = 0.25;

pub(super) struct Writer {
    caller: Caller,
    options: Arc<RecorderOptions>,
    counts: Arc<EventCounts>,
    seen: RecentEvents,
    calls: JoinSet<(Option<u64>, Result<(), ApiError>)>,
    /// Names are made of the time and must differ.
    last_nanos: u64,
    /// Kinds of failures that were logged.
    logged: FxHashSet<(u16, String)>,
}

impl Writer {
    pub(super) fn new(caller: Caller, options: RecorderOptions, counts: Arc<EventCounts>) -> Self {
        let options = Arc::new(options);
        let (seen, calls, logged) = (RecentEvents::new(), JoinSet::new(), FxHashSet::default());
        Self { caller, options, counts, seen, calls, last_nanos: 0, logged }
    }

    /// Writes until `stop`, then what is waiting.
    pub(super) async fn run(mut self, events: mpsc::Receiver<Event>, stop: CancellationToken) {
        let mut events = Waiting { events, counts: Arc::clone(&self.counts) };
        let sweep = (self.options.finish / 6).clamp(Duration::from_millis(10), Duration::from_secs(60));
        let mut sweep = tokio::time::interval(sweep);
        let (mut burst, mut due) = (Vec::new(), tokio::time::Instant::now());
        loop {
            let room = self.options.at_once.max(1).saturating_sub(self.calls.len());
            tokio::select! {
                biased;
                Some(ended) = self.calls.join_next() => self.ended(ended),
                () = stop.cancelled() => break,
                _ = sweep.tick(), if room > 0 => {
                    for job in self.seen.sweep(&self.options, Instant::now()) {
                        self.room().await;
                        self.call(job);
                    }
                }
                count = next_burst(&mut events.events, &mut burst, room, due), if room > 0 => {
                    if count == 0 {
                        break;
                    }
                    due = tokio::time::Instant::now();
                    // Where more came than fits, more is behind it.
                    if count < room {
                        due += self.options.gather;
                    }
                    burst.drain(..).for_each(|event| self.take(event));
                }
            }
        }
        events.events.close();
        while let Some(event) = events.events.recv().await {
            self.room().await;
            self.take(event);
        }
        while let Some(ended) = self.calls.join_next().await {
            self.ended(ended);
        }
    }

    /// Waits until another call may be made.
    async fn room(&mut self) {
        while self.calls.len() >= self.options.at_once.max(1) {
            if let Some(ended) = self.calls.join_next().await {
                self.ended(ended);
            }
        }
    }

    fn take(&mut self, event: Event) {
        let now = Timestamp::now();
        let nanos = u64::try_from(now.as_nanosecond()).unwrap_or(0);
        self.last_nanos = nanos.max(self.last_nanos.saturating_add(1));
        let name = wire::name(&event, self.last_nanos);
        if let Verdict::Write(job) =
            self.seen.take(event, name, self.options.remembered, (now, Instant::now()))
        {
            self.call(job);
        }
    }

    fn call(&mut self, job: Job) {
        let (caller, options) = (self.caller.clone(), Arc::clone(&self.options));
        self.calls.spawn(async move { (job.key, attempt(&caller, &options, &job).await) });
    }

    fn ended(&mut self, ended: Result<(Option<u64>, Result<(), ApiError>), tokio::task::JoinError>) {
        let Ok((key, result)) = ended else { return };
        match result {
            Ok(()) => EventCounts::add(&self.counts.written, 1),
            Err(error) => {
                EventCounts::add(&self.counts.failed, 1);
                self.log(error);
            }
        }
        if let Some(job) = key.and_then(|key| self.seen.done(key, Instant::now())) {
            self.call(job);
        }
    }

    /// Each kind of failure is logged once; the counter tells how often.
    fn log(&mut self, error: ApiError) {
        let hint = match &error {
            e if e.is_namespace_terminating() => "its namespace is being deleted",
            e if e.is_forbidden() => "the ClusterRole must allow create and patch on events.events.k8s.io",
            _ => "further failures of this kind are only counted",
        };
        // Reasons are the server's words, so their number is limited.
        if self.logged.len() < KINDS_OF_FAILURES && self.logged.insert((error.code, error.reason.clone())) {
            tracing::warn!(%error, "An event could not be written: {hint}");
        }
    }
}

/// Waits until `due` and for an event, then takes what has come, `room` at the most. How many that were; none at the end.
/// Until `due` nothing wakes up for an event.
async fn next_burst(
    events: &mut mpsc::Receiver<Event>,
    burst: &mut Vec<Event>,
    room: usize,
    due: tokio::time::Instant,
) -> usize {
    tokio::time::sleep_until(due).await;
    events.recv_many(burst, room).await
}

/// The queue; whatever is left in it at the end counts as dropped.
struct Waiting {
    events: mpsc::Receiver<Event>,
    counts: Arc<EventCounts>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.events.close();
        while self.events.try_recv().is_ok() {
            EventCounts::add(&self.counts.dropped, 1);
        }
    }
}

/// Writes an event or its count. Only silence is tried again: an answer that says no stays no.
async fn attempt(caller: &Caller, options: &RecorderOptions, job: &Job) -> Result<(), ApiError> {
    let mut tries = 0;
    loop {
        tries += 1;
        // A decision is about a pod; all else concerns the process itself, and the lease.
        if job.event.regarding.kind == "Pod" && options.hold.is_stale() {
            return Err(ApiError::unsent("not sent: it was decided on a lease that had run out".to_string()));
        }
        let error = match write(caller, options, job).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        // An answer that got lost on an earlier try left the event behind.
        if error.already_exists() && tries > 1 && job.series.is_none() {
            return Ok(());
        }
        // Between our patch and our create the event came up: the patch will do.
        let again = error.is_unreachable() || error.already_exists() && job.series.is_some();
        if !again || tries >= TRIES {
            return Err(error);
        }
        tokio::time::sleep(jittered(options.pause, JITTER)).await;
    }
}

async fn write(caller: &Caller, options: &RecorderOptions, job: &Job) -> Result<(), ApiError> {
    let events = path::events(wire::namespace(&job.event));
    let series = job.series.map(|(count, last)| Series::new(count, last));
    if let Some(series) = &series {
        let path = format!("{events}/{}", job.name);
        match caller.patch(&path, Content::StrategicMerge, &SeriesPatch { series }).await {
            // Events live for an hour; one that is gone is written anew.
            Err(error) if error.is_not_found() => {}
            result => return result.map(drop),
        }
    }
    let instance = wire::instance(&job.event.reporting_controller, &options.hostname);
    let event = wire::written(&job.event, &job.name, &instance, job.first, series);
    caller.post(&events, &event).await.map(drop)
}
