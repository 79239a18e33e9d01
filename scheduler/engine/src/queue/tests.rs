use std::ops::{Deref, DerefMut};
use std::time::Duration;

use longshore_framework::event::Subject;
use longshore_framework::features::{Features, Minor};
use longshore_framework::fixture::pod;
use longshore_framework::reason::Reason;

use super::*;

/// Priority order; plugin 1 rejects pods labelled `gate`, and hears of nodes: what wakes its pods is anything but that one
/// is gone; plugin 2 is woken by nothing.
struct Fake;

const WAKES_ON_NODE: PluginId = PluginId(1);
const NEVER_WAKES: PluginId = PluginId(2);

impl Rules for Fake {
    fn rank(&self, queued: &QueuedPod) -> Rank {
        Rank([-i64::from(queued.pod.spec.priority), queued.since.0])
    }

    fn gate(&self, pod: &QueuedPod) -> Option<(PluginId, Rejection)> {
        let gated = pod.pod.meta.labels.get("gate").is_some();
        gated.then(|| (WAKES_ON_NODE, Rejection::unresolvable(Reason::Other("gated".into()))))
    }

    fn rests(&self, pod: &QueuedPod, _: PluginId) -> bool {
        pod.pod.meta.labels.get("gate").is_some_and(|why| &**why == "evictions")
    }

    fn listeners(&self, resource: Resource, _: Action) -> Vec<PluginSet> {
        vec![(resource == Resource::Node).then_some(WAKES_ON_NODE).into_iter().collect()]
    }

    fn hint(&self, _pod: &QueuedPod, plugin: PluginId, event: &ClusterEvent) -> Option<Hint> {
        let hears = plugin == WAKES_ON_NODE && event.resource == Resource::Node;
        hears.then(|| Hint::queue_if(event.action != Action::DELETE))
    }
}

/// A queue with the table it is lent.
struct Line {
    queue: Queue,
    pods: Pods,
}

impl Deref for Line {
    type Target = Queue;

    fn deref(&self) -> &Queue {
        &self.queue
    }
}

impl DerefMut for Line {
    fn deref_mut(&mut self) -> &mut Queue {
        &mut self.queue
    }
}

impl Line {
    fn new(options: &Options) -> Self {
        Self { queue: Queue::new(options), pods: Pods::default() }
    }

    fn add(&mut self, pod: Arc<Pod>) -> Place {
        self.queue.add(&mut self.pods, pod, 0, &Fake)
    }

    fn get(&self, name: &str) -> Option<&QueuedPod> {
        self.pods.waiting(self.pods.number(&uid(name))?)
    }

    fn pop(&mut self) -> Option<Box<QueuedPod>> {
        self.queue.pop(&mut self.pods)
    }

    fn take_out_of_turn(&mut self, name: &str) -> Option<Box<QueuedPod>> {
        self.queue.take_out_of_turn(&mut self.pods, &uid(name))
    }

    fn give_back(&mut self, queued: Box<QueuedPod>) -> Place {
        self.queue.give_back(&mut self.pods, queued, &Fake)
    }

    fn done(&mut self, name: &str) {
        self.queue.done(&mut self.pods, &uid(name));
    }

    fn remove(&mut self, name: &str) -> Option<Box<QueuedPod>> {
        let number = self.pods.number(&uid(name))?;
        self.queue.remove(&mut self.pods, number, &uid(name))
    }

    fn update(&mut self, pod: Arc<Pod>, events: &[Arc<ClusterEvent>]) -> Place {
        self.queue.update(&mut self.pods, pod, events, &Fake)
    }

    fn activate(&mut self, name: &str) -> bool {
        self.queue.activate(&mut self.pods, &uid(name), &Fake)
    }

    fn on_event(&mut self, event: ClusterEvent) {
        self.queue.on_event(&mut self.pods, event, &|_| true, &Fake);
    }

    fn advance(&mut self, now: Timestamp) {
        self.queue.advance(&mut self.pods, now, &Fake);
    }
}

fn queue() -> Line {
    Line::new(&Options { initial_backoff: Duration::from_secs(1), ..Options::default() })
}

fn uid(name: &str) -> String {
    format!("default/{name}")
}

fn seconds(at: i64) -> Timestamp {
    Timestamp(at * 1000)
}

fn node_added() -> ClusterEvent {
    ClusterEvent::new(Resource::Node, Action::ADD, Subject::None)
}

fn node_gone() -> ClusterEvent {
    ClusterEvent::new(Resource::Node, Action::DELETE, Subject::None)
}

