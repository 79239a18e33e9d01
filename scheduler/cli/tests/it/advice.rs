//! What `longshore explain` advises: it is true, and a person can act on it.

/// Advice is followed, and the pod fits.
mod followed;

use serde_json::{Value, json};

use crate::support::{NODE, Scratch, run_with};

/// A node with 4 cores, 8Gi and room for 10 pods, and more of spec and status.
fn node(name: &str, spec: &str, status: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: {{kubernetes.io/hostname: {name}}}}}\n\
         spec: {{{spec}}}\nstatus: {{allocatable: {{cpu: 4, memory: 8Gi, pods: 10{status}}}}}\n"
    )
}

fn pod(name: &str, spec: &str, requests: &str) -> String {
    let containers = format!("containers: [{{name: c, resources: {{requests: {{{requests}}}}}}}]");
    format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{{spec}{containers}}}\n")
}

fn taint(key: &str) -> String {
    format!("taints: [{{key: {key}, effect: NoSchedule}}]")
}

/// The cause that is named, and all advice with the nodes of each.
#[track_caller]
fn explained(input: &str, more: &[&str]) -> (Value, Vec<String>) {
    let args = [&["explain", "web", "-f", "-", "-o", "json"], more].concat();
    let json = run_with(&args, input).exits(0).json();
    let told = |r: &Value| {
        let on: Vec<&str> = r["on"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        format!("{}: {}", r["change"].as_str().unwrap(), on.join(","))
    };
    (json["cause"].clone(), json["relaxations"].as_array().unwrap().iter().map(told).collect())
}

#[track_caller]
fn check(input: &str, cause: Option<&str>, advice: &[&str]) {
    let (found, told) = explained(input, &[]);
    assert_eq!(
        (found.as_str(), told.iter().map(String::as_str).collect::<Vec<_>>()),
        (cause, advice.to_vec())
    );
}

#[test]
fn a_cordoned_node_is_to_be_uncordoned_and_a_request_to_be_lowered_and_a_sick_node_is_not_tolerated() {
    let cluster = node(
        "n1",
        "taints: [{key: node.kubernetes.io/not-ready, effect: NoSchedule}, {key: node.kubernetes.io/not-ready, effect: NoExecute}]",
        "",
    ) + &node(
        "n2",
        &format!("unschedulable: true, {}", taint("node.kubernetes.io/unschedulable")),
        "",
    ) + &node("n3", "", "")
        + &pod("big", "nodeName: n3, ", "cpu: 3500m");
    let input = cluster + &pod("web", "", "cpu: 1, memory: 1Gi");
    run_with(&["explain", "default/web", "-f", "-"], &input).exits(0).says(&[
        "What would help\n  uncordon n2\n  lower cpu to 500m or less: n3\n  n1 is not ready: the pod fits there once that is over\n",
        "n2   is marked unschedulable\n",
        "n1   is not ready\n",
    ]);
    check(
        &input,
        None,
        &[
            "uncordon n2: n2",
            "lower cpu to 500m or less: n3",
            "n1 is not ready: the pod fits there once that is over: n1",
            "add a node like n3: ",
        ],
    );
}

#[test]
fn one_cause_on_every_node_is_named_with_its_remedy() {
    let two = |spec: &str, status: &str| node("a", spec, status) + &node("b", spec, status);
    let web = |requests: &str| pod("web", "", requests);
    let full = two("", ", pods: 1").replace("pods: 10, ", "")
        + &pod("x", "nodeName: a, ", "")
        + &pod("z", "nodeName: b, ", "");
    let places = "have one pod less on one of a, b, or raise the kubelet's maxPods there: a,b";
    check(&(full + &web("")), Some("Too many pods"), &[places, "add a node like a: "]);
    let cordoned = two("unschedulable: true", "") + &web("");
    check(&cordoned, Some("node(s) were unschedulable"), &["uncordon one of a, b: a,b"]);
    let both = two(&format!("unschedulable: true, {}", taint("node.kubernetes.io/unschedulable")), "");
    check(&(both + &web("")), Some("node(s) were unschedulable"), &["uncordon one of a, b: a,b"]);
    let sick = two(&taint("node.kubernetes.io/disk-pressure"), "") + &web("");
    let over = "a, b are under disk pressure: the pod fits there once that is over: a,b";
    check(&sick, Some("node(s) were under disk pressure"), &[over]);
    let tainted = two(&taint("team"), "") + &web("");
    check(&tainted, Some("node(s) had untolerated taint(s)"), &["tolerate the taint team:NoSchedule: a,b"]);
    let large = two("", "") + &web("cpu: 9, memory: 9Gi");
    let lower = "lower cpu to 4 and memory to 8Gi or less: a,b";
    check(&large, Some("Insufficient cpu, Insufficient memory"), &[lower]);
    let busy = two("", "") + &pod("x", "nodeName: a, ", "cpu: 4") + &pod("z", "nodeName: b, ", "cpu: 4");
    let free = ["free 1 cpu on a: a", "free 1 cpu on b: b", "add a node like a: "];
    check(&(busy + &web("cpu: 1")), Some("Insufficient cpu"), &free);
    let none = two("", "") + &web("example.com/fpga: 1");
    check(&none, Some("Insufficient example.com/fpga"), &["do without example.com/fpga: a,b"]);
}

#[test]
fn so_many_nodes_are_to_be_added_that_all_pods_alike_fit() {
    let busy = node("a", "", "") + &pod("x", "nodeName: a, ", "cpu: 3");
    let replica = |name: &str| pod(name, "", "cpu: 1500m");
    // Two fit on a node.
    let five = ["web", "web-2", "web-3", "web-4", "web-5"].map(replica).concat();
    let other = pod("other", "", "cpu: 2");
    let (_, told) = explained(&(busy.clone() + &five + &other), &[]);
    assert_eq!(told.last().unwrap(), "add 3 nodes like a: then all 5 pods like this one fit: ");
    // A node that is marked unschedulable, tainted for a team or too small is not one to have more of.
    let spoilt = node("b", &taint("team"), "") + &node("c", "", ", cpu: 1").replace("cpu: 4, ", "");
    let (_, told) = explained(&(busy + &spoilt + &replica("web")), &[]);
    assert_eq!(told.last().unwrap(), "add a node like a: ");
    let (_, told) = explained(&(spoilt + &replica("web")), &[]);
    assert!(!told.iter().any(|advice| advice.starts_with("add ")), "{told:?}");
}

#[test]
fn ties_are_told() {
    let three = ["a", "b", "c"].map(|name| node(name, "", "")).concat();
    let shown =
        run_with(&["explain", "web", "-f", "-"], &(three.clone() + &pod("web", "", "cpu: 1"))).exits(0);
    shown.says(&["one of 3 equal nodes."]);
    let two = three + &pod("x", "nodeName: b, ", "cpu: 1") + &pod("web", "", "cpu: 1");
    let json = run_with(&["explain", "web", "-f", "-", "-o", "json"], &two).exits(0).json();
    assert_eq!((&json["tied"], &json["feasible"]), (&json!(2), &json!(3)));
}

#[test]
fn the_profiles_own_affinity_is_named_as_a_cause() {
    let scratch = Scratch::new();
    let requirement = "matchExpressions: [{key: pool, operator: In, values: [x]}]";
    let config = scratch.file("added.yaml", &format!(
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n- pluginConfig:\n  \
         - name: NodeAffinity\n    args: {{addedAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: \
         {{nodeSelectorTerms: [{{{requirement}}}]}}}}}}\n"
    ));
    let (cause, told) = explained(&(node("a", "", "") + &pod("web", "", "")), &["--config", &config]);
    assert_eq!(cause, "node(s) didn't match scheduler-enforced node affinity");
    assert_eq!(told, ["label a with pool=x, as the profile's addedAffinity wants it: a"]);
}

