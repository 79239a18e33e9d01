//! Who is told how long things took and how often they happened.
//!
//! The engine has no clock of its own. A [`Meter`] brings one, and nothing is decided from it: with and without a meter
//! the engine gives the same effects. Without one nothing is measured and no time is read. What is told needs no memory
//! of its own: profiles and plugins are indices, events are [`EventLabel`]s.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use longshore_framework::Str;
use longshore_framework::event::{Action, ClusterEvent, Hint, Resource};
use longshore_framework::profile::PluginId;
use longshore_framework::registry::Stage;
use longshore_framework::verdict::RejectCode;
use rustc_hash::FxHashMap;

use crate::attempt::GroupResult;
use crate::path::Path;

/// How an attempt ended, with the names of kube-scheduler's label `result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptResult {
    /// The pod was bound.
    Scheduled,
    /// It does not fit.
    Unschedulable,
    /// Something broke.
    Error,
}

impl AttemptResult {
    /// Every result, in the order of its index.
    pub const ALL: [Self; 3] = [Self::Scheduled, Self::Unschedulable, Self::Error];

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Unschedulable => "unschedulable",
            Self::Error => "error",
        }
    }
}

/// Where time is measured, with the names of kube-scheduler's label `extension_point`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExtensionPoint {
    /// Before a pod enters the active queue or the backoff.
    PreEnqueue,
    /// All PreFilter plugins.
    PreFilter,
    /// The whole search for feasible nodes.
    Filter,
    /// All PostFilter plugins.
    PostFilter,
    /// All PreScore plugins.
    PreScore,
    /// All Score plugins, normalising included.
    Score,
    /// Normalising, of one plugin.
    ScoreExtensionNormalize,
    /// All Reserve plugins.
    Reserve,
    /// All Reserve plugins, backwards.
    Unreserve,
    /// All Permit plugins; a wait is not part of it.
    Permit,
    /// From PreBind to the end of its writes.
    PreBind,
    /// From Bind to the API server's answer.
    Bind,
    /// All PostBind plugins.
    PostBind,
}

impl ExtensionPoint {
    /// Every point, in the order of its index.
    pub const ALL: [Self; 13] = [
        Self::PreEnqueue,
        Self::PreFilter,
        Self::Filter,
        Self::PostFilter,
        Self::PreScore,
        Self::Score,
        Self::ScoreExtensionNormalize,
        Self::Reserve,
        Self::Unreserve,
        Self::Permit,
        Self::PreBind,
        Self::Bind,
        Self::PostBind,
    ];

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreEnqueue => "PreEnqueue",
            Self::PreFilter => "PreFilter",
            Self::Filter => "Filter",
            Self::PostFilter => "PostFilter",
            Self::PreScore => "PreScore",
            Self::Score => "Score",
            Self::ScoreExtensionNormalize => "ScoreExtensionNormalize",
            Self::Reserve => "Reserve",
            Self::Unreserve => "Unreserve",
            Self::Permit => "Permit",
            Self::PreBind => "PreBind",
            Self::Bind => "Bind",
            Self::PostBind => "PostBind",
        }
    }
}

/// What a plugin or an extension point answered, with the names of kube-scheduler's status codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Yes.
    Success,
    /// Something broke.
    Error,
    /// No, and evictions may help.
    Unschedulable,
    /// No, and evictions cannot help.
    UnschedulableAndUnresolvable,
    /// The pod has to wait.
    Wait,
    /// The plugin has nothing to do in this cycle.
    Skip,
    /// No, and something is under way.
    Pending,
}

impl Status {
    /// Every status, in the order of its index.
    pub const ALL: [Self; 7] = [
        Self::Success,
        Self::Error,
        Self::Unschedulable,
        Self::UnschedulableAndUnresolvable,
        Self::Wait,
        Self::Skip,
        Self::Pending,
    ];

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Error => "Error",
            Self::Unschedulable => "Unschedulable",
            Self::UnschedulableAndUnresolvable => "UnschedulableAndUnresolvable",
            Self::Wait => "Wait",
            Self::Skip => "Skip",
            Self::Pending => "Pending",
        }
    }

    /// [`Success`](Self::Success), or [`Error`](Self::Error).
    pub(crate) fn of<T, E>(result: &Result<T, E>) -> Self {
        if result.is_ok() { Self::Success } else { Self::Error }
    }
}

impl From<RejectCode> for Status {
    fn from(code: RejectCode) -> Self {
        match code {
            RejectCode::Unschedulable => Self::Unschedulable,
            RejectCode::UnschedulableAndUnresolvable => Self::UnschedulableAndUnresolvable,
            RejectCode::Pending => Self::Pending,
        }
    }
}

