//! Groups of pods.

use std::sync::Arc;
use std::time::Duration;

use longshore_framework::group::{GROUP_ANNOTATION, GroupApi, MIN_ANNOTATION, OwnGroup, PodGroup};
use serde_json::Value;

use crate::decode::decode;
use crate::error::{ObjectError, Within};
use crate::kind::{COSCHEDULING, group, text};
use crate::meta;
use crate::wire::groups as written;
use crate::wire::meta::Meta;

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
    let spec = &written.spec;
    let min_count = match api {
        GroupApi::Coscheduling => Some(spec.min_member),
        _ if spec.scheduling_policy.basic.is_some() => None,
        _ => Some(spec.scheduling_policy.gang.min_count),
    };
    let seconds = spec.schedule_timeout_seconds.and_then(|seconds| u64::try_from(seconds).ok());
    Ok(PodGroup {
        api,
        namespace: meta::namespace(&written.metadata),
        name: meta::name(&written.metadata)?,
        min_count: min_count.map(|count| usize::try_from(count).unwrap_or(0)),
        created: written.metadata.creation_timestamp.map(|t| t.0),
        min_resources: meta::resource_list(&spec.min_resources).within("spec.minResources")?,
        timeout: seconds.map(Duration::from_secs),
    })
}

/// The group that a pod's annotations name. A number of pods that cannot be read is no reason not to read the pod: it waits
/// for its group and says why.
pub(crate) fn own_group(metadata: &Meta) -> Option<Arc<OwnGroup>> {
    let name = metadata.annotations.get(GROUP_ANNOTATION).filter(|name| !name.is_empty())?;
    let written = metadata.annotations.get(MIN_ANNOTATION);
    let min_count = written.and_then(|min| min.trim().parse().ok()).filter(|min| *min > 0);
    Some(Arc::new(OwnGroup { name: name.clone(), min_count }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(api_version: &str, spec: Value, want: (GroupApi, Option<usize>)) {
        let metadata = json!({"name": "g", "namespace": "team"});
        let value =
            json!({"apiVersion": api_version, "kind": "PodGroup", "metadata": metadata, "spec": spec});
        let read = pod_group(&value).unwrap();
        assert_eq!((&*read.namespace, &*read.name), ("team", "g"));
        assert_eq!((read.api, read.min_count), want);
    }

    #[test]
    fn groups_of_both_apis_are_read_and_basic_ones_are_no_gangs() {
        let policy = |policy: Value| json!({ "schedulingPolicy": policy });
        let gang = policy(json!({"gang": {"minCount": 3}}));
        check("scheduling.k8s.io/v1alpha2", gang.clone(), (GroupApi::Kubernetes, Some(3)));
        check("scheduling.k8s.io/v1beta1", gang, (GroupApi::Kubernetes, Some(3)));
        check("scheduling.k8s.io/v1beta1", policy(json!({"basic": {}})), (GroupApi::Kubernetes, None));
        check("scheduling.x-k8s.io/v1alpha1", json!({"minMember": 3}), (GroupApi::Coscheduling, Some(3)));
    }

    #[track_caller]
    fn check_annotations(annotations: Value, want: Option<(&str, Option<usize>)>) {
        let metadata: Meta =
            serde_json::from_value(json!({"name": "p", "annotations": annotations})).unwrap();
        let own = own_group(&metadata);
        assert_eq!(own.as_ref().map(|own| (&*own.name, own.min_count)), want);
    }

    #[test]
    fn a_pod_without_an_object_names_its_group_in_annotations() {
        check_annotations(json!({}), None);
        check_annotations(json!({GROUP_ANNOTATION: "", MIN_ANNOTATION: "2"}), None);
        check_annotations(json!({GROUP_ANNOTATION: "job", MIN_ANNOTATION: "2"}), Some(("job", Some(2))));
        for bad in ["0", "-1", "two", ""] {
            check_annotations(json!({GROUP_ANNOTATION: "job", MIN_ANNOTATION: bad}), Some(("job", None)));
        }
        check_annotations(json!({GROUP_ANNOTATION: "job"}), Some(("job", None)));
    }
}
