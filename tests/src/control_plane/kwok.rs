//! kwok in the place of the kubelets.

use std::fs;
use std::process::Command;

use super::{ADMIN, ControlPlane, Process, binaries};

/// Bound pods run at once, deleted pods go at once; nodes are made ready by whoever creates them and stay so.
const STAGES: &str = r#"
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: { name: pod-runs }
spec:
  resourceRef: { apiGroup: v1, kind: Pod }
  selector:
    matchExpressions:
    - { key: .metadata.deletionTimestamp, operator: DoesNotExist }
    - { key: .status.phase, operator: In, values: [Pending] }
  next:
    statusTemplate: |
      {{ $now := Now }}
      conditions:
      - { type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }} }
      - { type: Ready, status: "True", lastTransitionTime: {{ $now | Quote }} }
      - { type: ContainersReady, status: "True", lastTransitionTime: {{ $now | Quote }} }
      containerStatuses:
      {{ range .spec.containers }}
      - image: {{ .image | Quote }}
        name: {{ .name | Quote }}
        ready: true
        restartCount: 0
        state: { running: { startedAt: {{ $now | Quote }} } }
      {{ end }}
      phase: Running
      startTime: {{ $now | Quote }}
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: { name: pod-goes }
spec:
  resourceRef: { apiGroup: v1, kind: Pod }
  selector:
    matchExpressions:
    - { key: .metadata.deletionTimestamp, operator: Exists }
  next:
    delete: true
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: { name: node-becomes-ready }
spec:
  resourceRef: { apiGroup: v1, kind: Node }
  selector:
    matchExpressions:
    - { key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: DoesNotExist }
  next:
    statusTemplate: |
      conditions:
      - { type: Ready, status: "True", reason: KubeletReady, lastTransitionTime: {{ Now | Quote }} }
"#;

pub(super) fn start(plane: &ControlPlane) -> Process {
    let stages = plane.file("stages.yaml");
    fs::write(&stages, STAGES).unwrap();
    let mut command = Command::new(binaries::need("kwok"));
    command
        .arg(format!("--kubeconfig={}", plane.kubeconfig_file(ADMIN).display()))
        .arg(format!("--config={}", stages.display()))
        .args(["--manage-all-nodes=true", "--node-lease-duration-seconds=0"]);
    Process::spawn("kwok", &mut command, &plane.file("kwok.log"))
}
