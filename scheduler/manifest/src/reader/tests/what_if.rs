//! Clusters that are not as the input has them.

use crate::{AddNodes, Scale, WhatIf};

use super::*;

/// A node of an API server.
fn node(name: &str, more: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}, uid: {name}, resourceVersion: \"1\", labels: \
         {{kubernetes.io/hostname: {name}, zone: z}}}}\nspec: {{{more}}}\n"
    )
}

/// A pod of an API server that is ready on a node and belongs to somebody.
fn owned(kind: &str, owner: &str, name: &str, node: &str) -> String {
    let hash = owner.rsplit_once('-').map_or("", |(_, hash)| hash);
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, uid: u-{name}, labels: {{app: web, pod-template-hash: '{hash}'}}, \
         ownerReferences: [{{apiVersion: apps/v1, kind: {kind}, name: {owner}, uid: o, controller: true}}]}}\nspec: {{nodeName: {node}, \
         containers: [{{name: c, image: a}}]}}\nstatus: {{phase: Running, conditions: [{{type: Ready, status: \"True\"}}]}}\n"
    )
}

/// A Deployment `web` with a container of this image.
fn deployment(metadata: &str, image: &str, spec: &str) -> String {
    workload("Deployment", "web", metadata, image, spec)
}

fn workload(kind: &str, name: &str, metadata: &str, image: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}{metadata}}}\nspec:\n  selector: {{matchLabels: {{app: web}}}}\n  \
         {spec}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: c, image: {image}}}]}}\n"
    )
}

const SERVED: &str = ", uid: d, resourceVersion: \"5\"";

/// Two nodes with four pods of a Deployment and a daemon on each.
fn cluster() -> String {
    let set = workload(
        "ReplicaSet",
        "web-5d9",
        ", uid: r, resourceVersion: \"5\", ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: d, controller: true}]",
        "a",
        "replicas: 4",
    );
    let pods: String = ["n1", "n1", "n1", "n2"]
        .iter()
        .enumerate()
        .map(|(at, on)| owned("ReplicaSet", "web-5d9", &format!("w{at}"), on))
        .collect();
    let daemons =
        owned("DaemonSet", "agent", "agent-1", "n1") + &owned("DaemonSet", "agent", "agent-2", "n2");
    let csi = "---\napiVersion: storage.k8s.io/v1\nkind: CSINode\nmetadata: {name: n1, uid: c}\nspec: {drivers: []}\n";
    node(
        "n1",
        "unschedulable: true, taints: [{key: node.kubernetes.io/unschedulable, effect: NoSchedule}, {key: own, effect: NoSchedule}]",
    ) + &node("n2", "")
        + &deployment(SERVED, "a", "replicas: 4")
        + &set
        + &pods
        + &daemons
        + csi
}

#[track_caller]
fn read_changed(more: &str, what_if: WhatIf) -> Manifests {
    let source = |name: &str, text: String| Source { name: name.to_string(), text: text.into_bytes() };
    let mut sources = vec![source("dump", cluster())];
    sources.extend((!more.is_empty()).then(|| source("more", more.to_string())));
    let read = read_with(&sources, Options { what_if, ..Options::default() });
    assert_eq!(read.problems, []);
    read
}

/// How many pods run, are new, and were removed.
#[track_caller]
fn check(more: &str, what_if: WhatIf, want: (usize, usize, usize)) -> Manifests {
    let read = read_changed(more, what_if);
    let running = read.pods.iter().filter(|pod| pod.meta.node_name.is_some()).count();
    assert_eq!((running, read.pods.len() - running, read.removed.len()), want, "{read:#?}");
    read
}

fn scale(text: &str) -> WhatIf {
    WhatIf { replicas: vec![Scale::parse(text).unwrap()], ..WhatIf::default() }
}

#[test]
fn as_it_is_nothing_is_made_and_nothing_goes() {
    let read = check("", WhatIf::default(), (6, 0, 0));
    assert_eq!(read.warnings, Vec::<String>::new());
}

#[test]
fn replicas_come_and_go() {
    let read = check("", scale("web=6"), (6, 2, 0));
    let owner = read.pods.iter().find(|p| p.meta.node_name.is_none()).unwrap().meta.owner.as_ref().unwrap();
    assert_eq!(&*owner.name, "web-5d9");
    // The first that goes is beside the most others.
    let read = check("", scale("default/deployment/web=3"), (5, 0, 1));
    assert_eq!(read.removed[0].node.as_deref(), Some("n1"));
    check("", scale("web=0"), (2, 0, 4));
    let misfits = |text: &str| read_changed("", scale(text)).misfits;
    assert_eq!(misfits("web=4"), Vec::<String>::new());
    for wrong in ["api=3", "shop/web=3", "sts/web=3"] {
        let [only] = misfits(wrong).try_into().unwrap();
        assert!(only.contains("there is no such Deployment, StatefulSet"), "{only}");
    }
}

