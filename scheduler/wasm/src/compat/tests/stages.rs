//! Every export through the framework's traits.

use longshore_framework::event::{Action, EventPattern, Resource};
use longshore_framework::plugin::{
    Candidate, FilterSink, Nomination, PostFilterContext, PreemptionEngine, ReserveContext, Tried,
};
use longshore_framework::verdict::{
    PermitVerdict, PluginError, PreFilterVerdict, PreScoreVerdict, Refusal, RejectCode, Rejection,
};

use super::*;

const REASON: &str = r#"(import "k8s.io/scheduler" "result.status_reason" (func $reason (param i32 i32)))
    (memory (export "memory") 1) (data (i32.const 16) "because")
    (func $say (call $reason (i32.const 16) (i32.const 7)))"#;

/// A module with one function that says why and answers.
fn answering(export: &str, result: &str) -> World {
    let filter =
        if export == "filter" { "" } else { r#"(func (export "filter") (result i32) (i32.const 0))"# };
    let kind = if result.starts_with("(i64") { "i64" } else { "i32" };
    World::new(
        &format!(
            r#"(module {REASON} {filter} (func (export "{export}") (result {kind}) (call $say) {result}))"#
        ),
        &["a", "b"],
    )
}

fn int(export: &str, code: i32) -> World {
    answering(export, &format!("(i32.const {code})"))
}

fn long(export: &str, high: i32, low: i32) -> World {
    let word = i64::from(high) << 32 | i64::from(low.cast_unsigned());
    answering(export, &format!("(i64.const {word})"))
}

fn failed(stage: &str, why: &str) -> String {
    format!("{stage} of the WebAssembly plugin failed ({why}")
}

#[track_caller]
fn check_failed<T: std::fmt::Debug>(answer: Result<T, PluginError>, stage: &str, why: &str) {
    let error = answer.unwrap_err().to_string();
    assert!(error.starts_with(&failed(stage, why)), "{error}");
}

fn pre_filter(world: &World) -> Result<PreFilterVerdict, PluginError> {
    let pod = pod("p").build();
    world.instance.pre_filter.as_ref().unwrap().pre_filter(world.cycle(&pod), &mut PluginState::default())
}

fn because(code: RejectCode) -> Rejection {
    Rejection { code, reasons: [String::from("because").into()].into_iter().collect() }
}

#[test]
fn pre_filter_answers() {
    let reject = |code| Ok(PreFilterVerdict::Reject(because(code)));
    assert_eq!(pre_filter(&int("prefilter", 0)), Ok(PreFilterVerdict::Pass(None)));
    assert_eq!(pre_filter(&int("prefilter", 2)), reject(RejectCode::Unschedulable));
    assert_eq!(pre_filter(&int("prefilter", 3)), reject(RejectCode::UnschedulableAndUnresolvable));
    assert_eq!(pre_filter(&int("prefilter", 5)), Ok(PreFilterVerdict::Skip));
    check_failed(pre_filter(&int("prefilter", 1)), "PreFilter", "error): because");
    check_failed(pre_filter(&int("prefilter", 4)), "PreFilter", "error): because");
    check_failed(
        pre_filter(&int("prefilter", 77)),
        "PreFilter",
        "answer): it answered with the status code 77",
    );
}

#[test]
fn pre_filter_may_name_nodes() {
    let wat = r#"(module (import "k8s.io/scheduler" "result.node_names" (func $names (param i32 i32)))
        (memory (export "memory") 1) (data (i32.const 16) "b\00x\00")
        (func (export "prefilter") (result i32) (call $names (i32.const 16) (i32.const 4)) (i32.const 0)))"#;
    assert_eq!(pre_filter(&World::new(wat, &[])), Ok(PreFilterVerdict::Pass(Some(names(&["b", "x"])))));
}

/// The nodes that are left, and what was said of the others.
fn filter(world: &World) -> Result<(usize, Vec<Rejection>), PluginError> {
    let pod = pod("p").build();
    let state = world.begin(&pod);
    let (mut left, mut rejected) = (world.slots(), Vec::new());
    let plugin = world.instance.filter.as_ref().unwrap();
    plugin.filter_range(world.cycle(&pod), &state, &mut FilterSink::new(&mut left, &mut rejected))?;
    Ok((left.len(), rejected.into_iter().map(|(_, rejection)| rejection).collect()))
}

#[test]
fn filter_answers() {
    assert_eq!(filter(&int("filter", 0)), Ok((2, vec![])));
    let twice = |code| Ok((0, vec![because(code), because(code)]));
    assert_eq!(filter(&int("filter", 2)), twice(RejectCode::Unschedulable));
    assert_eq!(filter(&int("filter", 3)), twice(RejectCode::UnschedulableAndUnresolvable));
    check_failed(filter(&int("filter", 5)), "Filter", "error): because");
}

struct NoEngine(Option<RejectCode>);

