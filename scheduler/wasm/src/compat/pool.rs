//! Instances, and which pod has which.
//!
//! A guest keeps what it knows of a pod's cycle in its own memory, so all calls of one cycle go to one instance: a
//! [`Lease`], which lies in the cycle's state. When the last copy of that state is dropped, because the pod is bound or
//! the attempt has failed, the instance goes back. It needs no cleaning: `prefilter` is where guests forget.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use super::abi::Input;
use super::common::locked;
use super::exports::Export;
use super::instance::{Instance, Template};
use super::manners::Manners;
use super::objects::PodSource;
use crate::failure::{Failure, FailureKind};

/// Instances without a pod that are kept. Making one takes some microseconds and the guest's own start.
const MOST_FREE: usize = 4;

/// Pods whose cycles hold an instance at the same time. Nearly all of them wait for their binding to be written; when
/// there are more, the oldest gives its instance up, and its late calls go to another that is told of the pod first.
const MOST_LEASES: usize = 64;

/// An instance that uses more than this share of its memory, in percent, is not used for another pod: guests collect
/// garbage, but what they have taken they never give back.
const RECYCLE_AT: usize = 75;

/// All calls of one stage for one pod may take as long as one call, and this much more for each node.
const TIME_PER_NODE: Duration = Duration::from_millis(1);

/// All instances of a plugin.
pub(crate) struct Pool {
    pub(crate) template: Template,
    manners: Manners,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    free: Vec<Instance>,
    /// The cycles, the latest last.
    leases: VecDeque<Weak<Lease>>,
}

impl Pool {
    /// With one instance, so that what is wrong with the start shows now.
    ///
    /// # Errors
    /// The start fails.
    pub(crate) fn new(template: Template) -> Result<Self, Failure> {
        let free = vec![Instance::start(&template)?];
        Ok(Self {
            template,
            manners: Manners::default(),
            state: Mutex::new(State { free, leases: VecDeque::new() }),
        })
    }

    /// Instances that exist.
    pub(crate) fn instances(&self) -> usize {
        let state = locked(&self.state);
        let held = state.leases.iter().filter_map(Weak::upgrade);
        state.free.len() + held.filter(|lease| locked(&lease.held).instance.is_some()).count()
    }

    /// Calls something outside every cycle.
    ///
    /// # Errors
    /// The call fails.
    pub(crate) fn once(&self, export: Export) -> Result<super::instance::Reply, Failure> {
        let mut instance = self.take()?;
        let reply = instance.call(export, Input::default())?;
        self.put_back(instance);
        Ok(reply)
    }

    /// Begins a pod's cycle. The instance is taken when it is first called.
    pub(crate) fn begin(self: &Arc<Self>, pod: Arc<PodSource>) -> Arc<Lease> {
        let held = Mutex::new(Held::default());
        let lease = Arc::new(Lease { pool: Arc::clone(self), pod, held, scoring: Mutex::default() });
        let mut state = locked(&self.state);
        state.leases.retain(|lease| lease.strong_count() > 0);
        // With nothing to be called once the node is chosen, the cycle before this one is over.
        let most = if self.template.exports.has_later() { MOST_LEASES - 1 } else { 0 };
        let mut ended = Vec::new();
        while state.leases.len() > most {
            ended.extend(state.leases.pop_front().and_then(|lease| lease.upgrade()));
        }
        state.leases.push_back(Arc::downgrade(&lease));
        drop(state);
        for lease in ended {
            lease.give_up();
        }
        lease
    }

    fn take(&self) -> Result<Instance, Failure> {
        let free = locked(&self.state).free.pop();
        free.map_or_else(|| Instance::start(&self.template), Ok)
    }

    fn put_back(&self, instance: Instance) {
        let full = instance.used() / RECYCLE_AT > self.template.memory / 100;
        let mut state = locked(&self.state);
        if !full && state.free.len() < MOST_FREE {
            state.free.push(instance);
        }
    }
}

