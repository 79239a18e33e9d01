//! Objects that come in more than once, and objects without a name.

use super::*;

/// A pod with that metadata and so much cpu.
fn pod(metadata: &str, cpu: u32) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{{metadata}}}\nspec: {{containers: [{{name: c, resources: {{requests: {{cpu: {cpu}}}}}}}]}}\n"
    )
}

/// The pods with their cpu, and the warnings, of sources `a` and `b`; there are no problems.
#[track_caller]
fn check(a: &str, b: &str, pods: &[(&str, i64)], warnings: &[&str]) {
    let source = |name: &str, text: &str| Source { name: name.to_string(), text: text.as_bytes().to_vec() };
    let read = read(&[source("a", a), source("b", b)]);
    assert_eq!(read.problems, []);
    let found: Vec<_> = read.pods.iter().map(|p| (p.key(), p.resources.request.milli_cpu / 1000)).collect();
    assert_eq!(found, pods.iter().map(|(name, cpu)| (name.to_string(), *cpu)).collect::<Vec<_>>());
    assert_eq!(read.warnings, warnings);
}

#[test]
fn the_later_input_counts_in_the_place_of_the_earlier() {
    let first = pod("name: web", 1) + &pod("name: other", 2);
    let note = "Pod default/web stands in a: document 1 and, changed, in b: document 1; the later one counts";
    check(
        &first,
        &pod("name: web, namespace: default", 3),
        &[("default/web", 3), ("default/other", 2)],
        &[note],
    );
    check(
        &first,
        &pod("name: web, namespace: shop", 3),
        &[("default/web", 1), ("default/other", 2), ("shop/web", 3)],
        &[],
    );
    let seen = pod("name: web, uid: u1, resourceVersion: \"7\"", 1);
    check(&seen, &pod("name: web", 3), &[("default/web", 3)], &[note]);
    check(&seen, &pod("name: web, uid: u2, resourceVersion: \"3\"", 3), &[("default/web", 3)], &[note]);
}

#[test]
fn an_equal_object_is_passed_over_in_silence() {
    let web = pod("name: web", 1);
    check(&web, &web, &[("default/web", 1)], &[]);
    let listed = "kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: web}\n  spec: {containers: [{name: c, resources: {requests: {cpu: 1}}}]}\n";
    check(&web, listed, &[("default/web", 1)], &[]);
    let seen = |cpu| pod("name: web, uid: u, resourceVersion: \"9\"", cpu);
    check(&seen(1), &seen(2), &[("default/web", 1)], &[]);
}

#[test]
fn of_one_object_the_newer_version_counts() {
    let version =
        |version: &str, cpu| pod(&format!("name: web, uid: u, resourceVersion: \"{version}\""), cpu);
    let note = "Pod default/web stands in a: document 1 and, changed, in b: document 1; ";
    check(
        &version("10", 1),
        &version("9", 2),
        &[("default/web", 1)],
        &[&format!("{note}the first, which has the newer resourceVersion, counts")],
    );
    check(
        &version("9", 1),
        &version("10", 2),
        &[("default/web", 2)],
        &[&format!("{note}the later one counts")],
    );
    check(
        &version("x", 1),
        &version("a", 2),
        &[("default/web", 2)],
        &[&format!("{note}the later one counts")],
    );
}

#[test]
fn every_kind_may_come_again() {
    let node = |cpu: u32| {
        format!(
            "---\napiVersion: v1\nkind: Node\nmetadata: {{name: n1}}\nstatus: {{allocatable: {{cpu: {cpu}}}}}\n"
        )
    };
    let class = |value: u32| {
        format!(
            "---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{name: high}}\nvalue: {value}\n"
        )
    };
    let deployment = |replicas: u32| {
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas}\n  selector: {{matchLabels: {{a: b}}}}\n  template: {{metadata: {{labels: {{a: b}}}}, spec: {{priorityClassName: high, containers: [{{name: c}}]}}}}\n"
        )
    };
    let read = read_str(&(node(1) + &class(1) + &deployment(1) + &node(2) + &class(2) + &deployment(3)));
    assert_eq!(read.problems, []);
    assert_eq!((read.nodes.len(), read.nodes[0].allocatable.milli_cpu), (1, 2000));
    assert_eq!(read.pods.iter().map(|p| p.spec.priority).collect::<Vec<_>>(), [2, 2, 2]);
    assert_eq!(read.warnings.len(), 3);
}

#[test]
fn what_could_not_be_read_is_mended_by_what_comes_later() {
    let bad = pod("name: web", 1).replace("cpu: 1", "cpu: lots");
    let note = "Pod default/web stands in a: document 1 and, changed, in b: document 1; the later one counts";
    check(&bad, &pod("name: web", 2), &[("default/web", 2)], &[note]);
    let read = read_str(&(pod("name: web", 2) + &bad));
    assert_eq!((read.pods.len(), read.problems.len()), (1, 1), "{:?}", read.problems);
}

#[test]
fn a_copied_uid_makes_no_other_pod_of_it() {
    let text = pod("name: a, uid: u", 1) + &pod("name: b, uid: u", 1);
    let note = "Pod default/b has the metadata.uid of another pod; it is treated as a separate pod";
    check(&text, &pod("name: c", 1), &[("default/a", 1), ("default/b", 1), ("default/c", 1)], &[note]);
}

#[test]
fn a_name_is_made_up_where_only_its_beginning_is_given() {
    let text = pod("generateName: p-", 1)
        + &pod("generateName: p-", 1)
        + "---\napiVersion: batch/v1\nkind: Job\nmetadata: {generateName: load-}\nspec: {parallelism: 2, template: {spec: {restartPolicy: Never, containers: [{name: c}]}}}\n";
    let read = read_str(&text);
    assert_eq!((read.problems.as_slice(), read.warnings.len(), read.pods.len()), (&[][..], 0, 4));
    let names: std::collections::BTreeSet<_> = read.pods.iter().map(|p| p.meta.name.clone()).collect();
    assert_eq!(names.len(), 4);
    assert!(read.pods[..2].iter().all(|p| p.meta.name.starts_with("p-") && p.meta.name.len() == 7));
    assert!(read.pods[2].meta.owner.as_ref().unwrap().name.starts_with("load-"));
    assert_eq!(read_str(&text).pods, read.pods, "names are the same on every reading");
    let taken = pod(&format!("name: {}", read.pods[0].meta.name), 3);
    assert_eq!(read_str(&(text + &taken)).pods.len(), 5, "a name that is given is not made up");
}