fn rejected(queue: &mut Line, by: PluginId) -> Place {
    let mut popped = queue.pop().unwrap();
    popped.rejected_by = PluginSet::default();
    popped.rejected_by.insert(by);
    queue.give_back(popped)
}

/// (active, backoff, unschedulable, gated)
#[track_caller]
fn check(queue: &Line, want: (usize, usize, usize, usize)) {
    let c = queue.counts(&Pods::default());
    assert_eq!((c.active, c.backoff, c.unschedulable, c.gated), want);
}

#[test]
fn pods_leave_by_priority_then_by_order_of_entry() {
    let mut q = queue();
    for (name, priority) in [("a", 0), ("b", 5), ("c", 0), ("d", 5)] {
        q.add(pod(name).priority(priority).build());
    }
    let names: Vec<String> = std::iter::from_fn(|| q.pop()).map(|p| p.pod.meta.name.to_string()).collect();
    assert_eq!(names, ["b", "d", "a", "c"]);
    assert_eq!(q.counts(&Pods::default()).in_flight, 4);
}

#[test]
fn a_rejected_pod_is_parked_until_an_event_its_rejector_registered() {
    let mut q = queue();
    q.add(pod("a").build());
    assert_eq!(rejected(&mut q, WAKES_ON_NODE), Place::Parked);
    q.on_event(ClusterEvent::new(Resource::CsiNode, Action::ADD, Subject::None));
    check(&q, (0, 0, 1, 0));
    q.on_event(node_added());
    check(&q, (0, 1, 0, 0));
    q.advance(seconds(2));
    check(&q, (1, 0, 0, 0));
}

#[test]
fn an_event_while_in_flight_is_not_missed() {
    let mut q = queue();
    q.add(pod("a").build());
    let mut popped = q.pop().unwrap();
    q.on_event(node_added());
    popped.rejected_by.insert(WAKES_ON_NODE);
    assert_eq!(q.give_back(popped), Place::Backoff);
}

#[test]
fn of_several_events_each_may_wake_a_pod_in_flight_or_parked() {
    for events in [[node_gone, node_added], [node_added, node_gone]] {
        let mut q = queue();
        q.add(pod("a").build());
        let mut popped = q.pop().unwrap();
        events.iter().for_each(|event| q.on_event(event()));
        popped.rejected_by.insert(WAKES_ON_NODE);
        assert_eq!(q.give_back(popped), Place::Backoff);

        assert_eq!(rejected(&mut q, WAKES_ON_NODE), Place::Parked);
        let events = events.map(|event| Arc::new(event()));
        assert_eq!(q.update(pod("a").build(), &events), Place::Backoff);
    }
}

#[test]
fn a_backoff_ends_with_its_last_second() {
    let mut q = queue();
    q.add(pod("a").build());
    rejected(&mut q, WAKES_ON_NODE);
    q.advance(seconds(1));
    q.on_event(node_added());
    check(&q, (0, 1, 0, 0));
    q.advance(Timestamp(1999));
    check(&q, (0, 1, 0, 0));
    q.advance(seconds(2));
    check(&q, (1, 0, 0, 0));

    let mut q = queue();
    q.add(pod("a").build());
    rejected(&mut q, WAKES_ON_NODE);
    q.advance(seconds(2));
    q.on_event(node_added());
    check(&q, (1, 0, 0, 0));
}

#[test]
fn a_pod_that_no_event_wakes_is_tried_again_after_five_minutes() {
    let mut q = queue();
    q.add(pod("a").build());
    rejected(&mut q, NEVER_WAKES);
    q.on_event(node_added());
    q.advance(seconds(299));
    check(&q, (0, 0, 1, 0));
    q.advance(seconds(301));
    check(&q, (1, 0, 0, 0));
}

#[test]
fn only_pods_that_were_parked_for_longer_than_five_minutes_are_tried_anyway() {
    let mut q = queue();
    for (name, at) in [("a", 0), ("b", 1)] {
        q.advance(seconds(at));
        q.add(pod(name).build());
        rejected(&mut q, NEVER_WAKES);
    }
    q.advance(seconds(300));
    check(&q, (0, 0, 2, 0));
    q.advance(seconds(301));
    check(&q, (1, 0, 1, 0));
}

#[test]
fn a_rejection_ends_a_row_of_errors() {
    let mut q = queue();
    q.add(pod("a").build());
    for at in [2, 5] {
        let popped = q.pop().unwrap();
        q.give_back(popped);
        q.advance(seconds(at));
        check(&q, (1, 0, 0, 0));
    }
    rejected(&mut q, WAKES_ON_NODE);
    q.on_event(node_added());
    q.advance(seconds(6));
    check(&q, (0, 1, 0, 0));
    q.advance(seconds(7));
    check(&q, (1, 0, 0, 0));
}