/// A hypothesis: a pod put on a node, or taken off it.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) export: Export,
    pub(crate) pod: Arc<PodSource>,
    pub(crate) node: longshore_framework::Str,
}

impl Change {
    fn undo(&self) -> Export {
        if self.export == Export::AddPod { Export::RemovePod } else { Export::AddPod }
    }
}

/// The cycle of one pod.
pub(crate) struct Lease {
    pool: Arc<Pool>,
    pub(crate) pod: Arc<PodSource>,
    held: Mutex<Held>,
    /// What PreScore was asked with, once it was.
    scoring: Mutex<Option<Input>>,
}

#[derive(Default)]
struct Held {
    instance: Option<Instance>,
    /// The guest has been told of the pod, by `prefilter`.
    begun: bool,
    /// Hypotheses the guest is told of, in order.
    applied: Vec<Arc<Change>>,
    /// It broke: nothing more is asked of it in this cycle.
    broken: Option<Failure>,
}

/// The instance of a cycle while it is being called.
pub(crate) struct Calls<'l> {
    lease: &'l Lease,
    instance: &'l mut Instance,
    stage: &'static str,
    left: Duration,
    /// The guest was told of a hypothesis.
    supposing: bool,
}

impl Calls<'_> {
    /// Whether nodes may be asked about on another instance: the guest forgets at `prefilter`, has not read the list of all
    /// nodes, which it would have to read again, and is asked about the cluster as it is.
    pub(crate) fn may_ask_beside(&self) -> bool {
        let pool = &self.lease.pool;
        pool.template.exports.has(Export::PreFilter)
            && !pool.manners.whole()
            && !self.supposing
            && !self.instance.listed()
    }

    /// What is known of the guest.
    pub(crate) fn manners(&self) -> &Manners {
        &self.lease.pool.manners
    }

    /// The plugin's name.
    pub(crate) fn plugin(&self) -> &str {
        &self.lease.pool.template.common.plugin
    }

    /// The time that is left for the stage.
    pub(crate) fn left(&self) -> Duration {
        self.left
    }

    /// Likewise, anew.
    pub(crate) fn set_left(&mut self, left: Duration) {
        self.left = left;
    }

    /// What PreScore was asked with in this cycle, if it was.
    pub(crate) fn scoring(&self) -> Option<Input> {
        locked(&self.lease.scoring).clone()
    }

    /// Notes what PreScore is asked with.
    pub(crate) fn scores_with(&self, input: &Input) {
        *locked(&self.lease.scoring) = Some(input.clone());
    }

    /// Calls another instance about the same pod, which has not been told of it. `muted`: what it logs and wants does not count.
    ///
    /// # Errors
    /// There is no other instance, or `ask` fails.
    pub(crate) fn beside<T>(
        &mut self,
        muted: bool,
        ask: impl FnOnce(&mut Calls<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut instance = self.lease.pool.take()?;
        instance.mute(muted);
        let mut other = Calls {
            lease: self.lease,
            instance: &mut instance,
            stage: self.stage,
            left: self.left,
            supposing: false,
        };
        let answer = ask(&mut other);
        self.left = other.left;
        instance.mute(false);
        if answer.as_ref().map_or_else(|failure| !failure.kind.spoils(), |_| true) {
            self.lease.pool.put_back(instance);
        }
        answer
    }

    /// Calls a function that was called in this cycle before, so that the guest knows what it knew. It logs nothing and wants
    /// nothing meanwhile.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub(crate) fn again(&mut self, export: Export, input: Input) -> Result<(), Failure> {
        let before = self.instance.mute(true);
        let answer = self.call(export, input);
        self.instance.mute(before);
        answer.map(drop)
    }

    /// The instance itself.
    #[cfg(test)]
    pub(super) fn instance(&mut self) -> &mut Instance {
        self.instance
    }

    /// What every call of the cycle may pull.
    pub(crate) fn input(&self) -> Input {
        Input { pod: Some(Arc::clone(&self.lease.pod)), ..Input::default() }
    }

    /// Calls a function.
    ///
    /// # Errors
    /// The call fails, or all calls of the stage together take too long.
    pub(crate) fn call(&mut self, export: Export, input: Input) -> Result<super::instance::Reply, Failure> {
        let began = Instant::now();
        let reply = self.instance.call(export, input)?;
        self.left = self.left.saturating_sub(began.elapsed());
        if self.left.is_zero() {
            let message =
                "its calls for one pod took longer than limits.time and 1 ms for each node together";
            return Err(Failure::new(self.stage, FailureKind::Timeout, message));
        }
        Ok(reply)
    }
}

