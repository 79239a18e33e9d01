use longshore_framework::objects::Object;

use crate::{Manifests, read_str};

/// A LimitRange, ResourceQuota, RuntimeClass or the like, and pods in shorthand: name, uid, spec.
fn read(rules: &str, pods: &[(&str, &str, &str)]) -> Manifests {
    let pod = |(name, metadata, spec): &(&str, &str, &str)| {
        format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}{metadata}}}\nspec: {{{spec}}}\n")
    };
    let text = format!("{rules}{}", pods.iter().map(pod).collect::<String>());
    let read = read_str(&text);
    assert_eq!(read.problems, [], "{text}");
    read
}

fn limit_range(limits: &str) -> String {
    format!("apiVersion: v1\nkind: LimitRange\nmetadata: {{name: lr}}\nspec: {{limits: [{limits}]}}\n")
}

fn quota(spec: &str) -> String {
    format!("apiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: q}}\n{spec}\n")
}

const BARE: &str = "containers: [{name: c}]";

/// cpu in thousandths and memory in bytes that each pod asks for.
#[track_caller]
fn check_requests(rules: &str, pods: &[(&str, &str, &str)], want: &[(i64, i64)]) {
    let read = read(rules, pods);
    let asked = read.pods.iter().map(|p| (p.resources.request.milli_cpu, p.resources.request.memory));
    assert_eq!(asked.collect::<Vec<_>>(), want, "{rules} {:?}", read.refused);
}

#[track_caller]
fn check_refused(rules: &str, pods: &[(&str, &str, &str)], want: &[(&str, &str)]) {
    let read = read(rules, pods);
    let refused: Vec<_> = read.refused.iter().map(|r| (&*r.object, &*r.reason)).collect();
    assert_eq!(refused, want);
    assert_eq!(read.pods.len(), pods.len() - want.len());
}

#[test]
fn containers_get_what_a_limit_range_gives() {
    let range =
        limit_range("{type: Container, default: {cpu: '2'}, defaultRequest: {cpu: '1'}, min: {memory: 8}}");
    let limited = "containers: [{name: c, resources: {limits: {cpu: '3', memory: 16}}}]";
    let pods = [("bare", "", BARE), ("limited", "", limited), ("served", ", uid: u", BARE)];
    // A limit is the request before any LimitRange is looked at.
    check_requests(&range, &pods, &[(1000, 8), (3000, 16), (0, 0)]);
    let max = limit_range("{type: Container, max: {cpu: '2'}}");
    check_requests(&max, &[("bare", "", BARE)], &[(2000, 0)]);
}

#[test]
fn what_runs_got_its_defaults_and_is_not_refused() {
    let range = limit_range("{type: Container, default: {cpu: '2'}, max: {cpu: '1'}}");
    let runs = "nodeName: n1, containers: [{name: c}]";
    check_requests(&range, &[("runs", "", runs)], &[(2000, 0)]);
}

#[test]
fn bounds_of_a_limit_range_are_kept() {
    let spec = |resources: &str| format!("containers: [{{name: c, resources: {{{resources}}}}}]");
    let check = |limits: &str, resources: &str, reason: &str| {
        check_refused(&limit_range(limits), &[("p", "", &spec(resources))], &[("Pod default/p", reason)]);
    };
    check(
        "{type: Container, max: {memory: 1Gi}}",
        "limits: {memory: 2Gi}",
        "maximum memory usage per Container is 1Gi, but limit is 2Gi",
    );
    check(
        "{type: Container, min: {cpu: 100m}}",
        "requests: {cpu: 50m}",
        "minimum cpu usage per Container is 100m, but request is 50m",
    );
    check(
        "{type: Pod, max: {cpu: '1'}}",
        "requests: {cpu: 1}",
        "maximum cpu usage per Pod is 1.  No limit is specified",
    );
    check("{type: Pod, min: {cpu: '1'}}", "", "minimum cpu usage per Pod is 1.  No request is specified");
    check(
        "{type: Container, maxLimitRequestRatio: {cpu: '2'}}",
        "requests: {cpu: 1}, limits: {cpu: 3}",
        "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
    );
    check(
        "{type: Pod, max: {cpu: '1', memory: 1}}",
        "limits: {cpu: 2, memory: 2}",
        "[maximum cpu usage per Pod is 1, but limit is 2, maximum memory usage per Pod is 1, but limit is 2]",
    );
}

