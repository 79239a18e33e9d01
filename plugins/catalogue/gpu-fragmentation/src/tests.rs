use longshore_plugin::testing::{Cluster, Node as Made, Run, set_raw_pods};
use serde_json::json;

use super::*;

const GPU: &str = "nvidia.com/gpu";
const MILLI: &str = "gpu.longshore.dev/milli";

fn pod(name: &str, resource: &str, amount: i64) -> Pod {
    Pod::new("shop", name).with_request("cpu", 1000).with_request(resource, amount)
}

fn node(name: &str, gpus: i64) -> Made {
    Made::new(name).allocatable("cpu", 16_000).allocatable(GPU, gpus)
}

fn config() -> String {
    let workload = json!([{"cpu": "1", "gpus": 1, "count": 5}, {"cpu": "1", "gpuMilli": 500, "count": 4}]);
    json!({"workload": workload}).to_string()
}

fn run(cluster: &Cluster) -> Run<GpuFragmentation> {
    Run::configured(&config(), cluster).unwrap()
}

#[test]
fn pods_go_where_they_leave_the_least_in_fragments() {
    let half = pod("half", MILLI, 500);
    let cluster = Cluster::new()
        .node(node("empty", 2))
        .node(node("begun", 2).pod(half.info.clone()))
        .node(node("none", 0));
    let mut run = run(&cluster);
    let scores = run.score(&pod("other", MILLI, 500));
    assert!(scores["begun"] > scores["empty"], "{scores:?}");
    let scores = run.score(&pod("whole", GPU, 1));
    assert!(scores["empty"] == 50 && scores["begun"] == 50, "{scores:?}");
    // Nothing is lost where there are no GPUs.
    let greedy = Pod::new("shop", "greedy").with_request("cpu", 15_500);
    let scores = run.score(&greedy);
    assert!(scores["none"] == 50 && scores["empty"] < 20, "{scores:?}");
}

#[test]
fn a_node_needs_the_gpus() {
    let cluster = Cluster::new()
        .node(node("one", 1))
        .node(node("begun", 1).pod(pod("half", MILLI, 600).info))
        .node(node("two", 2));
    let mut run = run(&cluster);
    let fitting = |run: &mut Run<GpuFragmentation>, pod: Pod| {
        let verdicts = run.filter(&pod);
        let fitting: Vec<_> =
            verdicts.iter().filter(|(_, verdict)| verdict.fits()).map(|(name, _)| &**name).collect();
        fitting.join(" ")
    };
    assert_eq!(fitting(&mut run, pod("a", GPU, 1)), "one two");
    assert_eq!(fitting(&mut run, pod("a", GPU, 2)), "two");
    assert_eq!(fitting(&mut run, pod("a", MILLI, 400)), "begun one two");
    assert_eq!(fitting(&mut run, pod("a", MILLI, 500)), "one two");
    assert_eq!(fitting(&mut run, Pod::new("shop", "a")), "begun one two");
    let verdict = |run: &mut Run<GpuFragmentation>, pod: Pod| run.filter(&pod)["begun"].clone();
    let few = Verdict::unschedulable("node(s) had no GPU with enough left");
    assert_eq!(verdict(&mut run, pod("a", MILLI, 500)), few);
    let few = Verdict::unschedulable("node(s) had too few GPUs that are free");
    assert_eq!(verdict(&mut run, pod("a", GPU, 1)), few);
    let both = Verdict::Reject(Reject::unresolvable(
        "pod requests both nvidia.com/gpu and gpu.longshore.dev/milli".to_owned(),
    ));
    assert_eq!(verdict(&mut run, pod("a", GPU, 1).with_request(MILLI, 1)), both);
    let much =
        "pod requests 1500 of gpu.longshore.dev/milli, which is more than a GPU; request nvidia.com/gpu";
    assert_eq!(
        verdict(&mut run, pod("a", MILLI, 1500)),
        Verdict::Reject(Reject::unresolvable(much.to_owned()))
    );
    // Without the pod that would be evicted.
    let without = Cluster::new().node(node("one", 1)).node(node("begun", 1)).node(node("two", 2));
    assert!(run.filter_supposed(&pod("a", GPU, 1), "begun", &without).fits());
    assert_eq!(
        verdict(&mut run, pod("a", MILLI, 500)),
        Verdict::unschedulable("node(s) had no GPU with enough left")
    );
}

