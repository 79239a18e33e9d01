//! Plugins that a configuration names without a source, from a catalogue.

use crate::support::{NODE, Ran, Scratch, pod, run, run_with};

const HEAD: &str =
    "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n";

/// A folder with NodeNumber's module and an index of it.
fn catalogue() -> Scratch {
    let scratch = Scratch::new();
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/guests/nodenumber.wasm");
    std::fs::copy(module, format!("{}/nodenumber.wasm", scratch.path())).unwrap();
    let shown = run(&["profile", "show", "profiles/wasm.yaml", "-o", "json"]).exits(0).json();
    let configs = shown["profiles"][0]["pluginConfig"].as_array().unwrap();
    let digest =
        configs.iter().find(|c| c["name"] == "NodeNumber").unwrap()["args"]["sha256"].as_str().unwrap();
    index(&scratch, digest, "");
    scratch
}

fn index(scratch: &Scratch, digest: &str, capability: &str) {
    let entry = format!(
        r#"{{"name": "NodeNumber", "module": "nodenumber.wasm", "sha256": "{digest}", "capabilities": [{capability}]}}"#
    );
    scratch.file("catalogue.json", &format!(r#"{{"plugins": [{entry}]}}"#));
}

fn profile(args: &str) -> String {
    let config = if args.is_empty() {
        String::new()
    } else {
        format!("  pluginConfig: [{{name: NodeNumber, args: {args}}}]\n")
    };
    format!("{HEAD}- plugins: {{multiPoint: {{enabled: [{{name: NodeNumber, weight: 3}}]}}}}\n{config}")
}

fn validate(catalogue: &str, text: &str) -> Ran {
    let scratch = Scratch::new();
    run(&["profile", "validate", &scratch.file("profile.yaml", text), "--catalogue", catalogue])
}

#[test]
fn a_plugin_needs_no_source_where_a_catalogue_has_it() {
    let folder = catalogue();
    let reference = format!("file://{}", folder.path());
    for text in [profile(""), profile("{reverse: true}")] {
        validate(&reference, &text).exits(0).says(&["NodeNumber: component 0.1.0, sha256:"]);
        validate(&format!("{reference}/catalogue.json"), &text).exits(0);
    }
    let node = |name: &str| NODE.replace("n1", name);
    let cluster = [node("node-1"), node("node-2"), pod("web-2", "1")].join("---\n");
    let file = folder.file("profile.yaml", &profile("{reverse: true}"));
    let placed = run_with(
        &["simulate", "-f", "-", "--config", &file, "--catalogue", &reference, "-o", "json"],
        &cluster,
    );
    assert_eq!(placed.exits(0).json()["placements"][0]["node"], "node-1");
    // What is shown says where the module is.
    let shown = run(&["profile", "show", &file, "--catalogue", &reference]).exits(0);
    run_with(&["profile", "validate", "-"], &shown.out).exits(0);
}

#[test]
fn args_are_the_plugins_own_and_checked_by_it() {
    let folder = catalogue();
    let reference = format!("file://{}", folder.path());
    // Near to source, and still a field of the plugin.
    validate(&reference, &profile("{resources: []}"))
        .exits(1)
        .warns(&["profiles[0].pluginConfig[0].args: unknown field `resources`"]);
    validate(&reference, &profile("{revers: true}"))
        .exits(1)
        .warns(&["profiles[0].pluginConfig[0].args: unknown field `revers`"]);
}

#[test]
fn a_catalogue_that_cannot_be_read_is_named() {
    let folder = catalogue();
    let reference = format!("file://{}", folder.path());
    validate("file:///nowhere", &profile("")).exits(1).warns(&["--catalogue file:///nowhere"]);
    validate("nowhere", &profile("")).exits(1).warns(&["--catalogue nowhere", "write file://PATH"]);
    index(&folder, &"0".repeat(64), "");
    validate(&reference, &profile(""))
        .exits(1)
        .warns(&["pluginConfig[name=NodeNumber].args", "expected sha256:000"]);
    index(&folder, "", "\"net\"");
    validate(&reference, &profile("")).exits(1).warns(&[
        "plugins[0].sha256: is required",
        "plugins[0].capabilities[0]: there is no capability \"net\"",
    ]);
    folder.file("catalogue.json", "plugins: []");
    validate(&reference, &profile("")).exits(1).warns(&["it is no JSON"]);
}

#[test]
fn without_one_the_message_says_that_a_catalogue_has_the_plugin() {
    let text = profile("").replace("NodeNumber", "NodeResourceTopologyMatch");
    let scratch = Scratch::new();
    run(&["profile", "validate", &scratch.file("profile.yaml", &text)])
        .exits(1)
        .warns(&["NodeResourceTopologyMatch", "--catalogue file://DIR"]);
}
