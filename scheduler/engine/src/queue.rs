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

pub(crate) mod backoff;
pub(crate) mod in_flight;
pub(crate) mod nominator;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::event::{ClusterEvent, Hint};
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;
use longshore_framework::verdict::Rejection;
use longshore_framework::{Str, Timestamp};

use crate::heap::{Heap, Keyed};
use crate::options::Options;
use crate::plugin_set::PluginSet;
use backoff::{Backoff, whole_second};
use in_flight::InFlight;
pub(crate) use nominator::Nominator;

/// A pod in the queue with its history.
#[derive(Clone, Debug)]
pub struct QueuedPod {
    /// The pod.
    pub pod: Arc<Pod>,
    /// Index of its profile.
    pub profile: usize,
    /// When it entered the queue after its last attempt.
    pub since: Timestamp,
    /// Order of entry, for pods that QueueSort finds equal.
    pub(crate) entry: u64,
    /// Attempts so far.
    pub attempts: u32,
    /// Rejections in the past, for the backoff.
    pub unschedulable_count: u32,
    /// Errors in a row, for the backoff.
    pub error_count: u32,
    /// When it first entered the active queue.
    pub initial_attempt: Option<Timestamp>,
    /// Plugins that rejected it last.
    pub rejected_by: PluginSet,
    /// Those of them that said that something is pending.
    pub pending_on: PluginSet,
    /// The PreEnqueue plugin that keeps it out.
    pub gated_by: Option<PluginId>,
    /// When it was last tried for no better reason than that it had been parked long. Apart from `since`, which
    /// QueueSort reads.
    pub(crate) flushed: Option<Timestamp>,
}

impl Keyed for QueuedPod {
    fn key(&self) -> &Str {
        &self.pod.meta.uid
    }
}

/// What the queue asks of the profiles.
pub(crate) trait Rules {
    /// QueueSort.
    fn compare(&self, a: &QueuedPod, b: &QueuedPod) -> Ordering;
    /// PreEnqueue: who keeps the pod out, if anyone. The plugin that did last is asked first.
    fn gate(&self, pod: &QueuedPod) -> Option<(PluginId, Rejection)>;
    /// Whether any plugin of any profile registered the event.
    fn is_registered(&self, event: &ClusterEvent) -> bool;
    /// What the plugin thinks of the event for this pod; `None` when it did not register it.
    fn hint(&self, pod: &QueuedPod, plugin: PluginId, event: &ClusterEvent) -> Option<Hint>;
}

/// What an event means for a parked pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wake {
    No,
    AfterBackoff,
    AtOnce,
}

/// Where a pod ended up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Active,
    Backoff,
    Parked,
    Gated(PluginId, Rejection),
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
    active: Heap<QueuedPod>,
    backoff: Heap<QueuedPod>,
    error_backoff: Heap<QueuedPod>,
    /// Unschedulable and gated pods by UID, in a fixed order.
    parked: BTreeMap<Str, QueuedPod>,
    in_flight: InFlight,
    pub(crate) nominator: Nominator,
    timing: Backoff,
    max_unschedulable_ms: i64,
    retry: bool,
    now: Timestamp,
    entries: u64,
}

