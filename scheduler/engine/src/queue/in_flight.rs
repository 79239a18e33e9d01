//! Pods that are being decided, and what happened meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::event::ClusterEvent;
use rustc_hash::FxHashMap;

use crate::meter::EventLabel;

/// Events since the oldest pod in flight was taken; each pod remembers where it came in.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    started: FxHashMap<Str, u64>,
    /// How many pods came in at each point, so that the oldest is found without a walk.
    starts: BTreeMap<u64, usize>,
    events: BTreeMap<u64, Recorded>,
    next: u64,
}

/// An event, and the pod it is for when it is not for all.
#[derive(Debug)]
struct Recorded {
    event: Arc<ClusterEvent>,
    only: Option<Str>,
}

impl InFlight {
    /// The pod is being decided from now on; false when it was already.
    pub(crate) fn start(&mut self, uid: &Str) -> bool {
        if self.started.contains_key(uid) {
            return false;
        }
        self.started.insert(Arc::clone(uid), self.next);
        *self.starts.entry(self.next).or_default() += 1;
        true
    }

    /// Something happened that concerns every pod in flight.
    pub(crate) fn record(&mut self, event: &Arc<ClusterEvent>) {
        if !self.started.is_empty() {
            self.push(Recorded { event: Arc::clone(event), only: None });
        }
    }

    /// Something happened to this pod only; false when it is not in flight.
    pub(crate) fn record_for(&mut self, uid: &str, event: ClusterEvent) -> bool {
        let Some((uid, _)) = self.started.get_key_value(uid) else { return false };
        let only = Some(Arc::clone(uid));
        self.push(Recorded { event: Arc::new(event), only });
        true
    }

    fn push(&mut self, recorded: Recorded) {
        self.events.insert(self.next, recorded);
        self.next += 1;
    }

    /// What happened since the pod was taken, oldest first.
    pub(crate) fn events_since_start(&self, uid: &str) -> Vec<Arc<ClusterEvent>> {
        let Some(start) = self.started.get(uid) else { return Vec::new() };
        let concerns = |r: &&Recorded| r.only.as_ref().is_none_or(|only| &**only == uid);
        self.events.range(start..).map(|(_, r)| r).filter(concerns).map(|r| Arc::clone(&r.event)).collect()
    }

    /// The pod is decided; events that no pod in flight has missed are dropped.
    pub(crate) fn done(&mut self, uid: &str) {
        let Some(start) = self.started.remove(uid) else { return };
        if let Some(count) = self.starts.get_mut(&start) {
            *count -= 1;
            if *count == 0 {
                self.starts.remove(&start);
            }
        }
        match self.starts.keys().next() {
            None => self.events.clear(),
            Some(oldest) => self.events = self.events.split_off(oldest),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.started.len()
    }

    /// The events by label.
    pub(crate) fn event_counts(&self) -> FxHashMap<EventLabel, usize> {
        let mut counts = FxHashMap::default();
        for recorded in self.events.values() {
            *counts.entry(EventLabel::of(&recorded.event)).or_default() += 1;
        }
        counts
    }

    #[cfg(test)]
    fn event_count(&self) -> usize {
        self.events.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(label: &'static str) -> Arc<ClusterEvent> {
        Arc::new(ClusterEvent::wildcard(label))
    }

    #[test]
    fn a_pod_sees_what_happened_after_it_was_taken_and_events_go_when_all_saw_them() {
        let (a, b): (Str, Str) = ("a".into(), "b".into());
        let mut flight = InFlight::default();
        flight.record(&event("before"));
        assert!(flight.start(&a) && !flight.start(&a));
        flight.record(&event("one"));
        flight.start(&b);
        flight.record(&event("two"));
        assert!(flight.record_for("a", ClusterEvent::wildcard("for a")));
        assert!(!flight.record_for("c", ClusterEvent::wildcard("for nobody")));
        assert_eq!(flight.events_since_start("a").len(), 3);
        assert_eq!(flight.events_since_start("b").len(), 1);
        flight.done("a");
        assert_eq!(flight.event_count(), 2);
        flight.done("b");
        assert_eq!(flight.event_count(), 0);
    }
}