#[test]
fn a_pod_beyond_a_quota_is_not_made() {
    let pods = [("a", "", BARE), ("b", "", BARE)];
    let beyond = "exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1";
    check_refused(&quota("spec: {hard: {pods: '1'}}"), &pods, &[("Pod default/b", beyond)]);
    let counted = quota("spec: {hard: {pods: '3'}}\nstatus: {hard: {pods: '3'}, used: {pods: '2'}}");
    let beyond = "exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3";
    check_refused(&counted, &pods, &[("Pod default/b", beyond)]);
    let silent = [("a", "", BARE)];
    let lacking = "failed quota: q: must specify requests.cpu for: c";
    check_refused(&quota("spec: {hard: {requests.cpu: '3'}}"), &silent, &[("Pod default/a", lacking)]);
}

#[test]
fn a_quota_without_status_counts_what_exists() {
    let asks = "containers: [{name: c, resources: {requests: {memory: 1Gi}}}]";
    let pods = [("served", ", uid: u", asks), ("new", "", asks)];
    let beyond = "exceeded quota: q, requested: requests.memory=1Gi, used: requests.memory=1Gi, limited: requests.memory=1Gi";
    check_refused(&quota("spec: {hard: {requests.memory: 1Gi}}"), &pods, &[("Pod default/new", beyond)]);
}

#[test]
fn a_quota_speaks_of_the_pods_in_its_scopes() {
    let of = |scope: &str, spec: &str| {
        let rules = quota(&format!("spec: {{hard: {{pods: '0'}}, {scope}}}"));
        read(&rules, &[("p", "", spec)]).refused.len()
    };
    let asks = "containers: [{name: c, resources: {requests: {cpu: 1}}}]";
    assert_eq!((of("scopes: [BestEffort]", BARE), of("scopes: [BestEffort]", asks)), (1, 0));
    assert_eq!((of("scopes: [NotBestEffort]", BARE), of("scopes: [NotBestEffort]", asks)), (0, 1));
    let bounded = format!("activeDeadlineSeconds: 5, {BARE}");
    assert_eq!((of("scopes: [Terminating]", &bounded), of("scopes: [Terminating]", BARE)), (1, 0));
    let class = "scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In, values: [system-node-critical]}]}";
    let critical = format!("priorityClassName: system-node-critical, {BARE}");
    assert_eq!((of(class, &critical), of(class, BARE)), (1, 0));
    let abroad = format!(
        "affinity: {{podAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: z, namespaces: [x]}}]}}}}, {BARE}"
    );
    let scope = "scopes: [CrossNamespacePodAffinity]";
    assert_eq!((of(scope, &abroad), of(scope, BARE)), (1, 0));
}

#[test]
fn a_runtime_class_adds_its_overhead_and_rules() {
    let class = "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: vm}\nhandler: vm\noverhead: {podFixed: {cpu: 250m}}\n\
                 scheduling: {nodeSelector: {vm: 'yes'}, tolerations: [{key: vm, operator: Exists}]}\n";
    let of = |more: &str| format!("runtimeClassName: vm, {more}{BARE}");
    let new = of("");
    let read = read(class, &[("new", "", &new), ("served", ", uid: u", &new)]);
    let spec = &read.pods[0].spec;
    assert_eq!(read.pods[0].resources.request.milli_cpu, 250);
    assert_eq!(spec.node_selector, [("vm".into(), "yes".into())]);
    assert_eq!(spec.tolerations.iter().filter(|t| &*t.key == "vm").count(), 1);
    assert_eq!((read.pods[1].resources.request.milli_cpu, read.pods[1].spec.tolerations.len()), (0, 0));
    let conflict = of("nodeSelector: {vm: 'no'}, ");
    let reason = "conflict: runtimeClass.scheduling.nodeSelector[vm] = yes; pod.spec.nodeSelector[vm] = no";
    check_refused(class, &[("p", "", &conflict)], &[("Pod default/p", reason)]);
}

