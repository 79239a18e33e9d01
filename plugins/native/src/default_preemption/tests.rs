//! Tests of DefaultPreemption, with an engine that answers what the test says.

use super::*;
use longshore_framework::Timestamp;
use longshore_framework::fields::Problem;
use longshore_framework::fixture::{node, pod};
use longshore_framework::objects::Objects;
use longshore_framework::snapshot::Snapshot;

const PLUGIN: DefaultPreemption = DefaultPreemption { percentage: 10, absolute: 100, tells: true };

/// An engine with the rejection of each node by slot, and what trying it brings.
#[derive(Default)]
struct Scripted {
    rejections: Vec<Option<RejectCode>>,
    runs: Vec<DryRun>,
    nominated: Vec<Arc<Pod>>,
    /// The node that the pod is promised.
    promised: Option<Slot>,
    /// Nodes that are being emptied for nobody.
    left_behind: Vec<u32>,
    /// A pod that was chosen as a victim before.
    chosen: Option<&'static str>,
    random: usize,
    /// What breaks when nodes are tried.
    broken: Option<&'static str>,
    /// What extenders leave of the candidates; breaks when there is more than one.
    extended: Option<Vec<Candidate>>,
}

impl Scripted {
    fn helped(&self) -> Vec<Slot> {
        let helps = |(_, code): &(usize, &Option<RejectCode>)| **code == Some(RejectCode::Unschedulable);
        self.rejections.iter().enumerate().filter(helps).map(|(at, _)| Slot::from(at)).collect()
    }
}

impl longshore_framework::plugin::PreemptionEngine for Scripted {
    fn rejection(&self, node: Slot) -> Option<RejectCode> {
        self.rejections[node.index()]
    }

    fn resolvable(&self) -> usize {
        self.helped().len()
    }

    fn nominated(&self) -> Option<Slot> {
        self.promised
    }

    fn waits_for(&self, victim: &Pod) -> bool {
        self.chosen == Some(&*victim.meta.name)
    }

    fn is_left_behind(&self, node: Slot) -> bool {
        self.left_behind.contains(&node.0)
    }

    fn first_left_behind(&self) -> Option<usize> {
        self.helped().iter().position(|node| self.is_left_behind(*node))
    }

    fn dry_run(&self, start: usize, _enough: usize) -> Result<Vec<Tried>, PluginError> {
        let mut nodes = self.helped();
        nodes.rotate_left(start);
        match self.broken {
            Some(error) => Err(PluginError::new(error)),
            None => Ok(nodes.iter().map(|n| (*n, Arc::new(self.runs[n.index()].clone()))).collect()),
        }
    }

    fn ask_extenders(&self, _candidates: &[&Candidate]) -> Result<Option<Vec<Candidate>>, PluginError> {
        match &self.extended {
            Some(several) if several.len() > 1 => Err(PluginError::new("connection refused")),
            other => Ok(other.clone()),
        }
    }

    fn random(&mut self, bound: usize) -> usize {
        self.random % bound
    }

    fn lower_nominations(&self, _node: Slot) -> Vec<Arc<Pod>> {
        self.nominated.clone()
    }
}

/// Victims of these priorities that started at these times (0: not yet).
fn candidate(at: u32, victims: &[(i32, i64)], violations: usize) -> DryRun {
    let victim = |(i, (priority, started)): (usize, &(i32, i64))| {
        let started = (*started != 0).then_some(Timestamp(*started));
        pod(&format!("v{at}-{i}")).priority(*priority).meta(|m| m.started = started).build()
    };
    let victims = victims.iter().enumerate().map(victim).collect();
    DryRun::Candidate(Candidate::new(Slot(at), victims, violations))
}

fn no_victims() -> DryRun {
    DryRun::Rejected { plugin: None, rejection: Rejection::unresolvable(Reason::NoVictims) }
}

fn run(engine: &mut Scripted, pod: &Pod, on_first: &[Arc<Pod>]) -> PostFilterOutcome {
    ask(engine, pod, on_first).unwrap()
}

