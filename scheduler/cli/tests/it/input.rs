//! What commands make of their input: objects that are there twice, pods that nobody made, pods that cannot be read.

use serde_json::json;

use crate::support::{NODE, Scratch, pod, run, run_with};

const JOB_SET: &str = "---\napiVersion: jobset.x-k8s.io/v1alpha2\nkind: JobSet\nmetadata: {name: train}\nspec: {replicatedJobs: [{replicas: 2, template: {spec: {parallelism: 3, template: {spec: {containers: [{name: c}]}}}}}]}\n";
const CRON_JOB: &str = "---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {jobTemplate: {spec: {parallelism: 2, template: {spec: {containers: [{name: c}]}}}}}\n";

#[test]
fn the_later_of_two_objects_is_decided() {
    let scratch = Scratch::new();
    let cluster = scratch.file("cluster.yaml", &format!("{NODE}{}", pod("web", "64")));
    let changed = scratch.file("changed.yaml", &pod("web", "1"));
    run(&["simulate", "-f", &cluster, "-f", &changed, "--fail-on-pending"]).exits(0).warns(&[
        "cluster.yaml: document 2 and, changed, in ",
        "changed.yaml: document 1; the later one counts",
    ]);
    let twice = run(&["simulate", "-f", &cluster, "-f", &cluster, "--fail-on-pending"]).exits(3);
    assert!(twice.err.is_empty(), "{}", twice.err);
}

#[test]
fn pods_that_nobody_made_count_as_not_placed() {
    let input = format!("{NODE}{}{JOB_SET}{CRON_JOB}", pod("small", "1"));
    let args = ["simulate", "-f", "-", "-o", "json"];
    let json = run_with(&args, &input)
        .exits(0)
        .warns(&[
            "(JobSet default/train): not expanded: 6 pods are missing",
            "(CronJob default/nightly)",
            "--expand-cronjobs",
        ])
        .json();
    let objects: Vec<_> =
        json["unexpanded"].as_array().unwrap().iter().map(|u| json!([u["object"], u["pods"]])).collect();
    assert_eq!(objects, [json!(["JobSet default/train", 6]), json!(["CronJob default/nightly", 2])]);
    assert_eq!(json["summary"]["unexpanded"], 2);
    run_with(&["simulate", "-f", "-", "--fail-on-pending"], &input)
        .exits(3)
        .says(&["2 object(s), 8 pods are missing"]);
    let only = format!("{NODE}{CRON_JOB}");
    run_with(&["simulate", "-f", "-", "--fail-on-pending", "--expand-cronjobs"], &only)
        .exits(0)
        .says(&["2 to schedule: 2 scheduled"]);
    let explained = run_with(&["explain", "small", "-f", "-"], &input).exits(0);
    assert!(explained.err.contains("not expanded"), "{}", explained.err);
}

#[test]
fn a_running_pod_that_cannot_be_read_is_named_with_its_node() {
    let running = |name: &str| pod(name, "3").replace("spec:", "spec:\n  nodeName: n1");
    let whole = running("half").replace("spec:", "spec:\n  tolerations: 1");
    let input = format!("{NODE}{whole}{}", pod("large", "2"));
    let ran = run_with(&["simulate", "-f", "-", "-o", "json"], &input).exits(1);
    let json = ran.warns(&["spec.tolerations", "it runs on n1, where its requests are counted"]).json();
    assert_eq!(json!([json["unreadable"][0]["node"], json["unreadable"][0]["counted"]]), json!(["n1", true]));
    assert_eq!(json["pending"][0]["pod"], "default/large", "the room is taken");
    let lost = running("lost").replace("cpu: 3", "cpu: lots");
    let ran = run_with(&["simulate", "-f", "-", "-o", "json"], &format!("{NODE}{lost}{}", pod("large", "2")))
        .exits(1);
    let json = ran
        .warns(&["1 pod(s) that could not be read run on n1: there is less room there than is counted on"])
        .json();
    assert_eq!(
        json!([json["unreadable"][0]["node"], json["unreadable"][0]["counted"]]),
        json!(["n1", false])
    );
    assert!(json["unreadable"][0]["line"].is_u64());
}

#[test]
fn configurations_are_read_wherever_they_stand() {
    let scratch = Scratch::new();
    let config = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles: [{schedulerName: mine}]\n";
    let indented: String = config.lines().map(|line| format!("    {line}\n")).collect();
    let map = scratch.file("map.yaml", &format!("apiVersion: v1\nkind: ConfigMap\ndata:\n  config.yaml: |\n{indented}---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: s}}\n"));
    run(&["profile", "validate", &map])
        .exits(0)
        .says(&["valid", "mine:"])
        .warns(&["left out: ServiceAccount s"]);
    let own = pod("own", "1").replace("spec:", "spec:\n  schedulerName: mine");
    run_with(&["simulate", "-f", "-", "--config", &map, "--fail-on-pending"], &format!("{NODE}{own}"))
        .exits(0)
        .says(&["1 scheduled"]);
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(config.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    run(&["profile", "validate", &scratch.bytes("utf16.yaml", &utf16)]).exits(0).says(&["mine:"]);
    let template = scratch.file("template.yaml", &config.replace("mine", "{{ .Values.name }}"));
    run(&["profile", "validate", &template])
        .exits(1)
        .warns(&["line 3: looks like a Helm template: render it first"]);
}
