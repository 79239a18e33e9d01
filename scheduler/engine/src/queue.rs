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
//! The pods themselves sit in the [table](crate::pods), which the queue is lent; its parts know them by number.

mod attempts;
pub(crate) mod backoff;
mod flush;
mod groups;
mod in_flight;
mod listeners;
pub(crate) mod nominator;
mod parked;
mod place;
mod recover;
mod wake;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use longshore_framework::event::{Action, ClusterEvent, Hint, Resource};
use longshore_framework::features::{Gate, Rule};
use longshore_framework::plugin::Rank;
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;
use longshore_framework::verdict::Rejection;
use longshore_framework::{Str, Timestamp};
use rustc_hash::FxHashMap;

use crate::groups::{Group, Groups};
use crate::heap::Heap;
use crate::meter::{EventLabel, Metered};
use crate::options::Options;
use crate::plugin_set::PluginSet;
use crate::pods::{Part, Pods, QueuedPod, Seat};
use backoff::Backoff;
pub(crate) use groups::Taken;
use in_flight::InFlight;
use listeners::Listeners;
pub(crate) use nominator::Nominator;
use parked::Parked;
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
    /// Why a pod that waits in its group is not tried, if it is not for the sake of the group: who and what.
    fn gate_of_group(&self, _pod: &QueuedPod, _group: &Group) -> Option<(PluginId, Rejection)> {
        None
    }
    /// Who keeps the pod out while evictions for it are under way, if they are.
    fn gate_of_evictions(&self, _pod: &QueuedPod) -> Option<(PluginId, Rejection)> {
        None
    }
    /// What stands for groups in the pod's profile.
    fn group_plugin(&self, _pod: &QueuedPod) -> Option<PluginId> {
        None
    }
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
    active: Heap<Turn>,
    /// By the end of the backoff; at the same time, QueueSort.
    backoff: Heap<(Timestamp, Turn)>,
    error_backoff: Heap<(Timestamp, Turn)>,
    /// Unschedulable and gated pods.
    parked: Parked,
    in_flight: InFlight,
    listeners: Listeners,
    /// Pods that are decided together.
    pub(crate) groups: Groups,
    pub(crate) nominator: Nominator,
    timing: Backoff,
    max_unschedulable_ms: i64,
    retry: bool,
    /// Nominations of gated pods reserve room.
    gated_reserve: bool,
    /// Pods of groups that do not have to be started together are tried together.
    basic_together: bool,
    now: Timestamp,
    entries: u64,
    meter: Metered,
}

