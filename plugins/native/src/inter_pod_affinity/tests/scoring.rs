//! Which nodes a pod prefers.

use super::*;

/// Raw and normalised scores of all nodes; `None` when scoring is skipped.
fn scores(args: InterPodAffinityArgs, cluster: &Cluster, pod: &Pod) -> Option<(Vec<i64>, Vec<i64>)> {
    let plugin = InterPodAffinity { args, ..InterPodAffinity::default() };
    let (nodes, cycle, mut state) = (cluster.slots(), cluster.cycle(pod), PluginState::default());
    if plugin.pre_score(cycle, &mut state, &nodes).unwrap() == PreScoreVerdict::Skip {
        return None;
    }
    let mut raw = vec![0; nodes.len()];
    plugin.score_range(cycle, &state, &nodes, &mut raw).unwrap();
    for (slot, raw) in nodes.iter().zip(&raw) {
        assert_eq!(plugin.score(cycle, &state, cluster.snapshot.view(*slot)), Ok(*raw));
    }
    let mut normal = raw.clone();
    plugin.normalise(cycle, &state, &nodes, &mut normal).unwrap();
    Some((raw, normal))
}

#[track_caller]
fn check(cluster: &Cluster, pod: &Pod, raw: &[i64], normal: &[i64]) {
    let found = scores(InterPodAffinityArgs::default(), cluster, pod);
    assert_eq!(found, Some((raw.to_vec(), normal.to_vec())));
}

fn three_zones() -> Cluster {
    Cluster::of(&[("a", "a"), ("b", "b"), ("c", "c")])
}

#[test]
fn weights_for_and_against_are_stretched_from_0_to_100() {
    let cluster = three_zones().with("a", db("db")).with("c", pod("cache").label("app", "cache").build());
    let new = web("new", |s| {
        s.pod_affinity.preferred = vec![(20, near(ZONE, "cache"))];
        s.pod_anti_affinity.preferred = vec![(10, near(ZONE, "db"))];
    });
    check(&cluster, &new, &[-10, 0, 20], &[0, 33, 100]);
}

#[test]
fn equal_scores_become_0() {
    let cluster = three_zones().with("a", db("x")).with("b", db("y")).with("c", db("z"));
    let new = web("new", |s| s.pod_affinity.preferred = vec![(5, near(ZONE, "db"))]);
    check(&cluster, &new, &[5, 5, 5], &[0, 0, 0]);
}

#[test]
fn terms_of_pods_already_there_count_for_the_pod() {
    let attracted = web("attracted", |s| {
        s.pod_affinity.required = vec![near(ZONE, "web")];
        s.pod_affinity.preferred = vec![(30, near(ZONE, "web"))];
    });
    let repelled = web("repelled", |s| s.pod_anti_affinity.preferred = vec![(9, near(ZONE, "web"))]);
    let cluster = three_zones().with("a", attracted).with("b", repelled);
    let new = web("new", |_| ());
    check(&cluster, &new, &[31, -9, 0], &[100, 0, 22]);
    assert_eq!(scores(InterPodAffinityArgs::default(), &cluster, &db("new")), None);
}

#[test]
fn arguments_weigh_required_terms_and_silence_others() {
    let attracted = web("attracted", |s| s.pod_affinity.required = vec![near(ZONE, "web")]);
    let cluster = three_zones().with("a", attracted);
    let new = web("new", |_| ());
    let weighing = |weight| InterPodAffinityArgs { hard_pod_affinity_weight: weight, ..Default::default() };
    assert_eq!(scores(weighing(40), &cluster, &new).map(|(raw, _)| raw), Some(vec![40, 0, 0]));
    assert_eq!(scores(weighing(0), &cluster, &new), None);
    let silent = InterPodAffinityArgs { ignore_preferred_terms_of_existing_pods: true, ..Default::default() };
    assert_eq!(scores(silent.clone(), &cluster, &new), None);
    let choosy = web("new", |s| s.pod_affinity.preferred = vec![(5, near(ZONE, "nothing"))]);
    assert_eq!(scores(silent, &cluster, &choosy).map(|(raw, _)| raw), Some(vec![1, 0, 0]));
}

#[test]
fn namespaces_are_selected_by_their_labels() {
    let other = pod("other").namespace("prod").label("app", "db").build();
    let cluster = three_zones().with_namespace("prod", "prod").with("b", other);
    let new = |env| web("new", move |s| s.pod_affinity.preferred = vec![(5, near_in(ZONE, "db", env))]);
    check(&cluster, &new("prod"), &[0, 5, 0], &[0, 100, 0]);
    assert_eq!(scores(InterPodAffinityArgs::default(), &cluster, &new("test")), None);
    let everywhere = web("new", |s| {
        let term =
            AffinityTerm { namespace_selector: Some(LabelSelector::default()), ..near_in(ZONE, "db", "") };
        s.pod_affinity.preferred = vec![(5, term)];
    });
    check(&cluster, &everywhere, &[0, 5, 0], &[0, 100, 0]);
}
