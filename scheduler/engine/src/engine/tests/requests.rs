//! What plugins ask for while they run.

use longshore_framework::plugin::{Cycle, Permit, Plugin, Reserve, ReserveContext};
use longshore_framework::port::{Request, Requests};
use longshore_framework::registry::{Instance, Stage};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PermitVerdict, PluginError, Verdict};

use super::*;

/// Lets pods wait until there are two of them; `p-bad` turns the other away instead. It tells of every pod that it is
/// made to forget.
struct Pairs(Requests, Mutex<Vec<longshore_framework::Str>>);

impl Plugin for Pairs {
    fn name(&self) -> &str {
        "Pairs"
    }
}

impl Permit for Pairs {
    fn permit(&self, cx: Cycle<'_>, _: &PluginState, _: Slot) -> Result<PermitVerdict, PluginError> {
        let mut waiting = self.1.lock().unwrap();
        let other = waiting.pop();
        let plugin: longshore_framework::Str = "Pairs".into();
        match other {
            None => {
                waiting.push(cx.pod.meta.uid.clone());
                return Ok(PermitVerdict::Wait(std::time::Duration::from_secs(10)));
            }
            Some(uid) if &*cx.pod.meta.name == "bad" => {
                self.0.push(Request::Reject { uid, plugin, message: "left alone".into() });
            }
            Some(uid) => {
                self.0.push(Request::Allow { uid, plugin });
            }
        }
        Ok(PermitVerdict::Allow)
    }
}

impl Reserve for Pairs {
    fn reserve(&self, _: &mut ReserveContext<'_>, _: &mut PluginState) -> Result<Verdict, PluginError> {
        Ok(Verdict::Pass)
    }

    fn unreserve(&self, cx: &mut ReserveContext<'_>, _: &mut PluginState) {
        let (reason, note) = ("Forgotten".into(), "no pair".into());
        let uid = cx.pod.meta.uid.clone();
        self.0.push(Request::Event { uid, plugin: "Pairs".into(), warning: false, reason, note });
    }
}

fn pairs() -> (World, Requests) {
    let (log, requests) = (Log::default(), Requests::default());
    let mut profile = fakes::profile(&log);
    let pairs = Pairs(requests.clone(), Mutex::default());
    let id = profile.add(Instance::of(pairs).reserve().permit().build());
    assert!(profile.enable(Stage::Reserve, id) && profile.enable(Stage::Permit, id));
    let options = Options { tie_break: TieBreak::First, requests: requests.clone(), ..Options::default() };
    (World { engine: Engine::new(vec![profile], options), log }, requests)
}

fn event_of(pod: &str) -> Request {
    let (reason, note) = ("Seen".into(), "once".into());
    Request::Event { uid: uid(pod), plugin: "Pairs".into(), warning: true, reason, note }
}

#[test]
fn a_plugin_lets_another_pod_go_while_it_is_asked_of_this_one() {
    check(
        pairs().0,
        &[
            (node_is(node("n")), ""),
            (pod_is(pod("p")), ""),
            (Do::Step, "p waits on n until 10000"),
            (pod_is(pod("q")), ""),
            (Do::Step, "bind q to n; bind p to n"),
        ],
    );
}

#[test]
fn a_plugin_turns_another_pod_away_and_what_it_asks_for_then_is_done_too() {
    let turned_away = "p Unschedulable: 0/1 nodes are available: 1 left alone.";
    check(
        pairs().0,
        &[
            (node_is(node("n")), ""),
            (pod_is(pod("p")), ""),
            (Do::Step, "p waits on n until 10000"),
            (pod_is(pod("bad")), ""),
            (Do::Step, &format!("bind bad to n; {turned_away}; Pairs of p: Forgotten: no pair")),
        ],
    );
}

#[test]
fn what_was_asked_for_between_two_inputs_is_done_with_the_next() {
    let (mut world, requests) = pairs();
    world.act(&node_is(node("n")));
    world.act(&pod_is(pod("p")));
    for pod in ["p", "nobody"] {
        requests.push(event_of(pod));
    }
    assert_eq!(world.act(&second(1)), "Pairs of p: Seen: once");
    requests.push(event_of("p"));
    assert_eq!(world.act(&Do::Step), "p waits on n until 11000; Pairs of p: Seen: once");
    assert_eq!(world.act(&second(2)), "");
    assert!(world.engine.options.requests.is_empty());
}
