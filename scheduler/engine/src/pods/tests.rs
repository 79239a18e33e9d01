use std::sync::Arc;

use longshore_framework::Timestamp;
use longshore_framework::fixture::pod;
use longshore_framework::profile::{PluginId, Profile};

use super::reservation::Wait;
use super::*;
use crate::cycle::state::CycleState;

impl Pods {
    /// Nobody has a pod in hand, every pod is where its UID says, and what is counted is what is there.
    #[track_caller]
    pub(crate) fn check(&self) {
        let (mut used, mut on_nodes, mut assumed, mut reserved) = (0, 0, 0, 0);
        for (number, seat) in self.seats.iter().enumerate() {
            let pod = match seat {
                Seat::Free => continue,
                Seat::Waiting(_, queued) => &queued.pod,
                Seat::OnNode(on) => &on.pod,
                Seat::Deciding(_) | Seat::Returning => panic!("{number} is in hand"),
            };
            used += 1;
            if !matches!(seat, Seat::Waiting(_, queued) if queued.stands_for.is_some()) {
                assert_eq!(self.number(&pod.meta.uid), Some(number));
            }
            let Seat::OnNode(on) = seat else { continue };
            on_nodes += 1;
            assumed += usize::from(on.hold.is_assumed());
            reserved += usize::from(on.hold.reservation().is_some());
            if let Hold::Reserved(phase, held) = &on.hold {
                assert!(Arc::ptr_eq(&held.queued.pod, &on.pod), "another version counts than was decided");
                assert!(!matches!(phase, Phase::Deciding(_)), "{number} is being decided");
            }
            if let Some(held) = on.hold.reservation() {
                assert_eq!(held.queued.number, number);
            }
        }
        assert_eq!((self.numbers.len(), self.seats.len() - self.free.len()), (used, used));
        assert_eq!((self.on_nodes, self.assumed, self.reserved.len()), (on_nodes, assumed, reserved));
        assert_eq!(self.reserved().count(), reserved);
    }
}

impl Pods {
    pub(crate) fn count_waiting(&self) -> usize {
        let is_pod = |seat: &&Seat| matches!(seat, Seat::Waiting(_, queued) if queued.stands_for.is_none());
        self.seats.iter().filter(is_pod).count()
    }
}

fn queued(number: usize) -> Box<QueuedPod> {
    Box::new(QueuedPod::new(number, pod("p").build(), 0, Timestamp(0)))
}

fn reservation(number: usize) -> Box<Reservation> {
    Box::new(Reservation {
        queued: queued(number),
        state: CycleState::default(),
        newest: None,
        binders: Vec::new(),
        profile: Arc::new(Profile::new("default-scheduler")),
        disturbed: false,
        sent: false,
    })
}

/// A table with one pod, which is in this state.
fn at(state: &str) -> (Pods, usize) {
    let mut pods = Pods::default();
    let number = pods.number_for(&pod("p").build().meta.uid);
    let flight = || Flight(7);
    let on = |hold| Seat::OnNode(OnNode { pod: pod("p").build(), node: "n".into(), hold });
    let reserved = |phase| on(Hold::Reserved(phase, reservation(number)));
    let wait = || Wait { plugin: PluginId(0), time: std::time::Duration::ZERO, until: Timestamp(0) };
    pods.put(
        number,
        match state {
            "free" => Seat::Free,
            "waiting" => Seat::Waiting(Part::Active, queued(number)),
            "deciding" => Seat::Deciding(flight()),
            "returning" => Seat::Returning,
            "reserved, deciding" => reserved(Phase::Deciding(flight())),
            "reserved, waiting" => reserved(Phase::Waiting(Box::new([wait()]), flight())),
            "reserved, pre-binding" => reserved(Phase::PreBinding { cancelled: None }),
            "reserved, binding" => reserved(Phase::Binding),
            "bound" => on(Hold::Bound),
            "unanswered" => on(Hold::Unanswered(reservation(number))),
            "seen" => on(Hold::Seen),
            other => panic!("no state {other}"),
        },
    );
    (pods, number)
}

fn state(pods: &Pods, number: usize) -> &'static str {
    match pods.seat(number) {
        Seat::Free => "free",
        Seat::Waiting(..) => "waiting",
        Seat::Deciding(_) => "deciding",
        Seat::Returning => "returning",
        Seat::OnNode(on) => match &on.hold {
            Hold::Reserved(Phase::Deciding(_), _) => "reserved, deciding",
            Hold::Reserved(Phase::Waiting(..), _) => "reserved, waiting",
            Hold::Reserved(Phase::PreBinding { .. }, _) => "reserved, pre-binding",
            Hold::Reserved(Phase::Binding, _) => "reserved, binding",
            Hold::Bound => "bound",
            Hold::Unanswered(_) => "unanswered",
            Hold::Seen => "seen",
        },
    }
}

const STATES: [&str; 11] = [
    "free",
    "waiting",
    "deciding",
    "returning",
    "reserved, deciding",
    "reserved, waiting",
    "reserved, pre-binding",
    "reserved, binding",
    "bound",
    "unanswered",
    "seen",
];

