//! `--kubernetes-version` and `--feature-gates`: whose rules are followed, and that it is said.

use crate::support::{NODE, Ran, Scratch, pod, run};

/// A node without the driver of the pod's volume, which has to be there.
const DRIVERLESS: &str = "
---
apiVersion: storage.k8s.io/v1
kind: CSINode
metadata: {name: n1}
spec: {drivers: []}
---
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: {name: csi.example.com}
spec: {preventPodSchedulingIfMissing: true}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: data}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: s
  csi: {driver: csi.example.com, volumeHandle: h}
  claimRef: {namespace: default, name: data, uid: u}
status: {phase: Bound}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: default, uid: u, annotations: {pv.kubernetes.io/bind-completed: 'yes'}}
spec: {accessModes: [ReadWriteOnce], storageClassName: s, volumeName: data, resources: {requests: {storage: 1Gi}}}
status: {phase: Bound}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: default}
spec: {containers: [{name: c, image: x}], volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]}
";

fn simulated(flags: &[&str]) -> Ran {
    let scratch = Scratch::new();
    let file = scratch.file("cluster.yaml", &format!("{NODE}{DRIVERLESS}"));
    run(&[&["simulate", "-f", &file, "-o", "json"], flags].concat())
}

#[track_caller]
fn check(flags: &[&str], kubernetes: &str, pending: &str) {
    let json = simulated(flags).exits(0).json();
    assert_eq!(json["rules"]["kubernetes"], kubernetes);
    let message = json["pending"][0]["message"].as_str().unwrap_or_default();
    assert_eq!((message.contains(pending), message.is_empty()), (true, pending.is_empty()), "{message}");
}

const MISSING: &str = "1 csi.example.com CSI driver is not installed on the node";

#[test]
fn the_minor_and_the_gates_decide() {
    check(&[], "1.37", MISSING);
    check(&["--kubernetes-version", "1.37.2"], "1.37", MISSING);
    check(&["--kubernetes-version", "1.36"], "1.36", "");
    check(&["--kubernetes-version", "1.36", "--feature-gates=VolumeLimitScaling=true"], "1.36", MISSING);
    check(&["--feature-gates", "StorageCapacityScoring=false,VolumeLimitScaling=false"], "1.37", "");
    let rules = simulated(&["--feature-gates=VolumeLimitScaling=false"]).exits(0).json()["rules"].clone();
    assert_eq!(rules["featureGates"], serde_json::json!({"VolumeLimitScaling": false}));
    assert_eq!(rules["kubeScheduler"], "v1.37.2");
}

#[test]
fn people_are_told_the_rules_too() {
    let scratch = Scratch::new();
    let file = scratch.file("cluster.yaml", &format!("{NODE}{}", pod("p", "1")));
    let said = |flags: &[&str], rules: &str| {
        run(&[&["simulate", "-f", &file], flags].concat()).exits(0).says(&[rules]);
    };
    said(&[], "rules     Kubernetes 1.37 (kube-scheduler v1.37.2)\n");
    let older = ["--kubernetes-version=1.36", "--feature-gates=VolumeLimitScaling=true"];
    said(&older, "rules     Kubernetes 1.36 (kube-scheduler v1.36.2), VolumeLimitScaling=true\n");
}

#[test]
fn what_cannot_be_followed_is_refused() {
    simulated(&["--kubernetes-version=1.35"]).exits(2).warns(&["give one of 1.36, 1.37 and 1.38"]);
    simulated(&["--feature-gates=NoSuchGate=true"])
        .exits(2)
        .warns(&["unrecognized feature gate: NoSuchGate"]);
    let gates =
        "--feature-gates=GenericWorkload=true,TopologyAwareWorkloadScheduling=true,CompositePodGroup=true";
    let why = "cannot set feature gate CompositePodGroup to true: each group is decided by itself";
    simulated(&[gates]).exits(1).warns(&[why]);
    simulated(&["--feature-gates=WatchList=false"]).exits(0).warns(&["accepted without effect"]);
}

