//! What is to happen, and when.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Things to do by simulated time; of those for one time the first that was planned comes first.
#[derive(Debug)]
pub(super) struct Agenda<T> {
    planned: BinaryHeap<Planned<T>>,
    count: u64,
}

#[derive(Debug)]
struct Planned<T> {
    due: Duration,
    number: u64,
    what: T,
}

impl<T> Ord for Planned<T> {
    /// The next is the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due, other.number).cmp(&(self.due, self.number))
    }
}

impl<T> PartialOrd for Planned<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Planned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Planned<T> {}

impl<T> Agenda<T> {
    /// Nothing is to be done.
    pub(super) fn new() -> Self {
        Self { planned: BinaryHeap::new(), count: 0 }
    }

    pub(super) fn plan(&mut self, due: Duration, what: T) {
        self.count += 1;
        self.planned.push(Planned { due, number: self.count, what });
    }

    /// When the next thing is to be done.
    pub(super) fn next(&self) -> Duration {
        self.planned.peek().map_or(Duration::MAX, |planned| planned.due)
    }

    /// The next thing, when it is due, and when it was.
    pub(super) fn take(&mut self, now: Duration) -> Option<(Duration, T)> {
        let is_due = self.planned.peek().is_some_and(|planned| planned.due <= now);
        let taken = if is_due { self.planned.pop() } else { None };
        taken.map(|planned| (planned.due, planned.what))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.planned.iter().map(|planned| &planned.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_come_by_time_and_then_as_they_were_planned() {
        let mut agenda = Agenda::new();
        for (due, what) in [(3, 'c'), (1, 'a'), (3, 'd'), (2, 'b'), (9, 'e')] {
            agenda.plan(Duration::from_secs(due), what);
        }
        let taken: String =
            std::iter::from_fn(|| agenda.take(Duration::from_secs(3))).map(|(_, what)| what).collect();
        assert_eq!(taken, "abcd");
        assert_eq!(agenda.next(), Duration::from_secs(9));
    }
}
