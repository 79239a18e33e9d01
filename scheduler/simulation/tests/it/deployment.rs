//! The example.

use longshore_manifest::Source;

use crate::fits::left_over;

/// Two nodes with two cores each, and a pod of half a core on the first.
pub(crate) const CLUSTER: &str = "
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: a}, status: {allocatable: {cpu: '2', memory: 8Gi, pods: '10'}}}
- {apiVersion: v1, kind: Node, metadata: {name: b}, status: {allocatable: {cpu: '2', memory: 8Gi, pods: '10'}}}
- apiVersion: v1
  kind: Pod
  metadata: {name: there, namespace: default}
  spec: {nodeName: a, containers: [{name: c, image: i, resources: {requests: {cpu: 500m}}}]}
";

pub(crate) fn source(name: &str, text: &str) -> Source {
    Source { name: name.to_string(), text: text.as_bytes().to_vec() }
}

/// A Deployment of so many pods of one core.
pub(crate) fn web(replicas: usize) -> String {
    format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: default}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: c, image: i, resources: {{requests: {{cpu: '1'}}}}}}]}}
"
    )
}

#[test]
fn a_deployment_fits_as_long_as_there_is_room() {
    #[track_caller]
    fn check(replicas: usize, want: usize) {
        let sources = [source("cluster.yaml", CLUSTER), source("web.yaml", &web(replicas))];
        let left = left_over(&sources).unwrap();
        assert_eq!(left.len(), want, "{left:?}");
        for line in left {
            assert!(
                line.starts_with("default/web-")
                    && line.ends_with(".")
                    && line.contains("2 Insufficient cpu"),
                "{line}"
            );
        }
    }
    check(1, 0);
    check(3, 0);
    check(4, 1);
    check(5, 2);
}

#[test]
fn what_a_quota_forbids_does_not_fit() {
    let quota = "{apiVersion: v1, kind: ResourceQuota, metadata: {name: few, namespace: default}, spec: {hard: {pods: '2'}}}";
    let sources = [source("cluster.yaml", CLUSTER), source("quota.yaml", quota), source("web.yaml", &web(3))];
    let left = left_over(&sources).unwrap();
    assert!(left.len() == 1 && left[0].contains("2 pod(s) are not made"), "{left:?}");
}

#[test]
fn what_cannot_be_read_is_an_error_with_its_place() {
    let sources =
        [source("cluster.yaml", CLUSTER), source("web.yaml", &web(1).replace("cpu: '1'", "cpu: many"))];
    let error = left_over(&sources).unwrap_err().to_string();
    assert!(error.starts_with("web.yaml:"), "{error}");
}
