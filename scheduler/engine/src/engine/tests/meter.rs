//! What a meter is told.

use std::time::Duration;

use longshore_framework::event::Hint;
use longshore_framework::profile::PluginId;

use super::*;
use crate::meter::{AttemptResult, EventLabel, ExtensionPoint, Meter, QueueName, Status};

/// Writes down what it is told; its clock moves on by a millisecond each time it is read.
#[derive(Debug, Default)]
struct Notes {
    reads: Mutex<u64>,
    told: Mutex<Vec<String>>,
}

impl Notes {
    fn note(&self, what: String) {
        self.told.lock().unwrap().push(what);
    }
}

impl Meter for Notes {
    fn now(&self) -> Duration {
        let mut reads = self.reads.lock().unwrap();
        *reads += 1;
        Duration::from_millis(*reads)
    }
    fn samples_plugins(&self) -> bool {
        true
    }
    fn attempt(&self, _: usize, result: AttemptResult, took: Duration) {
        assert!(!took.is_zero());
        self.note(format!("attempt {}", result.as_str()));
    }
    fn algorithm(&self, took: Duration) {
        assert!(!took.is_zero());
        self.note("algorithm".to_string());
    }
    fn extension_point(&self, _: usize, point: ExtensionPoint, status: Status, took: Duration) {
        assert!(!took.is_zero());
        self.note(format!("{} {}", point.as_str(), status.as_str()));
    }
    fn plugin(&self, _: usize, plugin: PluginId, point: ExtensionPoint, status: Status, _: Duration) {
        self.note(format!("plugin {} {} {}", plugin.0, point.as_str(), status.as_str()));
    }
    fn evaluated(
        &self,
        _: usize,
        plugin: PluginId,
        stage: longshore_framework::registry::Stage,
        count: usize,
    ) {
        self.note(format!("evaluated {} {} {count}", plugin.0, stage.name()));
    }
    fn queued(&self, queue: QueueName, event: EventLabel) {
        self.note(format!("queue {} {event}", queue.as_str()));
    }
    fn hinted(&self, _: usize, plugin: PluginId, event: EventLabel, hint: Hint, _: Duration) {
        self.note(format!("hint {} {event} {hint:?}", plugin.0));
    }
    fn event_handled(&self, event: EventLabel, _: Duration) {
        self.note(format!("event {event}"));
    }
    fn post_filter_asked(&self, _: usize, plugin: PluginId) {
        self.note(format!("preempt {}", plugin.0));
    }
    fn victims(&self, count: usize) {
        self.note(format!("victims {count}"));
    }
    fn evicted(&self, ok: bool, took: Duration) {
        assert!(!took.is_zero());
        self.note(format!("evicted {ok}"));
    }
    fn permit_waited(&self, status: Status, _: Duration) {
        self.note(format!("waited {}", status.as_str()));
    }
    fn bound(&self, attempts: u32, took: Duration) {
        assert!(!took.is_zero());
        self.note(format!("bound {attempts}"));
    }
    fn bound_after_flush(&self) {
        self.note("flushed".to_string());
    }
}

/// Runs the script with a meter and without: the effects are the same. What the meter was told whose first word is
/// among `about` has to be `want`.
#[track_caller]
fn told(script: Vec<Do>, about: &[&str], want: &[&str]) {
    let (mut plain, mut world) = (world(), world());
    let notes = Arc::new(Notes::default());
    let meter: Arc<dyn Meter> = Arc::clone(&notes) as _;
    let options = Options { tie_break: TieBreak::First, meter: Some(meter), ..Options::default() };
    world.engine = Engine::new(world.engine.profiles().iter().map(|p| Profile::clone(p)).collect(), options);
    for step in &script {
        assert_eq!(world.act(step), plain.act(step));
    }
    let told = notes.told.lock().unwrap();
    let of_interest = |line: &&String| about.contains(&line.split(' ').next().unwrap_or_default());
    assert_eq!(told.iter().filter(of_interest).collect::<Vec<_>>(), want);
}

