use crate::{Manifests, read_str};

/// Names of the pods and of the claims.
fn names(read: &Manifests) -> (Vec<String>, Vec<String>) {
    use longshore_framework::objects::Object;
    let claims = read.objects.iter().filter_map(|o| match o {
        Object::Claim(c) => Some(format!("{}:{}", c.name, c.class.as_deref().unwrap_or("-"))),
        _ => None,
    });
    (read.pods.iter().map(|p| p.key()).collect(), claims.collect())
}

/// A workload with a template of one container.
fn workload(api_version: &str, kind: &str, name: &str, spec: &str, pod: &str) -> String {
    format!(
        "---\napiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  {spec}\n  selector: {{matchLabels: \
         {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec: {{containers: [{{name: c}}]{pod}}}\n"
    )
}

fn read(text: &str) -> Manifests {
    let read = read_str(text);
    assert_eq!(read.problems, [], "{text}");
    read
}

const NODE: &str = "---\napiVersion: v1\nkind: Node\n";

#[test]
fn a_deployment_makes_a_replica_set_and_its_pods() {
    let read = read(&workload("apps/v1", "Deployment", "web", "replicas: 3", ""));
    let pod = &read.pods[0];
    let owner = pod.meta.owner.as_ref().unwrap();
    let hash = pod.meta.labels.get("pod-template-hash").unwrap();
    assert_eq!(read.pods.len(), 3);
    assert_eq!((&*owner.kind, &*owner.name), ("ReplicaSet", &*format!("web-{hash}")));
    assert!(pod.meta.name.starts_with(&*owner.name));
    let [longshore_framework::objects::Object::Controller(set)] = read.objects.as_slice() else { panic!() };
    assert_eq!((&set.name, &set.uid), (&owner.name, &owner.uid));
    assert!(set.selector.as_ref().unwrap().matches(&pod.meta.labels));
    let again = read_str(&workload("apps/v1", "Deployment", "web", "replicas: 3", ""));
    assert_eq!(again.pods, read.pods, "names are the same on every reading");
}

#[test]
fn replicas_default_to_one_and_workloads_of_a_cluster_make_none() {
    let one = workload("apps/v1", "ReplicaSet", "web", "minReadySeconds: 0", "");
    assert_eq!(read(&one).pods.len(), 1);
    let known = one.replace("{name: web}\nspec", "{name: web, uid: abc}\nspec");
    let read = read(&known);
    assert_eq!((read.pods.len(), read.objects.len()), (0, 1));
    assert!(
        read.warnings[0].starts_with("ReplicaSet default/web has 0 of its 1 replicas in the input"),
        "{read:?}"
    );
}

#[test]
fn pods_of_the_input_count_towards_the_replicas() {
    let text = workload("apps/v1", "ReplicaSet", "web", "replicas: 2", "")
        + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: mine, labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: \
           ReplicaSet, name: web, controller: true}]}\nspec: {containers: [{name: c}]}\n";
    let read = read(&text);
    assert_eq!(read.pods.len(), 2);
    assert_eq!(read.pods[1].key(), "default/mine");
}

#[test]
fn a_stateful_set_numbers_its_pods_and_makes_their_claims() {
    let spec = "replicas: 2\n  ordinals: {start: 5}\n  volumeClaimTemplates: [{metadata: {name: data}, spec: {resources: {requests: \
                {storage: 1Gi}}}}]";
    let text = workload("apps/v1", "StatefulSet", "db", spec, "")
        + "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data-db-5}\nspec: {storageClassName: mine}\n"
        + "---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: std, annotations: \
           {storageclass.kubernetes.io/is-default-class: \"true\"}}\nprovisioner: x\n";
    let read = read(&text);
    let (pods, claims) = names(&read);
    assert_eq!(pods, ["default/db-5", "default/db-6"]);
    assert_eq!(claims, ["data-db-6:std", "data-db-5:mine"]);
    assert_eq!(read.pods[1].claim_names().collect::<Vec<_>>(), ["data-db-6".into()]);
}

#[test]
fn a_daemon_set_runs_where_selector_and_taints_let_it() {
    let taint = |key: &str| format!("spec: {{taints: [{{key: {key}, effect: NoSchedule}}]}}\n");
    let text = workload("apps/v1", "DaemonSet", "agent", "minReadySeconds: 0", ", nodeSelector: {os: linux}")
        + &format!("{NODE}metadata: {{name: a, labels: {{os: linux}}}}\n")
        + &format!("{NODE}metadata: {{name: b, labels: {{os: linux}}}}\n{}", taint("gpu"))
        + &format!(
            "{NODE}metadata: {{name: c, labels: {{os: linux}}}}\n{}",
            taint("node.kubernetes.io/unschedulable")
        )
        + &format!("{NODE}metadata: {{name: d}}\n");
    let read = read(&text);
    let required = |at: usize| read.pods[at].spec.node_affinity.required.clone().unwrap();
    assert_eq!(read.pods.len(), 2);
    assert_eq!(&*required(0).terms[0].fields[0].values[0], "a");
    assert_eq!(&*required(1).terms[0].fields[0].values[0], "c");
}

