//! `longshore simulate`.

use serde_json::json;

use crate::support::{NODE, Scratch, pod, run, run_with};

fn cluster() -> String {
    format!("{NODE}{}{}", pod("small", "1"), pod("large", "64"))
}

#[test]
fn the_table_lists_placements_pending_pods_and_a_summary() {
    run_with(&["simulate", "-f", "-"], &cluster()).exits(0).says(&[
        "NAMESPACE   NAME    NODE\ndefault     small   n1\n",
        "Pending (1)\n  default/large\n      0/1 nodes are available: 1 Insufficient cpu.",
        "2 to schedule: 1 scheduled, 1 pending",
        "cpu                1             4       1    25%       0%   |··█·······|",
        "at random, seed 0",
    ]);
}

#[test]
fn headers_can_be_left_out_and_wide_adds_columns() {
    let plain = run_with(&["simulate", "-f", "-", "--no-headers"], &cluster())
        .exits(0)
        .says(&["default   small   n1\n"]);
    assert!(!plain.out.contains("NAMESPACE") && !plain.out.contains("RESOURCE"), "{}", plain.out);
    run_with(&["simulate", "-f", "-", "-o", "wide"], &cluster())
        .exits(0)
        .says(&["NAMESPACE   NAME    NODE   PRIORITY   SCORE   ATTEMPTS   PROFILE", "default-scheduler"]);
}

#[test]
fn json_and_yaml_say_the_same() {
    let decided = |format| {
        run_with(&["simulate", "-f", "-", "-o", format, "--tie-break", "first"], &cluster()).exits(0)
    };
    let json = decided("json").json();
    assert_eq!(json["apiVersion"], "longshore.dev/v1alpha1");
    assert_eq!(json["kind"], "Simulation");
    assert_eq!(json["placements"][0]["pod"], "default/small");
    assert_eq!(json["placements"][0]["node"], "n1");
    assert_eq!(json["pending"][0]["pod"], "default/large");
    let counts =
        ["nodes", "pods", "scheduled", "pending", "evicted", "skipped"].map(|k| json["summary"][k].clone());
    assert_eq!(json!(counts), json!([1, 2, 1, 1, 0, 0]));
    assert_eq!(json["summary"]["seed"], json!(null));
    let mut yaml: serde_json::Value = serde_saphyr::from_str(&decided("yaml").out).unwrap();
    // Times differ from run to run.
    for field in ["readSeconds", "decideSeconds", "podsPerSecond"] {
        yaml["summary"][field] = json["summary"][field].clone();
    }
    assert_eq!(yaml, json);
}

