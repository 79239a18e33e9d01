//! A kubelet that turns away what longshore bound, because another scheduler was first.

use longshore_tests::control_plane::{Kind, objects, shared};
use serde_json::json;

#[test]
fn a_pod_that_the_kubelet_turned_away_is_counted_as_lost_to_the_other_scheduler() {
    let arena = shared();
    arena.node("a", &json!({}));
    let longshore = arena.scheduler(Kind::Longshore);
    arena.pod("theirs", &json!({ "spec": { "schedulerName": "other", "nodeName": "a" } }));
    let ours = objects::path(&arena.pod("ours", &json!({})));
    assert_eq!(arena.until_bound("ours"), "a");
    let failed = json!({ "status": { "phase": "Failed", "reason": "OutOfcpu" } });
    arena.api.patch(&format!("{ours}/status"), &failed).unwrap();
    arena.until("the lost race to be counted", "ours", || {
        let labels = [("scheduler", "other"), ("reason", "OutOfcpu")];
        (longshore.metrics().sum("longshore_lost_races_total", &labels) >= 1.0).then_some(())
    });
}
