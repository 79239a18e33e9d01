//! What the engine is told, case by case.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::Timestamp;
use longshore_framework::event::{Action, ClusterEvent, HintContext, Resource, Subject};
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, Input};

use super::Engine;
use crate::events;
use crate::meter::EventLabel;
use crate::pods::reservation::Phase;
use crate::pods::{Hold, OnNode, Seat};
use crate::queue::Place;

impl Engine {
    /// Takes in what happened. The effects are what is to be done at once; most inputs have none.
    pub fn apply(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.marks.input = (self.meter.is_on() && is_news(&input)).then(|| self.meter.now());
        match input {
            Input::Pod(pod) => self.pod(pod, &mut effects),
            Input::PodDeleted { uid } => {
                let group = self.group_number(&uid);
                self.pod_deleted(&uid);
                if let Some(group) = group {
                    self.group_shrank(group, &mut effects);
                    self.end_holding(&mut effects);
                }
            }
            Input::Node(node) => self.node(node),
            Input::NodeDeleted { name } => self.node_deleted(&name),
            Input::Object(object) => {
                let old = self.cache.set_object(object.clone());
                self.group_object(&object);
                if old.as_ref() != Some(&object) {
                    self.tell_if(events::object(old, Some(object)));
                }
            }
            Input::ObjectDeleted(object) => {
                let old = self.cache.remove_object(&object);
                self.group_object(&object);
                self.tell_if(events::object(old, None));
            }
            Input::Metrics { source, sample } => {
                let changed = self.cache.set_metrics(&source, &sample);
                self.tell_measured(changed);
            }
            Input::PreBound { uid, result } => self.pre_bound(&uid, result, &mut effects),
            Input::Bound { uid, result } => self.bound(&uid, result, &mut effects),
            Input::Evicted { uid, result } => self.evicted(&uid, result.is_ok()),
            Input::Allow { uid, plugin } => self.allow(&uid, &plugin, &mut effects),
            Input::Reject { uid, plugin, message } => self.reject(&uid, &plugin, message, &mut effects),
            Input::Time(now) => self.time(now, &mut effects),
        }
        self.marks.input = None;
        self.meet_requests(&mut effects);
        effects
    }

    fn pod(&mut self, pod: Arc<Pod>, effects: &mut Vec<Effect>) {
        let pod = pod.taken_by(self.options.features);
        if pod.meta.node_name.is_some() {
            self.assigned_pod(pod);
        } else {
            self.unassigned_pod(pod, effects);
        }
    }

    fn assigned_pod(&mut self, pod: Arc<Pod>) {
        let Some(node) = pod.meta.node_name.clone() else { return };
        let pod = self.specs.share(pod);
        let uid = Arc::clone(&pod.meta.uid);
        let number = self.pods.number_for(&uid);
        self.settle(number, &uid, &node);
        let was_assumed = self.pods.is_assumed(number);
        let known = self.cache.confirm(&mut self.pods, number, Arc::clone(&pod), node);
        if self.join_group(number, &pod, 0) {
            self.group_grew(number);
        }
        if known.is_none() {
            self.group_has_place(number);
        }
        if pod.meta.terminating {
            let turns = self.evictions.seen_going(&uid);
            self.take_turns(turns);
        }
        match known {
            Some(old) if !was_assumed && old == pod => {}
            Some(old) if !was_assumed => {
                if !old.counts_as(&pod)
                    && let Some(node) = &pod.meta.node_name
                {
                    self.disturb(node);
                }
                for event in events::pod_update(Resource::AssignedPod, &old, &pod) {
                    self.tell(event);
                }
            }
            old => {
                if old.is_none()
                    && let Some(node) = &pod.meta.node_name
                {
                    self.disturb(node);
                }
                self.tell(events::assigned(Action::ADD, pod));
            }
        }
    }

    /// The pod is on a node: it is no longer to be scheduled. If that is the binding that is under way, its answer is
    /// still waited for; any other reservation is given up.
    fn settle(&mut self, number: usize, uid: &Str, node: &Str) {
        self.queue.nominator.remove(uid);
        self.queue.withdraw(&mut self.pods, number);
        self.evictions.end(uid, Some(node));
        let is_awaited =
            |hold: &Hold| matches!(hold, Hold::Reserved(Phase::Binding, _) | Hold::Unanswered(_));
        let is_own = |on: &OnNode| on.node == *node && is_awaited(&on.hold);
        if self.pods.on_node(number).is_some_and(is_own) {
            return;
        }
        if let Some(undone) = self.release(number) {
            self.queue.withdraw(&mut self.pods, number);
            self.tell_left(&undone.pod, &undone.node);
        }
    }

