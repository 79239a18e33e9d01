//! Extenders: in which order they are asked, about what, and what becomes of their answers.

use longshore_framework::Str;
use longshore_framework::extender::{self, Extender, FilterAnswer, NamedVictims, NodeVictims};
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_framework::verdict::PluginError;

use super::*;
use crate::trace::NodeTrace;

type Scores = &'static [(&'static str, i64)];

/// An extender that answers what the test says, and notes what it is asked.
#[derive(Debug, Default)]
struct Scripted {
    name: &'static str,
    ignorable: bool,
    managed: Vec<Str>,
    log: Log,
    /// Nodes it keeps; `None`: it does not filter; an empty name: it breaks.
    keeps: Option<&'static [&'static str]>,
    failed: &'static [(&'static str, &'static str)],
    unresolvable: &'static [(&'static str, &'static str)],
    /// An empty name: it breaks.
    scores: Option<Scores>,
    /// Node, UIDs of the victims. An empty name: it breaks.
    preempts: Option<&'static [(&'static str, &'static [&'static str])]>,
    binds: bool,
}

impl Scripted {
    fn note(&self, verb: &str, pod: &Pod, nodes: &[&str]) {
        self.log.lock().unwrap().push(format!("{} {verb} {}: {}", self.name, pod.meta.name, nodes.join(" ")));
    }
}

fn names<'n>(nodes: &[&'n Node]) -> Vec<&'n str> {
    nodes.iter().map(|n| &*n.name).collect()
}

fn broken<T>() -> Result<T, PluginError> {
    Err(PluginError::new("failed filter with extender at URL http://e/filter, code 500"))
}

impl Extender for Scripted {
    fn name(&self) -> &str {
        self.name
    }

    fn is_ignorable(&self) -> bool {
        self.ignorable
    }

    fn is_interested(&self, pod: &Pod) -> bool {
        extender::is_interested(&self.managed, pod)
    }

    fn is_filter(&self) -> bool {
        self.keeps.is_some()
    }

    fn is_prioritizer(&self) -> bool {
        self.scores.is_some()
    }

    fn is_binder(&self) -> bool {
        self.binds
    }

    fn supports_preemption(&self) -> bool {
        self.preempts.is_some()
    }

    fn weight(&self) -> i64 {
        2
    }

    fn filter(&self, pod: &Pod, nodes: &[&Node]) -> Result<FilterAnswer, PluginError> {
        self.note("filters", pod, &names(nodes));
        let kept = self.keeps.unwrap_or_default();
        if kept.contains(&"") {
            return broken();
        }
        let reasons =
            |list: &[(&str, &str)]| list.iter().map(|(n, r)| ((*n).into(), r.to_string())).collect();
        Ok(FilterAnswer {
            kept: kept.iter().map(|n| (*n).into()).collect(),
            failed: reasons(self.failed),
            failed_and_unresolvable: reasons(self.unresolvable),
        })
    }

    fn prioritize(&self, pod: &Pod, nodes: &[&Node]) -> Result<Vec<(Str, i64)>, PluginError> {
        self.note("scores", pod, &names(nodes));
        let scores = self.scores.unwrap_or_default();
        if scores.iter().any(|(name, _)| name.is_empty()) {
            return broken();
        }
        Ok(scores.iter().map(|(name, score)| ((*name).into(), *score)).collect())
    }

    fn preempt(&self, pod: &Pod, candidates: &[NodeVictims]) -> Result<Vec<NamedVictims>, PluginError> {
        self.note("preempts", pod, &candidates.iter().map(|c| &*c.node).collect::<Vec<_>>());
        let answer = self.preempts.unwrap_or_default();
        if answer.iter().any(|(name, _)| name.is_empty()) {
            return broken();
        }
        let named = |(node, uids): &(&str, &[&str])| NamedVictims {
            node: (*node).into(),
            victims: uids.iter().map(|uid| (*uid).into()).collect(),
            violations: 0,
        };
        Ok(answer.iter().map(named).collect())
    }
}

/// Nodes `a`, `b` and `c`, one pod each, and these extenders.
fn extended(extenders: Vec<Scripted>) -> World {
    let log = Log::default();
    let share = |e: Scripted| Arc::new(Scripted { log: Arc::clone(&log), ..e }) as Arc<dyn Extender>;
    let options = Options {
        tie_break: TieBreak::First,
        trace: true,
        extenders: extenders.into_iter().map(share).collect(),
        ..Options::default()
    };
    let mut engine = Engine::new(vec![fakes::profile(&Log::default())], options);
    for name in ["a", "b", "c"] {
        engine.apply(Input::Node(node(name).allocatable("pods", "1").build()));
    }
    World { engine, log }
}

