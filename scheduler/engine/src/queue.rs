//! Pods that have no node yet.
//!
//! ```text
//!                PreEnqueue passes                 pop
//!   new pod ────────────────────────▶ active ──────────────▶ in flight ───▶ done (being bound, or gone)
//!      │                              ▲    ▲                  │     │
//!      │ gated          event, no     │    │ backoff over     │     │ rejected, and no event
//!      ▼                backoff left  │    │                  │     │ meanwhile that may help
//!   parked ───────────────────────────┘    │                  │     ▼
//!      └── event, backoff left ─────▶ backoff ◀───────────────┘   parked
//!                                          broken, or rejected and an event meanwhile
//! ```
//! Parked are unschedulable and gated pods. A pod is in exactly one place; it is in flight until Permit has let it go,
//! and what happens until then is asked about should it come back. PreEnqueue is asked on the way into active and
//! backoff. Plugins are opaque ids here: whether an event may wake a pod is asked of [`Rules`].
//!
//! All pods sit in one slab (`pods`), found by one look-up of their UID; the parts below know them by number.

mod attempts;
pub(crate) mod backoff;
mod echoes;
mod flush;
mod in_flight;
mod listeners;
pub(crate) mod nominator;
mod parked;
mod place;
mod pods;
mod queued_pod;
mod wake;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use longshore_framework::event::{Action, ClusterEvent, Hint, Resource};
use longshore_framework::features::Rule;
use longshore_framework::plugin::Rank;
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;
use longshore_framework::verdict::Rejection;
use longshore_framework::{Str, Timestamp};
use rustc_hash::FxHashMap;

use crate::heap::Heap;
use crate::meter::{EventLabel, Metered};
use crate::options::Options;
use crate::plugin_set::PluginSet;
use backoff::Backoff;
use in_flight::InFlight;
use listeners::Listeners;
pub(crate) use nominator::Nominator;
use parked::Parked;
use pods::{Part, Pods, Seat};
pub use queued_pod::QueuedPod;
use wake::Wake;

/// Whose turn it is: the least first. The order of entry decides between pods of equal rank.
type Turn = (Rank, u64);

/// What the queue asks of the profiles.
pub(crate) trait Rules {
    /// QueueSort.
    fn rank(&self, pod: &QueuedPod) -> Rank;
    /// PreEnqueue: who keeps the pod out, if anyone. The plugin that did last is asked first.
    fn gate(&self, pod: &QueuedPod) -> Option<(PluginId, Rejection)>;
    /// Whether this plugin keeps the pod out only because evictions for it are under way: until the queue is
    /// [told](Queue::end_rest) that they are over, no event moves the pod. Every eviction is an event, and many pods may
    /// rest.
    fn rests(&self, pod: &QueuedPod, plugin: PluginId) -> bool;
    /// For each profile, the plugins that registered events of this kind. The same each time, until the profiles are
    /// others.
    fn listeners(&self, resource: Resource, action: Action) -> Vec<PluginSet>;
    /// What the plugin thinks of the event for this pod; `None` when it did not register it.
    fn hint(&self, pod: &QueuedPod, plugin: PluginId, event: &ClusterEvent) -> Option<Hint>;
}

/// Where a pod ended up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Active,
    Backoff,
    Parked,
    Gated(PluginId, Rejection),
}

/// How a pod comes to a part of the queue.
#[derive(Clone, Copy, Debug)]
struct Via {
    event: EventLabel,
    /// It was parked before, so that being parked is nothing new.
    was_parked: bool,
}

impl Via {
    fn new(event: EventLabel) -> Self {
        Self { event, was_parked: false }
    }

    fn from_parked(event: EventLabel) -> Self {
        Self { event, was_parked: true }
    }
}

/// How many pods are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Ready to be tried.
    pub active: usize,
    /// Waiting for their backoff to end.
    pub backoff: usize,
    /// Waiting for an event.
    pub unschedulable: usize,
    /// Kept out by a PreEnqueue plugin.
    pub gated: usize,
    /// Being decided.
    pub in_flight: usize,
}