impl Lease {
    /// Calls the cycle's instance, `export` being the stage at hand, after telling the guest of the hypotheses in
    /// `wanted` and of no other. At most so many nodes are asked about.
    ///
    /// # Errors
    /// A call fails; when it broke the instance, nothing more is asked of it in this cycle.
    pub(crate) fn run<T>(
        &self,
        export: Export,
        nodes: usize,
        wanted: &[Arc<Change>],
        run: impl FnOnce(&mut Calls<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut held = locked(&self.held);
        if let Some(broken) = &held.broken {
            return Err(broken.clone());
        }
        let per_nodes = TIME_PER_NODE.saturating_mul(u32::try_from(nodes).unwrap_or(u32::MAX));
        let template = &self.pool.template;
        let left = template.runtime.patience().with(template.time.saturating_add(per_nodes));
        let Held { instance, begun, applied, .. } = &mut *held;
        let ask = || {
            let taken = match instance.take() {
                Some(taken) => taken,
                None => self.pool.take()?,
            };
            let mut calls = Calls {
                lease: self,
                instance: instance.insert(taken),
                stage: export.stage(),
                left,
                supposing: !wanted.is_empty(),
            };
            if !std::mem::replace(begun, true) && export != Export::PreFilter {
                // `prefilter` is where guests forget the pod before; what it says is not asked here.
                let input = calls.input();
                calls.call(Export::PreFilter, input)?;
            }
            tell(&mut calls, applied, wanted)?;
            run(&mut calls)
        };
        let answer = ask();
        if let Err(failure) = &answer
            && failure.kind.spoils()
        {
            held.instance = None;
            held.broken = Some(failure.clone());
        }
        answer
    }

    /// A stage is over. When no other will be called, the instance goes back.
    pub(crate) fn done(&self, export: Export) {
        if !self.pool.template.exports.has_after(export) {
            self.give_up();
        }
    }

    /// What broke the instance in this cycle.
    pub(crate) fn broken(&self) -> Option<Failure> {
        locked(&self.held).broken.clone()
    }

    fn give_up(&self) {
        let mut held = locked(&self.held);
        (held.begun, held.applied) = (false, Vec::new());
        if let Some(instance) = held.instance.take() {
            drop(held);
            self.pool.put_back(instance);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Brings the guest from the hypotheses it knows to those that are wanted: what is not wanted is undone, last first.
fn tell(
    calls: &mut Calls<'_>,
    applied: &mut Vec<Arc<Change>>,
    wanted: &[Arc<Change>],
) -> Result<(), Failure> {
    let same = applied.iter().zip(wanted).take_while(|(a, b)| Arc::ptr_eq(a, b)).count();
    while applied.len() > same {
        let Some(change) = applied.pop() else { break };
        say(calls, change.undo(), &change)?;
    }
    for change in &wanted[same..] {
        applied.push(Arc::clone(change));
        say(calls, change.export, change)?;
    }
    Ok(())
}

fn say(calls: &mut Calls<'_>, export: Export, change: &Change) -> Result<(), Failure> {
    let target = Some(Arc::clone(&change.pod));
    let input = Input { target, node: Arc::clone(&change.node), ..calls.input() };
    let reply = calls.call(export, input)?;
    match reply.low() {
        0 => Ok(()),
        code => Err(super::verdicts::said_no(export, code, &reply.pushed.reason)),
    }
}
