//! Tests of NodeAffinity.

use super::*;
use longshore_framework::fields::Problem;
use longshore_framework::fixture::{node, pod};
use longshore_framework::node_selector::{NodeRequirement, NodeSelectorTerm};
use longshore_framework::objects::Objects;
use longshore_framework::snapshot::Snapshot;
use serde_json::json;

fn requirement(key: &str, operator: NodeOperator, values: &[&str]) -> NodeRequirement {
    NodeRequirement { key: key.into(), operator, values: values.iter().map(|v| (*v).into()).collect() }
}

fn labelled(key: &str, values: &[&str]) -> NodeSelectorTerm {
    NodeSelectorTerm { expressions: vec![requirement(key, NodeOperator::In, values)], fields: vec![] }
}

fn named(names: &[&[&str]]) -> NodeSelectorTerm {
    let fields = names.iter().map(|n| requirement("metadata.name", NodeOperator::In, n)).collect();
    NodeSelectorTerm { expressions: vec![], fields }
}

fn requires(terms: Vec<NodeSelectorTerm>) -> std::sync::Arc<Pod> {
    pod("p").spec(|s| s.node_affinity.required = Some(NodeSelector { terms })).build()
}

fn prefers(terms: Vec<(i64, NodeSelectorTerm)>) -> std::sync::Arc<Pod> {
    let preferred = terms.into_iter().map(|(weight, term)| PreferredTerm { weight, term }).collect();
    pod("p").spec(|s| s.node_affinity.preferred = preferred).build()
}

/// Three nodes a, b, c with the label `disk` set to ssd, hdd and nothing.
fn cluster() -> (Snapshot, Vec<Slot>) {
    let mut snapshot = Snapshot::default();
    let nodes = [
        node("a").label("disk", "ssd").label("cores", "8").build(),
        node("b").label("disk", "hdd").label("cores", "64").build(),
        node("c").build(),
    ];
    let slots = nodes.into_iter().map(|n| snapshot.set_node(n)).collect();
    (snapshot, slots)
}

#[track_caller]
fn check_filter(plugin: &NodeAffinity, pod: &Pod, want: [Option<Reason>; 3]) {
    let (snapshot, slots) = cluster();
    let objects = Objects::default();
    let cx = Cycle { snapshot: &snapshot, objects: &objects, pod };
    let (state, mut left, mut rejected) = (PluginState::default(), slots.clone(), Vec::new());
    plugin.filter_range(cx, &state, &mut FilterSink::new(&mut left, &mut rejected)).unwrap();
    for (slot, reason) in slots.iter().zip(want) {
        let verdict = reason.map_or(Verdict::Pass, Verdict::unresolvable);
        let ranged = rejected.iter().find(|(s, _)| s == slot);
        let ranged = ranged.map_or(Verdict::Pass, |(_, rejection)| Verdict::Reject(rejection.clone()));
        assert_eq!(ranged, verdict, "{slot:?} in a range");
        assert_eq!(plugin.filter(cx, &state, snapshot.view(*slot)), Ok(verdict), "{slot:?}");
    }
}

#[test]
fn selector_and_affinity_must_both_match() {
    let no = Some(Reason::NodeAffinity);
    let plugin = NodeAffinity::default();
    let selects = pod("p").spec(|s| s.node_selector = vec![("disk".into(), "ssd".into())]);
    check_filter(&plugin, &selects.build(), [None, no.clone(), no.clone()]);
    check_filter(&plugin, &requires(vec![labelled("disk", &["hdd"])]), [no.clone(), None, no.clone()]);
    let both = pod("p").spec(|s| {
        s.node_selector = vec![("disk".into(), "ssd".into())];
        s.node_affinity.required = Some(NodeSelector { terms: vec![labelled("disk", &["hdd"])] });
    });
    check_filter(&plugin, &both.build(), [no.clone(), no.clone(), no.clone()]);
    check_filter(&plugin, &requires(vec![]), [no.clone(), no.clone(), no]);
}

