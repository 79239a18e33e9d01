//! One pod's way through the engine.

mod binding;
mod cache_view;
mod choosing;
mod diagnose;
mod evict;
mod failure;
mod grouped;
mod holding;
mod inputs;
mod permit;
mod post_filter;
mod preemption;
mod recheck;
mod recover;
mod reload;
mod repeat;
mod replaying;
mod requests;
mod transaction;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use longshore_framework::Timestamp;
use longshore_framework::node_metrics::{MetricsNeed, MetricsSource};
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, FailureReason};
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::snapshot::{Slot, Snapshot};
use rustc_hash::FxHashMap;

use crate::asking::Asking;
use crate::attempt::{Attempt, Outcome};
use crate::cache::Cache;
use crate::choice::budget::Budget;
use crate::classes::Classes;
use crate::cycle::room::Room;
use crate::cycle::select::Chooser;
use crate::cycle::state::CycleState;
use crate::cycle::{Diagnosis, Evaluator, Stopped};
use crate::evictions::Evictions;
use crate::extenders::Extenders;
use crate::groups;
use crate::guard::Guard;
use crate::message::{self, NO_NODES};
use crate::meter::{EngineMarks, EventLabel, Meter, Metered, Watch};
use crate::options::Options;
use crate::path::Path;
use crate::pods::reservation::Reservation;
use crate::pods::{Pods, QueuedPod};
use crate::queue::{Queue, QueueCounts};
use crate::rules::EngineRules;
use crate::specs::Specs;
use crate::timers::Timers;
use crate::trace::Trace;
pub use cache_view::CacheView;
pub use diagnose::{Judgement, Verdicts};
use failure::Failure;
use holding::Holding;
use permit::NEVER;
pub use reload::OtherProfiles;

/// The scheduler.
///
/// Every pod it was told of is in exactly one [place](crate::pods::seat).
#[derive(Debug)]
pub struct Engine {
    pub(crate) profiles: Vec<Arc<Profile>>,
    pub(crate) options: Options,
    /// Every pod. What follows knows them by number.
    pub(crate) pods: Pods,
    pub(crate) cache: Cache,
    pub(crate) queue: Queue,
    /// Preemptors and the victims they wait for.
    pub(crate) evictions: Evictions,
    /// Who is called from time to time.
    pub(crate) timers: Timers,
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
    /// How often each plugin that cannot always be asked recovered, as far as is known here.
    recoveries: FxHashMap<(usize, PluginId), u64>,
    /// Where the next search of fewer than all nodes begins, in the node order.
    start: usize,
    /// Memory for literal decisions.
    room: Room,
    /// For which group places are held.
    pub(crate) holding: Holding,
    /// How the pods of the group that is being decided are asked about.
    asking: Asking,
    /// How much time may go into what is kept of choices.
    budget: Budget,
    /// How long it took to describe the last choice.
    described_in: Duration,
}

impl Engine {
    /// An engine that knows nothing yet. `profiles` is not empty and all have the same QueueSort.
    pub fn new(mut profiles: Vec<Profile>, options: Options) -> Self {
        groups::install(&mut profiles);
        let mut cache = Cache::default();
        cache.declare_metrics(profiles.iter().flat_map(metrics_of));
        let mut chooser = Chooser::new(options.seed, options.tie_break);
        chooser.prefer(options.preferred.clone());
        Self {
            extenders: Extenders::install(&options.extenders, &mut profiles),
            queue: Queue::new(&options),
            chooser,
            meter: Metered::new(options.meter.clone()),
            marks: EngineMarks::default(),
            profiles: profiles.into_iter().map(Arc::new).collect(),
            options,
            pods: Pods::default(),
            cache,
            evictions: Evictions::default(),
            timers: Timers::default(),
            holds_bindings: false,
            classes: Classes::default(),
            specs: Specs::default(),
            now: Timestamp::default(),
            first_timeout: NEVER,
            recoveries: FxHashMap::default(),
            start: 0,
            room: Room::default(),
            asking: Asking::default(),
            holding: Holding::default(),
            budget: Budget::default(),
            described_in: Duration::ZERO,
        }
    }

