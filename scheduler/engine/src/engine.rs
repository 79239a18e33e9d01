//! One pod's way through the engine.

mod binding;
mod diagnose;
mod evict;
mod failure;
mod inputs;
mod permit;
mod post_filter;
mod preemption;
mod recheck;
mod reload;
mod repeat;
mod requests;

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, FailureReason};
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::{Str, Timestamp};
use rustc_hash::FxHashMap;

use crate::attempt::{Attempt, Outcome};
use crate::cache::Cache;
use crate::classes::{Classes, Decided};
use crate::cycle::room::Room;
use crate::cycle::select::Chooser;
use crate::cycle::state::CycleState;
use crate::cycle::{Diagnosis, Evaluator, Stopped};
use crate::evictions::Evictions;
use crate::extenders::Extenders;
use crate::groups;
use crate::message::{self, NO_NODES};
use crate::meter::{EngineMarks, EventLabel, Meter, Metered, Watch};
use crate::options::{Evaluation, Options};
use crate::path::{Literal, Path};
use crate::queue::{Queue, QueueCounts, QueuedPod};
use crate::reservation::{Guard, Phase, Reservation};
use crate::rules::EngineRules;
use crate::specs::Specs;
use crate::trace::Trace;
pub use diagnose::{Judgement, Verdicts};
use failure::Failure;
use permit::NEVER;
pub use reload::OtherProfiles;

/// The scheduler.
///
/// Every pod it was told of is in exactly one place: waiting in the queue, reserved on a node, or counted in the cache.
#[derive(Debug)]
pub struct Engine {
    pub(crate) profiles: Vec<Arc<Profile>>,
    pub(crate) options: Options,
    pub(crate) cache: Cache,
    pub(crate) queue: Queue,
    /// Pods whose binding is under way, by UID.
    pub(crate) reservations: FxHashMap<Str, Reservation>,
    /// Preemptors and the victims they wait for.
    pub(crate) evictions: Evictions,
    /// Whether bindings wait until they are asked for.
    pub(crate) holds_bindings: bool,
    pub(crate) chooser: Chooser,
    /// What is kept from decision to decision.
    pub(crate) classes: Classes,
    pub(crate) specs: Specs,
    pub(crate) extenders: Extenders,
    pub(crate) now: Timestamp,
    pub(crate) meter: Metered,
    /// When the input that is being taken in came, and the evictions that are under way, by the meter's clock.
    pub(crate) marks: EngineMarks,
    /// No pod waits for a Permit plugin that gives up before this.
    pub(crate) first_timeout: Timestamp,
    /// Where the next search of fewer than all nodes begins, in the node order.
    start: usize,
    /// Memory for literal decisions.
    room: Room,
}

impl Engine {
    /// An engine that knows nothing yet. `profiles` is not empty and all have the same QueueSort.
    pub fn new(mut profiles: Vec<Profile>, options: Options) -> Self {
        groups::install(&mut profiles);
        Self {
            extenders: Extenders::install(&options.extenders, &mut profiles),
            queue: Queue::new(&options),
            chooser: Chooser::new(options.seed, options.tie_break),
            meter: Metered::new(options.meter.clone()),
            marks: EngineMarks::default(),
            profiles: profiles.into_iter().map(Arc::new).collect(),
            options,
            cache: Cache::default(),
            reservations: FxHashMap::default(),
            evictions: Evictions::default(),
            holds_bindings: false,
            classes: Classes::default(),
            specs: Specs::default(),
            now: Timestamp::default(),
            first_timeout: NEVER,
            start: 0,
            room: Room::default(),
        }
    }

    /// Nodes and the pods on them.
    pub fn snapshot(&self) -> &Snapshot {
        self.cache.snapshot()
    }

    /// Pods on nodes and all other objects.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The profiles.
    pub fn profiles(&self) -> &[Arc<Profile>] {
        &self.profiles
    }

    /// Who is told from now on what takes how long.
    pub fn set_meter(&mut self, meter: Option<Arc<dyn Meter>>) {
        self.meter = Metered::new(meter.clone());
        self.queue.set_meter(meter);
    }

    /// Keeps [traces](Options::trace) of the attempts to come, or not.
    pub fn set_trace(&mut self, keep: bool) {
        self.options.trace = keep;
    }

    /// How many pods wait where.
    pub fn queue_counts(&self) -> QueueCounts {
        self.queue.counts()
    }

    /// How many waiting pods were last rejected by which plugin of which profile; a pod counts for each of them. Walks
    /// over all waiting pods.
    pub fn rejections(&self) -> BTreeMap<(usize, PluginId), usize> {
        self.queue.rejections()
    }

    /// How many events are remembered for the pods that are being decided. Walks over all of them.
    pub fn remembered_events(&self) -> FxHashMap<EventLabel, usize> {
        self.queue.remembered_events()
    }

