use super::*;
use crate::deciders::{Deciders, catalogue_folder};
use crate::workload::{Addition, folder, read, read_all};

fn run_calm(workload: &Workload, size: &Size, calm: bool) -> anyhow::Result<Measured> {
    let options = Options { seed: 1, ..Options::default() };
    let deciders = Deciders::of(workload)?;
    run(workload, size, Setting { deciders, options, calm, allocations: None }, &mut ())
}

/// Runs the fast size of the committed workload.
#[track_caller]
fn fast(file: &str) -> Measured {
    let workloads = read_all(&folder()).unwrap();
    let (_, workload) = workloads.iter().find(|(name, _)| name == file).unwrap();
    let size = workload.sizes.iter().find(|size| size.is_fast()).unwrap();
    run_calm(workload, size, false).unwrap()
}

/// Runs pods with these requests on a node of 4 CPUs.
#[track_caller]
fn check(pods: &str, problem: Option<&str>) {
    let text = format!(
        "
name: W
bench: B1
about: a
templates:
  node: {{kind: Node, status: {{allocatable: {{cpu: '4', memory: 8Gi, pods: '110'}}}}}}
  pod: {{kind: Pod, spec: {{priority: 0, containers: [{{name: c, resources: {{requests: {{cpu: '1'}}}}}}]}}}}
operations:
- createNodes: {{count: 1, template: node}}
{pods}
sizes: [{{name: s}}]
"
    );
    let workload = read(&text).unwrap();
    match (run_calm(&workload, &workload.sizes[0], false), problem) {
        (Ok(measured), None) => assert_eq!(measured.broken, 0),
        (Err(error), Some(want)) => assert!(format!("{error:#}").contains(want), "{error:#}"),
        (got, want) => panic!("{got:?}, not {want:?}"),
    }
}

#[test]
fn every_workload_places_all_its_pods_in_its_fast_size() {
    for (file, workload) in read_all(&folder()).unwrap() {
        let size = workload.sizes.iter().find(|size| size.is_fast());
        let size = size.unwrap_or_else(|| panic!("{file} has no fast size"));
        let of_catalogue = matches!(workload.adds, Some(Addition::Catalogue(_)));
        if of_catalogue && catalogue_folder().is_none() {
            eprintln!("SKIPPED: {file}: the catalogue is not built; run `make catalogue`");
            continue;
        }
        // Nothing goes on beside those of the catalogue.
        for calm in [true, false].into_iter().filter(|calm| !(of_catalogue && *calm)) {
            let measured =
                run_calm(&workload, size, calm).unwrap_or_else(|error| panic!("{file}: {error:#}"));
            assert_eq!(measured.pods, workload.measured_pods(size).unwrap(), "{file}");
            assert_eq!(measured.broken, 0, "{file}");
        }
    }
}

#[test]
fn a_run_that_does_not_place_what_it_should_is_an_error() {
    check("- createPods: {count: 4, template: pod, measured: true}", None);
    check("- createPods: {count: 5, template: pod, measured: true}", Some("4 of 5 pods are placed"));
    check(
        "- createPods: {count: 5, template: pod}\n- createPods: {count: 1, template: pod, measured: true}",
        Some("1 pods do not fit before the measurement"),
    );
}

#[test]
fn pods_that_are_bound_take_room() {
    check(
        "- createPods: {count: 2, template: pod, bound: spread}\n- createPods: {count: 3, template: pod, measured: true}",
        Some("2 of 3 pods are placed"),
    );
}

#[test]
fn values_that_differ_pod_by_pod_are_used() {
    check(
        "- createPods: {count: 5, template: pod, measured: true, perPod: {spec.containers.0.resources.requests.cpu: '[100m, 1]'}}",
        None,
    );
}

#[test]
fn deleted_pods_make_room() {
    check(
        "- createPods: {count: 3, template: pod, namespace: old}\n\
         - deletePods: {namespace: old, perSecond: 2}\n\
         - createPods: {count: 4, template: pod, measured: true}",
        None,
    );
}

#[test]
fn pods_that_fit_nowhere_are_done_with_when_they_were_tried() {
    check(
        "- createPods: {count: 4, template: pod}\n\
         - createPods: {count: 5, template: pod, measured: true, expect: unfit}",
        None,
    );
    check(
        "- createPods: {count: 3, template: pod}\n\
         - createPods: {count: 5, template: pod, measured: true, expect: unfit}",
        Some("a pod that was to fit nowhere is placed"),
    );
    check(
        "- createPods: {count: 6, template: pod, expect: unfit}\n\
         - createPods: {count: 1, template: pod, measured: true}",
        Some("0 of 1 pods are placed"),
    );
}

#[test]
fn pods_come_a_few_at_a_time_and_are_done() {
    let arriving = |run: &str| {
        format!(
            "- createPods: {{count: 8, template: pod, measured: true, arrive: {{count: 4, every: 10s}}, run: {run}}}"
        )
    };
    check(&arriving("[5s]"), None);
    check(&arriving("[]"), Some("4 of 8 pods are placed"));
}

#[test]
fn evicted_pods_stay_as_long_as_they_may() {
    let nominated = |grace: &str| {
        format!(
            "- createPods: {{count: 4, template: pod, grace: {grace}}}\n- barrier: {{}}\n\
             - createPods: {{count: 1, template: pod, expect: nominated, perPod: {{spec.priority: '7'}}}}\n\
             - createPods: {{count: 1, template: pod, measured: true, perPod: {{spec.priority: '8'}}}}"
        )
    };
    check(&nominated("1h"), Some("0 of 1 pods are placed"));
    check(&nominated("1m"), None);
}

#[test]
fn nodes_go_with_their_pods() {
    check(
        "- repeat:\n    times: 3\n    operations:\n    \
         - createNodes: {count: 2, template: node, name: passing}\n    \
         - createPods: {count: 12, template: pod}\n    - barrier: {}\n    \
         - deletePods: {namespace: default}\n    - deleteNodes: {name: passing}\n\
         - createPods: {count: 4, template: pod, measured: true}",
        None,
    );
}

#[test]
fn preemptors_evict_as_many_as_they_have_to() {
    let measured = fast("b5-preemption-basic");
    assert_eq!(measured.evicted, 30);
    assert_eq!(measured.preempting.unwrap().count, 10);
}

#[test]
fn what_goes_on_beside_happens_as_often_as_the_threshold_asks() {
    // 100 pods at 20 pods a second are five seconds: a pod that fits nowhere comes every fifth of a second.
    let measured = fast("b5-unschedulable");
    let tried = measured.unfit.unwrap().count;
    assert!((20..=40).contains(&tried), "{tried}");
}