fn filter(name: &'static str, keeps: &'static [&'static str]) -> Scripted {
    Scripted { name, keeps: Some(keeps), ..Scripted::default() }
}

/// Tries `p`: what comes of it, and what the extenders were asked.
#[track_caller]
fn check_try(extenders: Vec<Scripted>, p: PodBuilder, want: &str, asked: &str) {
    check(extended(extenders), &[(pod_is(p), ""), (Do::Step, want), (Do::Log, asked)]);
}

#[test]
fn each_is_asked_about_what_the_one_before_it_left_and_the_ignorable_ones_last() {
    let ignorable = Scripted { ignorable: true, ..filter("soft", &["c"]) };
    check_try(
        vec![ignorable, filter("one", &["b", "c"]), filter("two", &["b", "c"])],
        pod("p").label("filter.A", "a"),
        "bind p to c",
        "one filters p: b c, two filters p: b c, soft filters p: b c",
    );
    check_try(
        vec![filter("one", &[]), filter("two", &["a"])],
        pod("p"),
        "p Unschedulable: 0/3 nodes are available: nobody to evict",
        "one filters p: a b c",
    );
}

#[test]
fn only_pods_with_a_managed_resource_are_its_business() {
    let gpu = || Scripted { managed: vec!["acme.com/gpu".into()], ..filter("gpu", &["b"]) };
    check_try(vec![gpu()], pod("p"), "bind p to a", "");
    check_try(vec![gpu()], pod("p").request("acme.com/gpu", "1"), "bind p to b", "gpu filters p: a b c");
}

#[test]
fn reasons_are_counted_and_those_that_are_final_come_first() {
    let failed = Scripted {
        failed: &[("a", "no gpu"), ("b", "busy"), ("nowhere", "odd")],
        unresolvable: &[("b", "no driver")],
        ..filter("one", &[])
    };
    check_try(
        vec![failed],
        pod("p"),
        "p Unschedulable: 0/3 nodes are available: 1 no driver, 1 no gpu. nobody to evict",
        "one filters p: a b c",
    );
}

#[test]
fn one_that_fails_ends_the_cycle_unless_it_is_ignorable() {
    let text = "failed filter with extender at URL http://e/filter, code 500";
    check_try(
        vec![filter("one", &[""]), filter("two", &["b"])],
        pod("p"),
        &format!("p SchedulerError: {text}"),
        "one filters p: a b c",
    );
    let ignorable = Scripted { ignorable: true, ..filter("one", &[""]) };
    check_try(
        vec![ignorable, filter("two", &["b", "c"])],
        pod("p"),
        "bind p to b",
        "two filters p: a b c, one filters p: b c",
    );
}

#[test]
fn nodes_that_were_not_asked_about_are_refused() {
    check_try(
        vec![filter("http://e", &["a", "zz"])],
        pod("p"),
        "p SchedulerError: extender \"http://e\" claims a filtered node \"zz\" which is not found in the input node list",
        "http://e filters p: a b c",
    );
    let ignorable = Scripted { ignorable: true, ..filter("one", &["b", "zz"]) };
    check_try(vec![ignorable], pod("p"), "bind p to a", "one filters p: a b c");
}

#[test]
fn every_event_wakes_a_pod_that_an_extender_rejected() {
    let world = extended(vec![filter("one", &[])]);
    let event = pod_is(pod("other").on("b").label("any", "thing"));
    check(
        world,
        &[
            (pod_is(pod("p")), ""),
            (Do::Step, "p Unschedulable: 0/3 nodes are available: nobody to evict"),
            (Do::Where("p"), "parked"),
            (event, ""),
            (Do::Where("p"), "backoff"),
        ],
    );
}

#[test]
fn the_nominated_node_needs_the_extenders_word_too() {
    let nominated = || pod("p").meta(|m| m.nominated_node = Some("b".into()));
    let asked = "one filters p: b, one filters p: a b c";
    check_try(vec![filter("one", &["b"])], nominated(), "bind p to b", "one filters p: b");
    check_try(
        vec![Scripted { failed: &[("b", "busy")], ..filter("one", &[]) }],
        nominated(),
        "p Unschedulable: 0/3 nodes are available: 1 busy. nobody to evict []",
        asked,
    );
}

#[test]
fn scores_are_weighted_and_brought_to_the_range_of_the_plugins() {
    let scorer = |name, scores| Scripted { name, scores: Some(scores), ..Scripted::default() };
    let mut world = extended(vec![
        scorer("one", &[("a", 1), ("b", 10), ("zz", 9)]),
        scorer("broken", &[("", 1)]),
        scorer("two", &[("c", 3), ("c", 8), ("a", -1)]),
    ]);
    world.engine.apply(Input::Pod(pod("p").build()));
    let attempt = world.engine.step().unwrap();
    let trace = attempt.trace.unwrap();
    let scored = trace.nodes.unwrap().into_iter().map(|(name, node)| match node {
        NodeTrace::Feasible { scores, total } => {
            let of =
                |s: &crate::trace::PluginScore| format!("{} {}/{}x{}", s.plugin, s.raw, s.score, s.weight);
            format!("{name} {total}: {}", scores.iter().flatten().map(of).collect::<Vec<_>>().join(", "))
        }
        NodeTrace::Rejected { .. } => name.to_string(),
    });
    assert_eq!(
        scored.collect::<Vec<_>>(),
        [
            "a 0: A 0/0x1, one 1/10x2, two -1/-10x2",
            "b 200: A 0/0x1, one 10/100x2, two 0/0x2",
            "c 220: A 0/0x1, one 0/0x2, two 11/110x2",
        ]
    );
    assert_eq!(described(&attempt.effects), "bind p to c");
    let mut asked = world.log.lock().unwrap().clone();
    asked.sort();
    assert_eq!(asked, ["broken scores p: a b c", "one scores p: a b c", "two scores p: a b c"]);
}

#[test]
fn a_single_feasible_node_is_not_scored() {
    let both = Scripted { scores: Some(&[("b", 9)]), ..filter("one", &["b"]) };
    check_try(vec![both], pod("p"), "bind p to b", "one filters p: a b c");
}

#[test]
fn the_trace_names_the_extender() {
    let mut world = extended(vec![Scripted { failed: &[("a", "no gpu")], ..filter("http://e", &["c"]) }]);
    world.engine.apply(Input::Pod(pod("p").label("filter.A", "none").build()));
    let trace = world.engine.step().unwrap().trace.unwrap();
    let said = trace.nodes.unwrap().into_iter().map(|(name, node)| match node {
        NodeTrace::Rejected { plugin, rejection } => format!("{name}: {plugin} {}", rejection.message()),
        NodeTrace::Feasible { .. } => format!("{name}: fits"),
    });
    let want = ["a: http://e no gpu", "b: http://e left out by the extender without a reason", "c: fits"];
    assert_eq!(said.collect::<Vec<_>>(), want);
}

#[test]
fn binding_is_left_to_the_extenders_that_bind_the_pod() {
    let binder = |name| Scripted { name, binds: true, ..Scripted::default() };
    let soft = Scripted { ignorable: true, ..binder("soft") };
    let gpu = Scripted { managed: vec!["acme.com/gpu".into()], ..binder("gpu") };
    check_try(vec![soft, gpu, binder("one")], pod("p"), "bind p to a by one, soft", "");
}

/// Pods of priority 1 to 3 on `a`, `b` and `c`, and a preemptor.
#[track_caller]
fn check_preemption(extender: Scripted, want: &str, asked: &str) {
    let low = |name, node, priority| pod_is(pod(name).on(node).priority(priority));
    check(
        extended(vec![extender]),
        &[
            (low("x", "a", 1), ""),
            (low("y", "b", 2), ""),
            (low("z", "c", 3), ""),
            (pod_is(pod("high").priority(10)), ""),
            (Do::Step, want),
            (Do::Log, asked),
        ],
    );
}

#[test]
fn candidates_may_be_taken_away_in_preemption() {
    let preempts = |answer| Scripted { name: "one", preempts: Some(answer), ..Scripted::default() };
    let full = "high Unschedulable: 0/3 nodes are available: 3 full.";
    check_preemption(
        preempts(&[("c", &["default/z"])]),
        &format!("evict z from c for high; {full} [c]"),
        "one preempts high: a b c",
    );
    check_preemption(preempts(&[]), &format!("{full} nobody to evict"), "one preempts high: a b c");
    check_preemption(
        preempts(&[("c", &["default/x"])]),
        &format!(
            "{full} extender: one claims to preempt pod (UID: default/x) on node: c, but the pod is not found on that node"
        ),
        "one preempts high: a b c",
    );
    check_preemption(
        preempts(&[("zz", &[])]),
        &format!("{full} nodeinfo not found for node name \"zz\""),
        "one preempts high: a b c",
    );
    check_preemption(
        preempts(&[("b", &["default/y"]), ("c", &[])]),
        &format!("{full} expected at least one victim pod on node \"c\""),
        "one preempts high: a b c",
    );
}

#[test]
fn an_ignorable_extender_loses_its_say_in_preemption_when_it_fails() {
    let full = "high Unschedulable: 0/3 nodes are available: 3 full.";
    let soft =
        |answer| Scripted { name: "soft", ignorable: true, preempts: Some(answer), ..Scripted::default() };
    let asked = "soft preempts high: a b c";
    check_preemption(soft(&[("", &[])]), &format!("evict x from a for high; {full} [a]"), asked);
    let empty = soft(&[("b", &["default/y"]), ("c", &[])]);
    check_preemption(empty, &format!("evict y from b for high; {full} [b]"), asked);
}

#[test]
fn people_who_ask_why_hear_of_extenders_too() {
    let world = extended(vec![Scripted { failed: &[("b", "busy")], ..filter("http://e", &["c"]) }]);
    let p = pod("p").label("filter.A", "a").build();
    let crate::Verdicts::PerNode(nodes) = world.engine.judge_everywhere(&p) else { panic!("no verdicts") };
    let said = nodes.iter().map(|n| {
        let of = |(plugin, r): &(Str, longshore_framework::verdict::Rejection)| {
            format!("{plugin} {}", r.message())
        };
        format!("{}: {}", n.node, n.rejections.iter().map(of).collect::<Vec<_>>().join(", "))
    });
    assert_eq!(said.collect::<Vec<_>>(), ["a: A not here", "b: http://e busy", "c: "]);
    assert_eq!(world.engine.feasible_nodes(&p).len(), 2, "what-ifs are about filters only");
}