#[test]
fn where_no_single_change_helps_the_fewest_together_are_told() {
    let input = node("n1", &format!("unschedulable: true, {}", taint("team")), "")
        + &pod("web", "nodeSelector: {disk: ssd}, ", "cpu: 9");
    let together = "uncordon n1; and lower cpu to 4 or less; and tolerate the taint team:NoSchedule; and drop nodeSelector disk=ssd: n1";
    check(&input, None, &[together]);
}

#[test]
fn what_cannot_be_helped_is_said() {
    let going = node("n1", &taint("ToBeDeletedByClusterAutoscaler"), "") + &pod("web", "", "");
    check(&going, Some("node(s) were being removed by the Cluster Autoscaler"), &[]);
    let shown = run_with(&["explain", "web", "-f", "-"], &going).exits(0);
    shown.says(&["Nothing that was tried", "is being removed by the Cluster Autoscaler"]);
}

#[test]
fn pods_that_keep_away_are_named_with_the_label_that_they_keep_away_from() {
    let term = "{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: x}}}";
    let affinity = format!(
        "affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{term}]}}}}, "
    );
    let db = pod("db", &format!("nodeName: n1, {affinity}"), "");
    let web = pod("web", "", "").replace("{name: web}", "{name: web, labels: {app: x, tier: front}}");
    let reason = "node(s) didn't satisfy existing pods anti-affinity rules";
    check(
        &(node("n1", "", "") + &db + &web),
        Some(reason),
        &["drop the label app, which default/db keeps away from: n1"],
    );
}

#[test]
fn every_kind_of_constraint_can_be_the_one_in_the_way() {
    let check = |spec: &str, change: &str| {
        let busy = format!(
            "{}---\napiVersion: v1\nkind: Pod\nmetadata: {{name: busy, labels: {{app: x}}}}\nspec: {{nodeName: n1, containers: [{{name: c, ports: [{{containerPort: 80, hostPort: 80}}]}}]}}\n",
            NODE
        );
        let pod = format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, labels: {{app: x}}}}\nspec: {{containers: [{{name: c}}], {spec}}}\n"
        );
        let json =
            run_with(&["explain", "p", "-f", "-", "-o", "json"], &format!("{busy}{pod}")).exits(0).json();
        assert_eq!(
            json["relaxations"],
            json!([{"change": change, "of": "Pod", "nodes": 1, "on": ["n1"]}]),
            "{spec}: {json}"
        );
    };
    let node = "nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}";
    let term = |app: &str| {
        format!(
            "{{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: kubernetes.io/hostname, labelSelector: {{matchLabels: {{app: {app}}}}}}}]}}"
        )
    };
    check("nodeSelector: {a: b}", "drop nodeSelector a=b");
    check(&format!("affinity: {{{node}}}"), "drop the required node affinity");
    check(
        &format!("affinity: {{podAffinity: {}}}", term("web")),
        "drop the required pod affinity to app=web by kubernetes.io/hostname",
    );
    check(
        &format!("affinity: {{podAntiAffinity: {}}}", term("x")),
        "drop the required pod anti-affinity to app=x by kubernetes.io/hostname",
    );
    check(
        "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: x}}}]",
        "drop the spread constraint over zone (maxSkew 1)",
    );
    check(
        "initContainers: [{name: i, restartPolicy: Always, ports: [{containerPort: 80, hostPort: 80}]}]",
        "drop host port 80/TCP",
    );
    check("overhead: {memory: 16Gi}", "use another RuntimeClass: the overhead of this one is 16Gi memory");
    check("volumes: [{name: v, persistentVolumeClaim: {claimName: gone}}]", "drop the claim gone");
}