    /// Nodes and the pods on them.
    pub fn snapshot(&self) -> &Snapshot {
        self.cache.snapshot()
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

    /// Where plugins read from what is measured on nodes: [`Input::Metrics`](longshore_framework::port::Input::Metrics) of
    /// others is passed over.
    pub fn metrics_sources(&self) -> Vec<Arc<MetricsSource>> {
        self.cache.objects().metrics.sources().cloned().collect()
    }

    /// How many pods wait where.
    pub fn queue_counts(&self) -> QueueCounts {
        self.queue.counts(&self.pods)
    }

    /// How many waiting pods were last rejected by which plugin of which profile; a pod counts for each of them. Walks
    /// over all waiting pods.
    pub fn rejections(&self) -> BTreeMap<(usize, PluginId), usize> {
        self.queue.rejections(&self.pods)
    }

    /// How many events are remembered for the pods that are being decided. Walks over all of them.
    pub fn remembered_events(&self) -> FxHashMap<EventLabel, usize> {
        self.queue.remembered_events()
    }

    /// How many pods are between the choice of their node and the end of their binding.
    pub fn reserved(&self) -> usize {
        self.pods.reserved_len()
    }

    /// Every waiting pod, in no particular order.
    pub fn waiting_pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.queued_pods().map(|queued| &queued.pod)
    }

    /// The same with what the queue knows of them.
    pub fn queued_pods(&self) -> impl Iterator<Item = &QueuedPod> {
        self.queue.iter(&self.pods)
    }

    /// The waiting pod with this UID.
    pub fn waiting(&self, uid: &str) -> Option<&QueuedPod> {
        self.pods.waiting(self.pods.number(uid)?)
    }

    /// The profile that a pod belongs to.
    pub fn profile_of(&self, pod: &Pod) -> Option<usize> {
        let own = self.profiles.iter().position(|p| p.scheduler_name == pod.spec.scheduler_name);
        own.or_else(|| self.options.adopt_all.then_some(0)).filter(|at| *at < self.profiles.len())
    }

    /// Tries the pod whose turn it is, and the pods of its group with it; `None` when none waits to be tried.
    pub fn step(&mut self) -> Option<Attempt> {
        let queued = self.queue.pop(&mut self.pods)?;
        Some(self.attempt_and_more(queued))
    }

    /// Tries a waiting pod out of turn; `None` when no pod with this UID waits.
    pub fn step_pod(&mut self, uid: &str) -> Option<Attempt> {
        let queued = self.queue.take_out_of_turn(&mut self.pods, uid)?;
        Some(self.attempt_and_more(queued))
    }

    /// Puts a waiting pod straight into the active queue, past its backoff. One that is being decided is not parked
    /// should it come back. False when there is no such pod.
    pub fn activate(&mut self, uid: &str) -> bool {
        let (queue, pods, rules) = self.queue_parts();
        queue.activate(pods, uid, &rules)
    }