#[test]
fn a_runtime_class_that_is_missing_is_named() {
    let read = read("", &[("p", "", &format!("runtimeClassName: vm, {BARE}"))]);
    let want = "Pod default/p: RuntimeClass vm is not in the input, so its overhead and its scheduling rules are not applied";
    assert_eq!((read.pods.len(), &*read.warnings), (1, &[want.to_string()][..]));
}

#[test]
fn new_pods_tolerate_for_a_while_that_nodes_are_not_ready() {
    let keys = |metadata: &str, tolerations: &str| {
        let read = read("", &[("p", metadata, &format!("tolerations: [{tolerations}], {BARE}"))]);
        read.pods[0].spec.tolerations.iter().map(|t| t.key.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(keys("", ""), ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]);
    assert_eq!(keys("", "{operator: Exists}"), [""]);
    let own =
        "{key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 5}";
    assert_eq!(keys("", own).len(), 2);
    assert!(keys(", uid: u", "").is_empty());
}

#[test]
fn a_class_that_is_not_in_the_input_is_named_once() {
    let gold = format!("priorityClassName: gold, {BARE}");
    let served = format!("priority: 9, {gold}");
    let read = read("", &[("served", ", uid: u", &served), ("new", "", &gold)]);
    let want = "Pod default/new: no PriorityClass \"gold\" is in the input; its pods in the input have priority 9, so that is used";
    assert_eq!((read.pods[1].spec.priority, &*read.warnings), (9, &[want.to_string()][..]));
}

#[test]
fn label_keys_are_merged_when_a_pod_is_created_and_never_after() {
    let term = "topologyKey: z, labelSelector: {}, matchLabelKeys: [app, none], mismatchLabelKeys: [hash]";
    let spec = format!(
        "affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{{term}}}]}}}}, {BARE}"
    );
    let labels = ", labels: {app: web, hash: '1'}";
    let requirements = |metadata: &str| {
        let read = read("", &[("p", metadata, &spec)]);
        let terms = &read.pods[0].spec.pod_anti_affinity.required;
        let of = terms[0].selector.as_ref().unwrap().requirements.iter();
        of.map(|r| format!("{} {:?} {}", r.key, r.operator, r.values.join(","))).collect::<Vec<_>>()
    };
    assert_eq!(requirements(labels), ["app In web", "hash NotIn 1"]);
    assert!(requirements(&format!(", uid: u{labels}")).is_empty());
}

#[test]
fn a_new_group_has_the_priority_of_its_class() {
    let class = |rest: &str| {
        format!("---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {rest}\n")
    };
    let group = |api: &str, name: &str, spec: &str| {
        format!(
            "---\napiVersion: scheduling.{api}\nkind: PodGroup\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"
        )
    };
    let groups = group("k8s.io/v1beta1", "a", "priorityClassName: high")
        + &group("k8s.io/v1beta1", "b", "")
        + &group("k8s.io/v1beta1", "c", "priority: 5")
        + &group("x-k8s.io/v1alpha1", "d", "minMember: 2");
    let priorities = |classes: &str| {
        let read = read(&(classes.to_string() + &groups), &[]);
        let groups = read.objects.iter().filter_map(|object| match object {
            Object::PodGroup(group) => Some(group.priority),
            _ => None,
        });
        (groups.collect::<Vec<_>>(), read.warnings.len())
    };
    let high = class("{name: high}\nvalue: 7");
    assert_eq!(priorities(&high), (vec![Some(7), None, Some(5), None], 0));
    let usual = class("{name: usual}\nvalue: 3\nglobalDefault: true");
    assert_eq!(priorities(&(high + &usual)), (vec![Some(7), Some(3), Some(5), None], 0));
    // Nothing says what the class is worth.
    assert_eq!(priorities("").0, [Some(0), None, Some(5), None]);
}