#[test]
fn a_job_runs_as_many_pods_as_it_may_and_needs() {
    let job = |spec: &str| read(&workload("batch/v1", "Job", "sum", spec, "")).pods.len();
    assert_eq!(job("parallelism: 4\n  completions: 3"), 3);
    assert_eq!(job("parallelism: 4"), 4);
    assert_eq!(job("suspend: true"), 0);
    let read = read(&workload(
        "batch/v1",
        "Job",
        "sum",
        "parallelism: 2\n  completionMode: Indexed\n  completions: 9",
        "",
    ));
    let label =
        |at: usize| read.pods[at].meta.labels.get("batch.kubernetes.io/job-completion-index").cloned();
    assert_eq!(label(1).as_deref(), Some("1"));
    assert!(read.pods[1].meta.name.starts_with("sum-1-"));
    assert_eq!(read.pods[1].meta.labels.get("batch.kubernetes.io/job-name").map(|n| &**n), Some("sum"));
}

#[test]
fn an_ephemeral_volume_of_a_hand_written_pod_gets_its_claim() {
    let volume =
        ", volumes: [{name: tmp, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: fast}}}}]";
    let read = read(
        &workload("v1", "ReplicationController", "web", "replicas: 1", volume)
            .replace("{matchLabels: {app: web}}", "{app: web}"),
    );
    let (_, claims) = names(&read);
    assert_eq!(claims, [format!("{}-tmp:fast", read.pods[0].meta.name)]);
}

#[test]
fn what_cannot_be_made_is_a_problem_with_the_workload() {
    let problem = |spec: &str, pod: &str| {
        let read = read_str(&workload("apps/v1", "Deployment", "web", spec, pod));
        assert_eq!(read.pods.len(), 0);
        crate::reader::tests::unplaced(&read.problems[0])
    };
    assert_eq!(
        problem("replicas: 2000000000", ""),
        "-: document 1 (Deployment default/web): asks for 2000000000 pods; all workloads together may have 1000000"
    );
    assert_eq!(
        problem("replicas: -1", ""),
        "-: document 1 (Deployment default/web): spec.replicas: must not be negative, but is -1"
    );
    assert_eq!(
        problem("replicas: 0", ", preemptionPolicy: Sometimes"),
        "-: document 1 (Deployment default/web): spec.template.spec.preemptionPolicy: must be PreemptLowerPriority or Never, \
         not \"Sometimes\""
    );
}

/// A pod of an API server that belongs to a controller.
fn owned(kind: &str, owner: &str, name: &str, labels: &str, spec: &str) -> String {
    let api_version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, uid: {name}, labels: {{app: web{labels}}}, ownerReferences: \
         [{{apiVersion: {api_version}, kind: {kind}, name: {owner}, uid: o, controller: true}}]}}\nspec: {{nodeName: n1, containers: \
         [{{name: c{spec}}}]}}\n"
    )
}

/// Pods of the ReplicaSet `web-5d9`.
fn replicas(names: &[&str], spec: &str) -> String {
    names.iter().map(|name| owned("ReplicaSet", "web-5d9", name, ", pod-template-hash: 5d9", spec)).collect()
}

#[test]
fn a_deployment_that_is_scaled_makes_what_is_missing_in_its_replica_set() {
    let text = replicas(&["a", "b"], "") + &workload("apps/v1", "Deployment", "web", "replicas: 3", "");
    let scaled = read(&text);
    assert_eq!((scaled.pods.len(), &*scaled.warnings), (3, &[][..]));
    let made = &scaled.pods[2].meta;
    assert_eq!(
        (&*made.owner.as_ref().unwrap().name, made.labels.get("pod-template-hash").map(|h| &**h)),
        ("web-5d9", Some("5d9"))
    );
    let down = replicas(&["a", "b"], "") + &workload("apps/v1", "Deployment", "web", "replicas: 1", "");
    let down = read(&down);
    assert_eq!((down.pods.len(), down.removed.len()), (1, 1));
    assert_eq!(down.removed[0].reason, "Deployment default/web is scaled to 1");
}

#[test]
fn pods_of_another_template_are_exchanged_as_a_rollout_begins() {
    let text =
        replicas(&["a", "b"], ", image: old") + &workload("apps/v1", "Deployment", "web", "replicas: 3", "");
    let read = read(&text);
    // One of three may come on top, and none may be missing: two are there.
    assert_eq!(read.pods.len(), 4);
    assert_ne!(&*read.pods[2].meta.owner.as_ref().unwrap().name, "web-5d9");
    assert_eq!(
        read.warnings,
        [
            "Deployment default/web has another template: its rollout begins with 2 new pod(s) in place of 0 old one(s); 2 old \
             one(s) stay until new ones are available, which is not simulated"
        ]
    );
}