impl Queue {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            active: Heap::default(),
            backoff: Heap::default(),
            error_backoff: Heap::default(),
            parked: Parked::default(),
            in_flight: InFlight::default(),
            listeners: Listeners::default(),
            groups: Groups::default(),
            nominator: Nominator::default(),
            timing: Backoff { initial: options.initial_backoff, max: options.max_backoff },
            max_unschedulable_ms: i64::try_from(options.max_unschedulable.as_millis()).unwrap_or(i64::MAX),
            retry: options.retry,
            gated_reserve: options.features.follow(Rule::GatedNominationsReserve),
            basic_together: options.features.enabled(Gate::GenericWorkload),
            now: Timestamp::default(),
            entries: 0,
            meter: Metered::new(options.meter.clone()),
        }
    }

    pub(crate) fn counts(&self, pods: &Pods) -> QueueCounts {
        let gated = self.parked.gated();
        let mut counts = QueueCounts {
            active: self.active.len(),
            backoff: self.backoff.len() + self.error_backoff.len(),
            unschedulable: self.parked.len() - gated,
            gated,
            in_flight: self.in_flight.len(),
        };
        self.count_groups(pods, &mut counts);
        counts
    }

    /// Every waiting pod, in no particular order.
    pub(crate) fn iter<'p>(&'p self, pods: &'p Pods) -> impl Iterator<Item = &'p QueuedPod> {
        let backoff = self.backoff.iter().chain(self.error_backoff.iter());
        let grouped = self.groups.iter().flat_map(|group| group.ready.iter().copied());
        let numbers = self.active.iter().chain(backoff).chain(self.parked.iter()).chain(grouped);
        numbers.filter_map(|number| pods.waiting(number)).filter(|queued| queued.stands_for.is_none())
    }

    /// How many waiting pods were last rejected by which plugin of which profile; a pod counts for each of them.
    pub(crate) fn rejections(&self, pods: &Pods) -> BTreeMap<(usize, PluginId), usize> {
        let mut counts = BTreeMap::new();
        for queued in self.iter(pods) {
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

    /// A new pod.
    pub(crate) fn add(&mut self, pods: &mut Pods, pod: Arc<Pod>, profile: usize, rules: &dyn Rules) -> Place {
        if self.gated_reserve {
            self.nominate_as_stated(&pod);
        }
        let number = pods.number_for(&pod.meta.uid);
        let queued = Box::new(QueuedPod::new(number, pod, profile, self.now));
        let Ok(flight) = pods.wait(queued) else { return Place::Parked };
        self.land(flight);
        self.activate_unless_gated(pods, number, Via::new(EventLabel::POD_ADD), rules)
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
    pub(crate) fn start_over(&mut self, pods: &mut Pods, rules: &dyn Rules) {
        self.listeners.forget();
        let active: Vec<usize> = std::iter::from_fn(|| self.active.pop()).collect();
        for number in active {
            forget_rejections(pods, number);
            self.link(pods, number, rules);
        }
        let grouped: Vec<usize> = self.groups.iter().flat_map(|group| group.ready.iter().copied()).collect();
        grouped.into_iter().for_each(|number| forget_rejections(pods, number));
        let mut waiting: Vec<usize> = self.parked.iter().collect();
        pods.sort_by_uid(&mut waiting, |number| *number);
        waiting.extend(std::iter::from_fn(|| self.backoff.pop()));
        waiting.extend(std::iter::from_fn(|| self.error_backoff.pop()));
        for number in waiting {
            self.unlink(pods, number);
            forget_rejections(pods, number);
            if let Some(queued) = pods.waiting_mut(number) {
                queued.gated_by = None;
            }
            self.put(pods, number, Wake::AtOnce, Via::new(EventLabel::ATTEMPT_FAILED), rules);
        }
    }

    /// A waiting pod is gone; what was known of it.
    pub(crate) fn remove(&mut self, pods: &mut Pods, number: usize, uid: &str) -> Option<Box<QueuedPod>> {
        self.nominator.remove(uid);
        pods.waiting(number)?;
        self.unlink(pods, number);
        self.leave_group(pods, number);
        match pods.remove(uid)? {
            Seat::Waiting(_, queued) => Some(queued),
            _ => None,
        }
    }

    /// The pod does not wait any more and is not decided: it has a node.
    pub(crate) fn withdraw(&mut self, pods: &mut Pods, number: usize) {
        self.unlink(pods, number);
        self.left_group(pods, number);
        if let Some(Seat::Deciding(flight)) = pods.take_back(number) {
            self.land(Some(flight));
        }
    }

    /// A new version of a waiting pod. `events` say what changed; the first that wakes a parked pod does.
    pub(crate) fn update(
        &mut self,
        pods: &mut Pods,
        pod: Arc<Pod>,
        events: &[Arc<ClusterEvent>],
        rules: &dyn Rules,
    ) -> Place {
        let Some(number) = pods.number(&pod.meta.uid) else { return Place::Backoff };
        let Some(queued) = pods.waiting_mut(number) else { return Place::Backoff };
        let old = std::mem::replace(&mut queued.pod, Arc::clone(&pod));
        self.nominator.update(&old, &pod, &mut queued.echoes);
        let gated = queued.gated_by.is_some();
        let waits_in_group = matches!(pods.seat(number), Seat::Waiting(Part::Group, _));
        if !gated && waits_in_group != self.groups.binding(number).is_some() {
            self.unlink(pods, number);
            let via = Via::from_parked(EventLabel::POD_UPDATE);
            return self.activate_unless_gated(pods, number, via, rules);
        }
        match pods.seat(number) {
            Seat::Waiting(Part::Parked, _) => self.update_parked(pods, number, events, rules),
            Seat::Waiting(Part::Group, _) => self.update_grouped(pods, number, events, rules),
            Seat::Waiting(Part::Active, _) => {
                self.link(pods, number, rules);
                Place::Active
            }
            _ => {
                self.link(pods, number, rules);
                Place::Backoff
            }
        }
    }

    fn update_parked(
        &mut self,
        pods: &mut Pods,
        number: usize,
        events: &[Arc<ClusterEvent>],
        rules: &dyn Rules,
    ) -> Place {
        let Some(queued) = pods.waiting(number) else { return Place::Parked };
        let woken = events.iter().map(|e| (self.evaluate(queued, e, rules), EventLabel::of(e)));
        let by = woken.into_iter().find(|(wake, _)| *wake != Wake::No);
        let (wake, event) = by.unwrap_or((Wake::No, EventLabel::POD_UPDATE));
        self.unlink(pods, number);
        self.put(pods, number, wake, Via::from_parked(event), rules)
    }

    /// The nominated node that is to be written into the status of a waiting pod, an empty name to clear it; whether the
    /// status will say something else until then.
    pub(crate) fn nomination_written(&self, pods: &mut Pods, number: usize, node: &Str) -> bool {
        let Some(queued) = pods.waiting_mut(number) else { return true };
        let stated = queued.pod.meta.nominated_node.as_ref();
        let is_other = |says: Option<&Str>| says.map_or("", |says| &**says) != &**node;
        let differs = is_other(stated) || is_other(queued.echoes.last(stated));
        queued.echoes.wrote(node, stated);
        differs
    }

    /// Straight to the active queue, past backoff. A parked pod may be gated; one in flight does not rest when it comes
    /// back. False when the pod neither waits nor flies.
    pub(crate) fn activate(&mut self, pods: &mut Pods, uid: &str, rules: &dyn Rules) -> bool {
        let Some(number) = pods.number(uid) else { return false };
        let number = self.stands_in(pods, number).unwrap_or(number);
        match pods.seat(number) {
            Seat::Waiting(_, queued) if !self.retry && queued.attempts >= MOST_TRIES => return false,
            Seat::Waiting(Part::Active | Part::Group, _) => {}
            Seat::Waiting(Part::Parked, _) => {
                self.unlink(pods, number);
                self.activate_unless_gated(pods, number, Via::from_parked(EventLabel::FORCED), rules);
            }
            Seat::Waiting(Part::Backoff | Part::ErrorBackoff, _) => {
                self.unlink(pods, number);
                self.enter_active(pods, number, EventLabel::FORCED, rules);
            }
            _ if pods.flies(number) => {
                self.in_flight.record_for(number, ClusterEvent::wildcard("ForceActivate"));
            }
            _ => return false,
        }
        true
    }
}

/// Where pods are not tried again by themselves, one that plugins wake is tried so often at the most: two that wake each
/// other have to come to an end.
const MOST_TRIES: u32 = 1000;

/// Plugins are known by numbers here, and who rejected the pod may have another number now.
fn forget_rejections(pods: &mut Pods, number: usize) {
    if let Some(queued) = pods.waiting_mut(number) {
        queued.rejected_by = PluginSet::default();
        queued.pending_on = PluginSet::default();
    }
}

#[cfg(test)]
mod tests;
