//! An engine with a bad plugin in one of its profiles: pods of the other profile are decided as if it were not there,
//! and its own pods are told what failed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use longshore_engine::{Attempt, Engine, Evaluation, Options, Outcome, Path};
use longshore_framework::fixture;
use longshore_framework::port::{Effect, Input};
use longshore_framework::profile::Profile;
use longshore_framework::registry::{Instance, Stage};
use longshore_framework::{Str, Timestamp};
use longshore_wasm::{FailureKind, FailurePolicy, Settings};

use crate::cluster::Stand;
use crate::wat::{ALL_FIT, RESET, Wat, guest, same_score};

const GOOD: &str = "default-scheduler";
pub(crate) const BAD: &str = "guarded-scheduler";

/// The default profile, and the same with the guest at every stage that it has.
pub(crate) fn profiles(instance: &Instance) -> Vec<Profile> {
    let (registry, plugins) =
        (longshore_plugins_native::registry(), longshore_plugins_native::DEFAULT_MULTI_POINT);
    let good = longshore_profile::default_profile(&registry, plugins).unwrap().profiles.remove(0);
    let mut bad = good.clone();
    bad.scheduler_name = BAD.into();
    let id = bad.add(instance.clone());
    bad.set_weight(id, 1);
    for stage in Stage::ALL {
        if stage != Stage::Bind {
            bad.enable(stage, id);
        }
    }
    vec![good, bad]
}

/// An engine, ten nodes, and what became of pods.
struct Run {
    stand: Stand,
    engine: Engine,
    placed: Vec<Str>,
    /// Names of pods that failed, with what they were told.
    failed: Vec<(String, String)>,
}

impl Run {
    fn new(wat: &Wat) -> Self {
        Self::with(wat, FailurePolicy::default(), Evaluation::Incremental)
    }

    fn with(wat: &Wat, failure_policy: FailurePolicy, evaluation: Evaluation) -> Self {
        let stand = Stand::new();
        let settings = Settings { time: Duration::from_millis(20), failure_policy, ..Settings::default() };
        let asked = stand.load(&wat.build(), &settings).unwrap();
        let options = Options { requests: stand.requests.clone(), evaluation, ..Options::default() };
        let mut engine = Engine::new(profiles(&asked.instance), options);
        for number in 0..10 {
            let node =
                fixture::node(&format!("n{number}")).allocatable("cpu", "64").allocatable("pods", "500");
            engine.apply(Input::Node(node.build()));
        }
        Self { stand, engine, placed: Vec::new(), failed: Vec::new() }
    }

    fn add(&mut self, name: &str, scheduler: &str) {
        let pod =
            fixture::pod(name).request("cpu", "100m").spec(|spec| spec.scheduler_name = scheduler.into());
        let effects = self.engine.apply(Input::Pod(pod.build()));
        self.meet(effects);
    }

    /// Tries every pod that there is.
    fn steps(&mut self) {
        while let Some(Attempt { pod, outcome, effects, .. }) = self.engine.step() {
            match outcome {
                Outcome::Assumed { .. } => {}
                Outcome::Unschedulable { message, .. } | Outcome::Broken { message } => {
                    self.failed.push((pod.meta.name.to_string(), message));
                }
                other => panic!("{other:?}"),
            }
            self.meet(effects);
        }
    }

    /// Bindings succeed at once.
    fn meet(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let more = match effect {
                Effect::PreBind { pod, .. } => {
                    self.engine.apply(Input::PreBound { uid: Arc::clone(&pod.meta.uid), result: Ok(()) })
                }
                Effect::Bind { pod, .. } => {
                    self.placed.push(Arc::clone(&pod.meta.name));
                    self.engine.apply(Input::Bound { uid: Arc::clone(&pod.meta.uid), result: Ok(()) })
                }
                _ => Vec::new(),
            };
            self.meet(more);
        }
    }

    fn at(&mut self, seconds: i64) {
        let effects = self.engine.apply(Input::Time(Timestamp(seconds * 1000)));
        self.meet(effects);
    }
}

/// A hundred good pods among ten pods of the plugin: all the good ones are placed, in about the time that they take
/// alone; the plugin's are not, and are told why.
#[track_caller]
fn check(wat: &Wat, stage: &str, kind: FailureKind, words: &str) {
    let mut run = Run::new(wat);
    for number in 0..110 {
        let scheduler = if number % 11 == 5 { BAD } else { GOOD };
        run.add(&format!("p{number}"), scheduler);
    }
    let began = Instant::now();
    run.steps();
    let took = began.elapsed();
    assert_eq!(run.placed.len(), 100, "{:?}", run.failed);
    assert_eq!(run.failed.len(), 10);
    for (_, message) in &run.failed {
        let blamed = message.contains("Test")
            && message.contains(&format!("{stage} of the WebAssembly plugin failed"));
        assert!(blamed && message.contains(words), "{message}");
    }
    // The breaker asks no more after a few failures of at most 20 ms each.
    assert!(took < Duration::from_secs(3), "{took:?}");
    let told = run.stand.heard.failures.lock().unwrap();
    let of_kind = told.iter().filter(|failure| failure.1 == kind).count();
    // Once for each pod, and a second time after the first instance broke, but for the last pod.
    let most = 2 * longshore_wasm::breaker::FAILURES - 1;
    assert!((longshore_wasm::breaker::FAILURES..=most).contains(&of_kind), "{told:?}");
    assert_eq!(*run.stand.heard.breaker.lock().unwrap(), [true]);
}

