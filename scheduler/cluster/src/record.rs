//! Events of events.k8s.io/v1: recorded without waiting, written in the background at their own rate.
//!
//! An event that comes again is counted in a series on the event that is there already, as client-go does it: the second
//! time is written at once, the count of later ones when half an hour has passed or when the series has ended. Events that
//! come once per object keep nothing in memory. Nothing that happens to an event ever stops the scheduler.

mod event;
mod job;
mod options;
mod series;
mod wire;
mod writer;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::event::cut;
pub use self::event::{Event, EventKind, LONGEST_NOTE, ObjectRef};
pub use self::options::{EventCounts, RecorderOptions};
use crate::call::Caller;

/// Takes events; clones feed the same queue.
#[derive(Clone, Debug)]
pub struct Recorder {
    queue: mpsc::Sender<Event>,
    counts: Arc<EventCounts>,
}

impl Recorder {
    /// Starts to write events with `caller`, whose limiter is the one for events, on the runtime this is called on.
    pub fn start(caller: Caller, options: RecorderOptions) -> (Self, RecorderTask) {
        let (queue, events) = mpsc::channel(options.queue.max(1));
        let (counts, stop) = (Arc::<EventCounts>::default(), CancellationToken::new());
        let writer = writer::Writer::new(caller, options, Arc::clone(&counts));
        let task = tokio::spawn(writer.run(events, stop.clone()));
        (Self { queue, counts: Arc::clone(&counts) }, RecorderTask { task, stop, counts })
    }

    /// Has an event written some time. Never waits.
    pub fn record(&self, mut event: Event) {
        cut(&mut event.note);
        if self.queue.try_send(event).is_err() {
            EventCounts::add(&self.counts.dropped, 1);
        }
    }

    /// What became of the events so far.
    pub fn counts(&self) -> &EventCounts {
        &self.counts
    }
}

/// The task that writes.
#[derive(Debug)]
pub struct RecorderTask {
    task: JoinHandle<()>,
    stop: CancellationToken,
    counts: Arc<EventCounts>,
}

impl RecorderTask {
    /// Writes what is waiting and ends, at the latest after `within`. Whether everything was written in time.
    pub async fn finish(mut self, within: Duration) -> bool {
        self.stop.cancel();
        let in_time = tokio::time::timeout(within, &mut self.task).await.is_ok();
        if !in_time {
            self.task.abort();
            // The writer counts what it had not begun when it is dropped.
            let _ = self.task.await;
            tracing::warn!(
                dropped = self.counts.dropped.load(Ordering::Relaxed),
                "Events were left unwritten"
            );
        }
        in_time
    }
}

#[cfg(test)]
mod tests;
