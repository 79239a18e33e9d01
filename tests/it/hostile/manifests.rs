//! Manifests that are broken, misleading or far too large, each between a good node and a good pod.

use super::{decide, read};

const NODE: &str = "
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '100'}}
";
const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: c, resources: {requests: {cpu: 500m}}}]}
";

/// Each of `problems` is part of one problem, in order, and there are no others; the good pod gets its node, and so does
/// every pod named in `also`.
#[track_caller]
fn check_also(hostile: impl AsRef<[u8]>, problems: &[&str], also: &[&str]) {
    let text = [NODE.as_bytes(), b"\n---\n", hostile.as_ref(), b"\n---\n", POD.as_bytes()].concat();
    let cluster = read(&text);
    let found: Vec<String> = cluster.problems.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), problems.len(), "{found:#?}");
    for (found, want) in found.iter().zip(problems) {
        assert!(found.contains(want), "{want:?} is not in {found:?}");
        assert!(found.starts_with("cluster.yaml: document "), "{found:?} does not say where");
        assert!(found.len() < 1000, "a problem of {} bytes", found.len());
    }
    let decided = decide(&cluster);
    let want: Vec<String> = also.iter().chain(&["web"]).map(|pod| format!("default/{pod}: n1")).collect();
    assert_eq!(decided, want);
}

#[track_caller]
fn check(hostile: impl AsRef<[u8]>, problems: &[&str]) {
    check_also(hostile, problems, &[]);
}

/// A pod called `bad` with `spec` inside.
fn pod(spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: bad}}\nspec: {{containers: [{{name: c}}], {spec}}}\n"
    )
}

fn requesting(amount: &str) -> String {
    pod(&format!("overhead: {{cpu: {amount}}}"))
}

#[test]
fn a_truncated_file() {
    check("apiVersion: v1\nkind: Pod\nmetadata: {name: bad, lab", &["not valid YAML"]);
    check("apiVersion: v1\nkind: Pod\nmetadata:\n  name: 'bad", &["not valid YAML"]);
    check("{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": ", &["ends too early"]);
    check("apiVersion: v1\nkind: Pod\nmetadata:\n", &["metadata.name"]);
    check("apiVersion: v1\nkind:", &["kind: must be given"]);
}

#[test]
fn the_wrong_type() {
    check("hello", &["is not a Kubernetes object"]);
    check("[1, 'x', ~]", &["is not a Kubernetes object", "is not a Kubernetes object"]);
    check("apiVersion: v1\nkind: Pod\nmetadata: []", &["Pod without a name"]);
    check("apiVersion: v1\nkind: [Pod]", &["kind"]);
    check("apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec: x", &["Pod default/bad): spec"]);
    check(pod("priority: high"), &["spec.priority"]);
    check(pod("tolerations: {key: a}"), &["spec.tolerations"]);
    check(pod("nodeSelector: {zone: [a]}"), &["spec.nodeSelector"]);
    check(pod("hostNetwork: 3"), &["spec.hostNetwork"]);
}

#[test]
fn quantities_that_are_none() {
    for amount in ["-1", "'-1'", "1Kib", "'1e'", "'0x10'", "'1 Gi'", "true", "[]", "NaN", "'１'", "''"] {
        check(requesting(amount), &["Pod default/bad): spec.overhead"]);
    }
    check(requesting(".inf"), &["non-finite"]);
    // Absurd, and quantities to Kubernetes too: the pod is read, and does not fit.
    for amount in ["1e30", "'9999999999Ei'", "9223372036854775807", "1e300", "'1e18'"] {
        let text = [NODE, "---\n", &requesting(amount), "---\n", POD].concat();
        let cluster = read(text.as_bytes());
        assert_eq!(cluster.problems, [], "{amount}");
        let lines = decide(&cluster);
        assert!(lines[0].contains("default/bad: 0/1 nodes are available: 1 Insufficient cpu."), "{lines:?}");
        assert_eq!(lines[1], "default/web: n1");
    }
    check_also(requesting("1e-30"), &[], &["bad"]);
}

#[test]
fn integers_out_of_range() {
    check(pod("priority: 99999999999"), &["spec.priority"]);
    check(pod("priority: -99999999999"), &["spec.priority"]);
    check(pod("priority: 1.5"), &["spec.priority"]);
    check(pod("priority: 18446744073709551616"), &["spec.priority"]);
    check(
        pod("topologySpreadConstraints: [{maxSkew: 0, topologyKey: z, whenUnsatisfiable: DoNotSchedule}]"),
        &["maxSkew"],
    );
    let ports = "containers: [{name: c, ports: [{hostPort: 70000}]}]";
    check(format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: bad}}\nspec: {{{ports}}}"), &["hostPort"]);
}