fn ask(engine: &mut Scripted, pod: &Pod, on_first: &[Arc<Pod>]) -> Result<PostFilterOutcome, PluginError> {
    let mut snapshot = Snapshot::default();
    for at in 0..engine.rejections.len() {
        snapshot.set_node(node(&format!("n{at}")).build());
    }
    for there in on_first {
        snapshot.add_pod(Slot(0), Arc::clone(there));
    }
    let objects = Objects::default();
    let mut cx = PostFilterContext { snapshot: &snapshot, objects: &objects, pod, engine };
    PLUGIN.post_filter(&mut cx, &PluginState::default())
}

#[test]
fn what_breaks_is_reported_with_the_prefix_of_the_plugin() {
    let rejections = vec![Some(RejectCode::Unschedulable)];
    let mut engine = Scripted { rejections, broken: Some("no such claim"), ..Default::default() };
    let error = ask(&mut engine, &pod("p").priority(100).build(), &[]).unwrap_err();
    assert_eq!(error.to_string(), "preemption: no such claim");
}

#[test]
fn extenders_have_a_say_in_the_candidates() {
    let two = || vec![candidate(0, &[(5, 1)], 0), candidate(1, &[(9, 1)], 0)];
    let of = |run: DryRun| match run {
        DryRun::Candidate(candidate) => candidate,
        DryRun::Rejected { .. } => panic!("a candidate is wanted"),
    };
    let engine = |extended: Vec<DryRun>| Scripted {
        rejections: vec![Some(RejectCode::Unschedulable); 2],
        runs: two(),
        extended: Some(extended.into_iter().map(of).collect()),
        ..Default::default()
    };
    let preemptor = pod("p").priority(100).build();
    let outcome = run(&mut engine(vec![candidate(1, &[(50, 1)], 0)]), &preemptor, &[]);
    assert_eq!(outcome.nomination, Nomination::Node("n1".into()));
    assert_eq!(outcome.victims[0].spec.priority, 50);
    let none = "preemption: no candidate node for preemption";
    check_failure(&mut engine(vec![]), &preemptor, &[], none, Nomination::Keep);
    let error = ask(&mut engine(two()), &preemptor, &[]).unwrap_err();
    assert_eq!(error.to_string(), "preemption: connection refused");
}

/// Which of the candidates are acceptable, all nodes being resolvable.
#[track_caller]
fn check_choice(runs: &[DryRun], want: &[u32]) {
    let rejections = vec![Some(RejectCode::Unschedulable); runs.len()];
    let mut engine = Scripted { rejections, runs: runs.to_vec(), ..Default::default() };
    let outcome = run(&mut engine, &pod("p").priority(100).build(), &[]);
    let mut acceptable = outcome.acceptable.clone();
    acceptable.sort_unstable();
    assert_eq!(acceptable, want.iter().map(|at| Slot(*at)).collect::<Vec<_>>());
    assert_eq!(outcome.nomination, Nomination::Node(format!("n{}", want[0]).into()));
    assert_eq!(outcome.rejected, None);
    assert!(outcome.victims.iter().all(|v| v.meta.name.starts_with(&format!("v{}-", want[0]))));
}

#[test]
fn each_criterion_breaks_the_ties_of_the_one_before() {
    check_choice(&[candidate(0, &[(5, 1)], 1), candidate(1, &[(10, 1), (9, 1)], 0)], &[1]);
    check_choice(&[candidate(0, &[(10, 1)], 0), candidate(1, &[(5, 1), (5, 1)], 0)], &[1]);
    check_choice(&[candidate(0, &[(5, 1)], 0), candidate(1, &[(5, 1), (5, 1)], 0)], &[0]);
    check_choice(&[candidate(0, &[(5, 1), (-9, 1)], 0), candidate(1, &[(5, 1), (-3, 1)], 0)], &[0]);
    check_choice(&[candidate(0, &[(5, 900)], 0), candidate(1, &[(5, 1000)], 0)], &[1]);
    check_choice(&[candidate(0, &[(5, 900)], 0), candidate(1, &[(5, 0)], 0)], &[1]);
    check_choice(&[candidate(0, &[(5, 9), (5, 7)], 0), candidate(1, &[(5, 8), (5, 8)], 0)], &[1]);
    check_choice(&[candidate(0, &[(5, 7)], 0), candidate(1, &[(5, 7)], 0), no_victims()], &[0, 1]);
}