    fn unassigned_pod(&mut self, pod: Arc<Pod>, effects: &mut Vec<Effect>) {
        let number = self.pods.number(&pod.meta.uid);
        if let Some(number) = number.filter(|number| self.pods.on_node(*number).is_some()) {
            self.placed_pod_updated(number, pod);
            return;
        }
        let Some(profile) = self.profile_of(&pod) else { return };
        let waiting = number.and_then(|number| self.pods.waiting(number));
        let known = waiting.map(|queued| Arc::clone(&queued.pod));
        if known.as_ref() == Some(&pod) {
            return;
        }
        let pod = self.specs.share(pod);
        let number = self.pods.number_for(&pod.meta.uid);
        let grown = self.join_group(number, &pod, profile);
        let (queue, pods, rules) = self.queue_parts();
        let place = match &known {
            Some(old) => {
                let changes = events::pod_update(Resource::UnschedulablePod, old, &pod);
                let changes: Vec<_> = changes.into_iter().map(Arc::new).collect();
                queue.update(pods, Arc::clone(&pod), &changes, &rules)
            }
            None => queue.add(pods, Arc::clone(&pod), profile, &rules),
        };
        if grown {
            queue.muster_group_of(pods, number, &rules);
        }
        self.handled(if known.is_some() { EventLabel::POD_UPDATE } else { EventLabel::POD_ADD });
        if known.is_none() {
            self.tell_new(&pod);
        }
        if let Place::Gated(plugin, rejection) = place {
            let plugin = self.profiles[profile].name(plugin).into();
            effects.push(Effect::Gated { pod: Arc::clone(&pod), plugin, rejection });
        }
        if let Some(old) = known
            && let Some(node) = &old.meta.nominated_node
            && old.meta.nominated_node != pod.meta.nominated_node
        {
            self.promise_ended(&old, node);
        }
    }

    /// Lets those know of a new pod who wait for one.
    fn tell_new(&mut self, pod: &Arc<Pod>) {
        let (queue, pods, rules) = self.queue_parts();
        if queue.hears_of(Resource::NewPod, Action::ADD, &rules) {
            let subject = Subject::Pod(None, Some(Arc::clone(pod)));
            let event = ClusterEvent::new(Resource::NewPod, Action::ADD, subject);
            queue.on_event(pods, event, &|other| other.meta.uid != pod.meta.uid, &rules);
        }
    }

    /// News of a pod that has its place here, though the news does not say so: it is older than the binding.
    fn placed_pod_updated(&mut self, number: usize, pod: Arc<Pod>) {
        if !self.pods.is_assumed(number) {
            return;
        }
        if pod.meta.terminating {
            self.assumed_pod_deleted(number, &pod.meta.uid);
        } else if let Some((held, _)) = self.pods.held_mut(number) {
            held.newest = Some(pod);
        }
    }

    fn pod_deleted(&mut self, uid: &Str) {
        self.evictions.end(uid, None);
        self.marks.evictions.remove(uid);
        let Some(number) = self.pods.number(uid) else {
            self.queue.nominator.remove(uid);
            return;
        };
        if self.pods.is_assumed(number) {
            self.assumed_pod_deleted(number, uid);
            return;
        }
        self.release(number);
        let promised = self.queue.nominator.node_of(uid).cloned();
        if let Some(queued) = self.queue.remove(&mut self.pods, number, uid) {
            self.handled(EventLabel::POD_DELETE);
            if let Some(node) = promised.or_else(|| queued.pod.meta.nominated_node.clone()) {
                self.promise_ended(&queued.pod, &node);
            }
        } else if let Some(OnNode { pod, .. }) = self.take_off_node(number, uid) {
            self.seen_gone(uid);
            self.tell(events::assigned(Action::DELETE, pod));
        }
    }

    /// A pod that was assumed is gone, or will be, before it was seen on its node. It is not tried again; the answer to
    /// what is being written for it finds nothing to do.
    fn assumed_pod_deleted(&mut self, number: usize, uid: &Str) {
        if let Some(undone) = self.release(number) {
            self.queue.withdraw(&mut self.pods, number);
            self.queue.leave_group(&mut self.pods, number);
            self.pods.remove(uid);
            self.tell_left(&undone.pod, &undone.node);
        } else if let Some(OnNode { pod, node, .. }) = self.take_off_node(number, uid) {
            self.tell_left(&pod, &node);
        }
    }

