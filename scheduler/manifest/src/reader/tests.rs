use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;

use super::*;

mod devices;
mod input;
mod lost;
mod twice;
mod what_if;

/// A pod of the namespace `default` with the given rest of its spec.
fn pod(name: &str, rest: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, labels: {{app: web}}}}\nspec:\n  containers: [{{name: c}}]\n{rest}"
    )
}

#[track_caller]
fn one(text: &str) -> Pod {
    let read = read_str(text);
    assert_eq!(read.problems, []);
    assert_eq!(read.pods.len(), 1);
    Pod::clone(&read.pods[0])
}

#[track_caller]
fn check_problems(text: &str, pods: usize, want: &[&str]) {
    let read = read_str(text);
    let found: Vec<_> = read.problems.iter().map(ToString::to_string).collect();
    assert_eq!(found, want);
    assert_eq!(read.pods.len(), pods);
}

/// A problem without its line.
pub(crate) fn unplaced(problem: &ManifestProblem) -> String {
    ManifestProblem { line: None, ..problem.clone() }.to_string()
}

#[test]
fn one_bad_object_leaves_the_others() {
    let text = pod("a", "") + &pod("b", "  priority: high\n") + &pod("c", "");
    check_problems(
        &text,
        2,
        &[
            "-: document 2, line 13 (Pod default/b): spec.priority: invalid type: string \"high\", expected a whole number",
        ],
    );
}

#[test]
fn a_broken_document_leaves_those_before_and_after() {
    let text = pod("a", "") + "---\nkind: [Pod\nmetadata: {\n" + &pod("c", "");
    let read = read_str(&text);
    assert_eq!(read.pods.len(), 2);
    assert_eq!(read.problems.len(), 1);
    let problem = &read.problems[0];
    assert_eq!(problem.document, 2);
    assert!(problem.line.is_some_and(|l| (6..=9).contains(&l)), "{problem}");
    assert!(problem.to_string().starts_with("-: document 2, line "), "{problem}");
}

#[test]
fn a_pod_that_does_not_parse_is_counted_and_named() {
    let read = read_str(&(pod("a", "") + "---\nkind: Pod\nmetadata: {name: b, namespace: shop\n"));
    let problem = &read.problems[0];
    assert!(problem.is_pod);
    assert_eq!(problem.object.as_deref(), Some("Pod shop/b"));
}

#[test]
fn lists_json_and_unknown_kinds() {
    let list = r#"{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"a"},"spec":{"containers":[{}]}}]}
        {"apiVersion":"v1","kind":"List","items":[{"apiVersion":"batch/v1","kind":"CronJob"},{"apiVersion":"v1","kind":"ConfigMap"},
        {"kind":"Pod"}]}"#;
    let read = read_str(list);
    assert_eq!(read.pods.len(), 1);
    let unknown: Vec<_> = read.unknown_kinds.iter().map(|(k, n)| (k.as_str(), *n)).collect();
    assert_eq!(unknown, [("batch/v1 CronJob", 1), ("v1 ConfigMap", 1)]);
    assert_eq!(
        read.problems[0].to_string(),
        "-: document 2, item 3, line 3: apiVersion: must be given, such as apiVersion: v1"
    );
}

#[test]
fn finished_pods_are_counted_and_left_out() {
    let read =
        read_str(&(pod("a", "status: {phase: Succeeded}\n") + &pod("b", "status: {phase: Running}\n")));
    assert_eq!((read.finished, read.pods.len()), (1, 1));
}

#[test]
fn defaults_of_a_hand_written_pod() {
    let pod = one(&pod(
        "a",
        "  hostNetwork: true
  initContainers: [{name: i, restartPolicy: Always, resources: {limits: {cpu: 0.5}}}]
  tolerations: [{key: k, value: v}]
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {}, matchLabelKeys: [app, other]}]
  affinity:
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
      - {topologyKey: host, labelSelector: {}, matchLabelKeys: [app], mismatchLabelKeys: [absent]}
",
    )
    .replace("[{name: c}]", "[{name: c, ports: [{containerPort: 80}]}]"));
    assert_eq!(
        (&*pod.meta.uid, &*pod.spec.scheduler_name, pod.spec.priority),
        ("Pod/default/a", "default-scheduler", 0)
    );
    assert_eq!(pod.resources.request.milli_cpu, 500);
    let port = &pod.spec.containers[0].host_ports[0];
    assert_eq!((port.port, &*port.protocol, &*port.address), (80, "TCP", "0.0.0.0"));
    let spread = &pod.spec.spread[0];
    assert_eq!((spread.min_domains, spread.honor_affinity, spread.honor_taints), (1, true, false));
    assert_eq!(spread.selector.as_ref().unwrap().requirements.len(), 1);
    let term = &pod.spec.pod_anti_affinity.required[0];
    assert_eq!(term.namespaces, ["default".into()]);
    assert_eq!(term.selector.as_ref().unwrap().requirements.len(), 1);
}

#[test]
fn defaults_that_are_there_already_are_not_applied_twice() {
    let bare = one(&pod(
        "a",
        "  topologySpreadConstraints: [{maxSkew: 1, topologyKey: z, whenUnsatisfiable: ScheduleAnyway, labelSelector: {}, matchLabelKeys: [app]}]
  resources: {limits: {cpu: 3, memory: 2Gi}}
",
    )
    .replace("[{name: c}]", "[{name: c, resources: {limits: {cpu: 1}}}]"));
    let returned = one(&pod(
        "a",
        "  schedulerName: default-scheduler
  priority: 0
  preemptionPolicy: PreemptLowerPriority
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: z, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchExpressions: [{key: app, operator: In, values: [web]}]}, matchLabelKeys: [app]}]
  resources: {limits: {cpu: 3, memory: 2Gi}, requests: {cpu: 1, memory: 2Gi}}