#[test]
fn what_is_asked_for_goes_before_an_autoscaler() {
    let autoscaler = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: \
                      {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 2, maxReplicas: 5}\n";
    check(autoscaler, scale("web=9"), (6, 5, 0));
}

#[test]
fn a_changed_workload_becomes_the_difference() {
    check(&deployment("", "a", "replicas: 5"), WhatIf::default(), (6, 1, 0));
    check(&deployment("", "a", "replicas: 1"), WhatIf::default(), (3, 0, 3));
    check(&deployment("", "a", "replicas: 4"), WhatIf::default(), (6, 0, 0));
    // A copy that was edited has the uid and version of the original.
    check(&deployment(SERVED, "a", "replicas: 6"), WhatIf::default(), (6, 2, 0));
    check(&deployment(SERVED, "a", "replicas: 4"), WhatIf::default(), (6, 0, 0));
}

#[test]
fn another_template_begins_a_rollout() {
    // 25 % of four: one more, and one may be missing.
    let read = check(&deployment("", "b", "replicas: 4"), WhatIf::default(), (5, 2, 1));
    let made = read.pods.iter().find(|p| p.meta.node_name.is_none()).unwrap();
    assert_ne!(&*made.meta.owner.as_ref().unwrap().name, "web-5d9");
    assert!(
        read.warnings
            .iter()
            .any(|w| w.contains("its rollout begins with 2 new pod(s) in place of 1 old one(s); 3 old")),
        "{read:#?}"
    );
    let careful = "strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}\n  replicas: 4";
    check(&deployment("", "b", careful), WhatIf::default(), (6, 1, 0));
    let at_once = "strategy: {type: Recreate}\n  replicas: 4";
    check(&deployment("", "b", at_once), WhatIf::default(), (2, 4, 4));
    let paused = "paused: true\n  replicas: 5";
    check(&deployment("", "b", paused), WhatIf::default(), (6, 1, 0));
}

#[test]
fn a_rollout_sees_what_decides_and_not_only_images() {
    let pinned = deployment("", "a", "replicas: 4")
        .replace("spec: {containers", "spec: {nodeSelector: {zone: z}, containers");
    check(&pinned, WhatIf::default(), (5, 2, 1));
}

#[test]
fn a_stateful_set_goes_from_the_highest_ordinal() {
    let set = |metadata: &str, image: &str, spec: &str| workload("StatefulSet", "db", metadata, image, spec);
    let pods: String = (0..3).map(|at| owned("StatefulSet", "db", &format!("db-{at}"), "n2")).collect();
    let before = set(", uid: s, resourceVersion: \"5\"", "a", "replicas: 3") + &pods;
    let read = check(&(before.clone() + &set("", "a", "replicas: 2")), WhatIf::default(), (8, 0, 1));
    assert_eq!(read.removed[0].pod, "default/db-2");
    let read = check(&(before.clone() + &set("", "b", "replicas: 3")), WhatIf::default(), (8, 1, 1));
    assert_eq!(
        (read.removed[0].pod.as_str(), read.pods.iter().filter(|p| &*p.meta.name == "db-2").count()),
        ("default/db-2", 1)
    );
    let held = "updateStrategy: {rollingUpdate: {partition: 3}}\n  replicas: 3";
    check(&(before + &set("", "b", held)), WhatIf::default(), (9, 0, 0));
}

#[test]
fn a_daemon_set_goes_node_by_node() {
    let set = |metadata: &str, image: &str, spec: &str| workload("DaemonSet", "agent", metadata, image, spec);
    let everywhere = |text: String| {
        text.replace("spec: {containers", "spec: {tolerations: [{operator: Exists}], containers")
    };
    let before = everywhere(set(", uid: s, resourceVersion: \"5\"", "a", "minReadySeconds: 0"));
    let after = |spec: &str| before.clone() + &everywhere(set("", "b", spec));
    check(&after("minReadySeconds: 0"), WhatIf::default(), (5, 1, 1));
    check(&after("updateStrategy: {rollingUpdate: {maxUnavailable: 100%}}"), WhatIf::default(), (4, 2, 2));
    check(&after("updateStrategy: {rollingUpdate: {maxSurge: 1}}"), WhatIf::default(), (6, 1, 0));
    check(&after("updateStrategy: {type: OnDelete}"), WhatIf::default(), (6, 0, 0));
}