#[test]
fn the_way_of_a_pod_that_is_bound() {
    told(
        vec![node_is(node("a")), node_is(node("b")), pod_is(pod("p")), Do::Step, bound("p")],
        &[
            "queue",
            "attempt",
            "algorithm",
            "bound",
            "Bind",
            "Filter",
            "Score",
            "Reserve",
            "Permit",
            "PostBind",
            "event",
        ],
        &[
            "event NodeAdd",
            "event NodeAdd",
            "queue active UnschedulablePodAdd",
            "event UnschedulablePodAdd",
            "Filter Success",
            "Score Success",
            "algorithm",
            "Reserve Success",
            "Permit Success",
            "Bind Success",
            "attempt scheduled",
            "bound 1",
            "PostBind Success",
        ],
    );
}

#[test]
fn how_often_plugins_are_asked_over_how_many_nodes() {
    told(
        vec![
            node_is(node("a")),
            node_is(node("b")),
            node_is(node("c").allocatable("pods", "0")),
            pod_is(pod("p").label("filter.A", "a")),
            Do::Step,
        ],
        &["evaluated"],
        // A rejects one of three nodes, Room one of the two that are left, and one feasible node is not scored.
        &["evaluated 0 Filter 3", "evaluated 1 Filter 2", "evaluated 2 Filter 2"],
    );
}

#[test]
fn a_failed_attempt_and_what_wakes_the_pod() {
    told(
        vec![
            node_is(node("n").allocatable("pods", "0")),
            pod_is(pod("p")),
            Do::Step,
            node_is(node("m")),
            second(5),
            Do::Step,
            bound("p"),
        ],
        &["queue", "attempt", "hint", "preempt", "PostFilter", "bound"],
        &[
            "queue active UnschedulablePodAdd",
            "preempt 2",
            "PostFilter Unschedulable",
            "attempt unschedulable",
            "queue unschedulable ScheduleAttemptFailure",
            "hint 2 NodeAdd Queue",
            "queue backoff NodeAdd",
            "queue active BackoffComplete",
            "attempt scheduled",
            "bound 2",
        ],
    );
}

#[test]
fn victims_and_evictions() {
    told(
        vec![
            node_is(node("n").allocatable("pods", "1")),
            pod_is(pod("low").on("n")),
            pod_is(pod("high").priority(10)),
            Do::Step,
            pod_gone("low"),
            evicted("high"),
        ],
        &["victims", "evicted", "PostFilter"],
        &["PostFilter Success", "victims 1", "evicted true"],
    );
}

#[test]
fn waits_for_permit() {
    let allow = Do::Tell(Input::Allow { uid: uid("p"), plugin: "A".into() });
    let waits = || pod("p").label("permit.A", "wait 10");
    let until = |last: Do| vec![node_is(node("n")), pod_is(waits()), Do::Step, last];
    told(until(allow), &["Permit", "waited"], &["Permit Wait", "waited Success"]);
    told(until(second(11)), &["Permit", "waited"], &["Permit Wait", "waited Unschedulable"]);
}

#[test]
fn single_plugins_when_the_cycle_is_sampled() {
    told(
        vec![node_is(node("n")), pod_is(pod("p").label("reserve.B", "error")), Do::Step],
        &["plugin"],
        &[
            "plugin 0 Filter Success",
            "plugin 1 Filter Success",
            "plugin 2 Filter Success",
            "plugin 0 Reserve Success",
            "plugin 1 Reserve Error",
            "plugin 1 Unreserve Success",
            "plugin 0 Unreserve Success",
        ],
    );
}

#[test]
fn counts_of_pods_by_who_rejected_them_and_of_groups_of_nodes() {
    let mut world = world();
    world.engine.options.example_nodes = Some(1);
    for step in [
        node_is(node("a").allocatable("pods", "0")),
        node_is(node("b")),
        node_is(node("c").allocatable("pods", "0")),
        pod_is(pod("p").label("filter.A", "b")),
    ] {
        world.act(&step);
    }
    let attempt = world.engine.step().unwrap();
    let groups = attempt
        .rejected
        .iter()
        .map(|g| format!("{} {} {} {:?}", g.count, g.plugin, g.rejection.message(), g.examples));
    assert_eq!(groups.collect::<Vec<_>>(), ["2 Room full [\"a\"]", "1 A not here [\"b\"]"]);
    assert_eq!((attempt.number, attempt.evaluated_nodes, attempt.feasible_nodes), (1, 3, 0));
    let rejections: Vec<_> = world.engine.rejections().into_iter().collect();
    assert_eq!(rejections, [((0, PluginId(0)), 1), ((0, PluginId(2)), 1)]);
}
