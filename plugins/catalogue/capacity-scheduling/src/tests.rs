use longshore_plugin::testing::{Cluster, Node as Made, Run, set_nominated, set_pods, set_would_fit};
use serde_json::json;

use super::*;

fn quota(namespace: &str, min: &str, max: &str) -> Value {
    let amounts = |cpu: &str| json!({"cpu": cpu, "memory": "8Gi"});
    json!({"metadata": {"namespace": namespace, "name": "quota"}, "spec": {"min": amounts(min), "max": amounts(max)}})
}

fn pod(namespace: &str, name: &str, cores: i64, priority: i32) -> Pod {
    let mut pod = Pod::new(namespace, name).with_request("cpu", cores * 1000);
    pod.info.priority = priority;
    pod.raw = Some(b"{}".to_vec());
    pod
}

/// One node of so many cores with these pods; `a` may always have 4 and at the most 8 cores, `b` 4 and 6.
struct World {
    run: Run<CapacityScheduling>,
}

impl World {
    fn new(cores: i64, there: &[Pod]) -> Self {
        let infos: Vec<PodInfo> =
            there.iter().map(|pod| PodInfo { node: Some("n".to_owned()), ..pod.info.clone() }).collect();
        set_pods(infos.clone());
        set_nominated(Vec::new());
        set_would_fit(move |_, without| {
            let left = infos.iter().filter(|info| !without.contains(&info.uid));
            let used: i64 = left.map(|info| info.request("cpu")).sum();
            Some(fit_if(used + 2000 <= cores * 1000, "Insufficient cpu"))
        });
        let node = there.iter().fold(Made::new("n"), |node, pod| node.pod(pod.info.clone()));
        let cluster = Cluster::new().node(node);
        let cluster = cluster.object(QUOTAS, quota("a", "4", "8")).object(QUOTAS, quota("b", "4", "6"));
        Self { run: Run::new(CapacityScheduling::default(), &cluster) }
    }

    #[track_caller]
    fn rejected(&mut self, pod: &Pod, want: Option<&str>) {
        let found = match self.run.pre_filter(pod).unwrap() {
            PreFilterOutcome::Reject(reject) => Some(reject.reason.into_owned()),
            _ => None,
        };
        let want = want
            .map(|why| format!("Pod {}/{} is rejected in PreFilter because {why}", pod.namespace, pod.name));
        assert_eq!(found, want);
    }

    fn evicted(&mut self, pod: &Pod) -> Result<Vec<String>, String> {
        match self.run.post_filter(pod, RejectCode::Unschedulable).unwrap() {
            PostFilterOutcome::Nominate { victims, .. } => Ok(victims),
            PostFilterOutcome::Reject(reject) => Err(reject.reason.into_owned()),
        }
    }
}

#[test]
fn a_namespace_has_at_the_most_its_max_and_all_together_their_min() {
    let mut world = World::new(99, &[pod("a", "x", 5, 0)]);
    world.rejected(&pod("a", "new", 3, 0), None);
    world.rejected(&pod("a", "new", 4, 0), Some("ElasticQuota a is more than Max"));
    world.rejected(&pod("b", "new", 4, 0), Some("total ElasticQuota used is more than min"));
    world.rejected(&pod("free", "new", 40, 0), None);
}

#[test]
fn pods_that_are_promised_a_node_count() {
    let mut world = World::new(99, &[pod("a", "x", 5, 0)]);
    set_nominated(vec![("n".into(), pod("a", "promised", 2, 5).info)]);
    world.rejected(&pod("a", "new", 2, 5), Some("ElasticQuota a is more than Max"));
    world.rejected(&pod("a", "new", 2, 6), None);
}

#[test]
fn a_namespace_takes_back_what_others_borrowed() {
    let there = [pod("a", "one", 2, 9), pod("a", "two", 2, 8), pod("a", "three", 2, 7)];
    let mut world = World::new(7, &there);
    assert_eq!(world.evicted(&pod("b", "new", 2, 0)), Ok(vec!["a/three".to_owned()]));
}

#[test]
fn above_its_min_a_namespace_evicts_its_own() {
    let there =
        [pod("a", "one", 2, 9), pod("a", "two", 2, 1), pod("b", "three", 2, 0), pod("b", "four", 1, 0)];
    let mut world = World::new(8, &there);
    assert_eq!(world.evicted(&pod("a", "new", 2, 5)), Ok(vec!["a/two".to_owned()]));
    let none = "preemption: 0/1 nodes are available: 1 No victims found on node n for preemptor pod new.";
    assert_eq!(world.evicted(&pod("a", "new", 2, 1)), Err(none.to_owned()));
}

#[test]
fn a_namespace_without_a_quota_leaves_those_with_one_alone() {
    let there = [pod("a", "one", 2, 0), pod("free", "two", 2, 0)];
    let mut world = World::new(4, &there);
    assert_eq!(world.evicted(&pod("free", "new", 2, 5)), Ok(vec!["free/two".to_owned()]));
}

#[test]
fn usage_follows_pods_that_come_and_go() {
    let mut world = World::new(99, &[pod("a", "x", 5, 0)]);
    let new = pod("a", "new", 4, 0);
    world.rejected(&new, Some("ElasticQuota a is more than Max"));
    let quotas =
        |cluster: Cluster| cluster.object(QUOTAS, quota("a", "4", "8")).object(QUOTAS, quota("b", "4", "6"));
    let two = || Cluster::new().node(Made::new("n").pod(pod("a", "y", 2, 0).info));
    world.run.change(&quotas(two().node(Made::new("m").pod(pod("a", "z", 1, 0).info))));
    world.rejected(&new, None);
    world.rejected(&pod("a", "new", 6, 0), Some("ElasticQuota a is more than Max"));
    // A node goes, with its pods.
    world.run.change(&quotas(two()));
    world.rejected(&pod("a", "new", 6, 0), None);
}