#[track_caller]
fn check_bound(run: &mut Run<GpuFragmentation>, pod: &Pod, devices: &str) {
    assert_eq!(run.reserve(pod, "a").unwrap(), Verdict::Fit);
    // Asked again, the answer is the same.
    assert_eq!(run.reserve(pod, "a").unwrap(), Verdict::Fit);
    let binding = run.bind(pod, "a").unwrap().unwrap();
    assert_eq!(binding.annotations, [("gpu.longshore.dev/devices".to_owned(), devices.to_owned())]);
}

#[test]
fn a_pod_is_told_its_gpus() {
    let mut run = run(&Cluster::new().node(node("a", 4)));
    let pods = [pod("x", MILLI, 500), pod("y", GPU, 2), pod("z", MILLI, 300)];
    check_bound(&mut run, &pods[0], "0");
    run.change(&Cluster::new().node(node("a", 4).pod(pods[0].info.clone())));
    check_bound(&mut run, &pods[1], "1,2");
    run.change(&Cluster::new().node(node("a", 4).pod(pods[0].info.clone()).pod(pods[1].info.clone())));
    check_bound(&mut run, &pods[2], "0");
    run.unreserve(&pods[2], "a");
    assert_eq!(
        run.reserve(&pod("w", GPU, 2), "a").unwrap(),
        Verdict::unschedulable("node's GPUs were taken meanwhile")
    );
    assert_eq!(run.bind(&Pod::new("shop", "plain"), "a").unwrap(), None);
    // The pod with two GPUs is gone.
    run.change(&Cluster::new().node(node("a", 4).pod(pods[0].info.clone())));
    assert_eq!(run.filter(&pod("w", GPU, 3))["a"], Verdict::Fit);
    check_bound(&mut run, &pod("w", GPU, 3), "1,2,3");
}

#[test]
fn gpus_are_known_from_annotations_and_from_the_instance_before() {
    let annotated = json!({"metadata": {"annotations": {"gpu.longshore.dev/devices": "1"}}}).to_string();
    set_raw_pods(vec![("shop/x".into(), annotated)]);
    let x = pod("x", MILLI, 500);
    let cluster = Cluster::new().node(node("a", 2).pod(x.info.clone()));
    let mut before = run(&cluster);
    before.filter(&pod("y", MILLI, 400));
    check_bound(&mut before, &pod("y", MILLI, 400), "1");
    let saved = before.plugin().save();
    set_raw_pods(Vec::new());
    let mut after = run(&cluster);
    after.plugin().restore(saved).unwrap();
    check_bound(&mut after, &pod("z", MILLI, 100), "1");
}

#[test]
fn without_a_workload_the_pods_on_nodes_are_one() {
    let shared = |name: &str| pod(name, MILLI, 500).info;
    let cluster = Cluster::new().node(node("a", 2).pod(shared("x")).pod(shared("y"))).node(node("b", 1));
    let mut run = Run::<GpuFragmentation>::configured("null", &cluster).unwrap();
    let scores = run.score(&pod("z", MILLI, 600));
    // Nobody can use what is left.
    assert_eq!((scores["a"], scores["b"]), (40, 40));
    assert_eq!(run.score(&pod("z", MILLI, 500))["a"], 50);
}

#[test]
fn nodes_of_a_large_cluster_become_known_one_after_the_other() {
    let full = |name: &str| {
        let pods = (0..60).map(|at| Pod::new("shop", &format!("{name}-{at}")).info);
        pods.fold(node(name, 1).pod(pod(&format!("{name}-gpu"), GPU, 1).info), Made::pod)
    };
    let cluster = (0..400).fold(Cluster::new(), |cluster, at| cluster.node(full(&format!("n{at:03}"))));
    let mut run = run(&cluster);
    let web = pod("web", GPU, 1);
    // Those that were not looked at may have a GPU, and are not liked; Reserve knows.
    assert!(run.filter(&web)["n399"].fits() && !run.filter(&web)["n000"].fits());
    assert_eq!(run.score(&web)["n399"], 0);
    let taken = Verdict::unschedulable("node's GPUs were taken meanwhile");
    assert_eq!(run.reserve(&web, "n399").unwrap(), taken);
    assert!((0..8).any(|_| run.filter(&web).values().all(|verdict| !verdict.fits())));
}