#[test]
fn a_tie_is_broken_by_chance() {
    let runs = vec![candidate(0, &[(5, 7)], 0), candidate(1, &[(5, 7)], 0)];
    let rejections = vec![Some(RejectCode::Unschedulable); 2];
    let lower = pod("q").build();
    let mut engine =
        Scripted { rejections, runs, random: 1, nominated: vec![lower.clone()], ..Default::default() };
    let outcome = run(&mut engine, &pod("p").priority(100).build(), &[]);
    assert_eq!(outcome.nomination, Nomination::Node("n1".into()));
    assert_eq!(outcome.acceptable, [Slot(1), Slot(0)], "as they were tried");
    assert_eq!(outcome.lapsed, [lower]);
    assert_eq!(outcome.tried.first().map(|(slot, _)| *slot), Some(Slot(1)), "the offset is random too");
}

/// Which node is chosen of several, some of which are left behind, and how many are equally good.
#[track_caller]
fn check_left_behind(runs: &[DryRun], left_behind: &[u32], want: &str, acceptable: usize) {
    let rejections = vec![Some(RejectCode::Unschedulable); runs.len()];
    let (runs, left_behind) = (runs.to_vec(), left_behind.to_vec());
    let mut engine = Scripted { rejections, runs, left_behind, ..Default::default() };
    let outcome = run(&mut engine, &pod("p").priority(100).build(), &[]);
    assert_eq!(outcome.nomination, Nomination::Node(want.into()));
    assert_eq!(outcome.acceptable.len(), acceptable, "what is equally good does not depend on it");
    let first = engine.left_behind.iter().min().map_or(0, |at| *at);
    assert_eq!(outcome.tried[0].0, Slot(first), "it is tried first");
}

#[test]
fn of_equally_good_nodes_one_that_is_being_emptied_in_vain_is_taken() {
    let same = || (0..4).map(|at| candidate(at, &[(5, 7)], 0)).collect::<Vec<_>>();
    check_left_behind(&same(), &[], "n0", 4);
    check_left_behind(&same(), &[2], "n2", 4);
    check_left_behind(&same(), &[3, 1], "n1", 4);
    let cheaper = [candidate(0, &[(4, 7)], 0), candidate(1, &[(5, 7)], 0)];
    check_left_behind(&cheaper, &[1], "n0", 1);
}

#[track_caller]
fn check_failure(engine: &mut Scripted, pod: &Pod, on_first: &[Arc<Pod>], text: &str, to: Nomination) {
    let outcome = run(engine, pod, on_first);
    assert_eq!(outcome.rejected, Some(Rejection::unschedulable(text.to_string())));
    assert_eq!(outcome.nomination, to);
    assert!(outcome.victims.is_empty() && outcome.acceptable.is_empty());
}

#[test]
fn nodes_that_cannot_be_helped_are_counted() {
    use RejectCode::{Pending, Unschedulable, UnschedulableAndUnresolvable};
    let rejections = [Unschedulable, UnschedulableAndUnresolvable, Unschedulable, Pending];
    let mut engine = Scripted {
        rejections: rejections.map(Some).into_iter().chain([None]).collect(),
        runs: vec![no_victims(); 5],
        ..Default::default()
    };
    let text = "preemption: 0/5 nodes are available: 2 No preemption victims found for incoming pod, \
                3 Preemption is not helpful for scheduling.";
    check_failure(&mut engine, &pod("p").build(), &[], text, Nomination::Clear);
}

#[test]
fn lines_are_sorted_as_text() {
    let full = || DryRun::Rejected {
        plugin: None,
        rejection: Rejection::unschedulable(Reason::Insufficient("cpu".into())),
    };
    let mut tried = vec![(Slot(0), Arc::new(no_victims())), (Slot(1), Arc::new(no_victims()))];
    tried.extend((2..12).map(|at| (Slot(at), Arc::new(full()))));
    assert_eq!(
        no_candidates(12, &tried),
        "0/12 nodes are available: 10 Insufficient cpu, 2 No preemption victims found for incoming pod."
    );
}