#[test]
fn a_binding_that_fails_late_backs_off_from_then_on() {
    let mut q = queue();
    q.add(pod("a").build());
    let popped = q.pop().unwrap();
    q.done("a");
    q.advance(seconds(100));
    assert_eq!(q.queue.retry_later(&mut q.pods, popped, &Fake), Place::Backoff);
    q.advance(seconds(101));
    check(&q, (0, 1, 0, 0));
    q.advance(seconds(102));
    check(&q, (1, 0, 0, 0));
}

#[test]
fn a_gated_pod_that_is_tried_out_of_turn_comes_back_as_others_do() {
    let mut q = queue();
    q.add(pod("a").label("gate", "").build());
    let mut taken = q.take_out_of_turn("a").unwrap();
    taken.rejected_by.insert(NEVER_WAKES);
    assert_eq!(q.give_back(taken), Place::Parked);
    check(&q, (0, 0, 1, 0));
}

#[test]
fn a_nomination_is_written_also_while_another_one_is_on_its_way() {
    let mut q = queue();
    q.add(pod("a").meta(|m| m.nominated_node = Some("n".into())).build());
    let mut differs = |node: &str| {
        let number = q.pods.number("default/a").unwrap();
        q.queue.nomination_written(&mut q.pods, number, &node.into())
    };
    assert_eq!(["n", "m", "n", ""].map(&mut differs), [false, true, true, true]);
}

#[test]
fn errors_back_off_longer_and_longer_and_are_not_popped_early() {
    let mut q = queue();
    q.add(pod("a").build());
    let mut now = 0;
    for wait in [1, 2, 4, 8, 10, 10] {
        let popped = q.pop().unwrap();
        assert_eq!(q.give_back(popped), Place::Backoff);
        assert!(q.pop().is_none());
        q.advance(seconds(now + wait));
        check(&q, (0, 1, 0, 0));
        now += wait + 1;
        q.advance(seconds(now));
        check(&q, (1, 0, 0, 0));
    }
}

#[test]
fn a_pod_in_backoff_goes_early_when_nothing_else_waits() {
    let mut q = queue();
    q.add(pod("a").build());
    rejected(&mut q, WAKES_ON_NODE);
    q.on_event(node_added());
    check(&q, (0, 1, 0, 0));
    assert_eq!(q.pop().map(|p| p.attempts), Some(2));
}

#[test]
fn a_pod_that_rests_hears_of_nothing_until_its_evictions_are_over() {
    let mut q = queue();
    q.add(pod("a").label("gate", "evictions").build());
    let hears = |q: &mut Line| q.hears_of(Resource::Node, Action::ADD, &Fake);
    assert!(!hears(&mut q));
    q.queue.end_rest(&mut q.pods, "default/a");
    assert!(hears(&mut q));
    check(&q, (0, 0, 1, 0));
    q.remove("a");
    check(&q, (0, 0, 0, 0));
}

#[test]
fn a_gated_pod_counts_no_attempt_and_reserves_room_since_1_37() {
    a_gated_pod_reserves(Minor::V1_36, 0);
    a_gated_pod_reserves(Minor::V1_37, 1);
}

#[track_caller]
fn a_gated_pod_reserves(minor: Minor, promised: usize) {
    let mut q = Line::new(&Options { features: Features::of(minor), ..Options::default() });
    let gated = pod("a").label("gate", "").meta(|m| m.nominated_node = Some("n".into())).build();
    assert!(matches!(q.add(gated), Place::Gated(..)));
    check(&q, (0, 0, 0, 1));
    assert_eq!(q.nominator.on("n").len(), promised);
    let open = pod("a").meta(|m| m.nominated_node = Some("n".into())).build();
    let event = ClusterEvent::new(Resource::Node, Action::NODE_LABEL, Subject::None);
    assert_eq!(q.update(open, &[Arc::new(event)]), Place::Active);
    assert_eq!(q.nominator.on("n").len(), 1);
    assert_eq!(q.pop().map(|p| p.attempts), Some(1));
}

#[test]
fn without_retry_a_failed_pod_stays_where_it_is_until_it_is_activated() {
    let mut q = Line::new(&Options { retry: false, ..Options::default() });
    q.add(pod("a").build());
    rejected(&mut q, WAKES_ON_NODE);
    q.on_event(node_added());
    q.advance(seconds(10_000));
    check(&q, (0, 0, 1, 0));
    assert!(q.activate("a"));
    check(&q, (1, 0, 0, 0));
    assert!(!q.activate("b"));
}

