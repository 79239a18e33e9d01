use crate::read_str;

/// What is said of a node and a pod with a claim `c` of class `fast`, and `more`.
#[track_caller]
fn check(claim: &str, more: &[&str], want: &[&str]) {
    let text = format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: node}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: \
         [{{name: c}}], volumes: [{{name: v, persistentVolumeClaim: {{claimName: c}}}}]}}\n---\napiVersion: v1\nkind: \
         PersistentVolumeClaim\nmetadata: {{name: c, uid: u}}\nspec: {{storageClassName: fast{claim}}}\n---\n{}",
        more.join("---\n")
    );
    let read = read_str(&text);
    assert_eq!(read.problems, [], "{text}");
    assert_eq!(read.warnings, want, "{text}");
}

const CLASS: &str = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast, uid: s}\nprovisioner: d\nvolumeBindingMode: \
                     WaitForFirstConsumer\n";
const VOLUME: &str = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: pv}\nspec: {csi: {driver: d, volumeHandle: h}}\n";
const CSI_NODE: &str = "apiVersion: storage.k8s.io/v1\nkind: CSINode\nmetadata: {name: node}\n";
const CAPACITY: &str =
    "apiVersion: storage.k8s.io/v1\nkind: CSIStorageCapacity\nmetadata: {name: k}\nstorageClassName: fast\n";
const DRIVER: &str =
    "apiVersion: storage.k8s.io/v1\nkind: CSIDriver\nmetadata: {name: d}\nspec: {storageCapacity: true}\n";

const NO_CSI_NODE: &str = "no CSINode is in the input, so how many volumes a node can attach is not known and not limited (d); add the \
                           CSINodes";

#[test]
fn csi_nodes_are_missed_where_volumes_of_drivers_are_attached() {
    check(", volumeName: pv", &[VOLUME], &[NO_CSI_NODE]);
    check(", volumeName: pv", &[VOLUME, CSI_NODE], &[]);
    check("", &[CLASS], &[NO_CSI_NODE]);
    check("", &[&CLASS.replace("provisioner: d", "provisioner: kubernetes.io/no-provisioner")], &[]);
}

#[test]
fn capacity_needs_its_driver_and_a_driver_its_capacity() {
    let no_driver = "CSIStorageCapacities are in the input without their CSIDriver (d), so capacity is not checked; add the CSIDrivers";
    let no_capacity = "no CSIStorageCapacity is in the input, and drivers say by it where there is room (d), so their claims fit \
                       nowhere; add the CSIStorageCapacities";
    check("", &[CLASS, CSI_NODE, CAPACITY], &[no_driver]);
    check("", &[CLASS, CSI_NODE, DRIVER], &[no_capacity]);
    check("", &[CLASS, CSI_NODE, DRIVER, CAPACITY], &[]);
}

#[test]
fn a_class_is_missed_where_a_claim_has_no_volume() {
    let want = "claims of pending pods name StorageClasses that are not in the input (fast); add them";
    check("", &[], &[want]);
    let no_volume = "claims of pending pods are bound to PersistentVolumes that are not in the input (pv), so it is not known where \
                     they can be used; add the volumes";
    check(", volumeName: pv", &[], &[no_volume]);
}

#[test]
fn a_claim_is_missed_where_a_pod_names_one() {
    let pod = "apiVersion: v1\nkind: Node\nmetadata: {name: node}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: \
               [{name: c}], volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]}\n";
    let want = "pending pods use PersistentVolumeClaims that are not in the input (default/c), so they fit nowhere; add the claims";
    assert_eq!(read_str(pod).warnings, [want]);
}

#[test]
fn nothing_is_missed_where_nothing_is_to_be_placed() {
    let running = "apiVersion: v1\nkind: Node\nmetadata: {name: node}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, ownerReferences: \
                   [{apiVersion: apps/v1, kind: ReplicaSet, name: r, controller: true}]}\nspec: {nodeName: node, containers: [{name: c}]}\n";
    assert_eq!(read_str(running).warnings, Vec::<String>::new());
    let pending = running.replace("nodeName: node, ", "");
    assert_eq!(
        read_str(&pending).warnings,
        [
            "pending pods belong to controllers that are not in the input (ReplicaSet default/r), so default spreading does not see \
          the pods beside them; add the controllers"
        ]
    );
}
