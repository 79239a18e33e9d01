//! Where a pod with `DoNotSchedule` constraints may go.

use super::*;
use longshore_framework::pod::PodSpec;

const PASS: &str = "";
const SKEW: &str = "node(s) didn't match pod topology spread constraints";
const LABEL: &str = "node(s) didn't match pod topology spread constraints (missing required label)";

fn pre_filter(cluster: &Cluster, pod: &Pod) -> Option<PluginState> {
    let mut state = PluginState::default();
    match plugin(&Value::Null).pre_filter(cluster.cycle(pod), &mut state).unwrap() {
        PreFilterVerdict::Skip => None,
        verdict => {
            assert_eq!(verdict, PreFilterVerdict::Pass(None));
            Some(state)
        }
    }
}

/// The messages by slot, asked node by node and as a range.
fn verdicts(cluster: &Cluster, pod: &Pod, state: &PluginState) -> Vec<String> {
    let (plugin, cycle) = (plugin(&Value::Null), cluster.cycle(pod));
    let mut passed = cluster.slots();
    let mut rejected = Vec::new();
    plugin.filter_range(cycle, state, &mut FilterSink::new(&mut passed, &mut rejected)).unwrap();
    let judge = |slot: &Slot| {
        let verdict = plugin.filter(cycle, state, cluster.snapshot.view(*slot)).unwrap();
        let in_range = rejected.iter().find(|(s, _)| s == slot);
        match verdict {
            Verdict::Pass => {
                assert!(passed.contains(slot) && in_range.is_none());
                String::new()
            }
            Verdict::Reject(rejection) => {
                assert_eq!(in_range.map(|(_, r)| r), Some(&rejection));
                rejection.message()
            }
        }
    };
    cluster.slots().iter().map(judge).collect()
}

#[track_caller]
fn check(cluster: &Cluster, pod: &Pod, want: &[&str]) {
    let state = pre_filter(cluster, pod).expect("not skipped");
    assert_eq!(verdicts(cluster, pod, &state), want);
}

#[test]
fn a_pod_goes_where_the_skew_stays_within_bounds() {
    let cluster = Cluster::of(&[("a", "a", 2), ("b", "b", 1), ("c", "c", 0)]);
    check(&cluster, &web(vec![hard(ZONE, 1)]), &[SKEW, SKEW, PASS]);
    let other = pod("other").spec(|s| s.spread = vec![hard(ZONE, 1)]).build();
    check(&cluster, &other, &[SKEW, PASS, PASS]);
}

#[test]
fn with_fewer_domains_than_asked_the_least_count_is_zero() {
    let cluster = Cluster::of(&[("a", "a", 1), ("b", "b", 1), ("c", "c", 1)]);
    let with = |min_domains| web(vec![SpreadConstraint { min_domains, ..hard(ZONE, 1) }]);
    check(&cluster, &with(4), &[SKEW, SKEW, SKEW]);
    check(&cluster, &with(3), &[PASS, PASS, PASS]);
}

#[test]
fn the_first_constraint_that_fails_gives_the_reason() {
    // `bare` lacks the zone label, so it is not counted, and its pods do not lower the least count.
    let cluster = Cluster::of(&[("a", "a", 3), ("b", "b", 0), ("bare", "", 1)]);
    let host = longshore_framework::node::HOSTNAME;
    check(&cluster, &web(vec![hard(ZONE, 1), hard(host, 1)]), &[SKEW, PASS, LABEL]);
    check(&cluster, &web(vec![hard(host, 1), hard(ZONE, 1)]), &[SKEW, PASS, LABEL]);
    let loaded = Cluster::of(&[("a", "a", 3), ("b", "b", 0), ("bare", "", 0)]);
    let strict = SpreadConstraint { min_domains: 9, ..hard(host, 1) };
    let refused = SpreadConstraint { max_skew: 0, ..strict };
    check(&loaded, &web(vec![refused, hard(ZONE, 9)]), &[SKEW, SKEW, SKEW]);
}

#[test]
fn only_living_pods_of_the_namespace_that_the_selector_selects_count() {
    let mut cluster = Cluster::of(&[("a", "a", 0), ("b", "b", 0)]);
    cluster.add("a", pod("other-app").label("app", "db").build());
    cluster.add("a", pod("elsewhere").namespace("prod").label("app", "web").build());
    cluster.add("a", pod("leaving").label("app", "web").meta(|m| m.terminating = true).build());
    check(&cluster, &web(vec![hard(ZONE, 1)]), &[PASS, PASS]);
    cluster.add("a", pod("counted").label("app", "web").build());
    check(&cluster, &web(vec![hard(ZONE, 1)]), &[SKEW, PASS]);
}

#[test]
fn an_empty_selector_counts_no_pod_but_the_pod_itself() {
    let cluster = Cluster::of(&[("a", "a", 3), ("b", "b", 0)]);
    let all = SpreadConstraint { selector: Some(LabelSelector::default()), ..hard(ZONE, 1) };
    check(&cluster, &web(vec![all.clone()]), &[PASS, PASS]);
    check(&cluster, &web(vec![SpreadConstraint { max_skew: 0, ..all }]), &[SKEW, SKEW]);
    let none = SpreadConstraint { selector: None, max_skew: 0, ..hard(ZONE, 1) };
    check(&cluster, &web(vec![none]), &[PASS, PASS]);
}

