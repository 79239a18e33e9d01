//! What an event means for the pods that wait for one.

use longshore_framework::event::{Action, ClusterEvent, Hint, Resource};
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;

use super::{Queue, Rules, Via};
use crate::meter::EventLabel;
use crate::pods::{Flight, Pods, QueuedPod};

/// What an event means for a parked pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wake {
    No,
    AfterBackoff,
    AtOnce,
}

impl Queue {
    /// Whether such an event would be news to anyone: if not, it need not be made.
    pub(crate) fn hears_of(&mut self, resource: Resource, action: Action, rules: &dyn Rules) -> bool {
        if !self.retry || (self.parked.len() == 0 && self.in_flight.len() == 0) {
            return false;
        }
        let listeners = self.listeners.to(resource, action, rules);
        let is_registered = listeners.iter().any(|set| !set.is_empty());
        is_registered && (self.in_flight.len() > 0 || self.parked.any_hears(listeners))
    }

    /// Something happened: parked pods that it may help move on, in the order of their UIDs, and pods in flight hear of
    /// it when they come back. Not for wildcards, which are about one pod.
    pub(crate) fn on_event(
        &mut self,
        pods: &mut Pods,
        event: ClusterEvent,
        concerns: &dyn Fn(&Pod) -> bool,
        rules: &dyn Rules,
    ) {
        if !self.hears_of(event.resource, event.action, rules) {
            return;
        }
        let hearing = self.parked.hearing(self.listeners.to(event.resource, event.action, rules));
        let mut woken: Vec<(usize, Wake)> = hearing
            .into_iter()
            .filter_map(|number| Some((number, pods.waiting(number)?)))
            .filter(|(_, queued)| concerns(&queued.pod))
            .map(|(number, queued)| (number, self.evaluate(queued, &event, rules)))
            .filter(|(_, wake)| *wake != Wake::No)
            .collect();
        pods.sort_by_uid(&mut woken, |(number, _)| *number);
        for (number, wake) in woken {
            self.unlink(pods, number);
            self.put(pods, number, wake, Via::from_parked(EventLabel::of(&event)), rules);
        }
        self.in_flight.record(event);
    }

    /// What has happened since its flight began means this for the pod.
    pub(super) fn woken_meanwhile(&self, flight: &Flight, queued: &QueuedPod, rules: &dyn Rules) -> Wake {
        let events = self.in_flight.events_since(flight, queued.number);
        events.map(|e| self.evaluate(queued, e, rules)).max().unwrap_or(Wake::No)
    }

    pub(super) fn evaluate(&self, queued: &QueuedPod, event: &ClusterEvent, rules: &dyn Rules) -> Wake {
        if let Some(id) = queued.stands_for {
            return self.evaluate_group(id, event, rules);
        }
        if let Some(gate) = queued.gated_by
            && !event.is_wildcard()
            && rules.hint(queued, gate, event).is_none()
        {
            return Wake::No;
        }
        if event.is_wildcard() || (queued.rejected_by.is_empty() && queued.pending_on.is_empty()) {
            return Wake::AfterBackoff;
        }
        let says_queue = |id: &PluginId| self.hint(queued, *id, event, rules) == Some(Hint::Queue);
        if queued.pending_on.iter().any(|id| says_queue(&id)) {
            return Wake::AtOnce;
        }
        if queued.rejected_by.iter().any(|id| says_queue(&id)) { Wake::AfterBackoff } else { Wake::No }
    }

    fn hint(
        &self,
        queued: &QueuedPod,
        plugin: PluginId,
        event: &ClusterEvent,
        rules: &dyn Rules,
    ) -> Option<Hint> {
        let began = self.meter.now();
        let hint = rules.hint(queued, plugin, event)?;
        self.meter.tell_since(began, |m, took| {
            m.hinted(queued.profile, plugin, EventLabel::of(event), hint, took);
        });
        Some(hint)
    }
}