/// A node whose reliability is a number, a pod and a daemon that want at least so much.
const RELIABLE: &str = "
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
spec: {taints: [{key: sla, value: '950', effect: NoSchedule}]}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '10'}}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: default, uid: u}
spec: {containers: [{name: c, image: x}], tolerations: [{key: sla, operator: Gt, value: 'WANTED', effect: NoSchedule}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: d, namespace: default}
spec:
  selector: {matchLabels: {app: d}}
  template:
    metadata: {labels: {app: d}}
    spec: {containers: [{name: c, image: x}], tolerations: [{key: sla, operator: Gt, value: 'WANTED'}]}
";

#[test]
fn tolerations_compare_numbers_where_the_gate_is_on() {
    let scratch = Scratch::new();
    let check = |minor: &str, gate: bool, wanted: &str, (placed, pending): (usize, usize)| {
        let file = scratch.file("cluster.yaml", &RELIABLE.replace("WANTED", wanted));
        let gates = format!("--feature-gates=TaintTolerationComparisonOperators={gate}");
        let ran =
            run(&["simulate", "-f", &file, "-o", "json", "--kubernetes-version", minor, &gates]).exits(0);
        let count = |list: &str| ran.json()[list].as_array().map_or(0, Vec::len);
        assert_eq!((count("placements"), count("pending")), (placed, pending), "{}{}", ran.out, ran.err);
        ran
    };
    for minor in ["1.36", "1.37"] {
        // The daemon runs where its pod is tolerated, and what an API server let in is read as it is.
        check(minor, true, "900", (2, 0));
        check(minor, true, "950", (0, 1));
        let refused = check(minor, false, "900", (0, 1));
        refused.warns(&["spec.tolerations[0].operator: Unsupported value: \"Gt\": supported values: \"Equal\", \"Exists\", \"Lt\", \"Gt\""]);
    }
    let canonical = "spec.tolerations[0].value: Invalid value: \"0900\": must be a valid decimal integer in canonical form";
    check("1.37", true, "0900", (0, 1)).warns(&[canonical]);
}

#[test]
fn a_preemptor_is_told_of_its_place_since_1_37() {
    let scratch = Scratch::new();
    let weak = pod("weak", "4").replace("spec:\n", "spec:\n  nodeName: n1\n");
    let strong = pod("strong", "4").replace("spec:\n", "spec:\n  priority: 10\n");
    let file = scratch.file("cluster.yaml", &format!("{NODE}{weak}{strong}"));
    let said = |minor| {
        let args = ["simulate", "-f", &file, "-o", "json", "--trace", "--kubernetes-version", minor];
        run(&args).exits(0).json()["attempts"][0]["message"].as_str().unwrap_or_default().to_string()
    };
    assert_eq!(said("1.36"), "0/1 nodes are available: 1 Insufficient cpu.");
    let told = "preemption: found a potential placement for pod on node n1, preempting 1 victims";
    assert_eq!(said("1.37"), format!("0/1 nodes are available: 1 Insufficient cpu. {told}"));
}

#[test]
fn configurations_are_those_of_the_minor() {
    let head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
    let scratch = Scratch::new();
    let newer = scratch.file(
        "newer.yaml",
        &format!(
            "{head}profiles:\n- plugins: {{podGroupPostFilter: {{enabled: [{{name: DefaultPreemption}}]}}}}\n  \
             pluginConfig: [{{name: VolumeBinding, args: {{shape: [{{utilization: 0, score: 0}}, {{utilization: 100, score: 10}}]}}}}]\n"
        ),
    );
    run(&["profile", "validate", &newer]).exits(0);
    let old = ["profile", "validate", &newer, "--kubernetes-version=1.36"];
    run(&old)
        .exits(1)
        .warns(&["is a field of Kubernetes 1.37 and later", "needs the feature gate StorageCapacityScoring"]);
    let gate = [&old[..], &["--feature-gates=StorageCapacityScoring=true"]].concat();
    let said = run(&gate).exits(1).warns(&["podGroupPostFilter"]);
    assert!(!said.err.contains("shape"), "{}", said.err);
    let newest = scratch.file("newest.yaml", &format!("{head}percentageOfPlacementsToScore: 100\n"));
    run(&["profile", "validate", &newest]).exits(1).warns(&["is a field of Kubernetes 1.38 and later"]);
    run(&["profile", "validate", &newest, "--kubernetes-version=1.38"])
        .exits(1)
        .warns(&["needs the feature gate TopologyAwareWorkloadScheduling", "experimental"]);
}