#[test]
fn a_malformed_required_term_matches_nothing_and_breaks_nothing() {
    let term = NodeSelectorTerm {
        expressions: vec![requirement("cores", NodeOperator::Gt, &["many"])],
        fields: vec![],
    };
    let no = Some(Reason::NodeAffinity);
    check_filter(&NodeAffinity::default(), &requires(vec![term]), [no.clone(), no.clone(), no]);
}

#[test]
fn the_added_affinity_comes_first() {
    let required = Some(NodeSelector { terms: vec![labelled("disk", &["ssd", "hdd"])] });
    let plugin = NodeAffinity { added: Affinity { required, preferred: vec![] } };
    let enforced = Some(Reason::EnforcedNodeAffinity);
    let selects = pod("p").spec(|s| s.node_selector = vec![("disk".into(), "ssd".into())]).build();
    check_filter(&plugin, &selects, [None, Some(Reason::NodeAffinity), enforced]);
}

#[track_caller]
fn check_names(pod: &Pod, want: PreFilterVerdict) {
    let (snapshot, objects) = (Snapshot::default(), Objects::default());
    let cx = Cycle { snapshot: &snapshot, objects: &objects, pod };
    assert_eq!(NodeAffinity::default().pre_filter(cx, &mut PluginState::default()), Ok(want));
}

fn names(names: &[&str]) -> PreFilterVerdict {
    PreFilterVerdict::Pass(Some(names.iter().map(|n| (*n).into()).collect()))
}

#[test]
fn terms_that_all_name_nodes_narrow_the_search() {
    check_names(&pod("p").build(), PreFilterVerdict::Skip);
    check_names(&requires(vec![named(&[&["a"]]), named(&[&["b"]])]), names(&["a", "b"]));
    check_names(&requires(vec![named(&[&["a"]]), labelled("disk", &["ssd"])]), PreFilterVerdict::Pass(None));
    check_names(&requires(vec![named(&[&["a"], &["b"]]), named(&[&["c"]])]), names(&["c"]));
    check_names(
        &requires(vec![named(&[&["a"], &["b"]])]),
        PreFilterVerdict::Reject(Rejection::unresolvable(Reason::ConflictingAffinityTerms)),
    );
    check_names(&requires(vec![]), PreFilterVerdict::Pass(None));
}

#[track_caller]
fn check_scores(plugin: &NodeAffinity, pod: &Pod, want: Result<Option<[i64; 3]>, &str>) {
    let (snapshot, slots) = cluster();
    let (objects, mut state) = (Objects::default(), PluginState::default());
    let cx = Cycle { snapshot: &snapshot, objects: &objects, pod };
    let mut scores = vec![0; 3];
    let got = match plugin.pre_score(cx, &mut state, &slots) {
        Err(error) => {
            let unasked = plugin.score_range(cx, &PluginState::default(), &slots, &mut scores);
            assert_eq!(unasked.as_ref(), Err(&error), "without PreScore");
            Err(error.to_string())
        }
        Ok(PreScoreVerdict::Skip) => Ok(None),
        Ok(PreScoreVerdict::Score) => {
            plugin.score_range(cx, &state, &slots, &mut scores).unwrap();
            plugin.normalise(cx, &state, &slots, &mut scores).unwrap();
            Ok(Some(scores))
        }
    };
    assert_eq!(got, want.map(|s| s.map(Vec::from)).map_err(String::from));
}

#[test]
fn weights_of_matching_terms_add_up_and_are_scaled() {
    let plain = NodeAffinity::default();
    check_scores(&plain, &pod("p").build(), Ok(None));
    let terms = vec![(5, labelled("disk", &["ssd", "hdd"])), (75, labelled("disk", &["hdd"]))];
    check_scores(&plain, &prefers(terms), Ok(Some([6, 100, 0])));
    check_scores(&plain, &prefers(vec![(5, NodeSelectorTerm::default())]), Ok(Some([0, 0, 0])));
    let preferred = vec![PreferredTerm { weight: 10, term: labelled("disk", &["ssd"]) }];
    let added = NodeAffinity { added: Affinity { required: None, preferred } };
    check_scores(&added, &pod("p").build(), Ok(Some([100, 0, 0])));
    check_scores(&added, &prefers(vec![(5, labelled("disk", &["hdd"]))]), Ok(Some([100, 50, 0])));
}