#[test]
fn a_pod_that_never_preempts_keeps_its_nomination() {
    let rejections = vec![Some(RejectCode::Unschedulable)];
    let mut engine = Scripted { rejections, runs: vec![candidate(0, &[(5, 1)], 0)], ..Default::default() };
    let never = pod("p").priority(9).spec(|s| s.preemption_policy = PreemptionPolicy::Never).build();
    let text = "preemption: not eligible due to preemptionPolicy=Never.";
    check_failure(&mut engine, &never, &[], text, Nomination::Keep);
}

#[test]
fn a_pod_waits_for_victims_that_are_leaving_its_nominated_node() {
    let waiting = pod("p").priority(9).build();
    let leaving = |preempted: bool, priority: i32| {
        pod("v").priority(priority).meta(|m| (m.terminating, m.preempted) = (true, preempted)).build()
    };
    let engine = |code| Scripted {
        rejections: vec![Some(code)],
        runs: vec![no_victims()],
        promised: Some(Slot(0)),
        ..Default::default()
    };
    let waits = "preemption: not eligible due to a terminating pod on the nominated node.";
    let helpless = "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.";
    let u = || engine(RejectCode::Unschedulable);
    check_failure(&mut u(), &waiting, &[leaving(true, 5)], waits, Nomination::Keep);
    check_failure(&mut u(), &waiting, &[leaving(false, 5)], helpless, Nomination::Clear);
    check_failure(&mut u(), &waiting, &[leaving(true, 9)], helpless, Nomination::Clear);
    let mut chosen = Scripted { chosen: Some("v"), ..u() };
    check_failure(&mut chosen, &waiting, &[pod("v").build()], waits, Nomination::Keep);
    let mut elsewhere = Scripted { promised: None, ..u() };
    check_failure(&mut elsewhere, &waiting, &[leaving(true, 5)], helpless, Nomination::Clear);
    let unhelpful = "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
    let mut never_fits = engine(RejectCode::UnschedulableAndUnresolvable);
    check_failure(&mut never_fits, &waiting, &[leaving(true, 5)], unhelpful, Nomination::Clear);
}

#[test]
fn enough_candidates_are_a_share_of_the_nodes_but_not_too_few() {
    let wants = [(5, 5), (50, 50), (100, 100), (500, 100), (1000, 100), (2000, 200)];
    for (nodes, want) in wants {
        assert_eq!(PLUGIN.wanted(nodes), want, "{nodes}");
    }
}

#[test]
fn a_pod_is_held_back_while_its_victims_are_evicted() {
    let (pod, objects) = (pod("p").build(), Objects::default());
    let held = |evicting| PLUGIN.pre_enqueue(EnqueueContext { pod: &pod, evicting, objects: &objects });
    let text = "waiting for the preemption for this pod to be finished".to_string();
    assert_eq!((held(false), held(true)), (Verdict::Pass, Verdict::unresolvable(text)));
}

#[test]
fn the_arguments_have_bounds() {
    let check = |args: Value, want: &[&str]| {
        let mut found = Vec::new();
        build(&args, &FactoryContext::default(), &mut Problems::new(&mut found));
        assert_eq!(found.iter().map(Problem::to_string).collect::<Vec<_>>(), want);
    };
    check(json!({"minCandidateNodesPercentage": 0}), &[]);
    check(
        json!({"minCandidateNodesPercentage": 101, "minCandidateNodesAbsolute": -1}),
        &[
            "minCandidateNodesPercentage: must be a whole number from 0 to 100, not 101",
            "minCandidateNodesAbsolute: must be a whole number from 0 to 2147483647, not -1",
        ],
    );
    check(
        json!({"minCandidateNodesPercentage": 0, "minCandidateNodesAbsolute": 0}),
        &["minCandidateNodesPercentage and minCandidateNodesAbsolute must not both be 0; raise one"],
    );
}
