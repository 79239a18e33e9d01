//! What if the cluster were otherwise, what of the answer is shown, and how.

use serde_json::{Value, json};

use crate::schema;
use crate::support::{NODE, Ran, Scratch, pod, run, run_with};

/// `simulate` on the example.
fn example(more: &[&str]) -> Ran {
    run(&[&["simulate", "-f", "examples/cluster", "-f", "examples/workload"], more].concat())
}

/// A Deployment with so many replicas of a core each.
fn deployment(name: &str, replicas: usize) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  replicas: {replicas}\n  selector: \
         {{matchLabels: {{app: {name}}}}}\n  template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: c, resources: \
         {{requests: {{cpu: '1'}}}}}}]}}}}\n"
    )
}

/// The value at a path of a document, as text.
#[track_caller]
fn picked(more: &[&str], template: &str) -> String {
    example(&[&["-o", &format!("jsonpath={template}")], more].concat()).exits(0).out
}

#[test]
fn nodes_come_and_go() {
    let nodes = |more: &[&str]| picked(more, "{.summary.nodes}");
    assert_eq!(nodes(&[]), "12");
    assert_eq!(nodes(&["--add-nodes", "3", "--like", "general-a1"]), "15");
    assert_eq!(nodes(&["--remove-node", "general-a1", "--remove-node", "general-a2"]), "10");
    let gone = example(&["--remove-node", "general-c2"]).exits(0);
    gone.says(&["Removed (", "from general-c2"]);
    let document = example(&["--remove-node", "general-c2", "-o", "json"]).exits(0).json();
    schema::check("simulation", &document);
    assert!(!document["removed"].as_array().unwrap().is_empty());
}

#[test]
fn what_does_not_fit_the_input_is_refused() {
    example(&["--remove-node", "general-a9"]).exits(2).warns(&["did you mean general-a"]);
    example(&["--add-nodes", "1", "--like", "nothing"])
        .exits(2)
        .warns(&["--like nothing: there is no such node"]);
    example(&["--replicas", "nothing=3"])
        .exits(2)
        .warns(&["--replicas nothing: there is no such Deployment"]);
    example(&["--replicas", "web"]).exits(2).warns(&["write it as web=5"]);
    example(&["--add-nodes", "1"]).exits(2).warns(&["--like"]);
    let two = ["--add-nodes", "1", "--add-nodes", "2", "--like", "general-a1"];
    example(&two).exits(2).warns(&["each --add-nodes N needs a --like NODE of its own"]);
}

#[test]
fn replicas_of_a_workload_by_any_of_its_names() {
    let pods = |name: &str| {
        let input = format!("{NODE}{}", deployment("web", 1));
        let args = ["simulate", "-f", "-", "--replicas", name, "-o", "jsonpath={.summary.pods}"];
        run_with(&args, &input).exits(0).out
    };
    for name in ["web=3", "shop/web=3", "deployment/web=3", "shop/deploy/web=3"] {
        assert_eq!(pods(name), "3", "{name}");
    }
}

#[test]
fn configurations_are_compared() {
    let compared = ["--config", "profiles/default.yaml", "--compare", "profiles/binpack.yaml"];
    let ran = example(&compared).exits(0);
    ran.says(&["default.yaml", "binpack.yaml", "nodes in use", "cpu used, mean", "Moved (", "POD"]);
    let document = example(&[&compared[..], &["-o", "json"]].concat()).exits(0).json();
    schema::check("comparison", &document);
    let runs = document["runs"].as_array().unwrap();
    assert_eq!((runs.len(), &runs[1]["profile"], &runs[0]["skipped"]), (2, &json!("longshore"), &json!(0)));
    let in_use = |run: &Value| run["nodesInUse"].as_u64().unwrap();
    assert!(in_use(&runs[1]) <= in_use(&runs[0]), "{document}");
    assert_eq!(document["moved"][0]["nodes"].as_array().unwrap().len(), 2);
    // With one alone the other is the default profile.
    let document = example(&["--compare", "profiles/binpack.yaml", "-o", "json"]).exits(0).json();
    assert_eq!(document["runs"][0]["config"], "default");
    let same = example(&["--compare", "profiles/default.yaml", "--tie-break", "first"]).exits(0);
    same.says(&["No pod moved."]);
    example(&["--compare", "no-such-file.yaml"]).exits(1).warns(&["no-such-file.yaml"]);
    example(&["--compare", "profiles/binpack.yaml", "--profile", "x"]).exits(2);
    run(&["simulate", "--from-cluster", "--compare", "profiles/binpack.yaml"])
        .exits(2)
        .warns(&["longshore dump"]);
}

#[test]
fn only_some_pods_are_shown_and_all_are_decided() {
    let pods = |more: &[&str]| picked(more, "{range .placements[*]}{.pod}{'\\n'}{end}");
    let all = pods(&[]);
    let shop = pods(&["-n", "shop"]);
    assert!(shop.lines().count() > 0 && shop.lines().count() < all.lines().count());
    assert!(shop.lines().all(|pod| pod.starts_with("shop/")), "{shop}");
    assert_eq!(pods(&["-A"]), all);
    let web = pods(&["-l", "app=web"]);
    assert!(web.lines().count() > 0 && web.lines().all(|pod| pod.starts_with("shop/web-")), "{web}");
    assert_eq!(picked(&["-n", "shop"], "{.summary.scheduled}"), picked(&[], "{.summary.scheduled}"));
    // What is not shown does not fail.
    example(&["--fail-on-pending"]).exits(3);
    example(&["-l", "app=web", "--fail-on-pending"]).exits(0);
    example(&["-l", "app in web"]).exits(2).warns(&["is no requirement"]);
    example(&["-n", "shop", "-A"]).exits(2);
}

