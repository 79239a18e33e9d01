use serde_json::json;

use super::*;
use crate::check::{Status, caller};
use crate::fake_api::{Answer, FakeApi};

/// A cluster in which another scheduler of our name is at work.
fn taken(line: &str) -> Value {
    let now = Timestamp::now().to_string();
    let items = if line.contains("/leases?") {
        json!([{"metadata": {"namespace": "other", "name": "longshore"},
            "spec": {"holderIdentity": "pod_1", "renewTime": now, "leaseDurationSeconds": 15}}])
    } else if line.contains("/configmaps?") {
        let text = "kind: KubeSchedulerConfiguration\nprofiles:\n- schedulerName: longshore # ours\n";
        json!([{"metadata": {"namespace": "other", "name": "cfg"}, "data": {"config.yaml": text}},
            {"metadata": {"namespace": "other", "name": "more"}, "data": {"x": "schedulerName: longshore"}}])
    } else if line.contains("/namespaces/other/pods?") {
        json!([{"metadata": {"namespace": "other", "name": "sched-1"},
            "spec": {"volumes": [{"configMap": {"name": "cfg"}}]}}])
    } else if line.contains("/events?") {
        json!([{"reason": "Scheduled", "reportingInstance": "sched-1", "eventTime": now,
            "involvedObject": {"namespace": "shop", "name": "web"}},
            {"reason": "Scheduled", "eventTime": "2020-01-01T00:00:00Z"}])
    } else {
        let pod = |name: &str, scheduler: &str, conditions: Value| {
            json!({"metadata": {"namespace": "shop", "name": name, "creationTimestamp": "2020-01-01T00:00:00Z"},
                "spec": {"schedulerName": scheduler}, "status": {"conditions": conditions}})
        };
        json!([
            pod("a", "longshroe", json!([])),
            pod("b", "longshore2", json!([{"type": "PodScheduled"}])),
            pod("c", "default-scheduler", json!([])),
            pod("d", "longshore", json!([]))
        ])
    };
    json!({"items": items})
}

async fn checked(answer: fn(&str) -> Answer, installed: bool) -> Vec<Check> {
    let api = FakeApi::new(move |call| answer(&call.line));
    let scope = Scope { scheduler_name: "longshore", namespace: "ls", lease: "longshore", installed };
    conflicts(&caller(&api.client()), scope).await
}

#[tokio::test]
async fn every_trace_of_another_scheduler_is_told() {
    let checks = checked(|line| Answer::json(taken(line)), false).await;
    let told: Vec<(Status, &str)> =
        checks.iter().map(|c| (c.status, c.message.as_deref().unwrap())).collect();
    assert_eq!(told[0], (Status::Failed, "held: other/longshore (pod_1)"));
    assert_eq!(told[1], (Status::Failed, "pod other/sched-1 (ConfigMap other/cfg)"));
    assert_eq!(told[2].0, Status::Warning);
    assert!(told[2].1.starts_with("1 event(s), the last one (Scheduled)"), "{}", told[2].1);
    assert_eq!(told[3].0, Status::Warning);
    assert!(told[3].1.starts_with("1 pod(s) ask for longshroe, such as shop/a;"), "{}", told[3].1);
}

#[tokio::test]
async fn one_scheduler_of_the_name_is_as_it_should_be_once_installed() {
    let checks = checked(|line| Answer::json(taken(line)), true).await;
    let statuses: Vec<Status> = checks.iter().map(|c| c.status).collect();
    assert_eq!(statuses, [Status::Ok, Status::Ok, Status::Warning]);
}

#[tokio::test]
async fn an_empty_cluster_has_no_conflicts_and_a_hidden_one_is_skipped() {
    let checks = checked(|_| Answer::json(json!({"items": []})), false).await;
    assert!(checks.iter().all(|c| c.status == Status::Ok), "{checks:?}");
    let checks = checked(|_| Answer::failure(403, "Forbidden", "forbidden"), false).await;
    assert!(checks.iter().all(|c| c.status == Status::Skipped), "{checks:?}");
    let checks = checked(|_| Answer::failure(500, "InternalError", "etcd"), false).await;
    assert!(checks.iter().all(|c| c.status == Status::Failed), "{checks:?}");
}

#[test]
fn configurations_are_read_in_yaml_and_json() {
    assert!(names("profiles:\n  - schedulerName: 'longshore'\n", "longshore"));
    assert!(names(r#"{"profiles":[{"schedulerName":"longshore"}]}"#, "longshore"));
    assert!(names("schedulerName: a\nschedulerName: longshore", "longshore"));
    assert!(!names("schedulerName: longshore-2", "longshore"));
    assert!(!names("schedulerNames are longshore", "longshore"));
}

#[test]
fn slips() {
    let ours = "longshore";
    for near in ["longshor", "ongshore", "longshoree", "longhsore", "longsh0re", "Longshore", "long-shore"] {
        assert!(one_slip_apart(near, ours) && one_slip_apart(ours, near), "{near}");
    }
    for far in ["longshore", "", "longsho", "long-shores", "default-scheduler", "olngshoer", "xongshorx"] {
        assert!(!one_slip_apart(far, ours), "{far}");
    }
}
