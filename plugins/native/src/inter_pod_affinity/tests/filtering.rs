//! Where a pod may go.

use super::*;

const PASS: &str = "";
const AFFINITY: &str = "node(s) didn't match pod affinity rules";
const ANTI: &str = "node(s) didn't match pod anti-affinity rules";
const OTHERS: &str = "node(s) didn't satisfy existing pods anti-affinity rules";

fn pre_filter(cluster: &Cluster, pod: &Pod) -> Option<PluginState> {
    let mut state = PluginState::default();
    match InterPodAffinity::default().pre_filter(cluster.cycle(pod), &mut state).unwrap() {
        PreFilterVerdict::Skip => None,
        verdict => {
            assert_eq!(verdict, PreFilterVerdict::Pass(None));
            Some(state)
        }
    }
}

/// The messages by slot, asked node by node and as a range.
fn verdicts(cluster: &Cluster, pod: &Pod, state: &PluginState) -> Vec<String> {
    let (plugin, cycle) = (InterPodAffinity::default(), cluster.cycle(pod));
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

fn three_zones() -> Cluster {
    Cluster::of(&[("a", "a"), ("b", "b"), ("bare", "")])
}

fn affine(terms: &[AffinityTerm]) -> Arc<Pod> {
    web("new", |s| s.pod_affinity.required = terms.to_vec())
}

fn averse(name: &str, terms: &[AffinityTerm]) -> Arc<Pod> {
    web(name, |s| s.pod_anti_affinity.required = terms.to_vec())
}

#[test]
fn affinity_asks_for_the_keys_and_for_one_pod_that_matches_all_terms() {
    let cluster = three_zones().with("a", db("db")).with("bare", db("lost"));
    check(&cluster, &affine(&[near(ZONE, "db")]), &[PASS, AFFINITY, AFFINITY]);
    let both = [near(ZONE, "db"), affinity_term(HOSTNAME, &[("tier", "back")])];
    check(&cluster, &affine(&both), &[AFFINITY, AFFINITY, AFFINITY]);
    let one = pod("one").label("app", "db").label("tier", "back").build();
    check(&cluster.with("b", one), &affine(&both), &[AFFINITY, PASS, AFFINITY]);
}

#[test]
fn the_first_pod_of_a_group_needs_the_keys_only() {
    let pod = affine(&[near(ZONE, "web")]);
    check(&three_zones(), &pod, &[PASS, PASS, AFFINITY]);
    check(&three_zones(), &affine(&[near(ZONE, "db")]), &[AFFINITY, AFFINITY, AFFINITY]);
    // A matching pod on a node without the key is in no domain.
    check(&three_zones().with("bare", web("lost", |_| ())), &pod, &[PASS, PASS, AFFINITY]);
    check(&three_zones().with("a", web("first", |_| ())), &pod, &[PASS, AFFINITY, AFFINITY]);
}

/// The only pod that matches leaves its node and comes back.
#[track_caller]
fn check_first_again(terms: &[AffinityTerm]) {
    let first = pod("first").label("app", "web").label("tier", "front").build();
    let cluster = three_zones().with("a", Arc::clone(&first));
    let change = |s: &mut PodSpec| s.pod_affinity.required = terms.to_vec();
    let pod = pod("new").label("app", "web").label("tier", "front").spec(change).build();
    let mut state = pre_filter(&cluster, &pod).expect("not skipped");
    let (plugin, slot) = (InterPodAffinity::default(), cluster.snapshot.slot("a").unwrap());
    plugin.remove_pod(cluster.cycle(&pod), &mut state, &first, slot).unwrap();
    assert_eq!(verdicts(&cluster, &pod, &state), [PASS, PASS, AFFINITY]);
    plugin.add_pod(cluster.cycle(&pod), &mut state, &first, slot).unwrap();
    assert_eq!(verdicts(&cluster, &pod, &state), [PASS, AFFINITY, AFFINITY]);
}

#[test]
fn the_pod_is_the_first_again_when_the_others_are_removed() {
    check_first_again(&[near(ZONE, "web"), near(HOSTNAME, "web")]);
    // Two terms share the key.
    check_first_again(&[near(ZONE, "web"), affinity_term(ZONE, &[("tier", "front")])]);
}

#[test]
fn anti_affinity_rejects_the_domain_and_spares_nodes_without_the_key() {
    let cluster = three_zones().with("a", db("db")).with("bare", db("lost"));
    check(&cluster, &averse("new", &[near(ZONE, "db")]), &[ANTI, PASS, PASS]);
    check(&cluster, &averse("new", &[near(ZONE, "web"), near(HOSTNAME, "db")]), &[ANTI, PASS, ANTI]);
}

#[test]
fn pods_already_there_keep_others_away() {
    let cluster = three_zones().with("a", averse("loner", &[near(ZONE, "web")]));
    check(&cluster, &web("new", |_| ()), &[OTHERS, PASS, PASS]);
    assert!(pre_filter(&cluster, &db("new")).is_none());
    let lost = three_zones().with("bare", averse("loner", &[near(ZONE, "web")]));
    assert!(pre_filter(&lost, &web("new", |_| ())).is_none());
}

#[test]
fn pods_that_are_being_deleted_count() {
    let leaving = pod("leaving").label("app", "db").meta(|m| m.terminating = true).build();
    check(&three_zones().with("a", leaving), &averse("new", &[near(ZONE, "db")]), &[ANTI, PASS, PASS]);
}

#[test]
fn affinity_is_asked_before_anti_affinity_and_that_before_the_others() {
    let cluster = three_zones().with("a", averse("loner", &[near(ZONE, "web")])).with("a", db("db"));
    check(&cluster, &averse("new", &[near(ZONE, "db")]), &[ANTI, PASS, PASS]);
    let choosy = web("new", |s| {
        s.pod_affinity.required = vec![near(ZONE, "cache")];
        s.pod_anti_affinity.required = vec![near(ZONE, "db")];
    });
    check(&cluster, &choosy, &[AFFINITY, AFFINITY, AFFINITY]);
}

#[test]
fn namespaces_are_selected_by_their_labels_on_both_sides() {
    let in_prod = |term: AffinityTerm| {
        let spec = move |s: &mut PodSpec| s.pod_anti_affinity.required = vec![term];
        pod("other").namespace("prod").label("app", "db").spec(spec).build()
    };
    let cluster = three_zones().with_namespace("prod", "prod").with_namespace("default", "test");
    let cluster = cluster.with("a", in_prod(near_in(ZONE, "web", "test")));
    check(&cluster, &web("new", |_| ()), &[OTHERS, PASS, PASS]);
    check(&cluster, &affine(&[near_in(ZONE, "db", "prod")]), &[OTHERS, AFFINITY, AFFINITY]);
    check(&cluster, &averse("new", &[near_in(ZONE, "db", "prod")]), &[ANTI, PASS, PASS]);
    check(&cluster, &averse("new", &[near_in(ZONE, "db", "test")]), &[OTHERS, PASS, PASS]);
    check(&cluster, &averse("new", &[near(ZONE, "db")]), &[OTHERS, PASS, PASS]);
}

/// A small generator, so that every run sees the same clusters.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// A pod with a random app and at most one term of each kind.
    fn pod(&mut self, name: &str) -> Arc<Pod> {
        let apps = ["web", "db", "cache"];
        let app = apps[self.below(3) as usize];
        let mut terms = |chance| {
            let key = if self.below(2) == 0 { ZONE } else { HOSTNAME };
            let term = near(key, apps[self.below(3) as usize]);
            if self.below(chance) == 0 { vec![term] } else { vec![] }
        };
        let (affinity, anti) = (terms(3), terms(6));
        let spec = |s: &mut PodSpec| {
            s.pod_affinity.required = affinity;
            s.pod_anti_affinity.required = anti;
        };
        pod(name).label("app", app).spec(spec).build()
    }
}

