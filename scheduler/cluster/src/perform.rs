//! Does what the engine wants done, and tells how it went.

mod before;
mod turns;
mod underway;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::port::{Binding, Effect, Input};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::bind;
use crate::call::{ApiError, Caller};
use crate::claims::{self, ClaimStore, Claims};
use crate::evict::Evictor;
use crate::extender::Binders;
use crate::groups::GroupWriter;
use crate::hold::Hold;
use crate::record::{Event, EventKind, Recorder};
use crate::retry::Backoff;
use crate::status::{StatusWriter, Written};
use crate::told::{Tell, Told};
use crate::volumes::StorageStore;

use turns::Turns;
pub use underway::{Finished, Writes};
use underway::{Underway, Write};

/// Who does what the engine wants. Never blocks.
pub trait Perform: Send {
    /// Begins to do it.
    fn perform(&self, effect: Effect);
}

/// What a performer works with.
pub struct Tools {
    /// Bindings; their number and rate are limited by whoever asks for them.
    pub bindings: Caller,
    /// Everything else that is written about pods and volumes.
    pub writes: Caller,
    /// Events.
    pub recorder: Recorder,
    /// Conditions and nominations.
    pub status: StatusWriter,
    /// The status of groups.
    pub groups: GroupWriter,
    /// What is known of claims and volumes.
    pub storage: Arc<StorageStore>,
    /// What is known of claims for devices.
    pub claims: Arc<ClaimStore>,
    /// How often a binding is tried.
    pub binding_backoff: Backoff,
    /// `bindTimeoutSeconds` of the profile with that scheduler name.
    pub bind_timeout: Box<dyn Fn(&str) -> Duration + Send + Sync>,
    /// Whether anything may be written. The callers look at it too.
    pub hold: Hold,
    /// The way back.
    pub tell: Tell,
}

/// Does it for real. Clones share everything.
#[derive(Clone)]
pub struct Performer {
    runtime: Handle,
    shared: Arc<Shared>,
}

struct Shared {
    tools: Tools,
    evictor: Evictor,
    binders: RwLock<Binders>,
    underway: Underway,
    /// Of each kind only so many are under way: what comes before the binding of one pod need not wait behind the
    /// conditions of thousands.
    statuses: Semaphore,
    evictions: Semaphore,
    claims: Semaphore,
    turns: Turns,
}

/// Status patches under way at a time.
const STATUSES: usize = 16;
/// Preemptors whose victims are evicted at a time.
const EVICTIONS: usize = 16;
/// Pods whose claims for devices are written at a time.
const CLAIMS: usize = 64;

impl Performer {
    /// Works on `runtime`.
    pub fn new(runtime: Handle, tools: Tools) -> Self {
        let evictor = Evictor::new(tools.writes.clone(), tools.recorder.clone());
        let (statuses, evictions) = (Semaphore::new(STATUSES), Semaphore::new(EVICTIONS));
        let (binders, underway, claims) = (RwLock::default(), Underway::default(), Semaphore::new(CLAIMS));
        let turns = Turns::default();
        let shared = Shared { tools, evictor, binders, underway, statuses, evictions, claims, turns };
        Self { runtime, shared: Arc::new(shared) }
    }

    /// Waits until everything that was begun is written, for `within` at the most; the wait for volumes to be bound is not
    /// part of it.
    pub async fn finish(&self, within: Duration) -> Finished {
        self.shared.underway.finish(within).await
    }

    /// Extenders that bind, from now on.
    pub fn set_binders(&self, binders: Binders) {
        *self.shared.binders.write().unwrap_or_else(PoisonError::into_inner) = binders;
    }
}

impl Perform for Performer {
    fn perform(&self, effect: Effect) {
        match effect {
            // What only concerns the recorder needs no task.
            Effect::Scheduled { pod, node, .. } => {
                self.shared.tools.recorder.record(Event::scheduled(&pod, &node));
            }
            Effect::Preempted { victim, preemptor, node } => {
                // The engine knows who wants its room, and says so when the wait is over.
                self.shared.tools.storage.preempted(&victim.meta.uid);
                self.shared.tools.claims.preempted(&victim.meta.uid);
                self.shared.evictor.preempted_in_memory(&victim, &preemptor, &node);
            }
            Effect::PluginEvent { pod, plugin, warning, reason, note } => {
                let kind = if warning { EventKind::Warning } else { EventKind::Normal };
                self.shared.tools.recorder.record(Event::of_plugin(&pod, &plugin, kind, &reason, &note));
            }
            // The API server says so itself.
            Effect::Gated { .. } => {}
            effect => self.begin(effect),
        }
    }
}

