//! Which nodes a pod with `ScheduleAnyway` constraints prefers.

use super::*;

fn soft(key: &str, max_skew: i32) -> SpreadConstraint {
    constraint(key, max_skew, WhenUnsatisfiable::ScheduleAnyway)
}

fn service(selector: &[(&str, &str)]) -> Object {
    Object::Service(Arc::new(Service {
        namespace: "default".into(),
        name: "svc".into(),
        selector: selector.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
    }))
}

/// Raw and normalised scores of the nodes named, all others not being feasible; `None` when scoring is skipped.
fn scores(
    plugin: &PodTopologySpread,
    cluster: &Cluster,
    pod: &Pod,
    feasible: &[&str],
) -> Option<(Vec<i64>, Vec<i64>)> {
    let nodes: Vec<Slot> = feasible.iter().map(|n| cluster.snapshot.slot(n).unwrap()).collect();
    let (cycle, mut state) = (cluster.cycle(pod), PluginState::default());
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
fn check(cluster: &Cluster, pod: &Pod, feasible: &[&str], raw: &[i64], normal: &[i64]) {
    let found = scores(&plugin(&Value::Null), cluster, pod, feasible);
    assert_eq!(found, Some((raw.to_vec(), normal.to_vec())));
}

#[test]
fn domains_with_fewer_matching_pods_score_higher() {
    let cluster = Cluster::of(&[("a", "a", 3), ("b", "b", 1)]);
    check(&cluster, &web(vec![soft(ZONE, 1)]), &["a", "b"], &[4, 1], &[25, 100]);
}

#[test]
fn the_built_in_defaults_spread_over_hosts_and_zones() {
    let mut cluster = Cluster::of(&[("a1", "a", 2), ("a2", "a", 1), ("b1", "b", 0), ("b2", "b", 1)]);
    let nodes = ["a1", "a2", "b1", "b2"];
    assert_eq!(scores(&plugin(&Value::Null), &cluster, &web(vec![]), &nodes), None);
    cluster.objects.set(service(&[("app", "web")]));
    check(&cluster, &web(vec![]), &nodes, &[14, 12, 7, 9], &[50, 64, 100, 85]);
}

#[test]
fn nodes_without_a_key_of_the_pods_own_constraints_score_nothing() {
    let cluster = Cluster::of(&[("a", "a", 1), ("b", "b", 0), ("bare", "", 0)]);
    // Two domains: ln 4 for the pod in zone a.
    check(&cluster, &web(vec![soft(ZONE, 1)]), &["a", "b", "bare"], &[1, 0, 0], &[0, 100, 0]);
}

#[test]
fn nodes_without_a_zone_are_not_charged_for_it_under_the_built_in_defaults() {
    let mut cluster = Cluster::of(&[("a", "a", 1), ("b", "b", 0), ("bare", "", 0)]);
    cluster.objects.set(service(&[("app", "web")]));
    // Three hosts and, counting the missing label as a domain, three zones: ln 5 each.
    // a: 1.61 + 2 + 1.61 + 4; b: 2 + 4; bare: 2.
    check(&cluster, &web(vec![]), &["a", "b", "bare"], &[9, 6, 2], &[22, 55, 100]);
}

#[test]
fn pods_on_nodes_that_are_not_feasible_count_too() {
    let cluster = Cluster::of(&[("a", "a", 0), ("b", "b", 1), ("full", "a", 3), ("c", "c", 5)]);
    check(&cluster, &web(vec![soft(ZONE, 1)]), &["a", "b"], &[4, 1], &[25, 100]);
}

#[test]
fn without_matching_pods_every_node_is_as_good() {
    let cluster = Cluster::of(&[("a", "a", 0), ("b", "b", 0)]);
    check(&cluster, &web(vec![soft(ZONE, 1)]), &["a", "b"], &[0, 0], &[100, 100]);
}

fn owned(kind: &str, api_version: &str) -> Arc<Pod> {
    let owner =
        Owner { api_version: api_version.into(), kind: kind.into(), name: "own".into(), uid: "1".into() };
    pod("new").label("app", "web").label("tier", "front").meta(|m| m.owner = Some(owner)).build()
}

#[track_caller]
fn check_default_selector(pod: &Pod, objects: &[Object], want: &[(&str, &str)]) {
    let mut store = Objects::default();
    for object in objects {
        store.set(object.clone());
    }
    let want: LabelSelector = want.iter().copied().collect();
    assert_eq!(default_selector(pod, &store), want);
}

#[test]
fn default_selectors_are_those_of_services_and_the_controller() {
    let controller = |kind: &str, selector: &[(&str, &str)]| {
        Object::Controller(Arc::new(Controller {
            kind: kind.into(),
            namespace: "default".into(),
            name: "own".into(),
            uid: "1".into(),
            selector: Some(selector.iter().copied().collect()),
        }))
    };
    let set = controller("ReplicaSet", &[("tier", "front")]);
    check_default_selector(&web(vec![]), &[], &[]);
    check_default_selector(&web(vec![]), &[service(&[("app", "db")])], &[]);
    check_default_selector(&web(vec![]), &[service(&[])], &[]);
    let both = [service(&[("app", "web")]), set];
    check_default_selector(&owned("ReplicaSet", "apps/v1"), &both, &[("app", "web"), ("tier", "front")]);
    check_default_selector(&owned("ReplicaSet", "apps/v1beta2"), &both, &[("app", "web")]);
    check_default_selector(&owned("ReplicaSet", "example.com/v1"), &both, &[("app", "web")]);
    check_default_selector(&owned("StatefulSet", "apps/v1"), &both, &[("app", "web")]);
    let rc = [service(&[("app", "web")]), controller("ReplicationController", &[("app", "other")])];
    check_default_selector(&owned("ReplicationController", "v1"), &rc, &[("app", "other")]);
}

#[test]
fn listed_defaults_require_every_key_and_may_be_hard() {
    let args = json!({"defaultingType": "List", "defaultConstraints": [
        {"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "ScheduleAnyway"},
        {"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule"}]});
    let plugin = plugin(&args);
    let mut cluster = Cluster::of(&[("a", "a", 1), ("b", "b", 0), ("bare", "", 0)]);
    cluster.objects.set(service(&[("app", "web")]));
    let found = scores(&plugin, &cluster, &web(vec![]), &["a", "b", "bare"]);
    assert_eq!(found, Some((vec![1, 0, 0], vec![0, 100, 0])));
    let (pod, mut state) = (web(vec![]), PluginState::default());
    let verdict = plugin.pre_filter(cluster.cycle(&pod), &mut state);
    assert_eq!(verdict, Ok(PreFilterVerdict::Pass(None)));
    // A pod with constraints of its own, of any kind, gets none of the defaults.
    let own = web(vec![soft(ZONE, 1)]);
    assert_eq!(plugin.pre_filter(cluster.cycle(&own), &mut state), Ok(PreFilterVerdict::Skip));
}