#[test]
fn a_hypothesis_gives_the_answers_of_the_cluster_it_supposes() {
    let mut random = Random(11);
    let mut seen = [0; 4];
    for round in 0..200 {
        let mut cluster = Cluster::of(&[("n0", "a"), ("n1", "a"), ("n2", "b"), ("n3", "c"), ("n4", "")]);
        for at in 0..random.below(5) {
            let node = format!("n{}", random.below(5));
            cluster = cluster.with(&node, random.pod(&format!("p{at}")));
        }
        let pod = random.pod("new");
        let Some(before) = pre_filter(&cluster, &pod) else { continue };
        let (plugin, cycle) = (InterPodAffinity::default(), cluster.cycle(&pod));
        let slot = Slot::from(random.below(5) as usize);
        let (mut supposed, mut state) = (cluster.clone(), before.clone());
        let guest = random.pod("guest");
        plugin.add_pod(cycle, &mut state, &guest, slot).unwrap();
        supposed.snapshot.add_pod(slot, guest);
        for victim in cluster.snapshot.pods(slot) {
            plugin.remove_pod(cycle, &mut state, victim, slot).unwrap();
            supposed.snapshot.remove_pod(slot, &victim.meta.uid);
        }
        let want = match pre_filter(&supposed, &pod) {
            Some(fresh) => verdicts(&supposed, &pod, &fresh),
            None => vec![String::new(); 5],
        };
        assert_eq!(verdicts(&cluster, &pod, &state), want, "round {round}");
        for (count, text) in seen.iter_mut().zip([PASS, AFFINITY, ANTI, OTHERS]) {
            *count += want.iter().filter(|v| *v == text).count();
        }
        for guest in supposed.snapshot.pods(slot) {
            plugin.remove_pod(cycle, &mut state, guest, slot).unwrap();
        }
        for victim in cluster.snapshot.pods(slot) {
            plugin.add_pod(cycle, &mut state, victim, slot).unwrap();
        }
        assert_eq!(verdicts(&cluster, &pod, &state), verdicts(&cluster, &pod, &before));
    }
    assert!(seen.iter().all(|count| *count > 5), "every verdict is to come up: {seen:?}");
}
