//! Groups of pods.

use longshore_framework::group::{GroupApi, PodGroup};
use serde_json::Value;

use crate::decode::decode;
use crate::error::ObjectError;
use crate::kind::{COSCHEDULING, group, text};
use crate::meta;
use crate::wire::groups as written;

/// Reads a PodGroup; the object's own `apiVersion` tells of which API.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn pod_group(value: &Value) -> Result<PodGroup, ObjectError> {
    let written: written::PodGroup = decode(value)?;
    let api = match group(text(value, "apiVersion")) {
        COSCHEDULING => GroupApi::Coscheduling,
        _ => GroupApi::Kubernetes,
    };
    Ok(PodGroup {
        api,
        namespace: meta::namespace(&written.metadata),
        name: meta::name(&written.metadata)?,
        is_gang: written.spec.scheduling_policy.basic.is_none(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(api_version: &str, spec: Value, want: (GroupApi, bool)) {
        let metadata = json!({"name": "g", "namespace": "team"});
        let value =
            json!({"apiVersion": api_version, "kind": "PodGroup", "metadata": metadata, "spec": spec});
        let read = pod_group(&value).unwrap();
        assert_eq!((&*read.namespace, &*read.name), ("team", "g"));
        assert_eq!((read.api, read.is_gang), want);
    }

    #[test]
    fn groups_of_both_apis_are_read_and_basic_ones_are_no_gangs() {
        let policy = |policy: Value| json!({ "schedulingPolicy": policy });
        let gang = policy(json!({"gang": {"minCount": 3}}));
        check("scheduling.k8s.io/v1alpha2", gang.clone(), (GroupApi::Kubernetes, true));
        check("scheduling.k8s.io/v1beta1", gang, (GroupApi::Kubernetes, true));
        check("scheduling.k8s.io/v1beta1", policy(json!({"basic": {}})), (GroupApi::Kubernetes, false));
        check("scheduling.x-k8s.io/v1alpha1", json!({"minMember": 3}), (GroupApi::Coscheduling, true));
    }
}