    /// The profiles' answers to the queue's questions.
    fn rules(&self) -> EngineRules<'_> {
        EngineRules {
            profiles: &self.profiles,
            cache: &self.cache,
            evictions: &self.evictions,
            features: self.options.features,
        }
    }

    /// The queue, and what its methods are lent.
    pub(crate) fn queue_parts(&mut self) -> (&mut Queue, &mut Pods, EngineRules<'_>) {
        let rules = EngineRules {
            profiles: &self.profiles,
            cache: &self.cache,
            evictions: &self.evictions,
            features: self.options.features,
        };
        (&mut self.queue, &mut self.pods, rules)
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
            asking: &self.asking,
        }
    }

    /// The attempt, with what plugins asked for meanwhile among its effects: they may be about other pods.
    fn attempt_and_more(&mut self, queued: Box<QueuedPod>) -> Attempt {
        let mut attempt = match queued.stands_for {
            Some(id) => self.attempt_group(id, queued),
            None => self.attempt(queued),
        };
        self.meet_requests(&mut attempt.effects);
        attempt
    }

    fn attempt(&mut self, queued: Box<QueuedPod>) -> Attempt {
        let pod = Arc::clone(&queued.pod);
        let mut attempt = self.untried(&queued);
        if pod.meta.terminating {
            self.queue.done(&mut self.pods, &pod.meta.uid);
            return attempt;
        }
        let found = self.find_node(&queued, &mut attempt);
        attempt.outcome = match found {
            (Ok(slot), state) => self.reserve(queued, slot, state, &mut attempt.effects),
            (Err(failure), _) => self.fail(queued, failure, &mut attempt.effects),
        };
        attempt
    }

    /// An attempt before anything was tried.
    fn untried(&self, queued: &QueuedPod) -> Attempt {
        Attempt {
            profile: Arc::clone(&self.profiles[queued.profile].scheduler_name),
            outcome: Outcome::Terminating,
            number: queued.attempts,
            path: Path::Untried,
            evaluated_nodes: 0,
            feasible_nodes: 0,
            choice: None,
            rejected: Vec::new(),
            weighing: None,
            effects: Vec::new(),
            trace: None,
            group: None,
            others: Vec::new(),
            pod: Arc::clone(&queued.pod),
        }
    }

    /// The node for a pod, or why there is none and what PostFilter makes of it. What is found out on the way is written
    /// into the attempt.
    fn find_node(
        &mut self,
        queued: &QueuedPod,
        attempt: &mut Attempt,
    ) -> (Result<Slot, Failure>, CycleState) {
        let mut trace = self.options.trace.then(Box::<Trace>::default);
        let mut state = CycleState::default();
        let (path, decided, choice) = self.decide(queued, &mut state, trace.as_deref_mut());
        self.meter.tell(|m| m.decided(queued.profile, &path));
        attempt.path = path;
        (attempt.evaluated_nodes, attempt.feasible_nodes) = (state.evaluated, state.feasible);
        let found = match decided {
            Ok(slot) => {
                attempt.choice = Some(choice);
                Ok(slot)
            }
            Err(Stopped::Known(known)) => {
                attempt.rejected.clone_from(&known.rejected);
                Err(self.repeat(queued.profile, &known))
            }
            Err(stopped) => {
                if let (Stopped::Unfit(diagnosis), Some(most)) = (&stopped, self.options.example_nodes) {
                    attempt.rejected = self.group_rejections(queued.profile, diagnosis, most);
                }
                let mut failure = self.diagnose(queued, stopped, &state, trace.as_deref_mut());
                attempt.weighing = failure.post_filter.as_mut().and_then(|post| post.weighing.take());
                Err(self.note(queued, failure, &attempt.rejected))
            }
        };
        let began = Duration::from(queued.marks.taken) + self.described_in;
        self.meter.tell_since(began, |m, took| m.algorithm(took));
        attempt.trace = trace;
        (found, state)
    }

    /// A node that was promised to a pod, or is no longer, is another to pods of lower priority.
    fn touch_promised_nodes(&mut self) {
        for node in self.queue.nominator.take_changed() {
            self.cache.touch(&node);
            self.options.requests.promise(&node, self.queue.nominator.on(&node));
        }
    }

    fn reservation(&self, queued: Box<QueuedPod>, state: CycleState) -> Box<Reservation> {
        Box::new(Reservation {
            binders: self.extenders.binders(&queued.pod),
            profile: Arc::clone(&self.profiles[queued.profile]),
            queued,
            state,
            newest: None,
            disturbed: false,
            sent: false,
        })
    }

    /// Assume, Reserve, Permit, and the first step of the binding.
    fn reserve(
        &mut self,
        queued: Box<QueuedPod>,
        slot: Slot,
        state: CycleState,
        effects: &mut Vec<Effect>,
    ) -> Outcome {
        let pod = Arc::clone(&queued.pod);
        let node = Arc::clone(&self.cache.snapshot().node(slot).name);
        let held = self.reservation(queued, state);
        self.evictions.end(&pod.meta.uid, Some(&node));
        self.queue.nominator.remove(&pod.meta.uid);
        let undone = match Guard::assume(&mut self.pods, &mut self.cache, &self.meter, &node, held) {
            Ok(mut guard) => {
                let went = binding::hold(&mut guard, self.now, &mut self.queue, effects);
                if let Ok(Some(until)) = went {
                    self.first_timeout = self.first_timeout.min(until);
                }
                Ok(binding::end(guard, went.map(drop)))
            }
            Err(held) => Err(held.queued),
        };
        match undone {
            Ok(None) => Outcome::Assumed { node },
            Ok(Some((undone, refused))) => self.fail_reserved(undone, Failure::refused(refused), effects),
            Err(queued) => {
                let message = format!("pod {} is not being decided", pod.key());
                self.fail(queued, Failure::broken(message), effects)
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
        let post_filter = self.post_filter(queued, &diagnosis, state, trace);
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

/// What the plugins of a profile read of what is measured on nodes.
fn metrics_of(profile: &Profile) -> impl Iterator<Item = MetricsNeed> + '_ {
    profile.plugins().iter().filter_map(|instance| instance.plugin.metrics())
}

#[cfg(test)]
mod tests;
