use longshore_framework::objects::Object;

use crate::{Manifests, read_str};

fn read(text: &str) -> Manifests {
    let read = read_str(text);
    assert_eq!(read.problems, [], "{text}");
    read
}

const CLASS: &str =
    "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: d.example.com\n";

/// A claim of the class, and a volume of each capacity.
fn storage(metadata: &str, volumes: &[&str]) -> String {
    let volume = |(at, capacity): (usize, &&str)| {
        format!(
            "---\napiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: pv{at}}}\nspec: {{storageClassName: fast, accessModes: \
             [ReadWriteOnce], capacity: {{storage: {capacity}}}}}\n"
        )
    };
    let volumes: String = volumes.iter().enumerate().map(volume).collect();
    format!(
        "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: c{metadata}}}\nspec: {{storageClassName: fast, accessModes: \
         [ReadWriteOnce], resources: {{requests: {{storage: 2Gi}}}}}}\n{volumes}"
    )
}

/// The volume of the claim, and to whom volumes belong.
#[track_caller]
fn check_bound(text: &str, volume: &str, owned: &[(&str, &str)]) {
    let read = read(text);
    let claim = read.objects.iter().find_map(|o| match o {
        Object::Claim(c) => Some(c),
        _ => None,
    });
    let claim = claim.unwrap();
    assert_eq!((&*claim.volume_name, claim.is_bound()), (volume, !volume.is_empty()));
    let of = read.objects.iter().filter_map(|o| match o {
        Object::PersistentVolume(v) => v.claim.as_ref().map(|c| (v.name.to_string(), c.name.to_string())),
        _ => None,
    });
    let want: Vec<_> = owned.iter().map(|(v, c)| (v.to_string(), c.to_string())).collect();
    assert_eq!(of.collect::<Vec<_>>(), want);
}

#[test]
fn a_class_that_binds_at_once_has_its_volume_before_any_pod() {
    let class = |more: &str| format!("{CLASS}{more}");
    check_bound(&(class("") + &storage("", &[])), "pvc-default-c", &[("pvc-default-c", "c")]);
    check_bound(&(class("") + &storage("", &["9Gi", "3Gi", "1Gi"])), "pv1", &[("pv1", "c")]);
    check_bound(&(class("volumeBindingMode: WaitForFirstConsumer\n") + &storage("", &["3Gi"])), "", &[]);
    check_bound(&(class("") + &storage(", uid: u", &["3Gi"])), "", &[]);
    let by_hand = CLASS.replace("d.example.com", "kubernetes.io/no-provisioner");
    check_bound(&(by_hand + &storage("", &["1Gi"])), "", &[]);
}

#[test]
fn what_was_taken_for_provisioned_is_said() {
    let read = read(&(CLASS.to_string() + &storage("", &[])));
    assert_eq!(
        read.warnings,
        [
            "StorageClass fast binds at once (volumeBindingMode Immediate): the volumes of 1 claim(s) (default/c) are taken to be \
          provisioned before pods are placed, and to be reachable from every node, as the provisioner's choice is not known"
        ]
    );
}

/// Disruptions that a budget allows over a Deployment of four replicas, `ready` of them ready and the rest running.
#[track_caller]
fn check_budget(metadata: &str, spec: &str, ready: usize, want: i32) {
    let pod = |at: usize| {
        let state = if at < ready { "True" } else { "False" };
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{at}, uid: p{at}, labels: {{app: web, pod-template-hash: x}}, \
             ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: web-x, controller: true}}]}}\nspec: {{nodeName: node, \
             containers: [{{name: c}}]}}\nstatus: {{phase: Running, conditions: [{{type: Ready, status: '{state}'}}]}}\n"
        )
    };
    let text: String = (0..3).map(pod).collect();
    let text = text
        + "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, uid: d}\nspec: {replicas: 4, selector: {matchLabels: {app: \
           web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}}\n"
        + &format!(
            "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: b{metadata}}}\nspec: {{selector: {{matchLabels: \
             {{app: web}}}}, {spec}}}\n"
        );
    let read = read(&text);
    let budget = read.objects.iter().find_map(|o| match o {
        Object::DisruptionBudget(b) => Some(b.disruptions_allowed),
        _ => None,
    });
    assert_eq!(budget, Some(want), "{spec}");
}

#[test]
fn a_budget_that_nobody_has_counted_is_counted() {
    check_budget("", "minAvailable: 1", 3, 2);
    check_budget("", "minAvailable: 1", 2, 1);
    // Shares are of the Deployment's four replicas, rounded up.
    check_budget("", "minAvailable: 50%", 3, 1);
    check_budget("", "minAvailable: 51%", 3, 0);
    check_budget("", "maxUnavailable: 2", 3, 1);
    check_budget("", "maxUnavailable: 30%", 3, 1);
    check_budget("", "maxUnavailable: many", 3, 0);
    check_budget(", uid: b", "minAvailable: 1", 3, 0);
    check_budget("", "minAvailable: 1}\nstatus: {disruptionsAllowed: 0", 3, 0);
}
