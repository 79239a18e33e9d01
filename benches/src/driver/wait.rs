//! When the run goes on: barriers, and the end of the measurement.

use std::time::{Duration, Instant};

use anyhow::ensure;

use super::beside::What;
use super::{Driver, TICK};
use crate::deciders::GuestTime;
use crate::measure::Latencies;

/// Simulated time without a placement after which a run is given up: longer than pods stay parked without an event.
const PATIENCE: Duration = Duration::from_secs(400);

/// How far simulated time goes on at once where pods come a few at a time.
const LONGEST_STEP: Duration = Duration::from_secs(30);

impl Driver<'_> {
    /// Lets everything be tried until nothing is left that could be placed.
    pub(super) fn settle(&mut self) -> anyhow::Result<()> {
        let mut waited = (0, Duration::ZERO);
        loop {
            self.try_all()?;
            let counts = self.engine.queue_counts();
            if counts.active == 0 && counts.backoff == 0 && self.engine.reserved() == 0 {
                if counts.unschedulable <= self.left_over {
                    return Ok(());
                }
                ensure!(
                    self.agenda.iter().any(What::is_awaited) && waited.1 < PATIENCE,
                    "{} pods do not fit before the measurement",
                    counts.unschedulable - self.left_over
                );
            }
            self.wait(&mut waited)?;
        }
    }

    /// As [`settle`](Self::settle), unless what is to follow does not wait for the pods before it.
    pub(super) fn settle_unless_hurried(&mut self) -> anyhow::Result<()> {
        if self.hurried { Ok(()) } else { self.settle() }
    }

    /// Lets everything be tried that can be tried now.
    pub(super) fn try_all(&mut self) -> anyhow::Result<()> {
        while self.step(Instant::now())?.is_some() {}
        self.show_bound();
        Ok(())
    }

    /// From now on pods are timed. `first` is how many come first.
    pub(super) fn begin(&mut self, first: usize) -> anyhow::Result<()> {
        if self.measuring {
            return Ok(());
        }
        let promised = self.engine.queued_pods().filter(|q| q.pod.meta.nominated_node.is_some()).count();
        ensure!(promised >= self.nominated, "{promised} pods are promised a node, not {}", self.nominated);
        self.measuring = true;
        self.guest_before = self.guest.as_ref().map(GuestTime::so_far).unwrap_or_default();
        self.latencies = Latencies::with_room_for(first);
        self.stopwatch.start();
        self.clock.start_pacing();
        Ok(())
    }

    /// Lets everything be tried until the last measured pod is done with.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        let (mut now, mut waited) = (Instant::now(), (0, Duration::ZERO));
        while self.placed + self.unfit < self.expected && self.misplaced == 0 {
            if let Some(after) = self.step(now)? {
                now = after;
                continue;
            }
            self.show_bound();
            self.wait(&mut waited)?;
            let may_get_room = self.idles && self.agenda.iter().any(What::is_awaited);
            ensure!(
                waited.1 < PATIENCE || may_get_room,
                "{} of {} pods are placed; {:?}",
                self.placed,
                self.expected,
                self.engine.queue_counts()
            );
            now = Instant::now();
        }
        self.show_bound();
        self.stopwatch.stop();
        ensure!(self.misplaced == 0, "a pod that was to fit nowhere is placed");
        self.problem.take().map_or(Ok(()), Err)
    }

    /// Nothing is left to do: simulated time goes on to the next thing due, in steps of a tick; at once where pods come a few
    /// at a time. `waited` is how long there was no progress, and how far that was.
    fn wait(&mut self, waited: &mut (usize, Duration)) -> anyhow::Result<()> {
        let progress = self.placed + self.unfit;
        if waited.0 != progress {
            *waited = (progress, Duration::ZERO);
        }
        let now = Instant::now();
        let until_due = self.agenda.next().saturating_sub(self.clock.now(now, self.placed));
        let has_nothing_to_do = self.idles && self.engine.queue_counts().backoff == 0;
        let step = until_due.min(if has_nothing_to_do { LONGEST_STEP } else { TICK });
        self.clock.skip(step);
        self.tell_time(now);
        self.turn(now)?;
        waited.1 += step.max(Duration::from_millis(1));
        Ok(())
    }
}
