//! What the engine is told, case by case.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::Timestamp;
use longshore_framework::event::{Action, ClusterEvent, Resource, Subject};
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, Input};

use crate::engine::{Engine, Failure};
use crate::events;
use crate::queue::Place;

impl Engine {
    /// Takes in what happened. The effects are what is to be done at once; most inputs have none.
    pub fn apply(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Pod(pod) if pod.spec.node_name.is_some() => self.assigned_pod(pod),
            Input::Pod(pod) => self.unassigned_pod(pod, &mut effects),
            Input::PodDeleted { uid } => self.pod_deleted(&uid),
            Input::Node(node) => self.node(node),
            Input::NodeDeleted { name } => self.node_deleted(&name),
            Input::Object(object) => {
                let old = self.cache.objects.set(object.clone());
                if old.as_ref() != Some(&object) {
                    self.tell_if(events::object(old, Some(object)));
                }
            }
            Input::ObjectDeleted(object) => {
                let old = self.cache.objects.remove(&object);
                self.tell_if(events::object(old, None));
            }
            Input::PreBound { uid, result: Ok(()) } => self.proceed(&uid, &mut effects),
            Input::Bound { uid, result: Ok(()) } => self.bound(&uid, &mut effects),
            Input::PreBound { uid, result: Err(e) } | Input::Bound { uid, result: Err(e) } => {
                self.unbind(&uid, Failure::broken(e.to_string()), &mut effects);
            }
            Input::Evicted { uid, .. } => self.evicted(&uid),
            Input::Allow { uid, plugin } => self.allow(&uid, &plugin, &mut effects),
            Input::Reject { uid, plugin, message } => self.turn_away(&uid, &plugin, message, &mut effects),
            Input::Time(now) => self.time(now, &mut effects),
        }
        effects
    }

    fn assigned_pod(&mut self, pod: Arc<Pod>) {
        let Some(node) = pod.spec.node_name.clone() else { return };
        let uid = Arc::clone(&pod.meta.uid);
        let was_assumed = self.cache.is_assumed(&uid);
        let (queue, rules) = self.queue_and_rules();
        queue.remove(&uid, &rules);
        // The binding is seen before its answer came back: the answer will find nothing to do.
        self.reservations.remove(&uid);
        let old = self.cache.confirm(Arc::clone(&pod), node);
        match old {
            Some(old) if !was_assumed => {
                for event in events::pod_update(Resource::AssignedPod, &old, &pod) {
                    self.tell(event);
                }
            }
            _ => self.tell(events::assigned(Action::ADD, pod)),
        }
    }

    fn unassigned_pod(&mut self, pod: Arc<Pod>, effects: &mut Vec<Effect>) {
        let uid = Arc::clone(&pod.meta.uid);
        if self.cache.is_assumed(&uid) {
            if pod.meta.terminating {
                self.assumed_pod_deleted(&uid);
            }
            return;
        }
        let Some(profile) = self.profile_of(&pod) else { return };
        let known = self.queue.get(&uid).map(|q| Arc::clone(&q.pod));
        let (queue, rules) = self.queue_and_rules();
        let place = match &known {
            Some(old) => {
                let changes = events::pod_update(Resource::UnschedulablePod, old, &pod);
                let changes: Vec<_> = changes.into_iter().map(Arc::new).collect();
                queue.update(Arc::clone(&pod), &changes, &rules)
            }
            None if queue.is_in_flight(&uid) => {
                let subject = Subject::Pod(None, Some(Arc::clone(&pod)));
                queue.record_in_flight(&Arc::new(ClusterEvent::new(
                    Resource::UnschedulablePod,
                    Action::UPDATE,
                    subject,
                )));
                return;
            }
            None => queue.add(Arc::clone(&pod), profile, &rules),
        };
        if let Place::Gated(plugin, rejection) = place {
            let plugin = self.profiles[profile].name(plugin).into();
            effects.push(Effect::Gated { pod: Arc::clone(&pod), plugin, rejection });
        }
        if let Some(old) = known
            && old.meta.nominated_node.is_some()
            && old.meta.nominated_node != pod.meta.nominated_node
        {
            self.promise_ended(&old);
        }
    }

    fn pod_deleted(&mut self, uid: &Str) {
        self.evicting.remove(uid);
        if self.cache.is_assumed(uid) {
            self.assumed_pod_deleted(uid);
            return;
        }
        let promised = self.queue.nominator.node_of(uid).is_some();
        let (queue, rules) = self.queue_and_rules();
        if let Some(queued) = queue.remove(uid, &rules) {
            if promised {
                self.promise_ended(&queued.pod);
            }
        } else if let Some(pod) = self.cache.remove(uid) {
            self.tell(events::assigned(Action::DELETE, pod));
        }
        self.queue.done(uid);
    }

    /// A pod that was assumed is gone before it was seen on its node.
    fn assumed_pod_deleted(&mut self, uid: &Str) {
        let released = self.release(uid).map(|queued| queued.pod);
        if let Some(pod) = released.or_else(|| self.cache.remove(uid)) {
            self.tell(events::assigned(Action::DELETE, pod));
        }
    }

    /// Room that was promised to `pod` is free for pods that matter no more than it.
    fn promise_ended(&mut self, pod: &Arc<Pod>) {
        let priority = pod.spec.priority;
        let event = events::assigned(Action::DELETE, Arc::clone(pod));
        let (queue, rules) = self.queue_and_rules();
        queue.on_event(event, &|other| other.spec.priority <= priority, &rules);
    }

    fn node(&mut self, node: Arc<Node>) {
        match self.cache.set_node(Arc::clone(&node)) {
            None => {
                self.tell(ClusterEvent::new(Resource::Node, Action::ADD, Subject::Node(None, Some(node))))
            }
            Some(old) => {
                for event in events::node_update(&old, &node) {
                    self.tell(event);
                }
            }
        }
    }

    fn node_deleted(&mut self, name: &Str) {
        if let Some(old) = self.cache.remove_node(name) {
            self.tell(ClusterEvent::new(Resource::Node, Action::DELETE, Subject::Node(Some(old), None)));
        }
    }

    /// Whether or not the evictions went well, the preemptor is tried again: a victim that was gone already sends no
    /// event that would wake it.
    fn evicted(&mut self, uid: &Str) {
        self.evicting.remove(uid);
        self.activate(uid);
    }

    fn time(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.now = self.now.max(now);
        self.expire_waits(effects);
        let now = self.now;
        let (queue, rules) = self.queue_and_rules();
        queue.advance(now, &rules);
    }

    fn tell_if(&mut self, event: Option<ClusterEvent>) {
        if let Some(event) = event {
            self.tell(event);
        }
    }

    /// Lets the queue know what happened.
    pub(crate) fn tell(&mut self, event: ClusterEvent) {
        let (queue, rules) = self.queue_and_rules();
        queue.on_event(event, &|_| true, &rules);
    }
}