#[test]
fn removing_finds_a_pod_wherever_it_is() {
    let mut q = queue();
    q.add(pod("a").build());
    rejected(&mut q, WAKES_ON_NODE);
    q.add(pod("b").build());
    q.add(pod("c").label("gate", "").build());
    for name in ["a", "b", "c"] {
        assert!(q.remove(name).is_some(), "{name}");
    }
    check(&q, (0, 0, 0, 0));
}

#[test]
fn a_gated_pod_is_asked_again_after_five_minutes_and_keeps_its_place_in_line() {
    let mut q = queue();
    q.add(pod("a").label("gate", "").build());
    q.advance(seconds(301));
    check(&q, (0, 0, 0, 1));
    let gated = q.get("a").unwrap();
    assert_eq!((gated.since, gated.flushed), (seconds(0), Some(seconds(301))));
}

#[test]
fn activating_reaches_a_pod_in_any_place() {
    let mut q = queue();
    q.add(pod("a").build());
    let popped = q.pop().unwrap();
    q.give_back(popped);
    check(&q, (0, 1, 0, 0));
    assert!(q.activate("a"));
    check(&q, (1, 0, 0, 0));
    let mut popped = q.pop().unwrap();
    popped.rejected_by.insert(NEVER_WAKES);
    assert!(q.activate("a"));
    assert_eq!(q.give_back(popped), Place::Backoff);
}

#[test]
fn a_pending_plugin_wakes_its_pod_past_the_backoff() {
    let mut q = queue();
    q.add(pod("a").build());
    let mut popped = q.pop().unwrap();
    popped.rejected_by.insert(WAKES_ON_NODE);
    popped.pending_on.insert(WAKES_ON_NODE);
    q.give_back(popped);
    q.on_event(node_added());
    check(&q, (1, 0, 0, 0));
}

#[test]
fn a_nomination_that_an_update_takes_away_is_over_and_an_attempts_word_stands() {
    let stated = || pod("a").meta(|m| m.nominated_node = Some("n".into())).build();
    let mut q = queue();
    q.add(stated());
    assert_eq!(q.nominator.on("n").len(), 1);
    q.update(pod("a").build(), &[]);
    assert!(q.nominator.on("n").is_empty());
    q.update(stated(), &[]);
    let popped = q.pop().unwrap();
    q.nominator.remove("default/a");
    q.give_back(popped);
    q.activate("a");
    assert!(q.nominator.on("n").is_empty());
}

#[test]
fn an_event_is_news_only_to_pods_whose_keepers_registered_it_and_to_pods_in_flight() {
    let mut q = queue();
    let mut hears = |change: &dyn Fn(&mut Line), want: (bool, bool)| {
        change(&mut q);
        let node = q.hears_of(Resource::Node, Action::ADD, &Fake);
        assert_eq!((node, q.hears_of(Resource::CsiNode, Action::ADD, &Fake)), want);
    };
    hears(&|_| (), (false, false));
    hears(&|q| _ = q.add(pod("a").build()), (false, false));
    hears(&|q| _ = rejected(q, NEVER_WAKES), (false, false));
    hears(&|q| _ = q.add(pod("b").label("gate", "").build()), (true, false));
    hears(&|q| _ = q.remove("b"), (false, false));
    hears(&|q| _ = q.add(pod("c").build()), (false, false));
    hears(&|q| _ = q.pop(), (true, false));
    hears(&|q| q.done("c"), (false, false));
}

#[test]
fn pods_that_wake_together_enter_in_the_order_of_their_uids() {
    let mut q = Line::new(&Options { max_backoff: Duration::ZERO, ..Options::default() });
    let names = ["d", "a", "c", "b"];
    for name in names {
        q.add(pod(name).build());
    }
    let popped: Vec<Box<QueuedPod>> = names.iter().map(|_| q.pop().unwrap()).collect();
    for (mut queued, pending) in popped.into_iter().zip([None, Some(NEVER_WAKES), None, None]) {
        queued.rejected_by.insert(WAKES_ON_NODE);
        queued.pending_on = pending.into_iter().collect();
        q.give_back(queued);
    }
    q.queue.on_event(&mut q.pods, node_added(), &|pod| *pod.meta.name != *"b", &Fake);
    check(&q, (3, 0, 1, 0));
    let left: Vec<String> = std::iter::from_fn(|| q.pop()).map(|p| p.pod.meta.name.to_string()).collect();
    assert_eq!(left, ["a", "c", "d"]);
}

mod model;
