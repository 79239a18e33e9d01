//! `longshore plugin`: new, inspect, run, bench, and what they have in common.

use serde_json::json;

use crate::schema::check;
use crate::support::{Scratch, pod, run, run_with};

/// The component of plugins/examples/rust/nodenumber.
pub(crate) const NUMBER: &str = "tests/guests/nodenumber.wasm";
/// The component of plugins/examples/rust/resources-fit.
pub(crate) const FIT: &str = "tests/guests/resources-fit.wasm";

/// Three nodes with 4 cores each and a pod that waits.
pub(crate) fn cluster(pod_name: &str) -> String {
    let nodes: String = ["node-1", "node-2", "node-x"]
        .iter()
        .map(|name| format!("---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nstatus: {{allocatable: {{cpu: '4', memory: 8Gi, pods: '10'}}}}\n"))
        .collect();
    nodes + &pod(pod_name, "1")
}

#[test]
fn a_plugin_is_described() {
    run(&["plugin", "inspect", NUMBER]).exits(0).says(&[
        "name          NodeNumber",
        "kind          component",
        "exports       lifecycle, declaration, cycle, score",
        "columns       name",
        "for each instance",
        "events        Node Add",
    ]);
    let ran = run(&["plugin", "inspect", NUMBER, "-o", "json"]).exits(0);
    check("plugin-inspection", &ran.json());
    assert_eq!(ran.json()["plugin"]["name"], "NodeNumber");
}

#[test]
fn a_plugin_whose_init_fails_is_described_with_what_it_says() {
    let args = ["plugin", "inspect", NUMBER, "--config", "{\"revers\": true}", "-o", "json"];
    let document = run(&args).exits(1).json();
    check("plugin-inspection", &document);
    assert_eq!(document["plugin"]["name"], "NodeNumber");
    assert!(document["problem"].as_str().unwrap().contains("revers"), "{document}");
}

#[test]
fn what_is_no_plugin_is_refused() {
    let scratch = Scratch::new();
    let text = scratch.file("a.wasm", "this is text");
    run(&["plugin", "inspect", &text]).exits(1).warns(&["a.wasm: it is not a WebAssembly component"]);
    run(&["plugin", "inspect", "no-such.wasm"]).exits(1).warns(&["no-such.wasm"]);
    run(&["plugin", "inspect", "ftp://a/b"]).exits(1).warns(&["use file://, https:// or oci://"]);
    let wrong = ["plugin", "inspect", NUMBER, "--sha256", &"0".repeat(64)];
    run(&wrong).exits(1).warns(&["is not what was asked for"]);
}

#[test]
fn nodes_are_judged_and_the_best_is_chosen() {
    let args = ["plugin", "run", NUMBER, "-f", "-", "--pod", "web-2"];
    run_with(&args, &cluster("web-2")).exits(0).says(&[
        "NODE     VERDICT   RAW   SCORE   REASON\nnode-1   Fits        0       0\nnode-2   Fits      100     100\n",
        "default/web-2 of NodeNumber",
        "chosen   node-2 of 3 that fit",
    ]);
    let reversed = [&args[..], &["--config", "{\"reverse\": true}", "-o", "json"]].concat();
    let document = run_with(&reversed, &cluster("web-2")).exits(0).json();
    check("plugin-run", &document);
    assert_eq!(document["chosen"], "node-1");
    assert_eq!(document["nodes"][1]["score"], 0);
}

#[test]
fn a_rejection_has_its_reason() {
    let full = cluster("large").replace("cpu: 1}", "cpu: 64}");
    let args = ["plugin", "run", FIT, "-f", "-", "--pod", "large", "-o", "json"];
    let document = run_with(&args, &full).exits(0).json();
    check("plugin-run", &document);
    let (node, chosen) = (&document["nodes"][0], document.get("chosen"));
    assert_eq!(
        (&node["verdict"], &node["message"], chosen),
        (&json!("Rejected"), &json!("Insufficient cpu"), None)
    );
}

#[test]
fn what_cannot_be_asked_is_said() {
    let args = ["plugin", "run", NUMBER, "-f", "-", "--pod", "wbe-2"];
    run_with(&args, &cluster("web-2")).exits(1).warns(&["did you mean default/web-2?"]);
    let args = ["plugin", "run", NUMBER, "-f", "-", "--pod", "web-2", "--config", "{revers}"];
    run_with(&args, &cluster("web-2")).exits(1).warns(&["--config is not JSON"]);
    let args = ["plugin", "run", NUMBER, "-f", "-", "--pod", "web-2", "--config", "{\"revers\": true}"];
    run_with(&args, &cluster("web-2")).exits(1).warns(&["nodenumber: Describe", "revers"]);
    run(&["plugin", "run", NUMBER]).exits(2);
    run(&["plugin"]).exits(2);
}

#[test]
fn everything_is_measured_beside_the_native_plugin() {
    let args = ["plugin", "bench", FIT, "--nodes", "20", "--rounds", "3", "-o", "json"];
    let document = run(&args).exits(0).json();
    check("plugin-bench", &document);
    let names: Vec<&str> =
        document["measured"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    for name in ["Filter", "Score", "a whole pod", "one node, its row changed", "compile and load"] {
        assert!(names.contains(&name), "{names:?}");
    }
    run(&["plugin", "bench", NUMBER, "--nodes", "20", "--rounds", "3"]).exits(0).says(&[
        "WHAT",
        "PER NODE",
        "20 nodes, 3 rounds",
    ]);
}

#[test]
fn only_a_plugins_folder_can_be_built() {
    let scratch = Scratch::new();
    run(&["plugin", "build", &scratch.path()]).exits(1).warns(&["has neither a Cargo.toml nor a go.mod"]);
    scratch.file("Cargo.toml", "[package]\nname = \"a\"\nedition = \"2024\"\n[workspace]\n");
    scratch.file("src/lib.rs", "");
    run(&["plugin", "build", &scratch.path()]).exits(1).warns(&["crate-type = [\"cdylib\", \"rlib\"]"]);
}
