//! `longshore profile`, `version` and `completion`.

use crate::support::{Scratch, run, run_with};

#[test]
fn every_problem_is_reported_at_once() {
    let scratch = Scratch::new();
    let file = scratch.file(
        "wrong.yaml",
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nparallelism: -1\nprofils: []\npercentageOfNodesToScore: 200\nprofiles:\n- schedulerName: a\n  plugins: {score: {enabled: [{name: NoSuchPlugin}]}}\n",
    );
    let ran = run(&["profile", "validate", &file]).exits(1).warns(&[
        "parallelism",
        "profils",
        "percentageOfNodesToScore",
        "NoSuchPlugin",
    ]);
    let lines: Vec<&str> = ran.err.lines().collect();
    assert!(
        lines.len() >= 4 && lines.iter().all(|l| l.starts_with(&format!("error: {file}: "))),
        "{}",
        ran.err
    );
    assert!(ran.out.is_empty());
    run(&["simulate", "-f", "examples/cluster", "--config", &file]).exits(1).warns(&["NoSuchPlugin"]);
}

#[test]
fn valid_files_are_said_to_be_valid_with_their_warnings() {
    run(&["profile", "validate", "profiles/two-profiles.yaml"])
        .exits(0)
        .says(&["profiles/two-profiles.yaml: valid\n"]);
    let scratch = Scratch::new();
    let file = scratch.file(
        "odd.yaml",
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n- plugins: {score: {disabled: [{name: ImageLocalty}]}}\n",
    );
    run(&["profile", "validate", &file]).exits(0).says(&["valid"]).warns(&["Warning: ", "ImageLocalty"]);
}

#[test]
fn what_is_shown_is_itself_a_valid_file_that_shows_the_same() {
    for args in [&["profile", "show"][..], &["profile", "show", "profiles/binpack.yaml"]] {
        let shown = run(args).exits(0).says(&["kind: KubeSchedulerConfiguration", "NodeResourcesFit"]);
        let again = run_with(&["profile", "show", "-"], &shown.out).exits(0);
        assert_eq!(again.out, shown.out);
    }
    let json = run(&["profile", "show", "-o", "json"]).exits(0).json();
    assert_eq!(json["profiles"][0]["schedulerName"], "default-scheduler");
    run(&["profile", "show", "-o", "table"]).exits(2);
}

#[test]
fn version_and_help() {
    run(&["version"]).exits(0).says(&[
        "longshore 0.",
        "(commit ",
        "kube-scheduler v1.37",
        "1.36, 1.37, 1.38",
    ]);
    run(&["--version"]).exits(0).says(&["longshore 0."]);
    let json = run(&["version", "-o", "json"]).exits(0).json();
    assert_eq!(json["kind"], "Version");
    let of_plugin = ["new", "build", "inspect", "run", "test", "bench", "check", "push", "pull"];
    for command in of_plugin {
        run(&["plugin", command, "--help"]).exits(0).says(&["Examples:", "longshore plugin "]);
    }
    for command in ["simulate", "explain", "completion"] {
        run(&[command, "--help"]).exits(0).says(&["Examples:", "longshore "]);
    }
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        run(&["completion", shell]).exits(0).says(&["longshore", "simulate", "plain-http"]);
    }
    run(&["completion", "tcsh"]).exits(2);
}

#[test]
fn an_older_file_is_brought_to_v1_and_it_is_said_what_changed() {
    let scratch = Scratch::new();
    let old = "apiVersion: kubescheduler.config.k8s.io/v1beta2\nkind: KubeSchedulerConfiguration\nprofiles:\n- plugins: {score: {enabled: [{name: NodeResourcesMostAllocated}]}}\n";
    let file = scratch.file("old.yaml", old);
    let migrated = run(&["profile", "migrate", &file])
        .exits(0)
        .says(&["apiVersion: kubescheduler.config.k8s.io/v1\n", "type: MostAllocated"])
        .warns(&[
            "v1beta2 became kubescheduler.config.k8s.io/v1",
            "TaintToleration has its default weight of before, 1",
        ]);
    run_with(&["profile", "validate", "-"], &migrated.out).exits(0);
    run_with(&["profile", "migrate", "-"], "kind: Pod\n")
        .exits(1)
        .warns(&["must be KubeSchedulerConfiguration or Policy"]);
    let policy = "apiVersion: v1\nkind: Policy\npredicates: [{name: GeneralPredicates}]\npriorities: [{name: LeastRequestedPriority, weight: 2}]\n";
    let migrated = run_with(&["profile", "migrate", "-"], policy).exits(0);
    run_with(&["profile", "validate", "-"], &migrated.out).exits(0);
}

#[test]
fn plugins_that_nobody_has_are_left_out_when_asked_to() {
    let scratch = Scratch::new();
    let lists = "{queueSort: {enabled: [{name: NoSuchSort}], disabled: [{name: \"*\"}]}, score: {enabled: [{name: NoSuchPlugin}]}}";
    let text = format!(
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n- plugins: {lists}\n  pluginConfig: [{{name: NoSuchSort, args: {{permitWaitingTimeSeconds: 1}}}}]\n"
    );
    let file = scratch.file("own.yaml", &text);
    let args = ["simulate", "-f", "examples/cluster", "-f", "examples/workload", "--config", &file];
    run(&args).exits(1).warns(&["NoSuchPlugin"]);
    run(&[&args[..], &["--ignore-unknown-plugins"]].concat())
        .exits(0)
        .warns(&["queueSort.enabled: left out", "score.enabled: left out: unknown plugin \"NoSuchPlugin\""]);
}

#[test]
fn the_rest_of_a_file_can_be_checked() {
    let scratch = Scratch::new();
    let text = |percentage: u32| {
        format!(
            "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\npercentageOfNodesToScore: {percentage}\n\
             profiles:\n- plugins: {{filter: {{enabled: [{{name: OurOwnPlugin}}]}}}}\n"
        )
    };
    let file = scratch.file("profile.yaml", &text(50));
    run(&["profile", "validate", &file])
        .exits(1)
        .warns(&["unknown plugin \"OurOwnPlugin\"; bring it in WebAssembly"]);
    let rest = run(&["profile", "validate", &file, "--ignore-unknown-plugins"]);
    rest.exits(0).warns(&["left out: unknown plugin \"OurOwnPlugin\""]);
    let wrong = scratch.file("wrong.yaml", &text(500));
    run(&["profile", "validate", &wrong, "--ignore-unknown-plugins"])
        .exits(1)
        .warns(&["percentageOfNodesToScore"]);
}

#[test]
fn coscheduling_may_stand_where_published_files_have_it() {
    let scratch = Scratch::new();
    let text = |stage: &str| {
        let stages = ["preFilter", "postFilter", "permit", "reserve", "postBind", stage];
        let lists: String = stages
            .iter()
            .map(|stage| format!("    {stage}: {{enabled: [{{name: Coscheduling}}]}}\n"))
            .collect();
        format!(
            "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n- plugins:\n    \
             queueSort: {{enabled: [{{name: Coscheduling}}], disabled: [{{name: '*'}}]}}\n{lists}"
        )
    };
    run(&["profile", "validate", &scratch.file("good.yaml", &text("preBind"))]).exits(0);
    let wrong = scratch.file("wrong.yaml", &text("score"));
    run(&["profile", "validate", &wrong])
        .exits(1)
        .warns(&["plugin \"Coscheduling\" does not take part in Score"]);
}