impl Queue {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            active: Heap::default(),
            backoff: Heap::default(),
            error_backoff: Heap::default(),
            parked: BTreeMap::new(),
            in_flight: InFlight::default(),
            nominator: Nominator::default(),
            timing: Backoff { initial: options.initial_backoff, max: options.max_backoff },
            max_unschedulable_ms: i64::try_from(options.max_unschedulable.as_millis()).unwrap_or(i64::MAX),
            retry: options.retry,
            now: Timestamp::default(),
            entries: 0,
        }
    }

    pub(crate) fn counts(&self) -> QueueCounts {
        let gated = self.parked.values().filter(|p| p.gated_by.is_some()).count();
        QueueCounts {
            active: self.active.len(),
            backoff: self.backoff.len() + self.error_backoff.len(),
            unschedulable: self.parked.len() - gated,
            gated,
            in_flight: self.in_flight.len(),
        }
    }

    pub(crate) fn get(&self, uid: &str) -> Option<&QueuedPod> {
        let heaps = [&self.active, &self.backoff, &self.error_backoff];
        heaps.into_iter().find_map(|h| h.get(uid)).or_else(|| self.parked.get(uid))
    }

    /// A new pod.
    pub(crate) fn add(&mut self, pod: Arc<Pod>, profile: usize, rules: &dyn Rules) -> Place {
        let queued = QueuedPod {
            pod,
            profile,
            since: self.now,
            entry: 0,
            attempts: 0,
            unschedulable_count: 0,
            error_count: 0,
            initial_attempt: None,
            rejected_by: PluginSet::default(),
            pending_on: PluginSet::default(),
            gated_by: None,
            flushed: None,
        };
        self.activate_unless_gated(queued, rules)
    }

    /// The pod that goes first, now in flight. When none is active, a pod in backoff goes before its time.
    pub(crate) fn pop(&mut self, rules: &dyn Rules) -> Option<QueuedPod> {
        let compare = |a: &QueuedPod, b: &QueuedPod| rules.compare(a, b);
        loop {
            let mut queued = match self.active.pop(&compare) {
                Some(queued) => queued,
                None => self.backoff.pop(&self.by_expiry(rules))?,
            };
            queued.attempts += 1;
            queued.initial_attempt.get_or_insert(self.now);
            if self.in_flight.start(&queued.pod.meta.uid) {
                return Some(queued);
            }
        }
    }

    /// A pod comes back from a failed attempt; `rejected_by` and `pending_on` say who rejected it, and are empty when
    /// something broke.
    pub(crate) fn give_back(&mut self, mut queued: QueuedPod, rules: &dyn Rules) -> Place {
        let uid = Arc::clone(&queued.pod.meta.uid);
        if self.get(&uid).is_some() {
            self.in_flight.done(&uid);
            return Place::Parked;
        }
        let broken = queued.rejected_by.is_empty() && queued.pending_on.is_empty();
        if broken {
            queued.error_count += 1;
        } else {
            queued.unschedulable_count += 1;
            queued.error_count = 0;
        }
        queued.since = self.now;
        queued.flushed = None;
        let wake = match (self.retry, broken) {
            (false, _) => Wake::No,
            (true, true) => Wake::AfterBackoff,
            (true, false) => self.woken_meanwhile(&queued, rules),
        };
        self.in_flight.done(&uid);
        self.put(queued, wake, rules)
    }

    /// The attempt is over and the pod does not come back.
    pub(crate) fn done(&mut self, uid: &str) {
        self.in_flight.done(uid);
    }

    /// A pod that is not in flight any more failed late (binding): it goes to its backoff.
    pub(crate) fn retry_later(&mut self, mut queued: QueuedPod, rules: &dyn Rules) -> Place {
        queued.error_count += 1;
        queued.since = self.now;
        queued.flushed = None;
        let wake = if self.retry { Wake::AfterBackoff } else { Wake::No };
        self.put(queued, wake, rules)
    }

    /// Takes the pod out, wherever it is.
    pub(crate) fn remove(&mut self, uid: &str, rules: &dyn Rules) -> Option<QueuedPod> {
        self.nominator.remove(uid);
        self.take(uid, rules)
    }

    /// A new version of a waiting pod. `events` say what changed; the first that wakes a parked pod does.
    pub(crate) fn update(&mut self, pod: Arc<Pod>, events: &[Arc<ClusterEvent>], rules: &dyn Rules) -> Place {
        let uid = Arc::clone(&pod.meta.uid);
        if let Some(old) = self.get(&uid).map(|q| Arc::clone(&q.pod)) {
            self.nominator.update(&old, &pod);
        }
        if let Some(mut queued) = self.parked.remove(&uid) {
            queued.pod = pod;
            let wake = events.iter().map(|e| self.evaluate(&queued, e, rules)).find(|w| *w != Wake::No);
            return self.put(queued, wake.unwrap_or(Wake::No), rules);
        }
        let compare = |a: &QueuedPod, b: &QueuedPod| rules.compare(a, b);
        if let Some(mut queued) = self.active.remove(&uid, &compare) {
            queued.pod = pod;
            self.active.push(queued, &compare);
            return Place::Active;
        }
        let by_expiry = self.by_expiry(rules);
        for heap in [&mut self.backoff, &mut self.error_backoff] {
            if let Some(mut queued) = heap.remove(&uid, &by_expiry) {
                queued.pod = pod;
                heap.push(queued, &by_expiry);
                break;
            }
        }
        Place::Backoff
    }

    /// Something happened: parked pods that it may help move on, pods in flight hear of it when they come back.
    pub(crate) fn on_event(
        &mut self,
        event: ClusterEvent,
        concerns: &dyn Fn(&Pod) -> bool,
        rules: &dyn Rules,
    ) {
        if !self.retry || !(event.is_wildcard() || rules.is_registered(&event)) {
            return;
        }
        let event = Arc::new(event);
        let woken: Vec<(Str, Wake)> = self
            .parked
            .iter()
            .filter(|(_, queued)| concerns(&queued.pod))
            .map(|(uid, queued)| (Arc::clone(uid), self.evaluate(queued, &event, rules)))
            .filter(|(_, wake)| *wake != Wake::No)
            .collect();
        for (uid, wake) in woken {
            if let Some(queued) = self.parked.remove(&uid) {
                self.put(queued, wake, rules);
            }
        }
        self.in_flight.record(&event);
    }

    /// Straight to the active queue, past backoff. A parked pod may be gated; one in flight does not rest when it comes
    /// back. False when the pod is nowhere to be found.
    pub(crate) fn activate(&mut self, uid: &str, rules: &dyn Rules) -> bool {
        if self.active.get(uid).is_some() {
            return true;
        }
        if let Some(queued) = self.parked.remove(uid) {
            self.activate_unless_gated(queued, rules);
            return true;
        }
        let by_expiry = self.by_expiry(rules);
        let backing_off = self.backoff.remove(uid, &by_expiry);
        match backing_off.or_else(|| self.error_backoff.remove(uid, &by_expiry)) {
            Some(queued) => {
                self.enter_active(queued, &|a, b| rules.compare(a, b));
                true
            }
            None => self.in_flight.record_for(uid, ClusterEvent::wildcard("ForceActivate")),
        }
    }

    /// Time has passed: backoffs end, and pods that no event woke for long are tried anyway.
    pub(crate) fn advance(&mut self, now: Timestamp, rules: &dyn Rules) {
        self.now = self.now.max(now);
        let by_expiry = self.by_expiry(rules);
        let mut over = Vec::new();
        for heap in [&mut self.backoff, &mut self.error_backoff] {
            while heap.peek().is_some_and(|q| expiry(&self.timing, q) < whole_second(self.now)) {
                over.extend(heap.pop(&by_expiry));
            }
        }
        let compare = |a: &QueuedPod, b: &QueuedPod| rules.compare(a, b);
        for queued in over {
            self.enter_active(queued, &compare);
        }
        self.flush_parked(rules);
    }

    fn flush_parked(&mut self, rules: &dyn Rules) {
        if !self.retry {
            return;
        }
        let limit = self.now.0.saturating_sub(self.max_unschedulable_ms);
        let is_due = |q: &QueuedPod| q.flushed.unwrap_or(q.since).0 < limit;
        let due = self.parked.iter().filter(|(_, q)| is_due(q));
        let due: Vec<Str> = due.map(|(uid, _)| Arc::clone(uid)).collect();
        for uid in due {
            if let Some(mut queued) = self.parked.remove(&uid) {
                queued.flushed = Some(self.now);
                self.put(queued, Wake::AfterBackoff, rules);
            }
        }
    }

    fn woken_meanwhile(&self, queued: &QueuedPod, rules: &dyn Rules) -> Wake {
        let events = self.in_flight.events_since_start(&queued.pod.meta.uid);
        events.iter().map(|e| self.evaluate(queued, e, rules)).max().unwrap_or(Wake::No)
    }

    fn evaluate(&self, queued: &QueuedPod, event: &ClusterEvent, rules: &dyn Rules) -> Wake {
        if let Some(gate) = queued.gated_by
            && !event.is_wildcard()
            && rules.hint(queued, gate, event).is_none()
        {
            return Wake::No;
        }
        if event.is_wildcard() || (queued.rejected_by.is_empty() && queued.pending_on.is_empty()) {
            return Wake::AfterBackoff;
        }
        let says_queue = |id: &PluginId| rules.hint(queued, *id, event) == Some(Hint::Queue);
        if queued.pending_on.iter().any(|id| says_queue(&id)) {
            return Wake::AtOnce;
        }
        if queued.rejected_by.iter().any(|id| says_queue(&id)) { Wake::AfterBackoff } else { Wake::No }
    }

    fn put(&mut self, queued: QueuedPod, wake: Wake, rules: &dyn Rules) -> Place {
        match wake {
            Wake::No => {
                self.parked.insert(Arc::clone(&queued.pod.meta.uid), queued);
                Place::Parked
            }
            Wake::AfterBackoff if self.is_backing_off(&queued) => self.back_off(queued, rules),
            Wake::AfterBackoff | Wake::AtOnce => self.activate_unless_gated(queued, rules),
        }
    }

    fn back_off(&mut self, queued: QueuedPod, rules: &dyn Rules) -> Place {
        let queued = match self.gated(queued, rules) {
            Ok(queued) => queued,
            Err(place) => return place,
        };
        let by_expiry = self.by_expiry(rules);
        let broken = queued.rejected_by.is_empty() && queued.pending_on.is_empty();
        let heap = if broken { &mut self.error_backoff } else { &mut self.backoff };
        heap.push(queued, &by_expiry);
        Place::Backoff
    }

    fn activate_unless_gated(&mut self, queued: QueuedPod, rules: &dyn Rules) -> Place {
        match self.gated(queued, rules) {
            Ok(queued) => {
                self.enter_active(queued, &|a, b| rules.compare(a, b));
                Place::Active
            }
            Err(place) => place,
        }
    }

    /// Parks the pod when a PreEnqueue plugin keeps it out.
    fn gated(&mut self, mut queued: QueuedPod, rules: &dyn Rules) -> Result<QueuedPod, Place> {
        let Some((plugin, rejection)) = rules.gate(&queued) else {
            queued.gated_by = None;
            return Ok(queued);
        };
        queued.gated_by = Some(plugin);
        queued.rejected_by.insert(plugin);
        self.parked.insert(Arc::clone(&queued.pod.meta.uid), queued);
        Err(Place::Gated(plugin, rejection))
    }

    fn enter_active(&mut self, mut queued: QueuedPod, compare: &dyn Fn(&QueuedPod, &QueuedPod) -> Ordering) {
        self.entries += 1;
        queued.entry = self.entries;
        queued.initial_attempt.get_or_insert(self.now);
        if queued.attempts == 0 {
            self.nominate_as_stated(&queued.pod);
        }
        self.active.push(queued, compare);
    }

    /// The nomination in the status of a pod that was never tried counts from now on, unless a newer one was made in
    /// memory; after an attempt that attempt's word counts. Gated pods never come here: their nominations reserve no
    /// room.
    fn nominate_as_stated(&mut self, pod: &Arc<Pod>) {
        if let (Some(node), None) = (&pod.meta.nominated_node, self.nominator.node_of(&pod.meta.uid)) {
            self.nominator.nominate(pod, node);
        }
    }

    /// Takes a waiting pod into flight out of turn.
    pub(crate) fn take_out_of_turn(&mut self, uid: &str, rules: &dyn Rules) -> Option<QueuedPod> {
        let mut queued = self.take(uid, rules)?;
        queued.attempts += 1;
        queued.initial_attempt.get_or_insert(self.now);
        queued.gated_by = None;
        self.in_flight.start(&queued.pod.meta.uid).then_some(queued)
    }

    fn is_backing_off(&self, queued: &QueuedPod) -> bool {
        expiry(&self.timing, queued) >= whole_second(self.now)
            && failures(queued) > 0
            && !self.timing.max.is_zero()
    }

    fn take(&mut self, uid: &str, rules: &dyn Rules) -> Option<QueuedPod> {
        if let Some(queued) = self.parked.remove(uid) {
            return Some(queued);
        }
        if let Some(queued) = self.active.remove(uid, &|a, b| rules.compare(a, b)) {
            return Some(queued);
        }
        let by_expiry = self.by_expiry(rules);
        self.backoff.remove(uid, &by_expiry).or_else(|| self.error_backoff.remove(uid, &by_expiry))
    }

    /// Order of the backoff heaps: who is done first; at the same time, QueueSort.
    fn by_expiry<'r>(&self, rules: &'r dyn Rules) -> impl Fn(&QueuedPod, &QueuedPod) -> Ordering + use<'r> {
        let timing = self.timing;
        move |a, b| expiry(&timing, a).cmp(&expiry(&timing, b)).then_with(|| rules.compare(a, b))
    }
}

fn failures(queued: &QueuedPod) -> u32 {
    if queued.error_count > 0 { queued.error_count } else { queued.unschedulable_count }
}

fn expiry(timing: &Backoff, queued: &QueuedPod) -> Timestamp {
    timing.expiry(queued.since, failures(queued))
}

#[cfg(test)]
mod tests;
