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
fn the_configuration_names_it_too() {
    let folder = catalogue();
    let with = |catalogue: &str| {
        profile("{reverse: true}").replace("profiles:", &format!("catalogue: {catalogue}\nprofiles:"))
    };
    // From the folder of the file, wherever the command runs.
    let file = folder.file("profile.yaml", &with("file://."));
    run(&["profile", "validate", &file]).exits(0).says(&["NodeNumber: component 0.1.0, sha256:"]);
    let shown = run(&["profile", "show", &file]).exits(0);
    assert!(shown.out.contains(&format!("catalogue: file://{}", folder.path())), "{}", shown.out);
    run_with(&["profile", "validate", "-"], &shown.out).exits(0);
    // The command line goes before the file.
    let file = folder.file("profile.yaml", &with("file:///nowhere"));
    run(&["profile", "validate", &file]).exits(1).warns(&["profile.yaml: catalogue: ", "no such file"]);
    run(&["profile", "validate", &file, "--catalogue", &format!("file://{}", folder.path())]).exits(0);
    let inside = profile("").replace("- plugins", "- catalogue: file://.\n  plugins");
    run(&["profile", "validate", &folder.file("profile.yaml", &inside)])
        .exits(1)
        .warns(&["profiles[0].catalogue: stands at the top of the file, beside profiles"]);
}

#[test]
fn a_source_may_name_a_plugin_of_it() {
    let folder = catalogue();
    let reference = format!("file://{}", folder.path());
    let args = "{source: 'catalogue://NodeNumber', limits: {time: 100ms}, config: {reverse: true}}";
    validate(&reference, &profile(args)).exits(0).says(&["NodeNumber: component 0.1.0, sha256:"]);
    let shown = {
        let file = folder.file("profile.yaml", &profile(args));
        run(&["profile", "show", &file, "--catalogue", &reference]).exits(0)
    };
    assert!(shown.out.contains("time: 100ms") && shown.out.contains("/nodenumber.wasm"), "{}", shown.out);
    validate(&reference, &profile("{source: 'catalogue://Other'}"))
        .exits(1)
        .warns(&["args.source: the catalogue has no plugin \"Other\"; it has NodeNumber"]);
    let file = folder.file("profile.yaml", &profile(args));
    run(&["profile", "validate", &file]).exits(1).warns(&["there is no catalogue to find \"NodeNumber\" in"]);
}

const PUBLISHED: &str = "\
- plugins:
    queueSort: {enabled: [{name: TopologicalSort}], disabled: [{name: '*'}]}
    filter: {enabled: [{name: NodeResourceTopologyMatch}]}
    score: {enabled: [{name: NodeResourceTopologyMatch, weight: 5}]}
  pluginConfig:
  - name: NodeResourceTopologyMatch
    args:
      apiVersion: kubescheduler.config.k8s.io/v1
      kind: NodeResourceTopologyMatchArgs
      scoringStrategy: {type: LeastAllocated}
";

#[test]
fn a_file_is_valid_without_the_modules() {
    let scratch = Scratch::new();
    let file = scratch.file("profile.yaml", &format!("{HEAD}{PUBLISHED}"));
    let said = run(&["profile", "validate", &file]).exits(0).out;
    for piece in [
        "NodeResourceTopologyMatch: of the catalogue",
        "TopologicalSort: of the catalogue",
        "--catalogue file://DIR",
    ] {
        assert!(said.contains(piece), "{said}");
    }
    let shown = run(&["profile", "show", &file]).exits(0);
    run_with(&["profile", "validate", "-"], &shown.out).exits(0);
    let wrong = PUBLISHED.replace("LeastAllocated", "Least").replace("filter:", "preBind:");
    run(&["profile", "validate", &scratch.file("profile.yaml", &format!("{HEAD}{wrong}"))]).exits(1).warns(
        &[
            "scoringStrategy.type: must be one of MostAllocated",
            "plugin \"NodeResourceTopologyMatch\" does not take part in PreBind",
        ],
    );
}

#[test]
fn whoever_decides_needs_the_modules_or_leaves_them_out() {
    let scratch = Scratch::new();
    let file = scratch.file("profile.yaml", &format!("{HEAD}{PUBLISHED}"));
    let cluster = [NODE.to_string(), pod("web", "1")].join("");
    run_with(&["simulate", "-f", "-", "--config", &file], &cluster).exits(1).warns(&[
        "\"NodeResourceTopologyMatch\" is in Longshore's catalogue, which this program does not carry",
        "catalogue: file://DIR in this file, or --catalogue file://DIR",
    ]);
    let args = ["simulate", "-f", "-", "--config", &file, "--ignore-unknown-plugins", "-o", "json"];
    let placed = run_with(&args, &cluster)
        .warns(&["left out: plugin \"TopologicalSort\" is in Longshore's catalogue"]);
    assert_eq!(placed.exits(0).json()["placements"][0]["node"], "n1");
}
