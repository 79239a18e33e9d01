//! Waiting for devices to become ready.

use super::*;

fn waits(users: &[&str], stamp: &str, conditions: &[(&str, &str)]) -> Value {
    let mut status = allocated("a", users);
    let one = &mut status["allocation"]["devices"]["results"][0];
    one["bindingConditions"] = json!(["x/Ready"]);
    one["bindingFailureConditions"] = json!(["x/Broken"]);
    status["allocation"]["allocationTimestamp"] = stamp.into();
    let conditions: Vec<Value> = conditions
        .iter()
        .map(|(kind, status)| json!({"type": kind, "status": status, "reason": "Why", "message": "so \"it\" is"}))
        .collect();
    if !conditions.is_empty() {
        status["devices"] =
            json!([{"driver": "d.example.com", "pool": "n", "device": "a", "conditions": conditions}]);
    }
    status
}

fn wait() -> Option<AwaitDevices> {
    wait_for(Duration::from_secs(600))
}

fn wait_for(timeout: Duration) -> Option<AwaitDevices> {
    Some(AwaitDevices { claims: vec![key("k")], timeout })
}

fn now() -> String {
    format!("{:.0}", jiff::Timestamp::now())
}

/// How the wait ends where the claim is like this.
async fn check(stamp: &str, conditions: &[(&str, &str)], want: Result<(), &str>) {
    let bench = Bench::new(vec![claim("k", json!({}), waits(&["p"], stamp, conditions))]);
    // Without a stamp only the wait as a whole can take too long.
    let timeout = Duration::from_millis(if stamp.is_empty() { 50 } else { 600_000 });
    let outcome = bench.carry_out(Vec::new(), wait_for(timeout)).await;
    assert_eq!(outcome.as_ref().copied().map_err(String::as_str), want, "{conditions:?}");
}

#[tokio::test]
async fn conditions_decide() {
    let now = now();
    check(&now, &[("x/Ready", "True")], Ok(())).await;
    check(&now, &[("x/Ready", "True"), ("x/Broken", "False")], Ok(())).await;
    let failed = "device binding failed: claim=k, reason=Why, message=\"so \\\"it\\\" is\"";
    check(&now, &[("x/Ready", "True"), ("x/Broken", "True")], Err(failed)).await;
    let over = Err("device binding timeout: context deadline exceeded");
    check("", &[], over).await;
    check("", &[("x/Ready", "False")], over).await;
    check("2026-01-01T00:00:00Z", &[("x/Ready", "Unknown")], Err("device binding timeout: claim=k")).await;
}

#[tokio::test]
async fn a_condition_that_comes_true_ends_the_wait() {
    let bench = Bench::new(vec![claim("k", json!({}), waits(&["p"], &now(), &[]))]);
    let waiting = bench.carry_out(Vec::new(), wait());
    let driver = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        bench.server.put(claim("k", json!({}), waits(&["p"], &now(), &[("x/Ready", "True")])));
    };
    let (outcome, ()) = tokio::join!(waiting, driver);
    assert_eq!(outcome, Ok(()));
}

#[tokio::test]
async fn the_wait_ends_with_the_pod_and_when_its_room_is_wanted() {
    let bench = Bench::new(vec![claim("k", json!({}), waits(&["p"], &now(), &[]))]);
    let waiting = bench.carry_out(Vec::new(), wait());
    let preempt = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        bench.store.preempted(&bench.pod.meta.uid);
    };
    let (outcome, ()) = tokio::join!(waiting, preempt);
    assert_eq!(outcome, Err("preempted".to_string()));
    let prebind = PreBind::begin(&bench.store, &bench.pod, Vec::new(), wait());
    let api = Caller::new(bench.server.client());
    let ready = prebind.write(&api, &bench.pod, &bench.tell()).await.unwrap();
    assert_eq!(ready.until_ready(|| false).await, Err("pod does not exist any more".to_string()));
    drop(bench.carry_out(Vec::new(), None).await);
    assert!(bench.store.waits.is_empty(), "nobody waits any more");
}
