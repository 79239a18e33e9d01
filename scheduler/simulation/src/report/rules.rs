//! Whose rules decisions follow.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use longshore_framework::features::{Features, Minor};
use serde::{Deserialize, Serialize};

/// The rules of one minor of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    /// The minor, such as `1.37`.
    pub kubernetes: String,
    /// The release of kube-scheduler that decisions are held against.
    pub kube_scheduler: Cow<'static, str>,
    /// Whether they were only read, and never held against a running kube-scheduler.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub experimental: bool,
    /// Feature gates that are otherwise than by default.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub feature_gates: BTreeMap<Cow<'static, str>, bool>,
}

impl From<Features> for Rules {
    fn from(features: Features) -> Self {
        let minor = features.minor();
        Self {
            kubernetes: minor.to_string(),
            kube_scheduler: minor.release().into(),
            experimental: minor.is_experimental(),
            feature_gates: features.changed().map(|(gate, on)| (gate.name().into(), on)).collect(),
        }
    }
}

/// In a line: `Kubernetes 1.37 (kube-scheduler v1.37.2), StorageCapacityScoring=false`.
impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let experimental = if self.experimental { ", experimental" } else { "" };
        write!(f, "Kubernetes {} (kube-scheduler {}{experimental})", self.kubernetes, self.kube_scheduler)?;
        self.feature_gates.iter().try_for_each(|(gate, on)| write!(f, ", {gate}={on}"))
    }
}

/// The same of what is in force.
pub fn line(features: Features) -> String {
    Rules::from(features).to_string()
}

/// Every minor that can be followed.
pub fn minors() -> Vec<String> {
    Minor::ALL.iter().map(ToString::to_string).collect()
}