/// A part of the queue, with the names of kube-scheduler's label `queue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueueName {
    /// Ready to be tried.
    Active,
    /// Waiting for the end of a backoff.
    Backoff,
    /// Waiting for an event; gated pods too.
    Unschedulable,
}

impl QueueName {
    /// Every part, in the order of its index.
    pub const ALL: [Self; 3] = [Self::Active, Self::Backoff, Self::Unschedulable];

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Backoff => "backoff",
            Self::Unschedulable => "unschedulable",
        }
    }
}

/// The label of an event, not yet as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventLabel {
    /// Something happened to an object.
    Object(Resource, Action),
    /// An event that no object causes.
    Named(&'static str),
}

impl EventLabel {
    /// A pod that has no node is new.
    pub const POD_ADD: Self = Self::Object(Resource::UnschedulablePod, Action::ADD);
    /// A pod that has no node changed.
    pub const POD_UPDATE: Self = Self::Object(Resource::UnschedulablePod, Action::UPDATE);
    /// A pod that had no node is gone.
    pub const POD_DELETE: Self = Self::Object(Resource::UnschedulablePod, Action::DELETE);
    /// A pod comes back from a failed attempt.
    pub const ATTEMPT_FAILED: Self = Self::Named("ScheduleAttemptFailure");
    /// A backoff is over.
    pub const BACKOFF_COMPLETE: Self = Self::Named("BackoffComplete");
    /// Nothing was active, so a pod in backoff goes before its time.
    pub const POPPED_FROM_BACKOFF: Self = Self::Named("PopFromBackoffQ");
    /// Somebody asked for the pod to be tried.
    pub const FORCED: Self = Self::Named("ForceActivate");
    /// Another pod came to the pod's group, or the group is another.
    pub const GROUP_CHANGED: Self = Self::Named("GroupChanged");
    /// No event woke the pod for long.
    pub const TIMEOUT: Self = Self::Named("UnschedulableTimeout");
    /// A plugin that could not be asked can be asked again.
    pub const RECOVERED: Self = Self::Named("PluginRecovered");

    /// That of an event.
    pub fn of(event: &ClusterEvent) -> Self {
        match event.custom_label {
            Some(label) => Self::Named(label),
            None => Self::Object(event.resource, event.action),
        }
    }
}

impl fmt::Display for EventLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(label) => f.write_str(label),
            Self::Object(resource, action) => {
                let event = ClusterEvent::new(*resource, *action, longshore_framework::event::Subject::None);
                f.write_str(&event.label())
            }
        }
    }
}

/// A clock, and somebody who wants to know. Every notification may be left out. `profile` is an index into
/// [`Engine::profiles`](crate::Engine::profiles). Notifications of one cycle may come from several threads at once.
pub trait Meter: Send + Sync + fmt::Debug {
    /// The time since some fixed moment; never goes back.
    fn now(&self) -> Duration;

    /// Asked at the start of each cycle: whether plugins are timed one by one in it.
    fn samples_plugins(&self) -> bool {
        false
    }

    /// An attempt ended, a successful one with the API server's answer to the binding; `took` counts from the moment
    /// the pod was taken from the queue.
    fn attempt(&self, _profile: usize, _result: AttemptResult, _took: Duration) {}

    /// A node was looked for, by this path.
    fn decided(&self, _profile: usize, _path: &Path) {}

    /// A group was decided.
    fn group_decided(&self, _result: &GroupResult, _took: Duration) {}

    /// The search for a node ended, PostFilter included.
    fn algorithm(&self, _took: Duration) {}

    /// The plugins of an extension point ran.
    fn extension_point(&self, _profile: usize, _point: ExtensionPoint, _status: Status, _took: Duration) {}

    /// One plugin ran, in a cycle that is sampled. For Filter and Score `took` is the time over all nodes it was asked
    /// about in one go.
    fn plugin(
        &self,
        _profile: usize,
        _plugin: PluginId,
        _point: ExtensionPoint,
        _status: Status,
        _took: Duration,
    ) {
    }

    /// A plugin was asked `count` times; `stage` is PreFilter, Filter, PreScore or Score.
    fn evaluated(&self, _profile: usize, _plugin: PluginId, _stage: Stage, _count: usize) {}

    /// A pod entered a part of the queue.
    fn queued(&self, _queue: QueueName, _event: EventLabel) {}

    /// A plugin was asked what an event means for a pod.
    fn hinted(&self, _profile: usize, _plugin: PluginId, _event: EventLabel, _hint: Hint, _took: Duration) {}

    /// The engine took in an event.
    fn event_handled(&self, _event: EventLabel, _took: Duration) {}

    /// A PostFilter plugin was asked.
    fn post_filter_asked(&self, _profile: usize, _plugin: PluginId) {}

    /// A preemption chose so many victims.
    fn victims(&self, _count: usize) {}