    /// Forgets a pod that counts on a node.
    fn take_off_node(&mut self, number: usize, uid: &str) -> Option<OnNode> {
        self.pods.on_node(number)?;
        self.queue.leave_group(&mut self.pods, number);
        let Seat::OnNode(on) = self.pods.remove(uid)? else { return None };
        self.cache.uncount(number, &on.pod, &on.node);
        Some(on)
    }

    /// Room that was promised to `pod` on `node` is free for pods that matter no more than it.
    pub(super) fn promise_ended(&mut self, pod: &Pod, node: &Str) {
        let priority = pod.spec.priority;
        self.room_left(pod, node, &|other| other.spec.priority <= priority);
    }

    fn node(&mut self, node: Arc<Node>) {
        match self.cache.set_node(&self.pods, Arc::clone(&node)) {
            None => {
                self.tell(ClusterEvent::new(Resource::Node, Action::ADD, Subject::Node(None, Some(node))))
            }
            // Kubelets report often and say the same.
            Some(old) if old == node => {}
            Some(old) => {
                self.disturb(&node.name);
                for event in events::node_update(&old, &node) {
                    self.tell(event);
                }
            }
        }
    }

    fn node_deleted(&mut self, name: &Str) {
        if let Some(old) = self.cache.remove_node(&self.pods, name) {
            self.disturb(name);
            let turns = self.evictions.node_gone(name);
            self.take_turns(turns);
            self.tell(ClusterEvent::new(Resource::Node, Action::DELETE, Subject::Node(Some(old), None)));
        }
    }

    fn time(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.now = self.now.max(now);
        let now = self.now;
        let stale = self.cache.advance_metrics(now);
        self.tell_measured(stale);
        let (queue, pods, rules) = self.queue_parts();
        queue.advance(pods, now, &rules);
        self.take_recoveries();
        self.give_up_victims();
        self.expire_waits(effects);
        self.tell_incomplete(effects);
        self.end_holding(effects);
        self.tick();
    }

    /// Calls the plugins whose time has come.
    fn tick(&mut self) {
        let cluster = HintContext { snapshot: self.cache.snapshot(), objects: self.cache.objects() };
        let plugins = self.profiles.iter().flat_map(|profile| profile.plugins());
        self.timers.tick(plugins.map(|instance| &*instance.plugin), self.now, cluster);
    }

    /// Lets the queue know that a pod gave up a place on `node` that was only assumed.
    pub(crate) fn tell_left(&mut self, pod: &Pod, node: &Str) {
        self.seen_gone(&pod.meta.uid);
        self.room_left(pod, node, &|_| true);
        self.handled(EventLabel::Object(Resource::AssignedPod, Action::DELETE));
    }

    /// Lets waiting pods that it `concerns` know of room that a pod gave up. The event has a copy of the pod in it, so
    /// it is made only when somebody listens.
    pub(crate) fn room_left(&mut self, pod: &Pod, node: &Str, concerns: &dyn Fn(&Pod) -> bool) {
        let (queue, pods, rules) = self.queue_parts();
        if queue.hears_of(Resource::AssignedPod, Action::DELETE, &rules) {
            queue.on_event(pods, events::left(pod, node), concerns, &rules);
        }
    }

    /// Lets the queue know that what is measured on nodes changed.
    fn tell_measured(&mut self, changed: bool) {
        if changed {
            self.tell(ClusterEvent::new(Resource::NodeMetrics, Action::UPDATE, Subject::None));
        }
    }

    pub(super) fn tell_if(&mut self, event: Option<ClusterEvent>) {
        if let Some(event) = event {
            self.tell(event);
        }
    }

    /// Lets the queue know what happened.
    pub(crate) fn tell(&mut self, event: ClusterEvent) {
        let label = EventLabel::of(&event);
        let (queue, pods, rules) = self.queue_parts();
        queue.on_event(pods, event, &|_| true, &rules);
        self.handled(label);
    }

    /// Tells the meter that news of an object was taken in.
    fn handled(&self, event: EventLabel) {
        if let Some(began) = self.marks.input {
            self.meter.tell_since(began, |m, took| m.event_handled(event, took));
        }
    }
}

/// Whether the input says that an object changed.
fn is_news(input: &Input) -> bool {
    use Input::{Node, NodeDeleted, Object, ObjectDeleted, Pod, PodDeleted};
    matches!(input, Pod(_) | PodDeleted { .. } | Node(_) | NodeDeleted { .. } | Object(_) | ObjectDeleted(_))
}
