//! The Lease as it is read and written.

use std::time::Duration;

use jiff::Timestamp;
use longshore_framework::Str;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `coordination.k8s.io/v1` Lease. The metadata goes back as it came, labels and owners of others with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lease {
    #[serde(default)]
    pub(super) api_version: String,
    #[serde(default)]
    pub(super) kind: String,
    pub(super) metadata: Map<String, Value>,
    #[serde(default)]
    pub(super) spec: LeaseSpec,
}

/// The part that says who leads. Comparing two tells whether the holder has been heard of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LeaseSpec {
    pub(super) holder_identity: Option<Str>,
    pub(super) lease_duration_seconds: Option<i32>,
    pub(super) acquire_time: Option<String>,
    pub(super) renew_time: Option<String>,
    pub(super) lease_transitions: Option<i32>,
}

impl Lease {
    pub(super) fn new(namespace: &str, name: &str, spec: LeaseSpec) -> Self {
        let metadata = [("namespace", namespace), ("name", name)];
        let metadata = metadata.map(|(key, value)| (key.to_string(), Value::from(value)));
        Self {
            api_version: "coordination.k8s.io/v1".to_string(),
            kind: "Lease".to_string(),
            metadata: metadata.into_iter().collect(),
            spec,
        }
    }

    pub(super) fn uid(&self) -> Str {
        self.metadata.get("uid").and_then(Value::as_str).unwrap_or_default().into()
    }
}

impl LeaseSpec {
    /// The holder; an empty name is none.
    pub(super) fn holder(&self) -> Option<&Str> {
        self.holder_identity.as_ref().filter(|h| !h.is_empty())
    }

    pub(super) fn duration(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.lease_duration_seconds.unwrap_or(0)).unwrap_or(0))
    }

    /// What is written to hand the Lease back: nobody holds it, and what is left of it lasts a second.
    pub(super) fn released(&self, now: Timestamp) -> Self {
        Self {
            holder_identity: Some(Str::default()),
            lease_duration_seconds: Some(1),
            acquire_time: Some(micro_time(now)),
            renew_time: Some(micro_time(now)),
            lease_transitions: self.lease_transitions,
        }
    }
}

/// A time as metav1.MicroTime writes it.
pub(super) fn micro_time(time: Timestamp) -> String {
    format!("{time:.6}")
}