    /// How many pods are between the choice of their node and the end of their binding.
    pub fn reserved(&self) -> usize {
        self.reservations.len()
    }

    /// Every waiting pod, in no particular order.
    pub fn waiting_pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.queued_pods().map(|queued| &queued.pod)
    }

    /// The same with what the queue knows of them.
    pub fn queued_pods(&self) -> impl Iterator<Item = &QueuedPod> {
        self.queue.iter()
    }

    /// The waiting pod with this UID.
    pub fn waiting(&self, uid: &str) -> Option<&QueuedPod> {
        self.queue.get(uid)
    }

    /// The profile that a pod belongs to.
    pub fn profile_of(&self, pod: &Pod) -> Option<usize> {
        let own = self.profiles.iter().position(|p| p.scheduler_name == pod.spec.scheduler_name);
        own.or_else(|| self.options.adopt_all.then_some(0)).filter(|at| *at < self.profiles.len())
    }

    /// Tries the pod whose turn it is; `None` when none waits to be tried.
    pub fn step(&mut self) -> Option<Attempt> {
        let queued = self.queue.pop()?;
        Some(self.attempt_and_more(queued))
    }

    /// Tries a waiting pod out of turn; `None` when no pod with this UID waits.
    pub fn step_pod(&mut self, uid: &str) -> Option<Attempt> {
        let queued = self.queue.take_out_of_turn(uid)?;
        Some(self.attempt_and_more(queued))
    }

    /// Puts a waiting pod straight into the active queue, past its backoff. One that is being decided is not parked
    /// should it come back. False when there is no such pod.
    pub fn activate(&mut self, uid: &str) -> bool {
        let (queue, rules) = self.queue_and_rules();
        queue.activate(uid, &rules)
    }

    pub(crate) fn queue_and_rules(&mut self) -> (&mut Queue, EngineRules<'_>) {
        let rules = EngineRules { profiles: &self.profiles, cache: &self.cache, evictions: &self.evictions };
        (&mut self.queue, rules)
    }

    pub(crate) fn evaluator<'e>(&'e self, profile: usize, pod: &'e Arc<Pod>) -> Evaluator<'e> {
        Evaluator {
            profile: &self.profiles[profile],
            snapshot: self.cache.snapshot(),
            objects: self.cache.objects(),
            pod,
            nominator: &self.queue.nominator,
            parallelism: &self.options.parallelism,
            watch: Watch::default(),
            extenders: &self.extenders,
            features: self.options.features,
        }
    }

    /// The attempt, with what plugins asked for meanwhile among its effects: they may be about other pods.
    fn attempt_and_more(&mut self, queued: QueuedPod) -> Attempt {
        let mut attempt = self.attempt(queued);
        self.meet_requests(&mut attempt.effects);
        attempt
    }

    fn attempt(&mut self, queued: QueuedPod) -> Attempt {
        let pod = Arc::clone(&queued.pod);
        let mut attempt = Attempt {
            profile: Arc::clone(&self.profiles[queued.profile].scheduler_name),
            outcome: Outcome::Terminating,
            number: queued.attempts,
            path: Path::Untried,
            evaluated_nodes: 0,
            feasible_nodes: 0,
            rejected: Vec::new(),
            effects: Vec::new(),
            trace: None,
            pod: Arc::clone(&pod),
        };
        if pod.meta.terminating || self.cache.is_assumed(&pod.meta.uid) {
            self.queue.done(&pod.meta.uid);
            if !pod.meta.terminating {
                attempt.outcome = Outcome::Placed;
            }
            return attempt;
        }
        let mut trace = self.options.trace.then(Box::<Trace>::default);
        let mut state = CycleState::default();
        let (path, decided) = self.decide(&queued, &mut state, trace.as_deref_mut());
        self.meter.tell(|m| m.decided(queued.profile, &path));
        attempt.path = path;
        (attempt.evaluated_nodes, attempt.feasible_nodes) = (state.evaluated, state.feasible);
        attempt.outcome = match decided {
            Ok(slot) => {
                self.meter.tell_since(queued.marks.taken, |m, took| m.algorithm(took));
                self.reserve(queued, slot, state, &mut attempt.effects)
            }
            Err(stopped) => {
                let failure = match stopped {
                    Stopped::Known(known) => {
                        attempt.rejected.clone_from(&known.rejected);
                        self.repeat(queued.profile, &known)
                    }
                    stopped => {
                        if let (Stopped::Unfit(diagnosis), Some(most)) =
                            (&stopped, self.options.example_nodes)
                        {
                            attempt.rejected = self.group_rejections(queued.profile, diagnosis, most);
                        }
                        let failure = self.diagnose(&queued, stopped, &state, trace.as_deref_mut());
                        self.note(&queued, failure, &attempt.rejected)
                    }
                };
                self.meter.tell_since(queued.marks.taken, |m, took| m.algorithm(took));
                self.fail(queued, failure, &mut attempt.effects)
            }
        };
        attempt.trace = trace;
        attempt
    }

    fn decide(
        &mut self,
        queued: &QueuedPod,
        state: &mut CycleState,
        mut trace: Option<&mut Trace>,
    ) -> (Path, Result<Slot, Stopped>) {
        self.touch_promised_nodes();
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
        };
        let mut unread = Trace::default();
        let mut keep = |audit| self.classes.decide(&evaluator, queued.profile, &mut self.chooser, audit);
        let kept = match (self.options.evaluation, trace.as_deref_mut()) {
            (Evaluation::Literal, _) | (Evaluation::Incremental, Some(_)) => Err(Literal::AskedFor),
            (Evaluation::Incremental, None) => keep(None),
            (Evaluation::Audited, trace) => keep(Some(trace.unwrap_or(&mut unread))),
        };
        match kept {
            Ok(Decided { outcome, searched, state: kept }) => {
                self.start = (self.start + searched) % evaluator.snapshot.len().max(1);
                let sampled = state.sampled;
                *state = kept;
                state.sampled = sampled;
                (Path::Kept, outcome)
            }
            Err(why) => {
                let outcome =
                    evaluator.decide(state, &mut self.chooser, (&mut self.start, &mut self.room), trace);
                (Path::Literal(why), outcome)
            }
        }
    }

    /// A node that was promised to a pod, or is no longer, is another to pods of lower priority.
    fn touch_promised_nodes(&mut self) {
        for node in self.queue.nominator.take_changed() {
            self.cache.touch(&node);
        }
    }

    /// Assume, Reserve, Permit, and the first step of the binding.
    fn reserve(
        &mut self,
        queued: QueuedPod,
        slot: Slot,
        state: CycleState,
        effects: &mut Vec<Effect>,
    ) -> Outcome {
        let uid = Arc::clone(&queued.pod.meta.uid);
        let node = Arc::clone(&self.cache.snapshot().node(slot).name);
        if let Err(error) = self.cache.assume(Arc::clone(&queued.pod), Arc::clone(&node)) {
            return self.fail(queued, Failure::broken(error.to_string()), effects);
        }
        self.evictions.end(&uid, Some(&node));
        let binders = self.extenders.binders(&queued.pod);
        let held = Reservation {
            profile: Arc::clone(&self.profiles[queued.profile]),
            queued,
            node,
            state,
            phase: Phase::Deciding,
            newest: None,
            binders,
            disturbed: false,
            sent: false,
        };
        let mut guard = Guard::resume(&mut self.cache, &self.meter, held);
        self.queue.nominator.remove(&uid);
        let waits = match guard.reserve().and_then(|()| guard.permit(self.now)) {
            Ok(waits) => waits,
            Err(refused) => {
                let Some(undone) = guard.abandon() else { return Outcome::Placed };
                return self.fail(undone.queued, Failure::refused(refused), effects);
            }
        };
        match waits.iter().map(|wait| wait.until).min() {
            Some(until) => self.first_timeout = self.first_timeout.min(until),
            None => self.queue.done(&uid),
        }
        match binding::advance(guard, waits, effects) {
            Ok(held) => {
                let node = Arc::clone(&held.node);
                self.reservations.insert(uid, held);
                Outcome::Assumed { node }
            }
            Err(returned) => {
                let (undone, refused) = *returned;
                self.fail_late(undone, Failure::refused(refused), effects)
            }
        }
    }

    /// Why the pod found no node, and what PostFilter makes of it.
    fn diagnose(
        &mut self,
        queued: &QueuedPod,
        stopped: Stopped,
        state: &CycleState,
        trace: Option<&mut Trace>,
    ) -> Failure {
        match stopped {
            Stopped::Broken(message) => Failure::broken(message),
            Stopped::NoNodes => {
                Failure { reason: FailureReason::Unschedulable, ..Failure::broken(NO_NODES.to_string()) }
            }
            Stopped::Unfit(diagnosis) => self.unfit(queued, *diagnosis, state, trace),
            Stopped::Known(known) => self.repeat(queued.profile, &known),
        }
    }

    fn unfit(
        &mut self,
        queued: &QueuedPod,
        diagnosis: Diagnosis,
        state: &CycleState,
        trace: Option<&mut Trace>,
    ) -> Failure {
        // Evictions help no pod that waits for its group.
        let post_filter = match groups::holds_back(self.cache.objects(), &queued.pod) {
            true => None,
            false => self.post_filter(queued, &diagnosis, state, trace),
        };
        let said = post_filter.as_ref().map_or("", |p| &p.message);
        Failure {
            reason: FailureReason::Unschedulable,
            message: message::unschedulable(self.cache.snapshot().len(), &diagnosis, said),
            rejected_by: diagnosis.rejected_by,
            pending_on: diagnosis.pending_on,
            post_filter,
        }
    }
}

#[cfg(test)]
mod tests;
