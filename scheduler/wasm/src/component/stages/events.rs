//! Hints and timers: what happens between attempts.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use longshore_framework::event::{ClusterEvent, Hint, HintContext, Subject};
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;

use super::super::bindings::exports::longshore::scheduler::hints as wit;
use super::super::cluster::Cluster;
use super::super::convert::{event_words, pod_info};
use super::super::guard::TICK;
use super::super::imports::locked;
use super::super::plugin::ComponentPlugin;

/// How often the pause between ticks is doubled at the most.
const MOST_DOUBLINGS: u32 = 16;

/// The longest pause after ticks that failed, unless the plugin asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

impl ComponentPlugin {
    /// Whether an event may let a pod fit. A plugin that fails, or has no opinion, is taken to say yes: no pod is to be
    /// forgotten for it.
    pub(super) fn hint(&self, pod: &Pod, event: &ClusterEvent, cluster: HintContext<'_>) -> Hint {
        if !self.loaded.indices.hints() || !locked(&self.hint_time).may_ask(Instant::now()) {
            return Hint::Queue;
        }
        let began = Instant::now();
        let (said, about) = (self.loaded.pod(pod), self.event(event));
        let cluster = Cluster::of(cluster.snapshot, cluster.objects);
        let answer = self.control(("Hint", Some(pod)), cluster, true, |live| {
            live.ask("Hint", |exports, store| match &exports.hints {
                Some(stage) => stage.call_hint(store, &said, &about),
                None => Ok(Ok(true)),
            })
        });
        locked(&self.hint_time).took(began.elapsed());
        Hint::queue_if(answer.unwrap_or(true))
    }

    /// An event in the guest's words.
    fn event(&self, event: &ClusterEvent) -> wit::Event {
        let (resource, action) = event_words(event);
        let info = |pod: &Option<std::sync::Arc<Pod>>| pod.as_ref().map(|pod| pod_info(pod, None, true));
        let subject = match &event.subject {
            Subject::None => wit::Subject::None,
            Subject::Pod(before, after) => {
                wit::Subject::Pod(wit::PodChange { before: info(before), after: info(after) })
            }
            Subject::Node(before, after) => {
                let node = after.as_ref().or(before.as_ref());
                wit::Subject::Node(node.map_or_else(String::new, |node| node.name.to_string()))
            }
            Subject::Object(before, after) => {
                wit::Subject::Object(self.object_change(before.as_ref(), after.as_ref()))
            }
        };
        wit::Event { resource, action, subject }
    }

    fn object_change(&self, before: Option<&Object>, after: Option<&Object>) -> wit::ObjectChange {
        let text = |object: Option<&Object>| match object {
            Some(Object::Declared(object)) => {
                let reading = self.loaded.readings.iter().find(|reading| reading.kind == object.kind);
                reading.map(|reading| reading.text(object))
            }
            _ => None,
        };
        let (namespace, name) = after.or(before).map(Object::key).unwrap_or_default();
        wit::ObjectChange {
            namespace: namespace.to_string(),
            name: name.to_string(),
            before: text(before),
            after: text(after),
        }
    }

    /// How often the time comes: twice as seldom after each failure in a row.
    pub(super) fn ticks(&self) -> Option<Duration> {
        let doubled = 1 << self.tick_failures.load(Ordering::Relaxed).min(MOST_DOUBLINGS);
        self.loaded.ticks.map(|every| every.max(LONGEST_PAUSE.min(every * doubled)))
    }

    /// The time has come.
    pub(super) fn tick(&self, cluster: HintContext<'_>) {
        let cluster = Cluster::of(cluster.snapshot, cluster.objects);
        // A failure is told and counted; the next time comes, but later.
        let done = self.control((TICK, None), cluster, false, |live| {
            live.ask(TICK, |exports, store| match &exports.timers {
                Some(stage) => stage.call_tick(store),
                None => Ok(Ok(())),
            })
        });
        let before = self.tick_failures.load(Ordering::Relaxed);
        let failures = if done.is_ok() { 0 } else { before.saturating_add(1) };
        self.tick_failures.store(failures, Ordering::Relaxed);
    }
}
