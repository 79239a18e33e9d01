//! Configuration files that are broken or mean harm.

use longshore_loader as plugins;

const HEAD: &str = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

/// The file is refused, in words that contain each of `want`, short enough to read.
#[track_caller]
fn check(text: &str, want: &[&str]) {
    let error =
        longshore_profile::load("config.yaml", text, &plugins::registry(), plugins::default_multi_point())
            .expect_err("the file is refused")
            .to_string();
    assert!(error.starts_with("config.yaml"), "{error}");
    assert!(error.len() < 50_000, "a message of {} bytes", error.len());
    for want in want {
        assert!(error.contains(want), "{want:?} is not in {error}");
    }
}

fn with(rest: &str) -> String {
    format!("{HEAD}{rest}\n")
}

fn args(plugin: &str, args: &str) -> String {
    with(&format!("profiles: [{{pluginConfig: [{{name: {plugin}, args: {args}}}]}}]"))
}

#[test]
fn texts_that_are_no_file() {
    check("", &["config.yaml"]);
    check("\0\u{1}\u{2}", &["config.yaml"]);
    check("hello", &["config.yaml"]);
    check("[]", &["config.yaml"]);
    check("{\"apiVersion\": ", &["config.yaml"]);
    check("a:\n\tb: c", &["config.yaml"]);
    check(&format!("{HEAD}---\na: 1\n"), &["a second document begins"]);
    check(&HEAD.replace("Configuration\n", "Configuration\nkind: Pod\n"), &["written twice"]);
    check("apiVersion: v1\nkind: Pod\n", &["apiVersion"]);
}

#[test]
fn files_that_grow() {
    check(&with(&format!("# {}", "x".repeat(2 << 20))), &["bytes"]);
    check(&with(&format!("profiles: {}", "[".repeat(10_000))), &["config.yaml"]);
    check(&with(&format!("profiles: {}{}", "[".repeat(100), "]".repeat(100))), &["nested deeper"]);
    let mut bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_string();
    for level in 1..12 {
        let down = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{down}]\n"));
    }
    check(&with(&bomb), &["config.yaml"]);
    check(&with("profiles: &p [*p]"), &["config.yaml"]);
    let names: String = (0..5_000).map(|n| format!("unknown{n}: 1\n")).collect();
    check(&with(&names), &["unknown0"]);
    check(&with(&format!("{}: 1", "x".repeat(500_000))), &["config.yaml"]);
}

#[test]
fn numbers_out_of_range() {
    check(&with("parallelism: 0"), &["parallelism"]);
    check(&with("parallelism: 99999999999"), &["parallelism"]);
    check(&with("percentageOfNodesToScore: 101"), &["percentageOfNodesToScore"]);
    check(
        &with("podInitialBackoffSeconds: -1\npodMaxBackoffSeconds: 1e30"),
        &["podInitialBackoffSeconds", "podMaxBackoffSeconds"],
    );
    check(&with("clientConnection: {qps: fast, burst: 2147483648}"), &["qps", "burst"]);
    check(&with("leaderElection: {leaseDuration: 99999999999999h}"), &["leaseDuration"]);
    check(&args("InterPodAffinity", "{hardPodAffinityWeight: 101}"), &["hardPodAffinityWeight"]);
    check(
        &args("InterPodAffinity", "{hardPodAffinityWeight: 18446744073709551616}"),
        &["hardPodAffinityWeight"],
    );
    check(
        &args("DefaultPreemption", "{minCandidateNodesAbsolute: -9223372036854775808}"),
        &["minCandidateNodesAbsolute"],
    );
}

#[test]
fn weights_whose_sum_overflows() {
    let weights: String = ["NodeAffinity", "TaintToleration", "ImageLocality"]
        .map(|n| format!("{{name: {n}, weight: 99999999999}},"))
        .concat();
    check(&with(&format!("profiles: [{{plugins: {{score: {{enabled: [{weights}]}}}}}}]")), &["weight"]);
}

#[test]
fn plugins_that_do_not_exist_or_stand_twice() {
    check(
        &with("profiles: [{plugins: {filter: {enabled: [{name: \"\\0\"}, {name: NoSuch}]}}}]"),
        &["NoSuch"],
    );
    check(
        &with("profiles: [{plugins: {filter: {enabled: [{name: NodeName}, {name: NodeName}]}}}]"),
        &["NodeName"],
    );
    check(&with("profiles: [{schedulerName: a}, {schedulerName: a}]"), &["schedulerName"]);
    check(&with("profiles: [{plugins: {multiPoint: {disabled: [{name: '*'}]}}}]"), &["queueSort", "bind"]);
    check(&args("NodeAffinity", "[1]"), &["args"]);
    check(&args("NodeResourcesFit", "{scoringStrategy: {type: Best}}"), &["scoringStrategy.type"]);
}