/// A way leads from these states to those, and says that it took the pod; from every other it does not.
#[track_caller]
fn check(way: impl Fn(&mut Pods, usize) -> bool, ways: &[(&str, &str)]) {
    for from in STATES {
        let (mut pods, number) = at(from);
        let took = way(&mut pods, number);
        let want = ways.iter().find(|(state, _)| *state == from).map(|(_, to)| *to);
        assert_eq!((took, state(&pods, number)), (want.is_some(), want.unwrap_or(from)), "from {from}");
        let on = usize::from(pods.on_node(number).is_some());
        let assumed = ["reserved", "bound"].iter().any(|s| state(&pods, number).starts_with(s));
        assert_eq!((pods.counts(), pods.is_assumed(number)), ((on, usize::from(assumed)), assumed));
        let held: Vec<usize> = pods.reserved().map(|(number, ..)| number).collect();
        let is_held = pods.held(number).is_some();
        assert_eq!((held, pods.reserved_len()), (vec![number; usize::from(is_held)], usize::from(is_held)));
    }
}

#[test]
fn a_pod_goes_only_the_ways_that_are_drawn() {
    check(|pods, number| pods.take_off(number, Flight(7)).is_some(), &[("waiting", "deciding")]);
    check(
        |pods, number| pods.take_back(number).is_some(),
        &[("waiting", "returning"), ("deciding", "returning")],
    );
    check(
        |pods, number| pods.wait(queued(number)).is_ok(),
        &[("free", "waiting"), ("deciding", "waiting"), ("returning", "waiting")],
    );
    check(
        |pods, number| pods.reserve("n".into(), reservation(number)).is_ok(),
        &[("deciding", "reserved, deciding")],
    );
    check(
        |pods, number| pods.release(number).is_some(),
        &[
            ("reserved, deciding", "deciding"),
            ("reserved, waiting", "deciding"),
            ("reserved, pre-binding", "returning"),
            ("reserved, binding", "returning"),
            ("unanswered", "seen"),
        ],
    );
    check(
        |pods, number| pods.conclude(number).is_some(),
        &[("reserved, binding", "bound"), ("unanswered", "seen")],
    );
    // Permit.
    check(
        |pods, number| pods.reserved_mut(number).is_some_and(|(phase, _)| phase.let_go().is_some()),
        &[("reserved, deciding", "reserved, pre-binding"), ("reserved, waiting", "reserved, pre-binding")],
    );
}

#[test]
fn what_the_watch_shows_is_so_wherever_the_pod_was() {
    for from in ["free", "returning", "reserved, binding", "bound", "unanswered", "seen"] {
        let (mut pods, number) = at(from);
        let before = pods.on_node(number).map(|on| (Arc::clone(&on.pod), Arc::clone(&on.node)));
        let p = pod("p").label("new", "").build();
        assert_eq!(pods.show(number, Arc::clone(&p), "m".into()), before);
        let own = ["reserved, binding", "unanswered"].contains(&from);
        assert_eq!(state(&pods, number), if own { "unanswered" } else { "seen" }, "from {from}");
        let on = pods.on_node(number).unwrap();
        assert!(Arc::ptr_eq(&on.pod, &p) && *on.node == *"m");
        assert_eq!(pods.counts(), (1, 0));
    }
}

#[test]
fn a_flight_goes_with_the_pod_and_is_over_when_permit_has_let_it_go() {
    let (mut pods, number) = at("deciding");
    assert!(pods.reserve("n".into(), reservation(number)).is_ok() && pods.flies(number));
    if let Some((phase, _)) = pods.reserved_mut(number) {
        phase.wait(Vec::new());
    }
    assert!(pods.flies(number));
    pods.release(number);
    assert!(pods.flies(number));
    assert!(matches!(pods.wait(queued(number)), Ok(Some(Flight(7)))));
    assert!(!pods.flies(number));
    let (mut pods, number) = at("reserved, waiting");
    let flight = pods.reserved_mut(number).and_then(|(phase, _)| phase.let_go());
    assert!(matches!(flight, Some(Flight(7))) && !pods.flies(number));
}

#[test]
fn a_number_is_a_pods_own_until_it_is_gone_and_then_another_pods() {
    let mut pods = Pods::default();
    let uid = |name: &str| Str::clone(&pod(name).build().meta.uid);
    let numbers = ["a", "b"].map(|name| pods.number_for(&uid(name)));
    assert_eq!(numbers, ["a", "b"].map(|name| pods.number_for(&uid(name))));
    assert_ne!(numbers[0], numbers[1]);
    pods.put(numbers[0], Seat::Returning);
    assert!(matches!(pods.remove(&uid("a")), Some(Seat::Returning)));
    assert!(pods.remove(&uid("a")).is_none() && matches!(pods.seat(numbers[0]), Seat::Free));
    assert_eq!(pods.number(&uid("a")), None);
    assert_eq!(pods.number_for(&uid("c")), numbers[0]);
}