#[test]
fn pods_of_others_do_not_count() {
    let other = replicas(&["a"], "").replace("app: web", "app: other");
    let terminating =
        replicas(&["b"], "").replace("uid: b", "uid: b, deletionTimestamp: \"2026-01-01T00:00:00Z\"");
    let rollout = replicas(&["c"], "")
        + "---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web-5d9, uid: rs, ownerReferences: [{apiVersion: \
           argoproj.io/v1alpha1, kind: Rollout, name: web, controller: true}]}\nspec: {replicas: 1, selector: {matchLabels: {app: \
           web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}}\n";
    for others in [other, terminating, rollout] {
        let read = read(&(others + &workload("apps/v1", "Deployment", "web", "replicas: 2", "")));
        assert_eq!(read.pods.len(), 3, "{read:?}");
    }
}

#[test]
fn a_paused_deployment_starts_no_replica_set_but_scales_the_one_it_has() {
    let paused = workload("apps/v1", "Deployment", "web", "replicas: 3\n  paused: true", "");
    let new = read(&paused);
    let why = "Deployment default/web is paused and has no ReplicaSet, so no pods are made for it";
    assert_eq!((new.pods.len(), new.objects.len(), &*new.warnings), (0, 0, &[why.to_string()][..]));
    assert_eq!(read(&(replicas(&["a"], ", image: old") + &paused)).pods.len(), 3);
}

#[test]
fn an_autoscaler_keeps_replicas_within_its_bounds() {
    let pods = |replicas: &str, kind: &str| {
        let autoscaler = format!(
            "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: web}}\nspec: {{minReplicas: 4, \
             maxReplicas: 6, scaleTargetRef: {{apiVersion: apps/v1, kind: {kind}, name: web}}}}\n"
        );
        read(&(autoscaler + &workload("apps/v1", "Deployment", "web", replicas, ""))).pods.len()
    };
    let of = |replicas| pods(replicas, "Deployment");
    assert_eq!(
        (of("minReadySeconds: 0"), of("replicas: 5"), of("replicas: 9"), of("replicas: 0")),
        (4, 5, 6, 0)
    );
    assert_eq!(pods("minReadySeconds: 0", "StatefulSet"), 1);
}

#[test]
fn a_controller_adopts_pods_that_have_none() {
    let orphan = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: mine, labels: {app: web}}\nspec: {containers: [{name: c}]}\n";
    let text = workload("apps/v1", "ReplicaSet", "web", "replicas: 2", "") + orphan;
    assert_eq!(read(&text).pods.len(), 2);
}

#[test]
fn a_job_makes_what_has_not_succeeded() {
    let done = owned("Job", "web", "a", "", "") + "status: {phase: Succeeded}\n";
    let job = |spec: &str| read(&(done.clone() + &workload("batch/v1", "Job", "web", spec, ""))).pods.len();
    assert_eq!(job("parallelism: 4\n  completions: 3"), 2);
    assert_eq!(job("parallelism: 4"), 0);
    let first = owned("Job", "web", "a", ", batch.kubernetes.io/job-completion-index: '0'", "");
    let spec = "parallelism: 3\n  completions: 3\n  completionMode: Indexed";
    let read = read(&(first + &workload("batch/v1", "Job", "web", spec, "")));
    let index =
        |at: usize| read.pods[at].meta.labels.get("batch.kubernetes.io/job-completion-index").cloned();
    assert_eq!((read.pods.len(), index(1).as_deref(), index(2).as_deref()), (3, Some("1"), Some("2")));
}

#[test]
fn workloads_of_an_api_server_are_missed_when_their_pods_are_not_there() {
    let served = |text: String| text.replace("{name: web}\nspec", "{name: web, uid: abc}\nspec");
    let deployment = || served(workload("apps/v1", "Deployment", "web", "replicas: 2", ""));
    assert_eq!(read(&(replicas(&["a", "b"], "") + &deployment())).warnings, Vec::<String>::new());
    let missing = read(&(replicas(&["a"], "") + &deployment()));
    assert!(
        missing.warnings[0].starts_with("Deployment default/web has 1 of its 2 replicas in the input"),
        "{missing:?}"
    );
    let paused = served(workload("apps/v1", "Deployment", "web", "replicas: 2\n  paused: true", ""));
    assert_eq!(read(&paused).warnings, Vec::<String>::new());
}

#[test]
fn what_admission_refuses_is_counted_for_the_workload() {
    let quota = "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {pods: '2'}}\n";
    for (api_version, kind, spec) in [
        ("apps/v1", "Deployment", "replicas: 5"),
        ("apps/v1", "StatefulSet", "replicas: 5"),
        ("batch/v1", "Job", "parallelism: 5"),
        ("batch/v1", "Job", "parallelism: 5\n  completions: 5\n  completionMode: Indexed"),
    ] {
        let read = read(&(quota.to_string() + &workload(api_version, kind, "web", spec, "")));
        let refused: Vec<_> = read.refused.iter().map(|r| (r.object.clone(), r.pods)).collect();
        assert_eq!((read.pods.len(), refused), (2, vec![(format!("{kind} default/web"), 3)]));
    }
}
