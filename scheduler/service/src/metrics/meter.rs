//! The engine's [`Meter`].
//!
//! Handles of what is counted for each pod are looked up once and kept, in tables by profile, plugin and what else there
//! is: a notification costs some ten nanoseconds.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use longshore_engine::{
    AttemptResult, EventLabel, ExtensionPoint, GroupResult, Meter, Path, QueueName, Status,
};
use longshore_framework::event::Hint;
use longshore_framework::features::Features;
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::Stage;
use prometheus::IntCounter;
use rustc_hash::FxHashMap;

use super::event_names::{handled, heard};
use super::times::Times;
use super::{OwnMetrics, SchedulerMetrics};

/// Single plugins are timed in every so many cycles.
const SAMPLE: u32 = 10;

/// So many attempts and more have one label.
const MANY_ATTEMPTS: usize = 15;

/// The plugin whose turns count as attempts at preemption.
const PREEMPTION: &str = "DefaultPreemption";

/// The stages whose turns are counted.
const EVALUATED: [Stage; 4] = [Stage::PreFilter, Stage::Filter, Stage::PreScore, Stage::Score];

/// Feeds the metrics of one engine.
#[derive(Debug)]
pub struct EngineMeter {
    began: Instant,
    /// The rules that are followed: labels go by them.
    features: Features,
    cycles: AtomicU32,
    metrics: Arc<SchedulerMetrics>,
    own: Arc<OwnMetrics>,
    profiles: Vec<ProfileHandles>,
    /// By attempts, the last for all that are more.
    bound: [OnceLock<Times>; MANY_ATTEMPTS],
    events: [Handles<IntCounter>; QueueName::ALL.len()],
    handled: Handles<Times>,
    hints: Handles<Times, (usize, PluginId, EventLabel, bool)>,
    decisions: Handles<IntCounter, PathLabels>,
}

/// The name of a path, and the plugin of a profile that is its cause, if one is.
type PathLabels = (&'static str, Option<(usize, PluginId)>);

/// What is looked up once for a profile.
#[derive(Debug)]
struct ProfileHandles {
    name: String,
    plugins: Vec<PluginHandles>,
    attempts: [OnceLock<(IntCounter, Times)>; AttemptResult::ALL.len()],
    points: [[OnceLock<Times>; Status::ALL.len()]; ExtensionPoint::ALL.len()],
}

/// What is looked up once for a plugin of a profile.
#[derive(Debug)]
struct PluginHandles {
    name: String,
    evaluated: [OnceLock<IntCounter>; EVALUATED.len()],
    durations: [[OnceLock<Times>; Status::ALL.len()]; ExtensionPoint::ALL.len()],
}

/// Handles by event, each looked up when the event first comes.
#[derive(Debug)]
struct Handles<T, K = EventLabel>(RwLock<FxHashMap<K, T>>);

impl<T, K> Default for Handles<T, K> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T: Clone, K: Copy + Eq + std::hash::Hash> Handles<T, K> {
    fn get(&self, key: K, look_up: impl FnOnce() -> T) -> T {
        if let Some(handle) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return handle.clone();
        }
        let mut handles = self.0.write().unwrap_or_else(PoisonError::into_inner);
        handles.entry(key).or_insert_with(look_up).clone()
    }
}

impl EngineMeter {
    pub(super) fn new(
        began: Instant,
        profiles: &[Profile],
        metrics: Arc<SchedulerMetrics>,
        own: Arc<OwnMetrics>,
        features: Features,
    ) -> Self {
        let plugin = |name: &str| PluginHandles {
            name: name.to_string(),
            evaluated: Default::default(),
            durations: Default::default(),
        };
        let handles = |profile: &Profile| ProfileHandles {
            name: profile.scheduler_name.to_string(),
            plugins: profile.plugins().iter().map(|p| plugin(p.name())).collect(),
            attempts: Default::default(),
            points: Default::default(),
        };
        Self {
            began,
            features,
            cycles: AtomicU32::new(0),
            metrics,
            own,
            profiles: profiles.iter().map(handles).collect(),
            bound: Default::default(),
            events: Default::default(),
            handled: Handles::default(),
            hints: Handles::default(),
            decisions: Handles::default(),
        }
    }

    fn plugin_of(&self, profile: usize, plugin: PluginId) -> Option<(&ProfileHandles, &PluginHandles)> {
        let profile = self.profiles.get(profile)?;
        Some((profile, profile.plugins.get(plugin.index())?))
    }
}

impl Meter for EngineMeter {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn samples_plugins(&self) -> bool {
        self.cycles.fetch_add(1, Ordering::Relaxed).is_multiple_of(SAMPLE)
    }

    fn attempt(&self, profile: usize, result: AttemptResult, took: Duration) {
        let Some(profile) = self.profiles.get(profile) else { return };
        let (count, time) = profile.attempts[result as usize].get_or_init(|| {
            let labels = [result.as_str(), profile.name.as_str()];
            let count = self.metrics.schedule_attempts.with_label_values(&labels);
            (count, self.metrics.scheduling_attempt_duration.with_label_values(&labels))
        });
        count.inc();
        time.observe(took.as_secs_f64());
    }

