//! Numbers at the edge of what can be written: sums saturate, nothing overflows, and the answers make sense.

use super::{decide, read};

const MOST: &str = "9223372036854775807";

fn node(name: &str, cpu: &str, memory: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: {{kubernetes.io/hostname: {name}, zone: {name}}}}}\n\
         status: {{allocatable: {{cpu: '{cpu}', memory: '{memory}', example.com/gpu: '{MOST}', pods: '{MOST}'}}}}\n---\n"
    )
}

fn pod(name: &str, cpu: &str, memory: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, labels: {{app: a}}}}\nspec: {{{spec} containers: [{{name: c, \
         resources: {{requests: {{cpu: '{cpu}', memory: '{memory}'}}}}}}]}}\n---\n"
    )
}

/// What becomes of the pods, one line each, a message up to its first full stop.
#[track_caller]
fn check(objects: &[String], want: &[&str]) {
    let cluster = read(objects.concat().as_bytes());
    assert_eq!(cluster.problems, []);
    let lines = decide(&cluster);
    let short: Vec<&str> = lines
        .iter()
        .map(|l| l.split_once(". ").map_or(l.trim_end_matches('.'), |(first, _)| first))
        .collect();
    assert_eq!(short, want);
}

#[test]
fn a_node_of_everything_holds_a_pod_of_everything_once() {
    let whole = |name: &str| pod(name, MOST, MOST, "");
    check(
        &[node("n1", MOST, MOST), whole("a"), whole("b"), pod("c", "0", "0", "")],
        &[
            "default/a: n1",
            "default/b: 0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory",
            "default/c: n1",
        ],
    );
}

#[test]
fn scores_of_huge_nodes_stay_in_range() {
    let nodes = [node("n1", MOST, MOST), node("n2", "1", MOST), node("n3", MOST, "1"), node("n4", "0", "0")];
    let pods = ["a", "b", "c", "d"].map(|name| pod(name, "1n", "1", ""));
    let lines = decide(&read([nodes.concat(), pods.concat()].concat().as_bytes()));
    assert!(lines.iter().all(|l| l.contains(": n")), "{lines:?}");
}

#[test]
fn containers_that_ask_for_everything_together() {
    let container = format!(
        "{{name: c, resources: {{requests: {{cpu: {MOST}, memory: {MOST}, example.com/gpu: {MOST}}}}}}}"
    );
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{container}, {container}, {container}], \
         initContainers: [{container}], overhead: {{cpu: {MOST}, memory: {MOST}}}}}\n---\n"
    );
    // The sum is held at the largest number there is, which the node has.
    let lines = decide(&read([node("n1", "1", MOST), text].concat().as_bytes()));
    assert!(lines[0].contains("Insufficient cpu"), "{lines:?}");
}

#[test]
fn running_pods_that_hold_more_than_there_is() {
    let there = |name: &str| pod(name, MOST, MOST, "nodeName: n1,");
    check(
        &[node("n1", "4", "8Gi"), there("a"), there("b"), there("c"), pod("d", "1", "1", "")],
        &["default/d: 0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory"],
    );
    check(&[node("n1", "4", "8Gi"), there("a"), there("b"), pod("d", "0", "0", "")], &["default/d: n1"]);
}

#[test]
fn priorities_at_both_ends() {
    let low = |name: &str| pod(name, "4", "1", "nodeName: n1, priority: -2147483648,");
    check(
        &[node("n1", "4", "8Gi"), low("low"), pod("high", "4", "1", "priority: 2147483647,")],
        &["default/high: 0/1 nodes are available: 1 Insufficient cpu", "default/high: n1"],
    );
    check(
        &[node("n1", "8", "8Gi"), low("a"), low("b"), pod("low", "4", "1", "priority: -2147483648,")],
        &["default/low: 0/1 nodes are available: 1 Insufficient cpu"],
    );
}

#[test]
fn weights_and_skews_at_their_limits() {
    let spread = "topologySpreadConstraints: [{maxSkew: 2147483647, topologyKey: zone, minDomains: 2147483647, \
                  whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: a}}}, {maxSkew: 2147483647, \
                  topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: a}}}],";
    let term = "{weight: 100, podAffinityTerm: {labelSelector: {matchLabels: {app: a}}, topologyKey: zone}}";
    let terms = vec![term; 500].join(", ");
    let affinity = format!(
        "affinity: {{podAntiAffinity: {{preferredDuringSchedulingIgnoredDuringExecution: [{terms}]}}}},"
    );
    check(
        &[
            node("n1", "4", "8Gi"),
            node("n2", "4", "8Gi"),
            pod("a", "1m", "1", spread),
            pod("b", "1m", "1", spread),
            pod("c", "1m", "1", &affinity),
            pod("d", "1m", "1", &affinity),
        ],
        &["default/a: n1", "default/b: n2", "default/c: n1", "default/d: n2"],
    );
}

#[test]
fn images_of_impossible_size() {
    let with_image = |name: &str, size: &str| {
        node(name, "4", "8Gi")
            .replace("status: {", &format!("status: {{images: [{{names: ['i:1'], sizeBytes: {size}}}], "))
    };
    let wants = pod("a", "1m", "1", "").replace("{name: c,", "{name: c, image: 'i:1',");
    for size in [MOST, "-9223372036854775808", "0"] {
        let text = [with_image("n1", size), with_image("n2", size), wants.clone()].concat();
        let cluster = read(text.as_bytes());
        let lines = decide(&cluster);
        assert_eq!(lines, ["default/a: n1"], "{size}: {:?}", cluster.problems);
    }
}
