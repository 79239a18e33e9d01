//! What is being written, so that the end can wait for it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// A binding.
    Binding,
    /// Evictions for one preemptor.
    Evictions,
    /// Volumes and claims of one pod, those for devices among them.
    Volumes,
    /// The status of one pod.
    Status,
}

/// Writes of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// Bindings.
    pub bindings: usize,
    /// Preemptors whose victims are evicted.
    pub evictions: usize,
    /// Pods whose volumes and claims are written.
    pub volumes: usize,
    /// Pods whose status is written.
    pub statuses: usize,
}

impl Writes {
    fn count_mut(&mut self, write: Write) -> &mut usize {
        match write {
            Write::Binding => &mut self.bindings,
            Write::Evictions => &mut self.evictions,
            Write::Volumes => &mut self.volumes,
            Write::Status => &mut self.statuses,
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What of it is not in `left`.
    fn without(self, left: Self) -> Self {
        Self {
            bindings: self.bindings.saturating_sub(left.bindings),
            evictions: self.evictions.saturating_sub(left.evictions),
            volumes: self.volumes.saturating_sub(left.volumes),
            statuses: self.statuses.saturating_sub(left.statuses),
        }
    }
}

impl fmt::Display for Writes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bindings, evictions, volumes, statuses } = self;
        write!(
            f,
            "{bindings} bindings, evictions for {evictions} pods, volumes of {volumes} pods, status of {statuses} pods"
        )
    }
}

/// How the end went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Was under way and has ended.
    pub done: Writes,
    /// Is still under way.
    pub left: Writes,
}

/// Counts what is being written; clones share the count.
#[derive(Clone, Debug, Default)]
pub(super) struct Underway(Arc<watch::Sender<Writes>>);

impl Underway {
    /// One more, until the guard is dropped.
    pub(super) fn begin(&self, write: Write) -> Guard {
        self.0.send_modify(|now| *now.count_mut(write) += 1);
        Guard { underway: self.clone(), write }
    }

    /// Waits until nothing is under way, for `within` at the most.
    pub(super) async fn finish(&self, within: Duration) -> Finished {
        let mut now = self.0.subscribe();
        let before = *now.borrow_and_update();
        // That the time is over shows in what is left.
        let _ = tokio::time::timeout(within, now.wait_for(Writes::is_empty)).await;
        let left = *self.0.borrow();
        Finished { done: before.without(left), left }
    }
}

/// Something is under way as long as this lives.
#[derive(Debug)]
pub(super) struct Guard {
    underway: Underway,
    write: Write,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.underway.0.send_modify(|now| *now.count_mut(self.write) -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_waits_for_what_is_under_way_and_not_longer_than_it_may() {
        let underway = Underway::default();
        let binding = underway.begin(Write::Binding);
        let evictions = underway.begin(Write::Evictions);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            drop(binding);
        });
        let Finished { done, left } = underway.finish(Duration::from_millis(200)).await;
        assert_eq!(done, Writes { bindings: 1, ..Writes::default() });
        assert_eq!(left, Writes { evictions: 1, ..Writes::default() });
        drop(evictions);
        let finished = underway.finish(Duration::from_secs(60)).await;
        assert_eq!((finished.done, finished.left), (Writes::default(), Writes::default()));
    }
}
