//! The decision: from what is kept, or literally, and what is known of the choice.

use std::time::Duration;

use longshore_framework::snapshot::Slot;

use super::Engine;
use crate::choice::{Choice, Scored};
use crate::classes::Decided;
use crate::cycle::state::CycleState;
use crate::cycle::{Best, Evaluator, Kept, Stopped};
use crate::options::Evaluation;
use crate::path::{Literal, Path};
use crate::pods::QueuedPod;
use crate::trace::Trace;

impl Engine {
    /// The decision, and what is known of the choice as far as there is time to say it.
    pub(super) fn decide(
        &mut self,
        queued: &QueuedPod,
        state: &mut CycleState,
        trace: Option<&mut Trace>,
    ) -> (Path, Result<Slot, Stopped>, Choice) {
        self.described_in = Duration::ZERO;
        let described = match self.options.described_nodes {
            most @ 1.. if self.budget.allows(Duration::from(queued.marks.taken)) => most,
            _ => 0,
        };
        let decided = self.decide_describing(queued, state, described, trace);
        self.budget.spend(self.described_in);
        decided
    }

    fn decide_describing(
        &mut self,
        queued: &QueuedPod,
        state: &mut CycleState,
        described: usize,
        mut trace: Option<&mut Trace>,
    ) -> (Path, Result<Slot, Stopped>, Choice) {
        self.touch_promised_nodes();
        self.cache.begin_attempt();
        state.sampled = self.meter.samples();
        // The fields are named one by one, because what a decision reads is apart from what it changes.
        let evaluator = Evaluator {
            profile: &self.profiles[queued.profile],
            snapshot: self.cache.snapshot(),
            objects: self.cache.objects(),
            pod: &queued.pod,
            nominator: &self.queue.nominator,
            parallelism: &self.options.parallelism,
            watch: self.meter.watch(queued.profile, state.sampled),
            extenders: &self.extenders,
            features: self.options.features,
            asking: &self.asking,
        };
        let mut unread = Trace::default();
        let mut keep = |audit| self.classes.decide(&evaluator, queued.profile, &mut self.chooser, audit);
        let kept = match (self.options.evaluation, trace.as_deref_mut()) {
            (Evaluation::Literal, _) | (Evaluation::Incremental, Some(_)) => Err(Literal::AskedFor),
            (Evaluation::Incremental, None) => keep(None),
            (Evaluation::Audited, trace) => keep(Some(trace.unwrap_or(&mut unread))),
        };
        let mut choice = Choice { tied: self.chooser.take_tied(), ..Choice::default() };
        match kept {
            Ok(Decided { outcome, searched, state: kept, asks }) => {
                self.start = (self.start + searched) % evaluator.snapshot.len().max(1);
                let sampled = state.sampled;
                *state = kept;
                state.sampled = sampled;
                if let (Ok(slot), 2..) = (&outcome, state.feasible) {
                    choice.scored = Scored::ByClass;
                    // Nobody is asked twice who may answer otherwise, or count how often it is asked.
                    if described > 0 && !asks && !evaluator.asks_extenders() {
                        let began = self.meter.now();
                        choice.best = evaluator.score_again(*slot, described, &mut self.room);
                        self.described_in = self.meter.now().saturating_sub(began);
                    }
                    if !choice.best.is_empty() {
                        choice.scored = Scored::Again;
                    }
                }
                (Path::Kept, outcome, choice)
            }
            Err(why) => {
                choice.tied = 1;
                let (nodes, took) = (&mut choice.best, &mut self.described_in);
                let best = (described > 0).then_some(Best { most: described, nodes, took });
                let (room, kept) = ((&mut self.start, &mut self.room), Kept { trace, best });
                let outcome = evaluator.decide(state, &mut self.chooser, room, kept);
                choice.tied = self.chooser.take_tied();
                if let (Ok(_), 2..) = (&outcome, state.feasible) {
                    choice.scored = Scored::Literally;
                }
                (Path::Literal(why), outcome, choice)
            }
        }
    }
}