impl PreemptionEngine for NoEngine {
    fn rejection(&self, _node: Slot) -> Option<RejectCode> {
        self.0
    }
    fn dry_run(&self, _start: usize, _enough: usize) -> Result<Vec<Tried>, PluginError> {
        Ok(Vec::new())
    }
    fn ask_extenders(&self, _candidates: &[&Candidate]) -> Result<Option<Vec<Candidate>>, PluginError> {
        Ok(None)
    }
    fn random(&mut self, _bound: usize) -> usize {
        0
    }
    fn lower_nominations(&self, _node: Slot) -> Vec<Arc<Pod>> {
        Vec::new()
    }
}

fn post_filter(world: &World, code: RejectCode) -> Result<(Option<Rejection>, Nomination), PluginError> {
    let pod = pod("p").build();
    let state = world.begin(&pod);
    let mut engine = NoEngine(Some(code));
    let (snapshot, objects) = (&world.snapshot, &world.objects);
    let mut cx = PostFilterContext { snapshot, objects, pod: &pod, engine: &mut engine };
    let outcome = world.instance.post_filter.as_ref().unwrap().post_filter(&mut cx, &state)?;
    Ok((outcome.rejected, outcome.nomination))
}

#[test]
fn post_filter_answers() {
    let code = RejectCode::Unschedulable;
    let silent = Rejection { code, reasons: Default::default() };
    // A function that nobody wrote answers 0; the next plugin is asked.
    assert_eq!(post_filter(&long("postfilter", 0, 0), code), Ok((Some(silent), Nomination::Keep)));
    assert_eq!(post_filter(&long("postfilter", 1, 0), code), Ok((None, Nomination::Clear)));
    assert_eq!(post_filter(&long("postfilter", 0, 2), code), Ok((Some(because(code)), Nomination::Keep)));
    check_failed(
        post_filter(&long("postfilter", 7, 0), code),
        "PostFilter",
        "answer): 7 is not a nominating mode",
    );
    check_failed(post_filter(&long("postfilter", 0, 1), code), "PostFilter", "error): because");
}