#[test]
fn words_that_mean_nothing() {
    let node_term = |operator: &str, values: &str| {
        let term = format!("{{matchExpressions: [{{key: a, operator: {operator}, values: {values}}}]}}");
        pod(&format!(
            "affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{term}]}}}}}}"
        ))
    };
    check(node_term("Near", "[a]"), &["operator"]);
    check(node_term("in", "[a]"), &["operator"]);
    check(node_term("In", "[]"), &["values"]);
    check(pod("tolerations: [{key: a, operator: Like}]"), &["operator"]);
    check(pod("tolerations: [{key: a, effect: Sometimes}]"), &["effect"]);
    check(pod("preemptionPolicy: Maybe"), &["preemptionPolicy"]);
}

#[test]
fn the_same_name_twice() {
    let twice = format!("{}---\n{}", requesting("1m"), requesting("2m"));
    check_also(twice, &[], &["bad"]);
    let twins = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, uid: u}\nspec: {containers: [{name: c}]}\n---\n\
                 apiVersion: v1\nkind: Pod\nmetadata: {name: b, uid: u}\nspec: {containers: [{name: c}]}";
    check_also(twins, &[], &["a", "b"]);
    check(NODE, &[]);
    let many = requesting("1m") + "---\n" + &requesting("2m");
    let read = read(format!("{many}---\n").repeat(5_000).as_bytes());
    assert_eq!(read.pods.len(), 1);
    assert!(read.warnings.len() < 200, "{} warnings", read.warnings.len());
}

#[test]
fn keys_written_twice() {
    let read = read(b"apiVersion: v1\nkind: Pod\nkind: Node\nmetadata: {name: bad}");
    assert_eq!(
        (read.problems.len(), read.nodes.len(), read.warnings.len()),
        (0, 1, 1),
        "the last one counts"
    );
    let many = format!("apiVersion: v1\nkind: Foo\n{}", "a: 1\n".repeat(50_000));
    assert!(super::read(many.as_bytes()).warnings.len() < 200);
}

#[test]
fn references_in_circles() {
    let set = |name: &str, owner: &str| {
        format!(
            "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {{name: {name}, ownerReferences: [{{apiVersion: apps/v1, \
             kind: Deployment, name: {owner}, uid: {owner}, controller: true}}]}}\nspec: {{replicas: 0, selector: \
             {{matchLabels: {{a: b}}}}, template: {{metadata: {{labels: {{a: b}}}}, spec: {{containers: [{{name: c}}]}}}}}}\n---\n"
        )
    };
    check([set("one", "two"), set("two", "one"), set("me", "me")].concat(), &[]);
    let owns_itself = "apiVersion: v1\nkind: Pod\nmetadata: {name: me, uid: u, ownerReferences: [{apiVersion: v1, \
                       kind: Pod, name: me, uid: u, controller: true}]}\nspec: {containers: [{name: c}]}";
    check_also(owns_itself, &[], &["me"]);
}

#[test]
fn lists_in_lists() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: deep}, spec: {containers: [{name: c}]}}";
    let nested = |depth: usize| {
        let open = "{apiVersion: v1, kind: List, items: [".repeat(depth);
        format!("{open}{pod}{}", "]}".repeat(depth))
    };
    check_also(nested(40), &[], &["deep"]);
    check(nested(5_000), &["nest"]);
}

#[test]
fn nesting_without_end() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("{\"a\":", "}"), ("- ", ""), ("? ", "")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        let cluster = read(deep.as_bytes());
        assert_eq!(cluster.problems.len(), 1, "{open:?}: {:?}", cluster.problems);
    }
    check(format!("apiVersion: v1\nkind: Pod\nmetadata: {}", "[".repeat(1_000_000)), &["not valid YAML"]);
    check(format!("{{\"kind\": {}", "[".repeat(1_000_000)), &["not valid JSON"]);
}

#[test]
fn aliases_that_multiply() {
    let mut bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_string();
    for level in 1..12 {
        let one_down = format!("*a{}, ", level - 1).repeat(9);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", one_down.trim_end_matches(", ")));
    }
    check(&bomb, &["not valid YAML"]);
    check(bomb.replace('[', "{x: [").replace(']', "]}"), &["not valid YAML"]);
    check("a: &a [*a]", &["not valid YAML"]);
    check("apiVersion: v1\nkind: Pod\nmetadata: *nowhere", &["not valid YAML"]);
}

