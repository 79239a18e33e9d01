//! Plugins in WebAssembly of a running scheduler: who counts what they do, and who tells people when one is switched off
//! or exchanged.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use longshore_cluster::lease::LeaseEvent;
use longshore_cluster::record::{Event, EventKind, ObjectRef, Recorder};
use longshore_framework::Str;
use longshore_framework::objects::declared::DeclaredKind;
use longshore_loader::Guests;
use longshore_wasm::{FailureKind, Health, Observe};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::metrics::{Metrics, PluginMetrics};
use crate::serve::Note;

/// The plugins in force; exchanged by a reload.
pub(crate) type SharedGuests = Arc<Mutex<Guests>>;

/// A plugin was switched off, or on again.
#[derive(Debug)]
pub struct Switch {
    plugin: String,
    off: bool,
    why: String,
}

/// Counts what plugins do, and passes on what people have to know.
pub struct Watch {
    metrics: Arc<PluginMetrics>,
    switches: UnboundedSender<Switch>,
}

impl Watch {
    /// A watch, and where its news come out. They are few: a plugin rests for half a minute at least.
    pub fn new(metrics: &Metrics) -> (Self, UnboundedReceiver<Switch>) {
        let (switches, news) = unbounded_channel();
        (Self { metrics: Arc::clone(&metrics.plugins), switches }, news)
    }
}

impl Observe for Watch {
    fn called(&self, plugin: &str, stage: &'static str, took: Duration, answered: bool) {
        self.metrics.called(plugin, stage, took, answered);
    }

    fn failed(&self, plugin: &str, stage: &'static str, kind: FailureKind, message: &str) {
        self.metrics.failed(plugin, stage, kind, message);
    }

    fn breaker(&self, plugin: &str, open: bool, why: &str) {
        self.metrics.breaker(plugin, open, why);
        let switch = Switch { plugin: plugin.to_string(), off: open, why: why.to_string() };
        // Nobody listens any more at the very end.
        let _ = self.switches.send(switch);
    }

    fn instance_made(&self, plugin: &str) {
        self.metrics.instance_made(plugin);
    }

    fn instance_gone(&self, plugin: &str) {
        self.metrics.instance_gone(plugin);
    }

    fn memory(&self, plugin: &str, change: i64) {
        self.metrics.memory(plugin, change);
    }

    fn dropped(&self, plugin: &str) {
        self.metrics.dropped(plugin);
    }
}

/// Tells what concerns the scheduler as a whole, in events about the Lease that it leads by.
#[derive(Clone)]
pub(crate) struct Announcer {
    recorder: Recorder,
    lease: Arc<Mutex<ObjectRef>>,
    speaker: Str,
}

impl Announcer {
    /// For the lease of this namespace and name.
    pub(crate) fn new(recorder: Recorder, lease: (Str, Str), speaker: Str) -> Self {
        let lease = ObjectRef::lease(lease.0, lease.1, Str::default());
        Self { recorder, lease: Arc::new(Mutex::new(lease)), speaker }
    }

    /// Tells of an election; from now on the Lease's UID is known.
    pub(crate) fn elected(&self, event: LeaseEvent) {
        if !event.uid.is_empty() {
            self.lease.lock().unwrap_or_else(PoisonError::into_inner).uid = Arc::clone(&event.uid);
        }
        self.recorder.record(Event::leader_election(event, Arc::clone(&self.speaker)));
    }

    /// All is well.
    pub(crate) fn normal(&self, reason: &'static str, action: &str, note: String) {
        self.tell(EventKind::Normal, reason, action, note);
    }

    /// Something is not.
    pub(crate) fn warning(&self, reason: &'static str, action: &str, note: String) {
        self.tell(EventKind::Warning, reason, action, note);
    }

    /// A kind that plugins read is served from now on, or is not any more.
    pub(crate) fn kind(&self, kind: DeclaredKind, served: bool) {
        if served {
            let note = format!("{kind}, which a plugin reads, is served now");
            self.normal("PluginKindServed", kind.label(), note);
        } else {
            let note =
                format!("{kind}, which a plugin reads, is not served any more: there are no such objects");
            self.warning("PluginKindAbsent", kind.label(), note);
        }
    }

    fn tell(&self, kind: EventKind, reason: &'static str, action: &str, note: String) {
        let lease = self.lease.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let speaker = Arc::clone(&self.speaker);
        self.recorder.record(Event::of_scheduler(lease, kind, reason, action, note, speaker));
    }

    /// Tells of every plugin that is switched off or on.
    pub(crate) async fn follow(self, mut news: UnboundedReceiver<Switch>) {
        while let Some(Switch { plugin, off, why }) = news.recv().await {
            if off {
                let note = format!("plugin {plugin} is switched off because it keeps failing: {why}");
                self.warning("PluginDisabled", &plugin, note);
            } else {
                let note = format!("plugin {plugin} is called again");
                self.normal("PluginEnabled", &plugin, note);
            }
        }
    }
}

/// What `/readyz?verbose` says of each plugin. One that is switched off keeps no scheduler from its work: its own profile
/// says what becomes of pods meanwhile.
pub(crate) fn notes(guests: &SharedGuests) -> Vec<Note> {
    let guests = guests.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let several = |name: &Str| guests.iter().filter(|(_, other, _)| *other == name).count() > 1;
    let note = |(profile, name, held): (&Str, &Str, &longshore_loader::Held)| {
        let state = match held.guest.health() {
            Health::Serving => Ok(format!("sha256:{}", held.guest.digest())),
            Health::SwitchedOff(why) => Err(format!("switched off: {why}")),
        };
        let of = if several(name) { format!(" of {profile}") } else { String::new() };
        Note { about: format!("plugin/{name}{of}"), state }
    };
    guests.iter().map(note).collect()
}

/// Tells the metrics what is loaded.
pub(crate) fn count(metrics: &Metrics, guests: &Guests) {
    metrics.plugins.loaded(guests.iter().map(|(_, name, held)| {
        let off = held.guest.health() != Health::Serving;
        (&**name, held.guest.about(), off)
    }));
}