#[test]
fn an_empty_selector_counts_every_pod_since_1_38() {
    use longshore_framework::features::Minor;
    let mut cluster = Cluster::of(&[("a", "a", 1), ("b", "b", 0)]);
    cluster.add("a", pod("without-labels").build());
    let all = SpreadConstraint { selector: Some(LabelSelector::default()), ..hard(ZONE, 1) };
    let pod = web(vec![all]);
    let skews = |minor| {
        let args = PodTopologySpreadArgs::read(&Value::Null, &mut Problems::new(&mut Vec::new()));
        let plugin = PodTopologySpread::new(args, Features::of(minor));
        let (cycle, mut state) = (cluster.cycle(&pod), PluginState::default());
        plugin.pre_filter(cycle, &mut state).unwrap();
        let passes =
            |slot: &Slot| plugin.filter(cycle, &state, cluster.snapshot.view(*slot)) == Ok(Verdict::Pass);
        cluster.slots().iter().map(passes).collect::<Vec<_>>()
    };
    assert_eq!(skews(Minor::V1_37), [true, true]);
    assert_eq!(skews(Minor::V1_38), [false, true]);
}

#[test]
fn nodes_that_the_policies_exclude_are_judged_but_not_counted() {
    let mut cluster = Cluster::of(&[("a", "a", 2), ("b", "b", 1)]);
    let tainted = node("c").label(ZONE, "c").taint("gpu", "", TaintEffect::NoSchedule).build();
    cluster.snapshot.set_node(tainted);
    check(&cluster, &web(vec![hard(ZONE, 1)]), &[SKEW, SKEW, PASS]);
    let honor = SpreadConstraint { honor_taints: true, ..hard(ZONE, 1) };
    check(&cluster, &web(vec![honor]), &[SKEW, PASS, PASS]);
    let selecting = |s: &mut PodSpec| s.node_selector = vec![(ZONE.into(), "a".into())];
    let only_a =
        pod("p").label("app", "web").spec(|s| s.spread = vec![hard(ZONE, 1)]).spec(selecting).build();
    check(&cluster, &only_a, &[PASS, PASS, PASS]);
    let ignore = SpreadConstraint { honor_affinity: false, ..hard(ZONE, 1) };
    let only_a = pod("p").label("app", "web").spec(|s| s.spread = vec![ignore]).spec(selecting).build();
    check(&cluster, &only_a, &[SKEW, SKEW, PASS]);
}

#[test]
fn without_hard_constraints_there_is_nothing_to_filter() {
    let cluster = Cluster::of(&[("a", "a", 2)]);
    let soft = constraint(ZONE, 1, WhenUnsatisfiable::ScheduleAnyway);
    assert!(pre_filter(&cluster, &web(vec![soft])).is_none());
    assert!(pre_filter(&cluster, &web(vec![])).is_none());
}

/// A small generator, so that every run sees the same clusters.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn random_cluster(random: &mut Random) -> Cluster {
    let mut cluster = Cluster::default();
    for at in 0..10 {
        let name = format!("n{at}");
        let mut builder = node(&name);
        if random.below(8) > 0 {
            builder = builder.label(ZONE, &format!("z{}", random.below(4)));
        }
        if random.below(4) == 0 {
            builder = builder.taint("gpu", "", TaintEffect::NoSchedule);
        }
        cluster.snapshot.set_node(builder.build());
        for pod_at in 0..random.below(4) {
            let app = if random.below(3) > 0 { "web" } else { "db" };
            cluster.add(&name, pod(&format!("{name}-{pod_at}")).label("app", app).build());
        }
    }
    cluster
}

#[test]
fn a_hypothesis_gives_the_answers_of_the_cluster_it_supposes() {
    let host = longshore_framework::node::HOSTNAME;
    let mut random = Random(7);
    let mut rejected = 0;
    for _ in 0..60 {
        let cluster = random_cluster(&mut random);
        let honor = SpreadConstraint { honor_taints: true, min_domains: 3, ..hard(ZONE, 1) };
        let pod = web(vec![honor, hard(host, 1 + random.below(2) as i32)]);
        let before = pre_filter(&cluster, &pod).expect("not skipped");
        let slot = Slot::from(random.below(10) as usize);
        let mut supposed = cluster.clone();
        let mut state = before.clone();
        let (plugin, cycle) = (plugin(&Value::Null), cluster.cycle(&pod));
        let guest = longshore_framework::fixture::pod("guest").label("app", "web").build();
        plugin.add_pod(cycle, &mut state, &guest, slot).unwrap();
        supposed.snapshot.add_pod(slot, guest);
        for victim in cluster.snapshot.pods(slot) {
            plugin.remove_pod(cycle, &mut state, victim, slot).unwrap();
            supposed.snapshot.remove_pod(slot, &victim.meta.uid);
        }
        let fresh = pre_filter(&supposed, &pod).expect("not skipped");
        let want = verdicts(&supposed, &pod, &fresh);
        assert_eq!(verdicts(&cluster, &pod, &state), want);
        rejected += want.iter().filter(|v| *v == SKEW).count();
        for pod in supposed.snapshot.pods(slot) {
            plugin.remove_pod(cycle, &mut state, pod, slot).unwrap();
        }
        for victim in cluster.snapshot.pods(slot) {
            plugin.add_pod(cycle, &mut state, victim, slot).unwrap();
        }
        assert_eq!(verdicts(&cluster, &pod, &state), verdicts(&cluster, &pod, &before));
    }
    assert!(rejected > 50, "the clusters are to have skew: {rejected}");
}
