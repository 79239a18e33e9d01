//! What `simulate` and `explain` say of devices.

use serde_json::{Value, json};

use crate::support::{run, run_with};

/// Two nodes with a pool of two GPUs each, of which the second of `b` is small, and a class with an extended resource.
const CLUSTER: &str = "\
---
apiVersion: v1
kind: Node
metadata: {name: a}
status: {allocatable: {cpu: '8', memory: 8Gi, pods: '10'}}
---
apiVersion: v1
kind: Node
metadata: {name: b}
status: {allocatable: {cpu: '8', memory: 8Gi, pods: '10'}}
---
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {name: gpu}
spec: {extendedResourceName: x.io/gpu, selectors: [{cel: {expression: 'device.driver == \"d\"'}}]}
---
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {name: a}
spec:
  driver: d
  nodeName: a
  pool: {name: a, generation: 1, resourceSliceCount: 1}
  devices:
  - {name: d0, attributes: {size: {int: 2}}}
  - {name: d1, attributes: {size: {int: 2}}, taints: [{key: hot, effect: NoSchedule}]}
---
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {name: b}
spec:
  driver: d
  nodeName: b
  pool: {name: b, generation: 1, resourceSliceCount: 1}
  devices:
  - {name: d0, attributes: {size: {int: 2}}}
  - {name: d1, attributes: {size: {int: 1}}}
";

/// A claim for so many devices of a size, and a pod that uses it.
fn user(name: &str, count: usize, size: usize, priority: usize) -> String {
    format!(
        "---\napiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {{name: {name}-gpus}}\nspec: {{devices: \
         {{requests: [{{name: gpus, exactly: {{deviceClassName: gpu, count: {count}, selectors: [{{cel: {{expression: \
         'device.attributes[\"d\"].size == {size}'}}}}]}}}}]}}}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n\
         spec: {{priority: {priority}, resourceClaims: [{{name: gpus, resourceClaimName: {name}-gpus}}], containers: \
         [{{name: c, image: i, resources: {{claims: [{{name: gpus}}]}}}}]}}\n"
    )
}

/// What is said of the pod `late` on all nodes, node by node, and what would help.
fn explained(input: &str) -> [Value; 3] {
    let found = run_with(&["explain", "late", "-f", "-", "-o", "json"], input).exits(0).json();
    let texts = |list: &Value| -> Value {
        let text = |s: &Value| {
            let nodes: Vec<&str> =
                s["nodes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            format!("{}: {}", nodes.join(","), s["text"].as_str().unwrap())
        };
        list.as_array().unwrap().iter().map(text).collect()
    };
    let advice = found["relaxations"].as_array().unwrap().iter().map(|r| r["change"].clone()).collect();
    [texts(&found["devices"]["everywhere"]), texts(&found["devices"]["byNode"]), advice]
}

#[track_caller]
fn check(pods: &str, want: [Value; 3]) {
    assert_eq!(explained(&format!("{CLUSTER}{pods}")), want);
}

#[test]
fn who_has_the_devices_and_what_keeps_others_away() {
    let pods = user("first", 1, 2, 9) + &user("second", 1, 2, 8) + &user("late", 1, 2, 0);
    check(
        &pods,
        [
            json!([
                ": 3 of 4 devices match, 2 taken by default/first (1), default/second (1), 1 with the taint hot:NoSchedule"
            ]),
            json!([
                "a: 2 of 2 devices match, 1 taken by default/first, 1 with the taint hot:NoSchedule",
                "b: 1 of 2 devices matches, it is taken by default/second",
            ]),
            json!([
                "drop the resource claim gpus",
                "end default/first: claim default/first-gpus has 1 of these devices",
                "end default/second: claim default/second-gpus has 1 of these devices",
                "drop the selector device.attributes[\"d\"].size == 2 of request gpus of claim default/late-gpus",
                "tolerate the taint hot:NoSchedule of devices in request gpus of claim default/late-gpus",
            ]),
        ],
    );
}

#[test]
fn which_selector_rejects_how_many_and_that_fewer_would_do() {
    check(
        &user("late", 2, 1, 0),
        [
            json!([": 1 of 4 devices matches, 1 free of 2 wanted"]),
            json!([
                "b: 1 of 2 devices matches, 1 free of 2 wanted",
                "a: none of 2 devices matches: 2 fail device.attributes[\"d\"].size == 1",
            ]),
            json!([
                "drop the resource claim gpus",
                "ask for 1 instead of 2 in request gpus of claim default/late-gpus",
                "drop the selector device.attributes[\"d\"].size == 1 of request gpus of claim default/late-gpus",
            ]),
        ],
    );
}

#[test]
fn a_simulation_says_what_pending_pods_find_and_how_many_devices_are_in_use() {
    let pods = user("first", 2, 2, 9) + &user("late", 1, 2, 0) + &user("last", 1, 3, 0);
    let input = format!("{CLUSTER}{pods}");
    let json = run_with(&["simulate", "-f", "-", "-o", "json"], &input).exits(0).json();
    let used = &json["summary"]["devices"];
    assert_eq!(used[0], json!({"driver": "d", "devices": 4, "inUse": 1, "share": 0.25}));
    assert_eq!(used[1], json!({"class": "gpu", "devices": 4, "inUse": 1, "share": 0.25}));
    run(&["simulate", "-f", "examples/devices"]).exits(0).says(&[
        "      request gpus of claim default/train-tgbdb-devices-qbjhv: 4 of 9 devices match, 3 taken by default/train-lj5cw (2), default/infer (1), 1 with the taint gpu.example.com/hot:NoSchedule\n",
        "DEVICES OF",
        "  driver       gpu.example.com        4         8     50%\n",
    ]);
}
