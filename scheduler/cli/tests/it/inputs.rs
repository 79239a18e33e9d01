//! `longshore simulate` on inputs that leave something to be derived, or lack something.

use crate::support::{NODE, pod, run_with};

/// Pods that are placed, that fit nowhere and that are refused, and what is warned of.
#[track_caller]
fn check(input: &str, placed: usize, pending: usize, refused: usize, warnings: &[&str]) {
    let ran = run_with(&["simulate", "-f", "-", "-o", "json"], input).exits(0).warns(warnings);
    let json = ran.json();
    let count = |field: &str| json["summary"][field].as_u64();
    let want = [placed, pending, refused].map(|n| u64::try_from(n).ok());
    assert_eq!([count("scheduled"), count("pending"), count("refused")], want, "{ran:?}");
    if warnings.is_empty() {
        assert_eq!(ran.err, "");
    }
}

/// A Deployment of pods that ask for a core each.
fn deployment(metadata: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web{metadata}}}\nspec:\n  replicas: 3\n  selector: {{matchLabels: \
         {{app: web}}}}\n  {spec}\n  template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: c, image: x, resources: \
         {{requests: {{cpu: '1'}}}}}}]}}}}\n"
    )
}

/// A running pod of the ReplicaSet `web-5d9`.
fn replica(name: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, uid: {name}, labels: {{app: web, pod-template-hash: 5d9}}, \
         ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d9, uid: r, controller: true}}]}}\nspec: {{nodeName: n1, \
         containers: [{{name: c, image: x, resources: {{requests: {{cpu: '1'}}}}}}]}}\nstatus: {{phase: Running}}\n"
    )
}

#[test]
fn a_deployment_that_is_scaled_gets_what_is_missing() {
    check(&format!("{NODE}{}{}{}", replica("a"), replica("b"), deployment("", "")), 1, 0, 0, &[]);
}

#[test]
fn a_paused_deployment_makes_no_pods() {
    let paused = deployment("", "paused: true");
    check(&format!("{NODE}{paused}"), 0, 0, 0, &["Deployment default/web is paused and has no ReplicaSet"]);
}

#[test]
fn a_deployment_of_a_cluster_is_not_expanded_without_a_word() {
    let served = deployment(", uid: u", "");
    let missed =
        "Deployment default/web has 0 of its 3 replicas in the input, and none are made for it: it has a uid";
    check(&format!("{NODE}{served}"), 0, 0, 0, &[missed]);
}

#[test]
fn limit_ranges_and_quotas_are_heeded() {
    let range = "---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: lr}\nspec: {limits: [{type: Container, default: {cpu: '3'}}]}\n";
    let bare = |name: &str| pod(name, "1").replace("{requests: {cpu: 1}}", "{}");
    check(&format!("{NODE}{range}{}{}", bare("a"), bare("b")), 1, 1, 0, &[]);
    let quota = "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {pods: '1'}}\n";
    let beyond = "Pod default/b: 1 pod(s) are not made: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1";
    let input = format!("{NODE}{range}{quota}{}{}", bare("a"), bare("b"));
    check(&input, 1, 0, 1, &[beyond]);
    run_with(&["simulate", "-f", "-", "--fail-on-pending"], &input).exits(3).says(&["1 refused"]);
}

#[test]
fn a_namespace_that_is_named_has_its_name() {
    let noisy = replica("noisy").replace("name: noisy", "name: noisy, namespace: prod");
    let term = "{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}, namespaceSelector: {matchLabels: {LABEL}}}";
    let quiet = |label: &str| {
        let affinity = format!(
            "  affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{}]}}}}\n",
            term.replace("LABEL", label)
        );
        format!("{NODE}{noisy}{}{affinity}", pod("quiet", "1"))
    };
    check(&quiet("kubernetes.io/metadata.name: prod"), 0, 1, 0, &[]);
    check(&quiet("team: a"), 1, 0, 0, &["2 namespace(s) are not in the input (default, prod)"]);
}

#[test]
fn a_priority_class_that_is_not_dumped_costs_no_pod() {
    let of = |class: &str| format!("{NODE}{}  priorityClassName: {class}\n", pod("a", "1"));
    check(&of("system-node-critical"), 1, 0, 0, &[]);
    check(
        &of("gold"),
        1,
        0,
        0,
        &["Pod default/a: no PriorityClass \"gold\" is in the input, so priority 0 is used"],
    );
}

#[test]
fn volumes_without_csi_nodes_are_warned_of() {
    let volume = "---\napiVersion: v1\nkind: PersistentVolume\nmetadata: {name: pv}\nspec: {capacity: {storage: 1Gi}, accessModes: \
                  [ReadWriteOnce], claimRef: {namespace: default, name: c}, csi: {driver: d.example.com, volumeHandle: v}}\n---\n\
                  apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c, annotations: {pv.kubernetes.io/bind-completed: 'yes'}}\n\
                  spec: {volumeName: pv, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";
    let user =
        format!("{}  volumes: [{{name: v, persistentVolumeClaim: {{claimName: c}}}}]\n", pod("a", "1"));
    let csi_node = "---\napiVersion: storage.k8s.io/v1\nkind: CSINode\nmetadata: {name: n1}\nspec: {drivers: [{name: d.example.com, nodeID: \
                    n1, allocatable: {count: 1}}]}\n";
    check(&format!("{NODE}{volume}{user}"), 1, 0, 0, &["no CSINode is in the input"]);
    check(&format!("{NODE}{volume}{user}{csi_node}"), 1, 0, 0, &[]);
}

#[test]
fn a_claim_that_binds_at_once_is_taken_for_provisioned() {
    let storage = "---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: gp3, annotations: \
                   {storageclass.kubernetes.io/is-default-class: 'true'}}\nprovisioner: kubernetes.io/aws-ebs\n---\napiVersion: v1\nkind: \
                   PersistentVolumeClaim\nmetadata: {name: c}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";
    let user =
        format!("{}  volumes: [{{name: v, persistentVolumeClaim: {{claimName: c}}}}]\n", pod("a", "1"));
    let said = "StorageClass gp3 binds at once (volumeBindingMode Immediate): the volumes of 1 claim(s) (default/c) are taken to be";
    check(&format!("{NODE}{storage}{user}"), 1, 0, 0, &[said]);
}

#[test]
fn evictions_without_budgets_are_warned_of() {
    let full = pod("low", "4").replace("  containers:", "  nodeName: n1\n  containers:");
    let urgent = format!("{}  priorityClassName: system-node-critical\n", pod("urgent", "4"));
    let input = format!("{NODE}{full}{urgent}");
    check(&input, 1, 0, 0, &["1 pod(s) were evicted, and no PodDisruptionBudget is in the input"]);
}