",
    )
    .replace("[{name: c}]", "[{name: c, resources: {limits: {cpu: 1}, requests: {cpu: 1}}}]"));
    assert_eq!(bare, returned);
    assert_eq!(bare.resources.request.milli_cpu, 1000);
}

#[test]
fn a_default_storage_class_is_for_hand_written_claims() {
    let class = "---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: std, annotations: {storageclass.kubernetes.io/is-default-class: \"true\"}}\nprovisioner: p\n";
    let claim = |meta: &str, spec: &str| {
        format!("---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{{meta}}}\nspec: {{{spec}}}\n")
    };
    let text = claim("name: a", "accessModes: [ReadWriteOnce]")
        + &claim("name: b, uid: u", "")
        + &claim("name: c", "storageClassName: \"\"")
        + &claim(
            "name: d, annotations: {volume.beta.kubernetes.io/storage-class: old}",
            "storageClassName: new",
        )
        + class;
    let read = read_str(&text);
    let classes = read.objects.iter().filter_map(|o| match o {
        Object::Claim(c) => Some(c.class.as_deref()),
        _ => None,
    });
    assert_eq!(classes.collect::<Vec<_>>(), [Some("std"), None, Some(""), Some("old")]);
}

#[test]
fn what_the_api_server_refuses_is_refused() {
    let spread =
        |spread: &str| pod("a", &format!("  topologySpreadConstraints: [{{topologyKey: z, {spread}}}]\n"));
    let cases = [
        (
            spread("maxSkew: 0, whenUnsatisfiable: DoNotSchedule"),
            "spec.topologySpreadConstraints[0].maxSkew: must be at least 1, not 0",
        ),
        (
            spread("maxSkew: 1, whenUnsatisfiable: Never"),
            "spec.topologySpreadConstraints[0].whenUnsatisfiable: must be DoNotSchedule or ScheduleAnyway, not \"Never\"",
        ),
        (
            pod("a", "").replace("[{name: c}]", "[{name: c, ports: [{hostPort: 70000}]}]"),
            "spec.containers[0].ports[0].hostPort: must be a port from 0 to 65535, not 70000",
        ),
        (
            pod("a", "").replace("[{name: c}]", "[{name: c, resources: {requests: {cpu: -1}}}]"),
            "spec.containers[0].resources.requests.cpu: must not be negative; write 0 or more",
        ),
        (
            pod("a", "").replace("[{name: c}]", "[{name: c, resources: {limits: {nvidia.com/gpu: 0.5}}}]"),
            "spec.containers[0].resources.limits.nvidia.com/gpu: must be a whole number; this resource cannot be divided",
        ),
        (pod("a", "").replace("[{name: c}]", "[]"), "spec.containers: must list at least one container"),
    ];
    for (text, want) in cases {
        let read = read_str(&text);
        let found: Vec<_> = read.problems.iter().map(unplaced).collect();
        assert_eq!((found, read.pods.len()), (vec![format!("-: document 1 (Pod default/a): {want}")], 0));
    }
}

#[test]
fn hostile_input_is_a_problem_and_nothing_worse() {
    let problems = |text: &[u8]| {
        let read = read(&[Source { name: "f".into(), text: text.to_vec() }]);
        let text: String = read.problems.iter().map(|p| format!("{p}\n")).collect();
        assert!(text.len() < 2000, "{}", text.len());
        assert!(read.pods.is_empty());
        text
    };
    let deep = |open: &str| problems(open.repeat(100_000).as_bytes());
    assert!(deep("[").contains("f: document 1, line 1, column "));
    assert!(deep("{a: ").contains("f: document 1, line 1, column "));
    assert!(!deep("- ").is_empty());
    assert!(problems(b"kind: \xff\xfe").contains("is not UTF-8 text"));
    assert!(problems(b"\x00\x01\x02binary").contains("document 1"));
    assert!(problems(br#"{"kind": "Pod", "metadata"#).contains("truncated"));
    assert!(problems(b"just words").contains("is not a Kubernetes object"));
    assert!(problems(b"").is_empty());
    let bomb = (1..12).fold("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_string(), |text, n| {
        let before = format!("*a{}", n - 1);
        text + &format!("a{n}: &a{n} [{}]\n", [before.as_str(); 10].join(","))
    });
    assert!(problems(bomb.as_bytes()).contains("is not valid YAML"));
}

#[test]
fn long_strings_and_many_documents_are_read_in_linear_time() {
    let long = "x".repeat(10_000_000);
    let read = read_str(&pod("a", &format!("  priority: {long}\n")));
    assert!(read.problems[0].to_string().len() < 1000);
    let read = read_str(&format!("apiVersion: v1\nkind: {long}\n"));
    assert!(read.unknown_kinds.keys().all(|k| k.len() < 1000));
    let many: String = (0..3000).map(|n| pod(&format!("p{n}"), "")).collect();
    assert_eq!(read_str(&many).pods.len(), 3000);
}

#[test]
fn values_are_read_like_text() {
    let value = serde_json::json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{}]}});
    let read = read_values(&[value.clone(), value, serde_json::json!({"kind": "Pod"})]);
    assert_eq!((read.pods.len(), read.problems.len()), (1, 1));
    assert_eq!(read.problems[0].item, Some(3));
}

#[test]
fn faults_are_placed_in_the_source() {
    let text = pod("a", "") + "---\n{\"a\": 1,\n oops}\n" + &pod("b", "").replace("name: b, ", "");
    check_problems(
        &text,
        1,
        &[
            "-: document 2, line 9, column 2: is not valid JSON: key must be a string",
            "-: document 3, line 13 (Pod without a name): metadata.name: must be given",
        ],
    );
}