#[test]
fn new_nodes_are_like_another_and_have_its_daemons() {
    let add = |count, like: &str| WhatIf {
        add_nodes: vec![AddNodes { count, like: like.to_string() }],
        ..WhatIf::default()
    };
    let read = check("", add(2, "n1"), (8, 0, 0));
    assert_eq!(read.nodes.len(), 4);
    let new = &read.nodes[2];
    assert_eq!((&*new.name, new.unschedulable), ("n1-new-1", false));
    assert_eq!(new.labels.get("kubernetes.io/hostname").map(|name| &**name), Some("n1-new-1"));
    assert_eq!(new.labels.get("zone").map(|zone| &**zone), Some("z"));
    assert_eq!(new.taints.iter().map(|taint| &*taint.key).collect::<Vec<_>>(), ["own"]);
    let csi = read.objects.iter().filter(|o| matches!(o, Object::CsiNode(_))).count();
    assert_eq!(csi, 3);
    assert_eq!(
        read_changed("", add(1, "n3")).misfits,
        ["--like n3: there is no such node in the input; did you mean n1?"]
    );
}

#[test]
fn without_a_node_its_pods_are_made_anew_by_their_owners() {
    let remove = |name: &str| WhatIf { remove_nodes: vec![name.to_string()], ..WhatIf::default() };
    let bare = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: bare, uid: b}\nspec: {nodeName: n1, containers: [{name: c}]}\n";
    let read = check(bare, remove("n1"), (2, 3, 5));
    assert_eq!(read.nodes.len(), 1);
    let why = |pod: &str| read.removed.iter().find(|r| r.pod == pod).unwrap().reason.clone();
    assert_eq!(why("default/w0"), "its node is removed; ReplicaSet web-5d9 makes it anew");
    assert_eq!(why("default/agent-1"), "its node is removed, and it belongs to it (DaemonSet agent)");
    assert_eq!(why("default/bare"), "its node is removed, and nobody makes it anew");
    let names: std::collections::BTreeSet<String> = read.pods.iter().map(|pod| pod.key()).collect();
    assert_eq!(names.len(), read.pods.len());
    assert!(!read.objects.iter().any(|o| matches!(o, Object::CsiNode(_))));
    assert_eq!(
        read_changed("", remove("n9")).misfits,
        ["--remove-node n9: there is no such node in the input; did you mean n1?"]
    );
    // They count as those that they stand for.
    let both = WhatIf { replicas: vec![Scale::parse("web=5").unwrap()], ..remove("n1") };
    check("", both, (2, 4, 4));
}

#[test]
fn a_dump_says_what_does_not_exist() {
    let claim = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, resources: {requests: {cpu: 1, memory: 1}}}], \
                 volumes: [{name: v, csi: {driver: d}}]}\n";
    let one = cluster().replace("kind: CSINode", "kind: CSIDriver");
    let said = |more: &str| read_str(&format!("{one}{claim}{more}")).warnings;
    assert!(said("").iter().any(|w| w.starts_with("no CSINode is in the input")), "{:?}", said(""));
    let dump = |kinds: &str, missing: &str| {
        format!(
            "---\napiVersion: longshore.dev/v1alpha1\nkind: Dump\nkubernetesVersion: v1.37.2\nkinds: [{kinds}]\nmissing: [{missing}]\n"
        )
    };
    assert_eq!(said(&dump("{kind: CSINode, objects: 0}", "")), Vec::<String>::new());
    let lacks = said(&dump("", "{kind: CSINode, reason: csinodes may not be listed}"));
    assert!(
        lacks.iter().any(|w| w.ends_with("(the dump could not have them: csinodes may not be listed)")),
        "{lacks:?}"
    );
}

#[test]
fn unknown_fields_are_found_with_their_line_in_what_was_written_by_hand() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c}]\n  nodeSelectr: {a: b}\n";
    let read = read_str(text);
    assert_eq!(read.problems, []);
    let found: Vec<String> = read.unknown_fields.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "-: document 1, line 6 (Pod default/p): spec.nodeSelectr: unknown field \"nodeSelectr\", which an API server leaves out; did you \
          mean nodeSelector?"
        ]
    );
    let served = text.replace("{name: p}", "{name: p, uid: u}");
    assert_eq!(read_str(&served).unknown_fields, []);
}