    fn decided(&self, profile: usize, path: &Path) {
        let plugin = path.plugin().map(|plugin| (profile, plugin));
        let look_up = || {
            let known = plugin.and_then(|(profile, plugin)| self.plugin_of(profile, plugin));
            let name = known.map_or("", |(_, plugin)| &plugin.name);
            self.own.decisions.with_label_values(&[path.name(), name])
        };
        self.decisions.get((path.name(), plugin), look_up).inc();
    }

    fn group_decided(&self, result: &GroupResult, took: Duration) {
        self.own.groups.with_label_values(&[result.outcome.name()]).inc();
        self.own.group_seconds.observe(took.as_secs_f64());
    }

    fn algorithm(&self, took: Duration) {
        self.metrics.scheduling_algorithm_duration.observe(took.as_secs_f64());
    }

    fn extension_point(&self, profile: usize, point: ExtensionPoint, status: Status, took: Duration) {
        let Some(profile) = self.profiles.get(profile) else { return };
        let time = profile.points[point as usize][status as usize].get_or_init(|| {
            let labels = [point.as_str(), status.as_str(), profile.name.as_str()];
            self.metrics.extension_point_duration.with_label_values(&labels)
        });
        time.observe(took.as_secs_f64());
    }

    fn plugin(
        &self,
        profile: usize,
        plugin: PluginId,
        point: ExtensionPoint,
        status: Status,
        took: Duration,
    ) {
        let Some((_, plugin)) = self.plugin_of(profile, plugin) else { return };
        let time = plugin.durations[point as usize][status as usize].get_or_init(|| {
            let labels = [plugin.name.as_str(), point.as_str(), status.as_str()];
            self.metrics.plugin_execution_duration.with_label_values(&labels)
        });
        time.observe(took.as_secs_f64());
    }

    fn evaluated(&self, profile: usize, plugin: PluginId, stage: Stage, count: usize) {
        let (Some((profile, plugin)), Some(at)) =
            (self.plugin_of(profile, plugin), EVALUATED.iter().position(|s| *s == stage))
        else {
            return;
        };
        let counter = plugin.evaluated[at].get_or_init(|| {
            let labels = [plugin.name.as_str(), stage.name(), profile.name.as_str()];
            self.metrics.plugin_evaluation.with_label_values(&labels)
        });
        counter.inc_by(count as u64);
    }

    fn queued(&self, queue: QueueName, event: EventLabel) {
        let look_up = || {
            self.metrics
                .queue_incoming_pods
                .with_label_values(&[queue.as_str(), &heard(event, self.features)])
        };
        self.events[queue as usize].get(event, look_up).inc();
    }

    fn hinted(&self, profile: usize, plugin: PluginId, event: EventLabel, hint: Hint, took: Duration) {
        let Some((_, handles)) = self.plugin_of(profile, plugin) else { return };
        let look_up = || {
            let hint = if hint == Hint::Queue { "Queue" } else { "QueueSkip" };
            let labels = [handles.name.as_str(), &heard(event, self.features), hint];
            self.metrics.queueing_hint_execution_duration.with_label_values(&labels)
        };
        let key = (profile, plugin, event, hint == Hint::Queue);
        self.hints.get(key, look_up).observe(took.as_secs_f64());
    }

    fn event_handled(&self, event: EventLabel, took: Duration) {
        let look_up =
            || self.metrics.event_handling_duration.with_label_values(&[&handled(event, self.features)]);
        self.handled.get(event, look_up).observe(took.as_secs_f64());
    }

    fn post_filter_asked(&self, profile: usize, plugin: PluginId) {
        if self.plugin_of(profile, plugin).is_some_and(|(_, p)| p.name == PREEMPTION) {
            self.metrics.preemption_attempts.inc();
        }
    }

    fn victims(&self, count: usize) {
        self.metrics.preemption_victims.observe(count as f64);
    }

    fn evicted(&self, ok: bool, took: Duration) {
        let labels = [if ok { "success" } else { "error" }];
        self.metrics.preemption_goroutines_duration.with_label_values(&labels).observe(took.as_secs_f64());
        self.metrics.preemption_goroutines_execution.with_label_values(&labels).inc();
    }

    fn permit_waited(&self, status: Status, took: Duration) {
        self.metrics.permit_wait_duration.with_label_values(&[status.as_str()]).observe(took.as_secs_f64());
    }

    fn bound(&self, attempts: u32, took: Duration) {
        self.own.binds.inc();
        self.metrics.pod_scheduling_attempts.observe(f64::from(attempts));
        let at = usize::try_from(attempts).unwrap_or(MANY_ATTEMPTS).clamp(1, MANY_ATTEMPTS);
        let time = self.bound[at - 1].get_or_init(|| {
            let label = if at == MANY_ATTEMPTS { format!("{at}+") } else { at.to_string() };
            self.metrics.pod_scheduling_sli_duration.with_label_values(&[&label])
        });
        time.observe(took.as_secs_f64());
    }

    fn bound_after_flush(&self) {
        self.metrics.pod_scheduled_after_flush.inc();
    }
}
