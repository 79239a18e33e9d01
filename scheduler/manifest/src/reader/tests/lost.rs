//! What an answer lacks: pods that run and cannot be read, and pods that nobody made.

use super::*;

/// A pod on node n1 with that rest of its spec.
fn running(spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{nodeName: n1, containers: [{{name: c, resources: {{requests: {{cpu: 1}}}}}}], {spec}}}\n"
    )
}

/// Whether the pod is counted on its node; it is named with it either way.
#[track_caller]
fn check(text: &str, counted: bool) -> Option<Pod> {
    let read = read_str(text);
    let [problem] = read.problems.as_slice() else { panic!("{:?}", read.problems) };
    assert_eq!(
        (problem.node.as_deref(), problem.counted, problem.is_pod),
        (Some("n1"), counted, true),
        "{problem}"
    );
    assert_eq!(read.pods.len(), usize::from(counted));
    read.pods.first().map(|pod| Pod::clone(pod))
}

#[test]
fn a_running_pod_keeps_its_room_when_its_requests_can_be_read() {
    for spec in [
        "tolerations: 1",
        "tolerations: [{effect: Sometimes, key: a}], affinity: {nodeAffinity: 3}",
        "topologySpreadConstraints: [{maxSkew: 0, topologyKey: z, whenUnsatisfiable: DoNotSchedule}]",
        "volumes: {a: b}",
    ] {
        let pod = check(&running(spec), true).unwrap();
        assert_eq!((pod.resources.request.milli_cpu, pod.spec.priority), (1000, 0), "{spec}");
    }
}

#[test]
fn a_pod_of_unknown_priority_is_never_evicted() {
    assert_eq!(check(&running("priority: high"), true).unwrap().spec.priority, i32::MAX);
}

#[test]
fn a_pod_of_unknown_room_is_named_with_its_node() {
    check(&running("overhead: {cpu: lots}"), false);
    check(&running("x: 1").replace("cpu: 1", "cpu: lots"), false);
    check(&running("x: 1").replace("cpu: 1", "cpu: -1"), false);
    check("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  nodeName: n1\n\tcontainers: [\n", false);
    let read = read_str(&running("x: 1").replace("cpu: 1", "cpu: lots").replace("nodeName: n1, ", ""));
    assert_eq!(read.problems[0].node, None);
}

const JOB_SET: &str = "---\napiVersion: jobset.x-k8s.io/v1alpha2\nkind: JobSet\nmetadata: {name: train}\nspec: {replicatedJobs: [{name: w, replicas: 4, template: {spec: {parallelism: 8, template: {spec: {containers: [{name: c}]}}}}}]}\n";
const CRON_JOB: &str = "---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {schedule: '0 0 * * *', jobTemplate: {spec: {parallelism: 3, template: {spec: {containers: [{name: c}]}}}}}\n";

#[test]
fn objects_that_make_pods_are_named_apart() {
    let read = read_str(
        &(JOB_SET.to_string()
            + CRON_JOB
            + "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s}\n"),
    );
    let lines: Vec<_> = read.unexpanded.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "-: document 1 (JobSet default/train): not expanded: 32 pods are missing (by its parallelism, replicas); add the pods or workloads that its controller makes",
            "-: document 2 (CronJob default/nightly): not expanded: 3 pods are missing (by its parallelism); --expand-cronjobs makes the pods of one run",
        ]
    );
    assert_eq!(read.unknown_kinds.len(), 1);
}

#[test]
fn an_object_of_a_cluster_has_its_pods_already() {
    let known = JOB_SET.replace("{name: train}", "{name: train, uid: u}");
    assert_eq!(read_str(&known).unexpanded.len(), 1);
    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: train-w-0-0-abcde}\nspec: {containers: [{name: c}]}\n";
    assert_eq!(read_str(&(known + pod)).unexpanded, []);
    assert_eq!(read_str(&CRON_JOB.replace("{name: nightly}", "{name: nightly, uid: u}")).unexpanded, []);
}

#[test]
fn cron_jobs_are_expanded_on_demand() {
    let source = |text: &str| [Source { name: "-".into(), text: text.as_bytes().to_vec() }];
    let options = Options { expand_cron_jobs: true, ..Options::default() };
    let read = read_with(&source(CRON_JOB), options.clone());
    assert_eq!((read.problems.len(), read.unexpanded.len(), read.pods.len()), (0, 0, 3));
    let owner = read.pods[0].meta.owner.as_ref().unwrap();
    assert!(&*owner.kind == "Job" && owner.name.starts_with("nightly-"), "{owner:?}");
    let suspended = CRON_JOB.replace("jobTemplate:", "suspend: true, jobTemplate:");
    assert_eq!(read_with(&source(&suspended), options).pods.len(), 0);
    assert_eq!(read_str(&suspended).unexpanded, []);
}