impl Performer {
    /// What concerns the status of a pod is told to its writer at once: tasks run in any order.
    fn begin(&self, effect: Effect) {
        let shared = Arc::clone(&self.shared);
        let status = &self.shared.tools.status;
        match effect {
            Effect::Bind { binding, extenders, .. } => {
                let calm = status.hush(&binding.uid);
                let under_way = self.shared.underway.begin(Write::Binding);
                self.runtime.spawn(async move {
                    let _under_way = under_way;
                    calm.await;
                    shared.bind(binding, &extenders).await;
                });
            }
            Effect::PreBind { pod, node, writes } => {
                let nominated = status.nominate(&pod, &node);
                let turn = self.shared.turns.take(&pod.meta.uid);
                let writes = before::Before::begin(&self.shared.tools, &pod, &node, writes);
                let under_way = self.shared.underway.begin(Write::Volumes);
                self.runtime.spawn(async move {
                    noted(&pod, nominated.await);
                    turn.comes().await;
                    let result = writes.carry_out(&shared, &pod, &node, under_way).await;
                    drop(turn);
                    shared.tell(Input::PreBound { uid: Arc::clone(&pod.meta.uid), result });
                });
            }
            Effect::ReleaseClaims { pod, releases } => {
                let under_way = self.shared.underway.begin(Write::Volumes);
                let turn = self.shared.turns.take(&pod.meta.uid);
                self.runtime.spawn(async move {
                    let _under_way = under_way;
                    turn.comes().await;
                    let _room = shared.claims.acquire().await;
                    let tell = |input| shared.tell(input);
                    let tools = &shared.tools;
                    let claims = Claims { api: &tools.writes, store: &tools.claims, tell: &tell };
                    claims::release(&claims, &pod, &releases).await;
                });
            }
            Effect::Evict { preemptor, victims, node } => {
                let under_way = self.shared.underway.begin(Write::Evictions);
                self.runtime.spawn(async move {
                    let _under_way = under_way;
                    shared.evict(&preemptor, &victims, &node).await;
                });
            }
            Effect::Waiting { pod, node, .. } => {
                let written = status.nominate(&pod, &node);
                self.write(pod, written);
            }
            Effect::ClearNomination { pod } => {
                let written = status.clear_nomination(&pod);
                self.write(pod, written);
            }
            Effect::Failed { pod, reason, message, nominated_node } => {
                self.shared.tools.recorder.record(Event::failed_scheduling(&pod, &message));
                let written = status.failed(&pod, reason, &message, nominated_node);
                self.write(pod, written);
            }
            Effect::GroupStatus { group, standing, pod } => {
                let name = group.to_string();
                self.write_group(name, self.shared.tools.groups.write(group, standing, pod));
            }
            // They were dealt with before.
            Effect::Scheduled { .. }
            | Effect::Preempted { .. }
            | Effect::PluginEvent { .. }
            | Effect::Gated { .. } => {}
        }
    }

    fn write_group(
        &self,
        name: String,
        written: impl Future<Output = Result<(), ApiError>> + Send + 'static,
    ) {
        let shared = Arc::clone(&self.shared);
        let under_way = shared.underway.begin(Write::Status);
        self.runtime.spawn(async move {
            let _under_way = under_way;
            // It is never closed.
            let _turn = shared.statuses.acquire().await;
            if let Err(error) = written.await {
                tracing::error!(group = %name, "The status of the pod group could not be updated: {error}");
            }
        });
    }

    fn write(
        &self,
        pod: Arc<Pod>,
        written: impl Future<Output = Result<Written, ApiError>> + Send + 'static,
    ) {
        let shared = Arc::clone(&self.shared);
        let under_way = shared.underway.begin(Write::Status);
        self.runtime.spawn(async move {
            let _under_way = under_way;
            // It is never closed.
            let _turn = shared.statuses.acquire().await;
            noted(&pod, written.await);
        });
    }
}

impl Shared {
    async fn evict(&self, preemptor: &Pod, victims: &[Arc<Pod>], node: &str) {
        let _turn = self.evictions.acquire().await;
        let result = self.evictor.evict(preemptor, victims, node).await;
        if let Err(error) = &result {
            tracing::error!(preemptor = %preemptor.key(), "Preemption failed: {error}");
        }
        let result = result.map_err(|e| e.to_string().into());
        self.tell(Input::Evicted { uid: Arc::clone(&preemptor.meta.uid), result });
    }

    async fn bind(&self, binding: Binding, extenders: &[Str]) {
        let binders = self.binders.read().unwrap_or_else(PoisonError::into_inner).clone();
        // An extender that binds is no caller of ours.
        if let Err(why) = self.tools.hold.check() {
            return self.tell(Input::Bound { uid: binding.uid, result: Err(why.to_string().into()) });
        }
        let result = match binders.bind(extenders, &binding).await {
            Some(answer) => answer.map_err(|e| e.to_string().into()),
            None => {
                let (api, backoff) = (&self.tools.bindings, self.tools.binding_backoff);
                bind::bind(api, &binding, backoff).await.map_err(|e| e.to_string().into())
            }
        };
        self.tell(Input::Bound { uid: binding.uid, result });
    }

    fn tell(&self, input: Input) {
        (self.tools.tell)(Told::Input(input));
    }
}

/// A status that could not be written is no reason to stop: the next attempt writes it again.
fn noted(pod: &Pod, written: Result<Written, ApiError>) {
    if let Err(error) = written {
        tracing::error!(pod = %pod.key(), "The pod's status could not be updated: {error}");
    }
}

#[cfg(test)]
mod tests;
