//! Who holds the Lease of a scheduler.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{Check, key, list, text};
use crate::call::{ApiError, Caller, path};

/// Time between two looks at a Lease.
const INTERVAL: Duration = Duration::from_secs(1);

/// A Lease as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Held {
    /// `namespace/name`.
    pub(super) place: String,
    /// The holder; empty when there is none.
    pub(super) holder: String,
    /// When the holder was last heard of, as it wrote it.
    renewed: String,
    /// How long that counts, in seconds.
    duration: i64,
}

impl Held {
    fn read(lease: &Value) -> Self {
        Self {
            place: key(lease),
            holder: text(lease, "/spec/holderIdentity").to_string(),
            renewed: text(lease, "/spec/renewTime").to_string(),
            duration: lease.pointer("/spec/leaseDurationSeconds").and_then(Value::as_i64).unwrap_or(0),
        }
    }

    /// Whether the holder has been heard of lately.
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        let Ok(renewed) = self.renewed.parse::<Timestamp>() else { return false };
        !self.holder.is_empty() && now.as_second().saturating_sub(renewed.as_second()) <= self.duration
    }
}

/// The Leases of a name: of all namespaces, or of one when others are hidden from us.
pub(super) async fn leases(api: &Caller, namespace: &str, name: &str) -> Result<Vec<Held>, ApiError> {
    let selector = format!("metadata.name={name}");
    let found = match list(api, "/apis/coordination.k8s.io/v1/leases", &selector).await {
        Err(error) if error.code == 403 => list(api, &path::leases(namespace), &selector).await?,
        found => found?,
    };
    Ok(found.iter().map(Held::read).collect())
}

/// Whether somebody holds the Lease `namespace/name`, or one of that name elsewhere; waits for a holder at most `wait`.
/// Clocks that differ do no harm: a Lease that is renewed while we look is held.
pub async fn leader(api: &Caller, namespace: &str, name: &str, wait: Duration) -> Check {
    let title = format!("Lease {name} is held");
    let began = Instant::now();
    let mut before: Vec<Held> = Vec::new();
    loop {
        let found = match leases(api, namespace, name).await {
            Ok(found) => found,
            Err(error) => return Check::unanswered(title, &error),
        };
        let now = Timestamp::now();
        let renewed = |lease: &&Held| {
            let was = before.iter().find(|l| l.place == lease.place);
            !lease.holder.is_empty() && was.is_some_and(|was| was.renewed != lease.renewed)
        };
        if let Some(live) = found.iter().find(|l| l.is_live(now) || renewed(l)) {
            return Check::ok(title).saying(format!("{}, by {}", live.place, live.holder));
        }
        let Some(lease) = found.first() else {
            let message = format!("there is no Lease {namespace}/{name}");
            return Check::warning(title, message, MISSING);
        };
        if began.elapsed() >= wait {
            return dead(title, lease);
        }
        before = found;
        sleep(INTERVAL.min(wait.saturating_sub(began.elapsed()))).await;
    }
}

const MISSING: &str = "no scheduler has run yet, or it runs without leader election, or its Lease has another name: \
                       --lease NAMESPACE/NAME";

fn dead(title: String, lease: &Held) -> Check {
    let message = match lease.holder.as_str() {
        "" => format!("nobody holds {}", lease.place),
        holder => format!("{holder} has not renewed {} since {}", lease.place, lease.renewed),
    };
    Check::failed(title, message, "no scheduler of this name is at work: look at its pods and their logs")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::check::{Status, caller};
    use crate::fake_api::{Answer, FakeApi};

    fn lease(holder: &str, renewed: &str) -> Value {
        json!({"items": [{
            "metadata": {"namespace": "ls", "name": "longshore"},
            "spec": {"holderIdentity": holder, "renewTime": renewed, "leaseDurationSeconds": 15},
        }]})
    }

    async fn checked(answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Check {
        let api = FakeApi::new(move |call| answer(call.number));
        leader(&caller(&api.client()), "ls", "longshore", Duration::from_millis(1500)).await
    }

    #[tokio::test]
    async fn a_fresh_lease_is_held() {
        let now = Timestamp::now().to_string();
        let check = checked(move |_| Answer::json(lease("pod_1", &now))).await;
        assert_eq!((check.status, check.message.as_deref()), (Status::Ok, Some("ls/longshore, by pod_1")));
    }

    #[tokio::test]
    async fn a_lease_that_nobody_renews_fails_and_one_that_somebody_renews_is_held() {
        let check = checked(|_| Answer::json(lease("pod_1", "2020-01-01T00:00:00.000000Z"))).await;
        assert_eq!(check.status, Status::Failed);
        assert!(check.message.unwrap().contains("pod_1 has not renewed ls/longshore since 2020"));
        let check = checked(|n| Answer::json(lease("pod_1", &format!("2020-01-01T00:00:0{n}Z")))).await;
        assert_eq!(check.status, Status::Ok, "a clock that is years behind");
        let check = checked(|_| Answer::json(lease("", ""))).await;
        assert_eq!(check.message.as_deref(), Some("nobody holds ls/longshore"));
    }

    #[tokio::test]
    async fn no_lease_is_a_warning_and_a_hidden_one_is_skipped() {
        assert_eq!(checked(|_| Answer::json(json!({"items": []}))).await.status, Status::Warning);
        let hidden = |_| Answer::failure(403, "Forbidden", "leases is forbidden");
        assert_eq!(checked(hidden).await.status, Status::Skipped);
        let own_namespace = |n| match n {
            0 => Answer::failure(403, "Forbidden", "leases is forbidden at the cluster scope"),
            _ => Answer::json(lease("pod_1", &Timestamp::now().to_string())),
        };
        assert_eq!(checked(own_namespace).await.status, Status::Ok);
    }
}