#[test]
fn a_malformed_preferred_term_breaks_the_cycle_unless_it_weighs_nothing() {
    let gt = |value: &str| NodeSelectorTerm {
        expressions: vec![requirement("cores", NodeOperator::Gt, &[value])],
        fields: vec![],
    };
    let says = |at, value| {
        format!(
            "[{at}].matchExpressions[0].values[0]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer"
        )
    };
    let plain = NodeAffinity::default();
    check_scores(&plain, &prefers(vec![(1, gt("7")), (1, gt("x"))]), Err(&says(1, "x")));
    let both = format!("[{}, {}]", says(0, "x"), says(1, "y"));
    check_scores(&plain, &prefers(vec![(1, gt("x")), (1, gt("y"))]), Err(&both));
    check_scores(&plain, &prefers(vec![(0, gt("x")), (1, gt("7"))]), Ok(Some([100, 100, 0])));
}

#[test]
fn a_node_that_begins_to_match_wakes_the_pod() {
    let (snapshot, objects) = (Snapshot::default(), Objects::default());
    let cluster = HintContext { snapshot: &snapshot, objects: &objects };
    let ssd = || Some(node("n").label("disk", "ssd").build());
    let bare = || Some(node("n").build());
    let waiting = requires(vec![labelled("disk", &["ssd"])]);
    for (old, new, want) in [
        (None, ssd(), Hint::Queue),
        (None, bare(), Hint::Skip),
        (bare(), ssd(), Hint::Queue),
        (ssd(), ssd(), Hint::Skip),
    ] {
        let event = ClusterEvent::new(Resource::Node, Action::NODE_LABEL, Subject::Node(old, new));
        assert_eq!(NodeAffinity::default().hint(&waiting, &event, cluster), want);
    }
}

#[track_caller]
fn check_args(args: &Value, want: &[&str]) {
    let mut found = Vec::new();
    let mut problems = Problems::new(&mut found);
    build(args, &FactoryContext::default(), &mut problems.field("args"));
    assert_eq!(found.iter().map(Problem::to_string).collect::<Vec<_>>(), want);
}

#[test]
fn the_arguments_are_read_strictly() {
    let expression = |v: Value| {
        json!({"addedAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [v]}]}}})
    };
    check_args(&Value::Null, &[]);
    check_args(&expression(json!({"key": "disk", "operator": "In", "values": ["ssd"]})), &[]);
    let at = "args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]";
    let empty = format!("{at}.values: must not be empty: In and NotIn compare with at least one value");
    check_args(&expression(json!({"key": "disk", "operator": "In"})), &[&empty]);
    let number = format!("{at}.values: must be one whole number: Gt and Lt compare with nothing else");
    check_args(&expression(json!({"key": "disk", "operator": "Gt", "values": ["x"]})), &[&number]);
    let word = format!("{at}.operator: must be one of In, NotIn, Exists, DoesNotExist, Gt, Lt, not \"Like\"");
    check_args(&expression(json!({"key": "disk", "operator": "Like"})), &[&word]);
    let fields = json!({"kind": "NodeAffinityArgs", "addedAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 5, "preference": {"matchFields": [
                {"key": "spec.x", "operator": "Exists", "values": ["a", "b"]}]}}]}});
    let at =
        "args.addedAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchFields[0]";
    let wants = [
        format!("{at}.key: must be metadata.name: no other field can be matched"),
        format!("{at}.operator: must be In or NotIn: fields are compared in no other way"),
        format!("{at}.values: must be exactly one name"),
    ];
    check_args(&fields, &wants.each_ref().map(String::as_str));
}