/// The queue.
#[derive(Debug)]
pub(crate) struct Queue {
    /// The pods of all parts; the parts know them by number.
    pods: Pods,
    active: Heap<Turn>,
    /// By the end of the backoff; at the same time, QueueSort.
    backoff: Heap<(Timestamp, Turn)>,
    error_backoff: Heap<(Timestamp, Turn)>,
    /// Unschedulable and gated pods.
    parked: Parked,
    in_flight: InFlight,
    listeners: Listeners,
    pub(crate) nominator: Nominator,
    timing: Backoff,
    max_unschedulable_ms: i64,
    retry: bool,
    /// Nominations of gated pods reserve room.
    gated_reserve: bool,
    now: Timestamp,
    entries: u64,
    meter: Metered,
}

impl Queue {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            pods: Pods::default(),
            active: Heap::default(),
            backoff: Heap::default(),
            error_backoff: Heap::default(),
            parked: Parked::default(),
            in_flight: InFlight::default(),
            listeners: Listeners::default(),
            nominator: Nominator::default(),
            timing: Backoff { initial: options.initial_backoff, max: options.max_backoff },
            max_unschedulable_ms: i64::try_from(options.max_unschedulable.as_millis()).unwrap_or(i64::MAX),
            retry: options.retry,
            gated_reserve: options.features.follow(Rule::GatedNominationsReserve),
            now: Timestamp::default(),
            entries: 0,
            meter: Metered::new(options.meter.clone()),
        }
    }

    pub(crate) fn counts(&self) -> QueueCounts {
        let gated = self.parked.gated();
        QueueCounts {
            active: self.active.len(),
            backoff: self.backoff.len() + self.error_backoff.len(),
            unschedulable: self.parked.len() - gated,
            gated,
            in_flight: self.in_flight.len(),
        }
    }

    /// Every pod that is not in flight.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &QueuedPod> {
        self.pods.iter()
    }

    /// How many waiting pods were last rejected by which plugin of which profile; a pod counts for each of them.
    pub(crate) fn rejections(&self) -> BTreeMap<(usize, PluginId), usize> {
        let mut counts = BTreeMap::new();
        for queued in self.iter() {
            let pending = queued.pending_on.iter().filter(|id| !queued.rejected_by.contains(*id));
            for plugin in queued.rejected_by.iter().chain(pending) {
                *counts.entry((queued.profile, plugin)).or_default() += 1;
            }
        }
        counts
    }

    /// Events that are remembered for pods in flight, by label.
    pub(crate) fn remembered_events(&self) -> FxHashMap<EventLabel, usize> {
        self.in_flight.event_counts()
    }

    pub(crate) fn get(&self, uid: &str) -> Option<&QueuedPod> {
        self.pods.waiting(self.pods.number(uid)?)
    }

    /// A new pod.
    pub(crate) fn add(&mut self, pod: Arc<Pod>, profile: usize, rules: &dyn Rules) -> Place {
        if self.gated_reserve {
            self.nominate_as_stated(&pod);
        }
        let queued = QueuedPod::new(pod, profile, self.now);
        self.activate_unless_gated(queued, Via::new(EventLabel::POD_ADD), rules)
    }

    /// Who is told from now on.
    pub(crate) fn set_meter(&mut self, meter: Option<Arc<dyn crate::meter::Meter>>) {
        self.meter = Metered::new(meter);
    }

    /// How long pods that fail from now on stay away.
    pub(crate) fn set_backoff(&mut self, initial: Duration, max: Duration) {
        self.timing = Backoff { initial, max };
    }

    /// Every pod that waits is tried again, as if nobody had ever rejected it.
    pub(crate) fn start_over(&mut self, rules: &dyn Rules) {
        self.listeners.forget();
        let active: Vec<usize> = std::iter::from_fn(|| self.active.pop()).collect();
        for number in active {
            if let Some(queued) = self.pods.waiting_mut(number) {
                // Plugins are known by numbers here, and the numbers of today are others.
                queued.rejected_by = PluginSet::default();
                queued.pending_on = PluginSet::default();
            }
            self.link(number, rules);
        }
        let mut waiting: Vec<usize> = self.parked.iter().collect();
        self.pods.sort_by_uid(&mut waiting, |number| *number);
        waiting.extend(std::iter::from_fn(|| self.backoff.pop()));
        waiting.extend(std::iter::from_fn(|| self.error_backoff.pop()));
        for number in waiting {
            if let Some(mut queued) = self.leave(number) {
                queued.gated_by = None;
                self.retry_now(queued, rules);
            }
        }
    }

    /// Takes the pod out, wherever it is.
    pub(crate) fn remove(&mut self, uid: &str) -> Option<QueuedPod> {
        self.nominator.remove(uid);
        self.leave(self.pods.number(uid)?)
    }

    /// A new version of a waiting pod. `events` say what changed; the first that wakes a parked pod does.
    pub(crate) fn update(&mut self, pod: Arc<Pod>, events: &[Arc<ClusterEvent>], rules: &dyn Rules) -> Place {
        let Some(number) = self.pods.number(&pod.meta.uid) else { return Place::Backoff };
        let Some(queued) = self.pods.waiting_mut(number) else { return Place::Backoff };
        let old = std::mem::replace(&mut queued.pod, Arc::clone(&pod));
        self.nominator.update(&old, &pod, &mut queued.echoes);
        match self.pods.seat(number) {
            Seat::Waiting(Part::Parked, _) => self.update_parked(number, events, rules),
            Seat::Waiting(Part::Active, _) => {
                self.link(number, rules);
                Place::Active
            }
            _ => {
                self.link(number, rules);
                Place::Backoff
            }
        }
    }

    fn update_parked(&mut self, number: usize, events: &[Arc<ClusterEvent>], rules: &dyn Rules) -> Place {
        let Some(queued) = self.leave(number) else { return Place::Parked };
        let woken = events.iter().map(|e| (self.evaluate(&queued, e, rules), EventLabel::of(e)));
        let by = woken.into_iter().find(|(wake, _)| *wake != Wake::No);
        let (wake, event) = by.unwrap_or((Wake::No, EventLabel::POD_UPDATE));
        self.put(queued, wake, Via::from_parked(event), rules)
    }

    /// The nominated node that is to be written into the status of a waiting pod, an empty name to clear it; whether the
    /// status will say something else until then.
    pub(crate) fn nomination_written(&mut self, uid: &str, node: &Str) -> bool {
        let number = self.pods.number(uid);
        let Some(queued) = number.and_then(|n| self.pods.waiting_mut(n)) else { return true };
        let stated = queued.pod.meta.nominated_node.as_ref();
        let is_other = |says: Option<&Str>| says.map_or("", |says| &**says) != &**node;
        let differs = is_other(stated) || is_other(queued.echoes.last(stated));
        queued.echoes.wrote(node, stated);
        differs
    }

    /// Straight to the active queue, past backoff. A parked pod may be gated; one in flight does not rest when it comes
    /// back. False when the pod is nowhere to be found.
    pub(crate) fn activate(&mut self, uid: &str, rules: &dyn Rules) -> bool {
        let Some(number) = self.pods.number(uid) else { return false };
        match self.pods.seat(number) {
            Seat::Free => return false,
            Seat::Waiting(Part::Active, _) => {}
            Seat::InFlight(_) => {
                self.in_flight.record_for(uid.into(), ClusterEvent::wildcard("ForceActivate"));
            }
            Seat::Waiting(Part::Parked, _) => {
                if let Some(queued) = self.leave(number) {
                    self.activate_unless_gated(queued, Via::from_parked(EventLabel::FORCED), rules);
                }
            }
            Seat::Waiting(Part::Backoff | Part::ErrorBackoff, _) => {
                if let Some(queued) = self.leave(number) {
                    self.enter_active(queued, EventLabel::FORCED, rules);
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