#[test]
fn a_trace_has_every_verdict() {
    let json = run_with(&["simulate", "-f", "-", "-o", "json", "--trace"], &cluster()).exits(0).json();
    let attempts = json["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0]["node"], "n1");
    assert_eq!(attempts[1]["nodes"]["n1"]["reasons"], json!(["Insufficient cpu"]));
    let without = run_with(&["simulate", "-f", "-", "-o", "json"], &cluster()).json();
    assert_eq!(without.get("attempts"), None);
    run_with(&["simulate", "-f", "-", "--trace"], &cluster())
        .exits(0)
        .warns(&["Warning: --trace shows only with -o json"]);
}

#[test]
fn exit_codes() {
    run_with(&["simulate", "-f", "-", "--fail-on-pending"], &cluster()).exits(3);
    run_with(&["simulate", "-f", "-", "--fail-on-pending"], &format!("{NODE}{}", pod("small", "1"))).exits(0);
    // The profile is another scheduler's, so nobody places the pod.
    let packing = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles/binpack.yaml");
    let input = format!("{NODE}{}", pod("small", "1"));
    run_with(&["simulate", "-f", "-", "--config", packing, "--fail-on-pending"], &input)
        .exits(3)
        .says(&[
            "Skipped (1)\n  default/small\n      no profile has the scheduler name default-scheduler",
            "1, because no profile has their schedulerName: decide it as well with --all-pods (profile longshore), or give it",
        ])
        .warns(&["none of the 1 pod(s) was decided: decide it as well with --all-pods (profile longshore)"]);
    for wrong in [
        &["simulate"][..],
        &["simulate", "-f"],
        &["simulate", "-f", "-", "-o", "xml"],
        &["simulate", "-f", "-", "--threads", "0"],
        &["nonsense"],
        &[],
    ] {
        let ran = run(wrong).exits(2);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{ran:?}");
    }
    run(&["simulate", "-f", "no-such-file.yaml"])
        .exits(1)
        .warns(&["error: no-such-file.yaml: no such file or directory; check the path"]);
    run(&["simulate", "-f", "examples/cluster", "--config", "no-such-profile.yaml"])
        .exits(1)
        .warns(&["error: no-such-profile.yaml: cannot be opened; check the path"]);
}

#[test]
fn a_bad_object_is_reported_and_the_rest_is_decided() {
    let input = format!("{}{}", cluster(), pod("bad", "lots"));
    let ran = run_with(&["simulate", "-f", "-", "-o", "json"], &input).exits(1).warns(&[
        "error: -: document 4, line 28 (Pod default/bad): spec.containers[0].resources.requests.cpu",
    ]);
    let json = ran.json();
    assert_eq!(json["unreadable"][0]["object"], "Pod default/bad");
    assert_eq!(json["unreadable"][0]["isPod"], true);
    assert_eq!(json["summary"]["unreadablePods"], 1);
    assert_eq!(json["summary"]["scheduled"], 1);
}

#[test]
fn unknown_kinds_are_named_and_no_error() {
    let input = format!("{NODE}---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w}}\n");
    run_with(&["simulate", "-f", "-"], &input)
        .exits(0)
        .warns(&["Warning: left out kinds that scheduling does not read: example.com/v1 Widget (1)"])
        .says(&["No pending pods: nothing to schedule."]);
}

#[test]
fn nothing_at_all_is_fine() {
    run_with(&["simulate", "-f", "-"], "").exits(0).says(&["No pending pods: nothing to schedule."]);
    run_with(&["simulate", "-f", "-"], &pod("p", "1"))
        .exits(0)
        .says(&["no nodes available to schedule pods"]);
}

#[test]
fn files_and_directories_are_read_together() {
    let scratch = Scratch::new();
    scratch.file("cluster/deep/node.yaml", NODE);
    let one = scratch.file("one.yaml", &pod("one", "1"));
    let two = scratch.file("two.json", r#"{"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "two"}, "spec": {"containers": [{"name": "c"}]}}]}"#);
    let ran = run(&["simulate", "-f", &scratch.path(), "-o", "json"]).exits(0);
    assert_eq!(ran.json()["summary"]["scheduled"], 2);
    let cluster = format!("{}/cluster", scratch.path());
    let ran = run(&["simulate", "-f", &cluster, "-f", &one, "--filename", &two, "-o", "json"]).exits(0);
    assert_eq!(ran.json()["summary"]["scheduled"], 2);
}

#[test]
fn a_configuration_decides_only_its_own_pods() {
    let scratch = Scratch::new();
    let config = scratch.file(
        "profile.yaml",
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n- schedulerName: longshore\n",
    );
    let other = pod("theirs", "1").replace("spec:", "spec:\n  schedulerName: default-scheduler");
    let own = pod("ours", "1").replace("spec:", "spec:\n  schedulerName: longshore");
    let input = format!("{NODE}{other}{own}");
    let ran = run_with(&["simulate", "-f", "-", "--config", &config, "-o", "json"], &input).exits(0);
    let json = ran.json();
    assert_eq!(json["skipped"][0]["pod"], "default/theirs");
    assert_eq!(json["placements"][0]["profile"], "longshore");
    assert_eq!(json["summary"]["pods"], 1);
    let all = run_with(&["simulate", "-f", "-", "-o", "json"], &input).exits(0).json();
    assert_eq!(all["summary"]["scheduled"], 2);
}

#[test]
fn a_profile_decides_all_pods_when_it_is_told_to() {
    let file =
        ["-f", "examples/cluster", "-f", "examples/workload", "--config", "profiles/two-profiles.yaml"];
    let decided = |more: &[&str]| {
        let json = run(&[&["simulate", "-o", "json"], &file[..], more].concat()).exits(0).json();
        let profiles =
            json["placements"].as_array().unwrap().iter().map(|p| p["profile"].as_str().unwrap().to_string());
        let used: std::collections::BTreeSet<String> = profiles.collect();
        let (skipped, lost) = (json["summary"]["skipped"].clone(), json["summary"]["notPlaced"].clone());
        (
            used,
            skipped.as_u64().unwrap(),
            lost.as_u64().unwrap() - json["summary"]["pending"].as_u64().unwrap(),
        )
    };
    assert_eq!(decided(&[]), (Default::default(), 38, 38));
    assert_eq!(decided(&["--all-pods"]), (["longshore".to_string()].into(), 0, 0));
    assert_eq!(
        decided(&["--all-pods", "--profile", "longshore-binpack"]),
        (["longshore-binpack".to_string()].into(), 0, 0)
    );
    let wrong = run(&[&["simulate"], &file[..], &["--profile", "batch"]].concat()).exits(2);
    wrong.warns(&["error: --profile batch: there is no such profile, only longshore, longshore-binpack"]);
    let explained = run(&[&["explain", "shop/checkout"], &file[..]].concat()).exits(0);
    explained.says(&[
        "no profile has the scheduler name default-scheduler, only longshore, longshore-binpack",
        "--all-pods",
    ]);
    run(&[&["explain", "shop/checkout", "--all-pods"], &file[..]].concat()).exits(0).says(&["shop/checkout"]);
}

#[test]
fn gated_and_finished_pods_are_told_apart() {
    let gated = pod("gated", "1").replace("spec:", "spec:\n  schedulingGates: [{name: g}]");
    let done = format!("{}status: {{phase: Succeeded}}\n", pod("done", "1"));
    let json =
        run_with(&["simulate", "-f", "-", "-o", "json"], &format!("{NODE}{gated}{done}")).exits(0).json();
    assert_eq!(json["pending"][0]["reason"], "SchedulingGated");
    assert_eq!(json["pending"][0]["message"], "waiting for scheduling gates: [g]");
    assert_eq!(json["summary"]["finished"], 1);
    assert_eq!(json["summary"]["pods"], 1);
}

#[test]
fn threads_and_repetition_change_nothing() {
    let placements = |threads: &str| {
        let args = [
            "simulate",
            "-f",
            "examples/cluster",
            "-f",
            "examples/workload",
            "-o",
            "json",
            "--threads",
            threads,
        ];
        run(&args).exits(0).json()["placements"].clone()
    };
    assert_eq!(placements("1"), placements("7"));
    assert_eq!(placements("2"), placements("2"));
}

#[test]
fn many_pods_are_summed_up() {
    let pods: String = (0..60).map(|i| pod(&format!("p{i}"), "1")).collect();
    let ran = run_with(&["simulate", "-f", "-"], &format!("{NODE}{pods}")).exits(0);
    let ran =
        ran.says(&["default/p4, default/p5, default/p6 and 53 more", "Placements are listed with -o wide"]);
    assert!(!ran.out.contains("NAMESPACE"), "{}", ran.out);
    run_with(&["simulate", "-f", "-", "-o", "wide"], &format!("{NODE}{pods}"))
        .exits(0)
        .says(&["NAMESPACE", "default/p59"]);
}
