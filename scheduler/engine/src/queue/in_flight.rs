//! What happened while pods are being decided.

use std::collections::VecDeque;
use std::sync::Arc;

use longshore_framework::event::ClusterEvent;
use rustc_hash::FxHashMap;

use crate::meter::EventLabel;
use crate::pods::Flight;

/// Events since the oldest pod in flight was taken. Its start is how many events there had been when it was taken.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    /// Oldest first; the first is the one with this number.
    events: VecDeque<Recorded>,
    first: u64,
    /// How many pods there are of each start, ascending; there are some of the first.
    starts: VecDeque<(u64, usize)>,
    len: usize,
}

/// An event, and the number of the pod it is for when it is not for all. A pod that has the number later does not see it: it
/// starts later.
#[derive(Debug)]
struct Recorded {
    event: Arc<ClusterEvent>,
    only: Option<usize>,
}

impl InFlight {
    /// A pod is being decided from now on.
    pub(super) fn start(&mut self) -> Flight {
        let now = self.first + self.events.len() as u64;
        match self.starts.back_mut() {
            Some((start, count)) if *start == now => *count += 1,
            _ => self.starts.push_back((now, 1)),
        }
        self.len += 1;
        Flight(now)
    }

    /// Something happened that concerns every pod in flight.
    pub(super) fn record(&mut self, event: ClusterEvent) {
        if self.len > 0 {
            self.events.push_back(Recorded { event: Arc::new(event), only: None });
        }
    }

    /// Something happened to this pod only, which is in flight.
    pub(super) fn record_for(&mut self, number: usize, event: ClusterEvent) {
        self.events.push_back(Recorded { event: Arc::new(event), only: Some(number) });
    }

    /// What happened to this pod since its start, oldest first.
    pub(super) fn events_since(
        &self,
        flight: &Flight,
        number: usize,
    ) -> impl Iterator<Item = &Arc<ClusterEvent>> {
        let before = usize::try_from(flight.0.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let concerns = move |r: &&Recorded| r.only.is_none_or(|only| only == number);
        self.events.iter().skip(before).filter(concerns).map(|r| &r.event)
    }

    /// The flight is over; events that no pod in flight has missed are dropped.
    pub(super) fn done(&mut self, Flight(start): Flight) {
        if let Ok(at) = self.starts.binary_search_by_key(&start, |(start, _)| *start) {
            self.starts[at].1 -= 1;
            self.len -= 1;
        }
        while self.starts.pop_front_if(|(_, count)| *count == 0).is_some() {}
        let gone = match self.starts.front() {
            None => self.events.len(),
            Some((oldest, _)) => usize::try_from(oldest - self.first).unwrap_or(usize::MAX),
        };
        self.events.drain(..gone);
        self.first += gone as u64;
    }

    /// Number of pods in flight.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The events by label.
    pub(super) fn event_counts(&self) -> FxHashMap<EventLabel, usize> {
        let mut counts = FxHashMap::default();
        for recorded in &self.events {
            *counts.entry(EventLabel::of(&recorded.event)).or_default() += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(label: &'static str) -> ClusterEvent {
        ClusterEvent::wildcard(label)
    }

    #[track_caller]
    fn check(flight: &InFlight, start: &Flight, number: usize, want: &[&str]) {
        let got: Vec<String> = flight.events_since(start, number).map(|e| e.label()).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn a_pod_sees_what_happened_after_it_was_taken_and_events_go_when_all_saw_them() {
        let mut flight = InFlight::default();
        flight.record(event("before"));
        let a = flight.start();
        flight.record(event("one"));
        let b = flight.start();
        flight.record(event("two"));
        flight.record_for(0, event("for a"));
        check(&flight, &a, 0, &["one", "two", "for a"]);
        check(&flight, &b, 1, &["two"]);
        flight.done(a);
        check(&flight, &b, 1, &["two"]);
        assert_eq!((flight.len(), flight.events.len()), (1, 2));
        flight.done(b);
        assert_eq!((flight.len(), flight.events.len()), (0, 0));
    }

    #[test]
    fn a_pod_that_ends_before_older_ones_leaves_their_events_alone() {
        let mut flight = InFlight::default();
        let [first, second] = [flight.start(), flight.start()];
        flight.record(event("one"));
        let late = flight.start();
        flight.done(late);
        flight.done(first);
        check(&flight, &second, 0, &["one"]);
        flight.done(second);
        assert_eq!(flight.events.len(), 0);
        flight.record(event("nobody there"));
        let next = flight.start();
        check(&flight, &next, 0, &[]);
    }
}
