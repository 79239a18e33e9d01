//! Plugins in WebAssembly, with the one of `profiles/wasm.yaml`.

use crate::support::{NODE, Ran, Scratch, pod, run, run_with};

const HEAD: &str =
    "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n";

/// The digest of `tests/guests/nodenumber.wasm`, as `profile show` prints it.
fn digest() -> String {
    let shown = run(&["profile", "show", "profiles/wasm.yaml", "-o", "json"]).exits(0).json();
    args(&shown)["sha256"].as_str().unwrap().to_string()
}

fn args(shown: &serde_json::Value) -> &serde_json::Value {
    let configs = shown["profiles"][0]["pluginConfig"].as_array().unwrap();
    &configs.iter().find(|c| c["name"] == "NodeNumber").unwrap()["args"]
}

/// A file with a profile whose plugin ZonePack has these args.
fn profile(args: &str) -> String {
    format!(
        "{HEAD}- plugins: {{multiPoint: {{enabled: [{{name: ZonePack}}]}}}}\n  pluginConfig: [{{name: ZonePack, args: {args}}}]\n"
    )
}

fn guest() -> String {
    concat!("file://", env!("CARGO_MANIFEST_DIR"), "/../../tests/guests/nodenumber.wasm").to_string()
}

#[track_caller]
fn refused(text: &str) -> Ran {
    let scratch = Scratch::new();
    scratch.file("not-wasm.wasm", "this is text");
    let file = scratch.file("profile.yaml", text);
    run(&["profile", "validate", &file]).exits(1)
}

#[test]
fn a_plugin_is_loaded_and_described() {
    let digest = digest();
    run(&["profile", "validate", "profiles/wasm.yaml"]).exits(0).says(&[
        "profiles/wasm.yaml: valid\n",
        &format!("NodeNumber: component 0.1.0, sha256:{digest}, from file://../tests/guests/nodenumber.wasm"),
    ]);
}

#[test]
fn what_is_shown_has_the_stages_the_digest_and_every_default_and_is_a_valid_file() {
    let shown = run(&["profile", "show", "profiles/wasm.yaml", "-o", "json"]).exits(0);
    let document = shown.json();
    let scorers = document["profiles"][0]["plugins"]["score"]["enabled"].as_array().unwrap();
    assert!(scorers.iter().any(|p| p["name"] == "NodeNumber" && p["weight"] == 2), "{scorers:?}");
    let args = args(&document);
    assert_eq!((&args["limits"]["memory"], &args["failurePolicy"]), (&"16Mi".into(), &"Ignore".into()));
    assert_eq!(args["sha256"].as_str().unwrap().len(), 64);
    let again = run_with(&["profile", "show", "-", "-o", "json"], &shown.out).exits(0);
    assert_eq!(again.out, shown.out);
}

#[test]
fn its_scores_decide_and_are_explained() {
    let node = |name: &str| NODE.replace("n1", name);
    let own = pod("web-2", "1").replace("spec:", "spec:\n  schedulerName: longshore");
    let cluster = [node("node-1"), node("node-2"), node("node-3"), own].join("---\n");
    let placed = run_with(
        &["simulate", "-f", "-", "--config", "profiles/wasm.yaml", "--trace", "-o", "json"],
        &cluster,
    );
    let document = placed.exits(0).json();
    assert_eq!(document["placements"][0]["node"], "node-2");
    let scores = &document["attempts"][0]["nodes"]["node-2"]["scores"];
    assert_eq!(scores["NodeNumber"], 100);
    let explained = run_with(&["explain", "web-2", "-f", "-", "--config", "profiles/wasm.yaml"], &cluster);
    explained.exits(0).says(&["NodeNumber", "node-2"]);
}

#[test]
fn a_module_that_cannot_be_had_is_named_with_its_field_and_the_mend() {
    for (args, words) in [
        ("{source: 'file://nowhere.wasm'}", "args.source: file://"),
        ("{source: 'file://not-wasm.wasm'}", "args.source: it is not a WebAssembly component"),
        ("{source: nowhere.wasm}", "write file://PATH"),
        ("{source: 'https://example.com/a.wasm'}", "add sha256"),
        ("{source: 'oci://example.com/a:1'}", "add sha256"),
        ("{guestURL: 'http://example.com/a.wasm'}", "args.guestURL"),
        ("{source: 'file://a.wasm', sha256: abc}", "args.sha256: must be 64 hexadecimal digits"),
        ("{sourc: 'file://a.wasm'}", "args.sourc: unknown field; did you mean source?"),
        ("{guestUrl: 'file://a.wasm'}", "args.guestUrl: unknown field; did you mean guestURL?"),
        ("{source: 'file://a.wasm', sorce: x}", "args.sorce: unknown field; did you mean source?"),
        ("{source: 'file://a.wasm', capabilities: [network]}", "args.capabilities[0]: must be one of"),
        ("{source: 'file://a.wasm', limits: {time: soon}}", "args.limits.time: must be a time"),
    ] {
        let ran = refused(&profile(args)).warns(&[words, "profiles[0].pluginConfig[0].args"]);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    }
}