#[test]
fn texts_of_ten_megabytes() {
    let long = "x".repeat(10 << 20);
    check(format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {long}}}"), &["metadata.name"]);
    check(format!("apiVersion: v1\nkind: {long}"), &[]);
    check(requesting(&long), &["spec.overhead"]);
    check(pod(&format!("tolerations: [{{operator: {long}}}]")), &["operator"]);
    check(&long, &["is not a Kubernetes object"]);
    check_also(format!("# {long}\n{}", requesting("1m")), &[], &["bad"]);
}

#[test]
fn thousands_of_documents() {
    let broken = "---\nkind: [\n".repeat(3_000);
    let problems = vec!["not valid YAML"; 3_000];
    check(broken, &problems);
    check("---\n".repeat(200_000), &[]);
    check("---\napiVersion: x/v1\nkind: Foo\n".repeat(5_000), &[]);
}

#[test]
fn bytes_that_are_no_text() {
    check(b"apiVersion: v1\nkind: Pod\nmetadata: {name: \xff\xfe}", &["not UTF-8"]);
    check(b"\x7fELF\x02\x01\x01\x00\x00\x00", &["document 2"]);
    check(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\xff\xff", &["not UTF-8"]);
    check("apiVersion: v1\nkind: Pod\nmetadata: {name: a\0b}\nspec: {}", &["document 2"]);
    check(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\\0b\"}\nspec: {containers: [{name: c}]}",
        &["metadata.name"],
    );
    check("apiVersion: v1\nkind: Pod\nmetadata:\n\tname: bad", &["not valid YAML"]);
}

#[test]
fn other_ends_of_lines_and_marks() {
    check_also(requesting("1m").replace('\n', "\r\n"), &[], &["bad"]);
    check_also(format!("\u{feff}{}", requesting("1m")), &[], &["bad"]);
    let cluster = read(format!("\u{feff}{NODE}").as_bytes());
    assert_eq!((cluster.nodes.len(), cluster.problems.len()), (1, 0));
}

#[test]
fn nothing_at_all() {
    check("", &[]);
    check("# nothing\n", &[]);
    check("~", &[]);
    for empty in ["", "\n\n", "---\n---\n", "# a comment"] {
        let cluster = read(empty.as_bytes());
        assert_eq!(cluster.warnings, ["cluster.yaml: holds no object"], "{empty:?}");
        assert!(decide(&cluster).is_empty());
    }
}

#[test]
fn more_replicas_than_any_cluster_has() {
    let workload = |kind: &str, field: &str, number: &str| {
        format!(
            "apiVersion: {}\nkind: {kind}\nmetadata: {{name: many}}\nspec: {{{field}: {number}, selector: {{matchLabels: \
             {{a: b}}}}, template: {{metadata: {{labels: {{a: b}}}}, spec: {{containers: [{{name: c}}]}}}}}}",
            if kind == "Job" { "batch/v1" } else { "apps/v1" }
        )
    };
    for kind in ["Deployment", "ReplicaSet", "StatefulSet"] {
        for number in ["1000000000", "9223372036854775807", "-1"] {
            check(workload(kind, "replicas", number), &[&format!("{kind} default/many)")]);
        }
        check(workload(kind, "replicas", "1e9"), &[&format!("{kind} default/many)")]);
        check(workload(kind, "replicas", "99999999999999999999"), &["spec.replicas"]);
    }
    check(workload("Job", "parallelism", "1000000000"), &["Job default/many)"]);
    check(workload("ReplicaSet", "replicas", "1000001"), &["asks for 1000001 pods"]);
}

#[test]
fn pods_that_cannot_be_read_are_counted() {
    let torn = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: torn\nspec: {containers: [";
    let text = [NODE, &requesting("-1"), "kind: [", torn, POD].join("\n---\n");
    let cluster = read(text.as_bytes());
    let pods: Vec<_> =
        cluster.problems.iter().filter(|p| p.is_pod).filter_map(|p| p.object.as_deref()).collect();
    assert_eq!(pods, ["Pod default/bad", "Pod torn"]);
    assert_eq!(cluster.problems.len(), 3);
    assert_eq!(decide(&cluster), ["default/web: n1"]);
}