#[test]
fn kubectls_formats() {
    let input = format!("{NODE}{}{}", pod("small", "1"), pod("large", "64"));
    let ran = |format: &str| run_with(&["simulate", "-f", "-", "-o", format], &input);
    assert_eq!(ran("name").exits(0).out, "pod/small\npod/large\n");
    assert_eq!(ran("jsonpath={.placements[0].node}").exits(0).out, "n1");
    assert_eq!(
        ran("custom-columns=POD:.pod,NODE:.node,WHY:.reason").exits(0).out,
        "POD             NODE     WHY\ndefault/small   n1       <none>\ndefault/large   <none>   Unschedulable\n"
    );
    assert_eq!(ran("jsonpath-as-json={.summary.pods}").exits(0).json(), json!([2]));
    ran("jsonpath={.placements[9]}").exits(1).warns(&["array index out of bounds"]);
    ran("jsonpath={.x").exits(2).warns(&["unclosed action"]);
    ran("xml").exits(2).warns(&["there are table, wide, json"]);
    let explained = ["explain", "large", "-f", "-", "-o", "jsonpath={.status}"];
    assert_eq!(run_with(&explained, &input).exits(0).out, "Unschedulable");
    run_with(&["explain", "large", "-f", "-", "-o", "wide"], &input).exits(2);
}

#[test]
fn nodes_and_workloads_in_place_of_pods() {
    let ran = example(&["--by", "node"]).exits(0).says(&[
        "NODE",
        "PODS",
        "NEW",
        "CPU",
        "MEMORY",
        "PLACED",
        "general-a1",
    ]);
    assert!(!ran.out.contains("NAMESPACE"), "{}", ran.out);
    example(&["--by", "owner"]).exits(0).says(&["WORKLOAD", "RUNNING", "PENDING", "Deployment shop/web"]);
    for by in ["node", "owner"] {
        let document = example(&["--by", by, "-o", "json"]).exits(0).json();
        schema::check("simulation", &document);
        assert!(!document[if by == "node" { "nodes" } else { "owners" }].as_array().unwrap().is_empty());
    }
    example(&["--by", "node", "-o", "custom-columns=N:.node,P:.pods"]).exits(0).says(&["N ", "general-a1"]);
}

#[test]
fn many_pending_pods_are_grouped_by_their_workload() {
    let input = format!("{NODE}{}{}", deployment("api", 12), deployment("web", 2));
    run_with(&["simulate", "-f", "-"], &input).exits(0).says(&[
        "Pending (10)\n  shop/api 8/12, shop/web 2/2\n      0/1 nodes are available: 1 Insufficient cpu.",
    ]);
}

#[test]
fn manifests_may_come_from_the_web() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/node.yaml", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::{BufRead, BufReader, Write};
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let first = lines.next().unwrap_or_default();
            lines.find(String::is_empty);
            let (code, body) =
                if first.contains("/node.yaml") { ("200 OK", NODE) } else { ("404 Not Found", "") };
            let _ = write!(
                stream,
                "HTTP/1.1 {code}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    let ran = run_with(&["simulate", "-f", &url, "-f", "-", "-o", "name"], &pod("p", "1")).exits(0);
    assert_eq!(ran.out, "pod/p\n");
    let missing = url.replace("node.yaml", "other.yaml");
    run(&["simulate", "-f", &missing]).exits(1).warns(&["other.yaml"]);
}

#[test]
fn a_kustomization_is_built_by_whoever_can() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let program = scratch.file(
        "bin/kustomize",
        &format!("#!/bin/sh\n[ \"$1 $2\" = \"build here\" ] || exit 1\n/bin/cat <<'E'\n{NODE}E\n"),
    );
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let with_path = |path: &str, args: &[&str]| {
        let output = crate::support::command(args).env("PATH", path).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let path = format!("{}/bin", scratch.path());
    let (code, out, err) = with_path(&path, &["simulate", "-k", "here", "-o", "jsonpath={.summary.nodes}"]);
    assert_eq!((code, out.as_str()), (Some(0), "1"), "{err}");
    let (code, _, err) = with_path(&path, &["simulate", "-k", "there"]);
    assert!(code == Some(1) && err.contains("-k there: kustomize build failed"), "{err}");
    let (code, _, err) = with_path("/nowhere", &["simulate", "-k", "here"]);
    assert!(code == Some(1) && err.contains("neither kubectl nor kustomize is installed"), "{err}");
}

#[test]
fn unknown_fields_are_named() {
    let input = format!("{NODE}{}", pod("p", "1")).replace("spec:\n", "spec:\n  tolerationss: []\n");
    run_with(&["simulate", "-f", "-"], &input).exits(0).warns(&[
        "Warning: -: document 2, line ",
        "(Pod default/p): spec.tolerationss: unknown field \"tolerationss\"",
        "did you mean tolerations?",
    ]);
}