    /// The evictions for a preemptor are over.
    fn evicted(&self, _ok: bool, _took: Duration) {}

    /// A wait for Permit plugins is over.
    fn permit_waited(&self, _status: Status, _took: Duration) {}

    /// A pod was bound at its `attempts`-th attempt; `took` counts from the moment it first entered the active queue.
    fn bound(&self, _attempts: u32, _took: Duration) {}

    /// A pod was bound that was tried only because it had been parked for long.
    fn bound_after_flush(&self) {}
}

/// A time of the meter's in whole nanoseconds: half the size of a duration, because every pod carries three.
/// Kept as one more than they are, so that having none takes no room either.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(NonZeroU64);

impl Default for Moment {
    fn default() -> Self {
        Self(NonZeroU64::MIN)
    }
}

impl From<Duration> for Moment {
    fn from(at: Duration) -> Self {
        Self(NonZeroU64::MIN.saturating_add(u64::try_from(at.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl From<Moment> for Duration {
    fn from(at: Moment) -> Self {
        Self::from_nanos(at.0.get() - 1)
    }
}

/// When things happened to a pod, by the meter's clock; all zero without a meter.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Marks {
    /// It first entered the active queue.
    pub(crate) entered: Option<Moment>,
    /// It was taken from the queue for its current attempt.
    pub(crate) taken: Moment,
    /// The phase of its reservation began.
    pub(crate) phase: Moment,
}

/// The meter, if there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metered(Option<Arc<dyn Meter>>);

impl Metered {
    pub(crate) fn new(meter: Option<Arc<dyn Meter>>) -> Self {
        Self(meter)
    }

    /// The meter's time; zero without one.
    pub(crate) fn now(&self) -> Duration {
        self.0.as_ref().map_or(Duration::ZERO, |m| m.now())
    }

    /// Whether there is one.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn tell(&self, what: impl FnOnce(&dyn Meter)) {
        if let Some(meter) = &self.0 {
            what(&**meter);
        }
    }

    /// Tells how long something took that began at `began`.
    pub(crate) fn tell_since(&self, began: impl Into<Duration>, what: impl FnOnce(&dyn Meter, Duration)) {
        if let Some(meter) = &self.0 {
            what(&**meter, meter.now().saturating_sub(began.into()));
        }
    }

    /// Whether the cycle that begins times single plugins.
    pub(crate) fn samples(&self) -> bool {
        self.0.as_ref().is_some_and(|m| m.samples_plugins())
    }

    /// Watches what is done for one profile, in a cycle that times single plugins or does not.
    pub(crate) fn watch(&self, profile: usize, sampled: bool) -> Watch<'_> {
        Watch { meter: self.0.as_deref(), profile, sampled }
    }
}

/// Watches what is done for one profile.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Watch<'a> {
    meter: Option<&'a dyn Meter>,
    profile: usize,
    sampled: bool,
}

impl Watch<'_> {
    /// The start of an extension point.
    pub(crate) fn start(self) -> Duration {
        self.meter.map_or(Duration::ZERO, Meter::now)
    }

    /// The end of one, which is the start of what comes next.
    pub(crate) fn point(self, point: ExtensionPoint, status: Status, began: impl Into<Duration>) -> Duration {
        let now = self.start();
        if let Some(meter) = self.meter {
            meter.extension_point(self.profile, point, status, now.saturating_sub(began.into()));
        }
        now
    }

    /// The start of one plugin; `None` when this cycle is not sampled.
    pub(crate) fn start_plugin(self) -> Option<Duration> {
        self.meter.filter(|_| self.sampled).map(Meter::now)
    }

    /// The end of one plugin.
    pub(crate) fn plugin(
        self,
        plugin: PluginId,
        point: ExtensionPoint,
        status: Status,
        began: Option<Duration>,
    ) {
        if let (Some(meter), Some(began)) = (self.meter, began) {
            meter.plugin(self.profile, plugin, point, status, meter.now().saturating_sub(began));
        }
    }

    /// A plugin was asked so many times.
    pub(crate) fn evaluated(self, plugin: PluginId, stage: Stage, count: usize) {
        if let Some(meter) = self.meter {
            meter.evaluated(self.profile, plugin, stage, count);
        }
    }

    /// A PostFilter plugin was asked.
    pub(crate) fn post_filter_asked(self, plugin: PluginId) {
        if let Some(meter) = self.meter {
            meter.post_filter_asked(self.profile, plugin);
        }
    }
}

/// Times that belong to no pod in the queue, by the meter's clock.
#[derive(Debug, Default)]
pub(crate) struct EngineMarks {
    /// When the input came that is being taken in, if it is news of an object.
    pub(crate) input: Option<Duration>,
    /// When evictions were asked for, by UID of the preemptor; kept only with a meter.
    pub(crate) evictions: FxHashMap<Str, Duration>,
}