#[test]
fn another_content_than_the_digest_says_is_refused() {
    let (right, wrong) = (digest(), "0".repeat(64));
    let of = |digest: &str| profile(&format!("{{source: '{}', sha256: '{digest}'}}", guest()));
    refused(&of(&wrong)).warns(&[&format!("expected sha256:{wrong}, got sha256:{right}")]);
    let scratch = Scratch::new();
    run(&["profile", "validate", &scratch.file("profile.yaml", &of(&right))]).exits(0);
}

#[test]
fn a_config_that_the_plugin_refuses_is_reported() {
    refused(&profile(&format!("{{source: '{}', config: {{reverse: 7}}}}", guest())))
        .warns(&["profiles[0].pluginConfig[0].args", "Describe"]);
}

#[test]
fn a_name_of_a_built_in_plugin_is_taken() {
    let text = profile(&format!("{{source: '{}'}}", guest())).replace("ZonePack", "ImageLocality");
    refused(&text)
        .warns(&["ImageLocality is a plugin of Longshore itself; give the one in WebAssembly another name"]);
}

#[test]
fn every_profile_says_where_its_plugin_is() {
    let one =
        profile(&format!("{{source: '{}'}}", guest())).replace("- plugins", "- schedulerName: a\n  plugins");
    let two = format!("{one}- schedulerName: b\n  plugins: {{score: {{enabled: [{{name: ZonePack}}]}}}}\n");
    refused(&two).warns(&["profiles[1].pluginConfig[name=ZonePack].args", "add source"]);
}

#[test]
fn compiled_code_is_kept_where_it_was_asked_for() {
    let scratch = Scratch::new();
    let cache = format!("--plugin-cache-dir={}", scratch.path());
    for _ in 0..2 {
        run(&["profile", "validate", "profiles/wasm.yaml", &cache]).exits(0);
        let kept = std::fs::read_dir(format!("{}/compiled", scratch.path())).unwrap().count();
        assert_eq!(kept, 1);
    }
    run(&["profile", "validate", "profiles/wasm.yaml", "--plugin-cache-dir="]).exits(0);
}

#[test]
fn the_log_of_run_says_that_compiled_code_was_tampered_with() {
    let scratch = Scratch::new();
    let cache = format!("--plugin-cache-dir={}/cache", scratch.path());
    let written = format!("--write-config-to={}/written.yaml", scratch.path());
    let run = || {
        run(&["run", "--config", "profiles/wasm.yaml", &cache, &written, "--kubernetes-version=1.37"])
            .exits(0)
    };
    assert!(!run().err.contains("cannot be used"));
    let entry = std::fs::read_dir(format!("{}/cache/compiled", scratch.path()))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = std::fs::read(&entry).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&entry, bytes).unwrap();
    run().warns(&["a compiled plugin on disk cannot be used; it is compiled again"]);
}

/// What `simulate` says and how it ends with a plugin that breaks over every pod.
#[track_caller]
fn simulate_broken(policy: &str, code: i32) -> Ran {
    let scratch = Scratch::new();
    scratch.bytes("broken.wasm", &crate::wat::guest().filter("unreachable").build());
    let args = format!("{{source: 'file://broken.wasm', failurePolicy: {policy}}}");
    let profile = scratch.file("profile.yaml", &profile(&args));
    let pods: String = (0..8).map(|at| pod(&format!("web-{at}"), "10m")).collect();
    run_with(&["simulate", "-f", "-", "--config", &profile], &format!("{NODE}{pods}")).exits(code)
}

#[test]
fn a_plugin_that_fails_is_a_failure_unless_the_profile_ignores_it() {
    let broken = ["plugin ZonePack failed", "first: Filter (trap)"];
    simulate_broken("Fail", 1).warns(&broken);
    simulate_broken("Ignore", 0).warns(&broken);
}