#[test]
fn other_pods_are_scheduled_while_a_plugin_loops() {
    check(&guest().filter("(loop $l (br $l)) unreachable"), "Filter", FailureKind::Timeout, "limits.time");
    let score = guest().score("(loop $l (br $l)) unreachable");
    check(&score, "Score", FailureKind::Timeout, "limits.time");
}

#[test]
fn other_pods_are_scheduled_while_a_plugin_breaks() {
    check(&guest().filter("unreachable"), "Filter", FailureKind::Trap, "unreachable");
    let grows = "(loop $l (drop (memory.grow (i32.const 100))) (br $l)) unreachable";
    check(&guest().filter(grows), "Filter", FailureKind::Memory, "limits.memory");
    check(&guest().score(&same_score(-1)), "Score", FailureKind::Answer, "a score of -1");
    let reserve = guest().function("reserve#reserve", "(param i32) (result i32)", "unreachable");
    let reserve = reserve.function("reserve#unreserve", "(param i32)", RESET);
    check(&reserve, "Reserve", FailureKind::Trap, "unreachable");
}

#[test]
fn a_plugin_that_is_well_schedules_its_pods() {
    let mut run = Run::new(&guest().filter(ALL_FIT).score(&same_score(1)));
    for number in 0..20 {
        run.add(&format!("p{number}"), if number % 2 == 0 { BAD } else { GOOD });
    }
    run.steps();
    assert_eq!((run.placed.len(), run.failed.len()), (20, 0), "{:?}", run.failed);
}

/// `wait` with all bits set, half a million years.
const WAIT_FOR_EVER: &str = "(memory.fill (i32.const 256) (i32.const 0) (i32.const 32))
    (i32.store8 (i32.const 264) (i32.const 1)) (i64.store (i32.const 272) (i64.const -1))
    (global.set $free (i32.const 4096)) (i32.const 256)";

#[test]
fn no_pod_waits_for_ever() {
    let mut run = Run::new(&guest().function("permit#permit", "(param i32) (result i32)", WAIT_FOR_EVER));
    run.at(1000);
    run.add("waits", BAD);
    run.add("goes", GOOD);
    run.steps();
    assert_eq!(run.placed, [Str::from("goes")]);
    assert_eq!(run.engine.next_timeout(), Some(Timestamp((1000 + 15 * 60) * 1000)));
    run.at(1000 + 15 * 60 + 1);
    assert_eq!(run.engine.next_timeout(), None);
}

#[test]
fn a_plugin_may_let_the_pod_go_while_it_is_asked_about_it() {
    let permit = format!(
        "(call $waiting_allow (i32.load (local.get $in)) (i32.load offset=4 (local.get $in))) {WAIT_FOR_EVER}"
    );
    let wat = guest().import("waiting#allow", "(param i32 i32)").function(
        "permit#permit",
        "(param $in i32) (result i32)",
        &permit,
    );
    let mut run = Run::new(&wat);
    run.add("waits", BAD);
    run.steps();
    assert_eq!((run.placed.len(), run.engine.next_timeout()), (1, None));
}

/// Twenty replicas of the plugin's profile are placed, all from the third on from what is kept; how often Filter was asked.
#[track_caller]
fn check_kept(wat: &Wat, failure_policy: FailurePolicy, evaluation: Evaluation) -> usize {
    let mut run = Run::with(wat, failure_policy, evaluation);
    for number in 0..20 {
        run.add(&format!("p{number}"), BAD);
        let Attempt { outcome, effects, path, .. } = run.engine.step().unwrap();
        assert!(matches!(outcome, Outcome::Assumed { .. }), "{outcome:?}");
        assert!(number < 2 || path == Path::Kept, "p{number}: {path:?}");
        run.meet(effects);
    }
    run.stand.heard.calls.lock().unwrap().iter().filter(|stage| **stage == "Filter").count()
}

#[test]
fn the_engine_keeps_what_pure_plugins_say_and_asks_others_every_time() {
    let pure = guest().pure().column(13, "").filter(ALL_FIT).score(&same_score(5));
    let other = guest().column(13, "").filter(ALL_FIT).score(&same_score(5));
    let (incremental, audited) = (Evaluation::Incremental, Evaluation::Audited);
    // The first pod asks about all nodes, the second of a class as well, and every other about the node that changed.
    assert_eq!(check_kept(&pure, FailurePolicy::Fail, incremental), 20);
    assert_eq!(check_kept(&other, FailurePolicy::Fail, incremental), 20);
    check_kept(&pure, FailurePolicy::Fail, audited);
    check_kept(&other, FailurePolicy::Fail, audited);
}

#[test]
fn an_answer_that_stands_for_a_failure_serves_one_pod() {
    let breaks = guest().pure().column(13, "").filter("unreachable");
    // Each pod asks again, and a second time after the first instance broke, until the breaker opens.
    let asked = check_kept(&breaks, FailurePolicy::Ignore, Evaluation::Incremental);
    assert_eq!(asked, 2 * longshore_wasm::breaker::FAILURES - 1);
    check_kept(&breaks, FailurePolicy::Ignore, Evaluation::Audited);
}
