//! Events of events.k8s.io/v1: recorded without waiting, written in the background at their own rate.
//!
//! An event that comes again is counted in a series on the event that is there already, as client-go does it: the second
//! time is written at once, the count of later ones when half an hour has passed or when the series has ended. Events that
//! come once per object keep nothing in memory. Nothing that happens to an event ever stops the scheduler.

mod series;
mod wire;
mod writer;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::call::Caller;
use crate::lease::LeaseEvent;

/// Longest note that the API accepts, in bytes.
pub const LONGEST_NOTE: usize = 1024;

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectRef {
    /// `v1`, `coordination.k8s.io/v1`.
    pub api_version: &'static str,
    /// `Pod`, `Lease`.
    pub kind: &'static str,
    /// Namespace.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// UID.
    pub uid: Str,
}

impl ObjectRef {
    /// A lease.
    pub fn lease(namespace: Str, name: Str, uid: Str) -> Self {
        Self { api_version: "coordination.k8s.io/v1", kind: "Lease", namespace, name, uid }
    }

    /// A pod.
    pub fn pod(pod: &Pod) -> Self {
        Self {
            api_version: "v1",
            kind: "Pod",
            namespace: Arc::clone(&pod.meta.namespace),
            name: Arc::clone(&pod.meta.name),
            uid: Arc::clone(&pod.meta.uid),
        }
    }
}

/// Reasons and actions that the API accepts: not empty, at most 128 bytes.
fn short(text: &str) -> Cow<'static, str> {
    match text {
        "" => "Plugin".into(),
        text => text[..text.floor_char_boundary(128)].to_string().into(),
    }
}

/// `type` of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// All is well.
    Normal,
    /// Something is not.
    Warning,
}

impl EventKind {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// Something to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it is about.
    pub regarding: ObjectRef,
    /// Another object that had a part in it.
    pub related: Option<ObjectRef>,
    /// Normal or Warning.
    pub kind: EventKind,
    /// Why, e.g. `FailedScheduling`.
    pub reason: Cow<'static, str>,
    /// What was done, e.g. `Binding`.
    pub action: Cow<'static, str>,
    /// For people; cut to [`LONGEST_NOTE`] bytes.
    pub note: String,
    /// Who says so: the profile's scheduler name.
    pub reporting_controller: Str,
    /// Never comes again for this object, so that it need not be remembered.
    pub once: bool,
}

impl Event {
    /// A pod was bound.
    pub fn scheduled(pod: &Pod, node: &str) -> Self {
        let note = format!("Successfully assigned {} to {node}", pod.key());
        Self { once: true, ..Self::of(pod, EventKind::Normal, "Scheduled", "Binding", note) }
    }

    /// An attempt failed.
    pub fn failed_scheduling(pod: &Pod, message: &str) -> Self {
        Self::of(pod, EventKind::Warning, "FailedScheduling", "Scheduling", message.to_string())
    }

    /// A victim has to go; `in_memory` when it was not bound yet and only gives up its place.
    pub fn preempted(victim: &Pod, preemptor: &Pod, node: &str, in_memory: bool) -> Self {
        let suffix = if in_memory { " (in kube-scheduler memory)." } else { "" };
        let note = format!("Preempted by pod {} on node {node}{suffix}", preemptor.meta.uid);
        Self {
            related: Some(ObjectRef::pod(preemptor)),
            // The one who preempts speaks, whoever the victim was scheduled by.
            reporting_controller: Arc::clone(&preemptor.spec.scheduler_name),
            ..Self::of(victim, EventKind::Normal, "Preempted", "Preempting", note)
        }
    }

    /// Leadership began or ended. The API demands an action, which kube-scheduler's event of this kind has not.
    pub fn leader_election(lease: LeaseEvent, reporting_controller: Str) -> Self {
        Self {
            regarding: ObjectRef::lease(lease.namespace, lease.name, lease.uid),
            related: None,
            kind: EventKind::Normal,
            reason: "LeaderElection".into(),
            action: "LeaderElection".into(),
            note: lease.note,
            reporting_controller,
            once: true,
        }
    }

    /// A plugin has something to say of a pod; the plugin's name stands as the action.
    pub fn of_plugin(pod: &Pod, plugin: &str, kind: EventKind, reason: &str, note: &str) -> Self {
        let event = Self::of(pod, kind, "", "", note.to_string());
        Self { reason: short(reason), action: short(plugin), ..event }
    }

    /// Something that concerns the scheduler as a whole, told of the lease that it leads by.
    pub fn of_scheduler(
        lease: ObjectRef,
        kind: EventKind,
        reason: &'static str,
        action: &str,
        note: String,
        reporting_controller: Str,
    ) -> Self {
        let (reason, action) = (reason.into(), short(action));
        Self {
            regarding: lease,
            related: None,
            kind,
            reason,
            action,
            note,
            reporting_controller,
            once: false,
        }
    }

    fn of(pod: &Pod, kind: EventKind, reason: &'static str, action: &'static str, note: String) -> Self {
        Self {
            regarding: ObjectRef::pod(pod),
            related: None,
            kind,
            reason: reason.into(),
            action: action.into(),
            note,
            reporting_controller: Arc::clone(&pod.spec.scheduler_name),
            once: false,
        }
    }
}

/// How events are written.
#[derive(Clone, Debug)]
pub struct RecorderOptions {
    /// This host, the last part of `reportingInstance`.
    pub hostname: Str,
    /// Events that may wait to be written; further ones are dropped and counted.
    pub queue: usize,
    /// Calls at a time.
    pub at_once: usize,
    /// Series and events remembered at most; beyond that events are written one by one.
    pub remembered: usize,
    /// A series that nothing was added to for this long has ended (client-go: 6 min).
    pub finish: Duration,
    /// The count of a series that goes on is written this often (client-go: 30 min).
    pub refresh: Duration,
    /// The pause before an event is tried again that the server did not answer (client-go: 10 s, 12 tries).
    pub pause: Duration,
}

impl RecorderOptions {
    /// client-go's times, 10,000 waiting events, 16 calls at a time.
    pub fn new(hostname: impl Into<Str>) -> Self {
        Self {
            hostname: hostname.into(),
            queue: 10_000,
            at_once: 16,
            remembered: 8_192,
            finish: Duration::from_secs(6 * 60),
            refresh: Duration::from_secs(30 * 60),
            pause: Duration::from_secs(10),
        }
    }
}

/// What became of the events.
#[derive(Debug, Default)]
pub struct EventCounts {
    /// Written, series among them.
    pub written: AtomicU64,
    /// Dropped because too many were waiting, or because the end came first.
    pub dropped: AtomicU64,
    /// Refused by the server, or given up after the last try.
    pub failed: AtomicU64,
}

impl EventCounts {
    fn add(counter: &AtomicU64, number: u64) {
        counter.fetch_add(number, Ordering::Relaxed);
    }
}

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

/// Cuts a note to what the API accepts, with ` ...` at its end.
fn cut(note: &mut String) {
    const SUFFIX: &str = " ...";
    if note.len() > LONGEST_NOTE {
        note.truncate(note.floor_char_boundary(LONGEST_NOTE - SUFFIX.len()));
        note.push_str(SUFFIX);
    }
}

#[cfg(test)]
mod tests;
