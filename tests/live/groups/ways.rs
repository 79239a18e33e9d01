//! Each way of writing a group, live.

use longshore_tests::control_plane::{SHORT, condition, objects, shared, until};
use serde_json::{Value, json};

use super::fixture::{Groups, Way};

/// The condition of a group that says whether it has started.
fn started(groups: &Groups, name: &str) -> Option<Value> {
    condition(&groups.object(Way::Kubernetes, name), groups.upstream().condition)
}

#[test]
fn a_group_starts_with_the_pod_that_completes_it_however_it_is_written() {
    let groups = Groups::on(shared());
    groups.arena.node("a", &json!({}));
    let _scheduler = groups.scheduler();
    for way in groups.ways() {
        let name = format!("{way:?}").to_lowercase();
        groups.group(way, &name, 3);
        let member = |at: usize| groups.member(way, &name, 3, &format!("{name}-{at}"), "100m");
        groups.arena.api.create(&member(0));
        groups.arena.api.create(&member(1));
        // A pod without a group that comes later is bound while these wait.
        groups.arena.pod(&format!("{name}-alone"), &json!({}));
        groups.arena.until_bound(&format!("{name}-alone"));
        assert_eq!(groups.placed(&name) - 1, 0, "{name} lacks a pod");
        groups.arena.api.create(&member(2));
        groups.until_placed(&name, 4);
        let said = match way {
            Way::Kubernetes => {
                let has = || started(&groups, &name).filter(|c| c["status"] == "True");
                until("the condition", SHORT, || groups.object(way, &name).to_string(), has)["reason"].clone()
            }
            Way::Coscheduling => {
                let phase = || {
                    Some(groups.object(way, &name)["status"]["phase"].clone()).filter(|p| p == "Scheduling")
                };
                until("the phase", SHORT, || groups.object(way, &name).to_string(), phase);
                assert!(groups.object(way, &name)["status"]["scheduleStartTime"].is_string());
                continue;
            }
            Way::Annotations => continue,
        };
        assert_eq!(said, "Scheduled");
    }
}

#[test]
fn a_group_that_does_not_fit_starts_when_there_is_room_for_all_of_it() {
    let groups = Groups::on(shared());
    let _scheduler = groups.scheduler();
    for way in groups.ways() {
        let name = format!("{way:?}").to_lowercase();
        let here = json!({ "metadata": { "labels": { "for": name } } });
        groups.arena.node(&format!("{name}-0"), &here);
        let there = json!({ "spec": { "nodeSelector": { "for": name } } });
        groups.group(way, &name, 3);
        for at in 0..3 {
            let member = groups.member(way, &name, 3, &format!("{name}-{at}"), "2");
            groups.arena.api.create(&objects::with(member, &there));
        }
        let why = groups.arena.until_unschedulable(&format!("{name}-0"));
        let whole = format!(
            "pod group {}/{name} is not started: 2 of its 3 pods fit and it takes 3",
            groups.arena.namespace
        );
        match way {
            Way::Kubernetes => {
                let condition = || started(&groups, &name).filter(|c| c["status"] == "False");
                let condition = until("the condition", SHORT, String::new, condition);
                assert_eq!(condition["reason"], "Unschedulable");
                assert!(condition["message"].as_str().unwrap().starts_with(&whole), "{condition}");
                assert!(why.starts_with("pod group is unschedulable"), "{why}");
            }
            Way::Coscheduling | Way::Annotations => assert!(why.starts_with(&whole), "{why}"),
        }
        if way != Way::Annotations {
            let event = groups.arena.until_event(&name, "FailedScheduling");
            assert_eq!(event["regarding"]["kind"], "PodGroup");
        }
        assert_eq!(groups.placed(&name), 0);
        groups.arena.node(&format!("{name}-1"), &here);
        groups.until_placed(&name, 3);
    }
}

#[test]
fn a_pod_waits_for_its_group_to_be_made() {
    let groups = Groups::on(shared());
    groups.arena.node("a", &json!({}));
    let _scheduler = groups.scheduler();
    for way in groups.ways().into_iter().filter(|way| *way != Way::Annotations) {
        let name = format!("{way:?}").to_lowercase();
        for at in 0..2 {
            groups.arena.api.create(&groups.member(way, &name, 2, &format!("{name}-{at}"), "100m"));
        }
        groups.arena.pod(&format!("after-{name}"), &json!({}));
        groups.arena.until_bound(&format!("after-{name}"));
        assert_eq!(groups.placed(&name), 0, "{name} has no PodGroup yet");
        groups.group(way, &name, 2);
        groups.until_placed(&name, 2);
    }
}