#[test]
fn post_filter_is_told_how_nodes_were_rejected_and_names_one() {
    // It nominates what it is told, cut to the first node's name.
    let wat = r#"(module
        (import "k8s.io/scheduler" "nodeToStatusMap" (func $get (param i32 i32) (result i32)))
        (import "k8s.io/scheduler" "result.nominated_node_name" (func $name (param i32 i32)))
        (memory (export "memory") 1)
        (func (export "filter") (result i32) (i32.const 0))
        (func (export "postfilter") (result i64)
          (call $name (i32.const 0) (call $get (i32.const 0) (i32.const 100))) (i64.const 0x100000000)))"#;
    let world = World::new(wat, &["a", "b"]);
    let nominated = |code| post_filter(&world, code).unwrap().1;
    assert_eq!(nominated(RejectCode::Unschedulable), Nomination::Node(r#"{"a":2,"b":2}"#.into()));
    let unresolvable = nominated(RejectCode::UnschedulableAndUnresolvable);
    assert_eq!(unresolvable, Nomination::Node(r#"{"a":3,"b":3}"#.into()));
}

fn pre_score(world: &World) -> Result<PreScoreVerdict, PluginError> {
    let pod = pod("p").build();
    let mut state = world.begin(&pod);
    let plugin = world.instance.pre_score.as_ref().unwrap();
    plugin.pre_score(world.cycle(&pod), &mut state, &world.slots())
}

#[test]
fn pre_score_answers() {
    assert_eq!(pre_score(&int("prescore", 0)), Ok(PreScoreVerdict::Score));
    assert_eq!(pre_score(&int("prescore", 5)), Ok(PreScoreVerdict::Skip));
    check_failed(pre_score(&int("prescore", 2)), "PreScore", "error): because");
}

fn score(world: &World) -> Result<Vec<i64>, PluginError> {
    let pod = pod("p").build();
    let (state, slots) = (world.begin(&pod), world.slots());
    let mut scores = vec![0; slots.len()];
    let plugin = world.instance.score.as_ref().unwrap();
    plugin.score_range(world.cycle(&pod), &state, &slots, &mut scores)?;
    plugin.normalise(world.cycle(&pod), &state, &slots, &mut scores)?;
    Ok(scores)
}

#[test]
fn score_answers() {
    assert_eq!(score(&long("score", 7, 0)), Ok(vec![7, 7]));
    check_failed(score(&long("score", 7, 1)), "Score", "error): because");
    check_failed(score(&long("score", 7, 2)), "Score", "error): because");
    check_failed(score(&long("score", 101, 0)), "Score", "answer): a score of 101");
    check_failed(score(&long("score", i32::MIN, 0)), "Score", "answer): a score of -2147483648");
}

/// A module that scores every node 7 and normalises to `json`.
fn normalising(json: &str) -> World {
    let text = json.replace('"', "\\\"");
    World::new(
        &format!(
            r#"(module
                (import "k8s.io/scheduler" "result.normalized_score_list" (func $push (param i32 i32)))
                (memory (export "memory") 1) (data (i32.const 16) "{text}")
                (func (export "score") (result i64) (i64.const 0x1f400000000))
                (func (export "normalizescore") (result i32)
                  (call $push (i32.const 16) (i32.const {})) (i32.const 0)))"#,
            json.len()
        ),
        &["a", "b"],
    )
}

#[test]
fn normalised_scores_are_matched_by_name() {
    assert_eq!(score(&normalising(r#"{"b":1,"a":100}"#)), Ok(vec![100, 1]));
    // Nothing said: the scores stay, and 500 is no score.
    check_failed(score(&normalising("null")), "NormalizeScore", "answer): a score of 500");
    check_failed(score(&normalising(r#"{"a":1}"#)), "NormalizeScore", "answer): it gave scores for 1 nodes");
    check_failed(
        score(&normalising(r#"{"a":1,"c":2}"#)),
        "NormalizeScore",
        "answer): it gave no score for b",
    );
    check_failed(score(&normalising(r#"{"a":1,"b":-1}"#)), "NormalizeScore", "answer): a score of -1");
}

#[test]
fn reserve_answers() {
    let reserve = |world: World| {
        let pod = pod("p").build();
        let (mut state, mut objects) = (world.begin(&pod), Objects::default());
        let (snapshot, node) = (&world.snapshot, world.slot("a"));
        let mut cx = ReserveContext { snapshot, objects: &mut objects, pod: &pod, node };
        world
            .instance
            .reserve
            .as_ref()
            .unwrap()
            .reserve(&mut cx, &mut state)
            .map(|verdict| format!("{verdict:?}"))
    };
    assert_eq!(reserve(int("reserve", 0)), Ok("Pass".to_string()));
    assert!(reserve(int("reserve", 2)).unwrap().contains("because"));
    check_failed(reserve(int("reserve", 1)), "Reserve", "error): because");
}

#[test]
fn permit_answers() {
    let permit = |world: World| {
        let pod = pod("p").build();
        let state = world.begin(&pod);
        world.instance.permit.as_ref().unwrap().permit(world.cycle(&pod), &state, world.slot("a"))
    };
    let wait = |millis| Ok(PermitVerdict::Wait(Duration::from_millis(millis)));
    assert_eq!(permit(long("permit", 0, 5)), Ok(PermitVerdict::Allow));
    assert_eq!(permit(long("permit", 4, 10_000)), wait(10_000));
    assert_eq!(permit(long("permit", 4, -1)), wait(u64::from(u32::MAX)));
    assert_eq!(permit(long("permit", 2, 0)), Ok(PermitVerdict::Reject(because(RejectCode::Unschedulable))));
    check_failed(permit(long("permit", 1, 0)), "Permit", "error): because");
}

fn broken(refusal: Refusal) -> PluginError {
    match refusal {
        Refusal::Broken(error) => error,
        Refusal::Rejected(rejection) => panic!("{rejection:?}"),
    }
}

#[test]
fn a_guest_binds_by_letting_the_scheduler_bind() {
    let bind = |world: World| {
        let pod = pod("p").build();
        let state = world.begin(&pod);
        let bound = world.instance.bind.as_ref().unwrap().bind(world.cycle(&pod), &state, world.slot("a"));
        bound.map(|binding| binding.map(|b| (b.uid.to_string(), b.node.to_string())))
    };
    assert_eq!(bind(int("bind", 0)), Ok(Some(("default/p".to_string(), "a".to_string()))));
    assert_eq!(bind(int("bind", 5)), Ok(None));
    check_failed(bind(int("bind", 1)).map_err(broken), "Bind", "error): because");
    let rejected = Refusal::Rejected(because(RejectCode::Unschedulable));
    assert_eq!(bind(int("bind", 2)), Err(rejected.clone()));
    let pre_bind = |world: World| {
        let pod = pod("p").build();
        let state = world.begin(&pod);
        world.instance.pre_bind.as_ref().unwrap().pre_bind(world.cycle(&pod), &state, world.slot("a"))
    };
    assert_eq!(pre_bind(int("prebind", 0)), Ok(vec![]));
    assert_eq!(pre_bind(int("prebind", 2)), Err(rejected));
    check_failed(pre_bind(int("prebind", 1)).map_err(broken), "PreBind", "error): because");
}

#[test]
fn events_are_asked_for_once_at_the_start() {
    let wat = r#"(module (import "k8s.io/scheduler" "result.cluster_events" (func $push (param i32 i32)))
        (memory (export "memory") 1) (data (i32.const 16) "\01\00\00\00\08\00\00\00")
        (func (export "filter") (result i32) (i32.const 0))
        (func (export "enqueue") (call $push (i32.const 16) (i32.const 8))))"#;
    assert_eq!(World::new(wat, &[]).instance.events, [EventPattern::new(Resource::Node, Action::NODE_LABEL)]);
}
