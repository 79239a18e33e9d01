//! Groups of pods.

use std::sync::Arc;
use std::time::Duration;

use longshore_framework::Str;
use longshore_framework::group::{
    DISRUPTION_ANNOTATION, Disruption, GROUP_ANNOTATION, GroupApi, GroupTopology, MIN_ANNOTATION, OwnGroup,
    PREFERRED_TOPOLOGY_ANNOTATION, PodGroup, TOPOLOGY_ANNOTATION,
};
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
        disruption: match api {
            GroupApi::Coscheduling => own_disruption(&written.metadata),
            GroupApi::Kubernetes | GroupApi::Annotations => disruption(&spec.disruption_mode),
        },
        priority_class: spec.priority_class_name.clone(),
        priority: spec.priority,
        topology: match api {
            GroupApi::Coscheduling => own_topology(&written.metadata),
            GroupApi::Kubernetes | GroupApi::Annotations => GroupTopology {
                required: spec.scheduling_constraints.topology.first().map(|topology| topology.key.clone()),
                preferred: Vec::new(),
            },
        },
    })
}

/// `disruptionMode`: `PodGroup` in v1alpha2, `{all: {}}` since.
fn disruption(written: &Value) -> Disruption {
    match written {
        Value::String(mode) if mode == "PodGroup" => Disruption::All,
        Value::Object(mode) if mode.get("all").is_some_and(|all| !all.is_null()) => Disruption::All,
        _ => Disruption::Single,
    }
}

/// Labels beyond so many are not tried.
const MOST_LEVELS: usize = 8;

fn own_topology(metadata: &Meta) -> GroupTopology {
    let said = |annotation: &str| {
        let written = metadata.annotations.get(annotation).map_or("", |written| written);
        written.split(',').map(str::trim).filter(|key| !key.is_empty()).map(Str::from).collect::<Vec<_>>()
    };
    let mut preferred = said(PREFERRED_TOPOLOGY_ANNOTATION);
    preferred.truncate(MOST_LEVELS);
    GroupTopology { preferred, required: said(TOPOLOGY_ANNOTATION).into_iter().next() }
}

fn own_disruption(metadata: &Meta) -> Disruption {
    match metadata.annotations.get(DISRUPTION_ANNOTATION).map(|mode| mode.trim()) {
        Some("all") => Disruption::All,
        _ => Disruption::Single,
    }
}

/// The group that a pod's annotations name. A number of pods that cannot be read is no reason not to read the pod: it waits
/// for its group and says why.
pub(crate) fn own_group(metadata: &Meta) -> Option<Arc<OwnGroup>> {
    let name = metadata.annotations.get(GROUP_ANNOTATION).filter(|name| !name.is_empty())?;
    let written = metadata.annotations.get(MIN_ANNOTATION);
    let min_count = written.and_then(|min| min.trim().parse().ok()).filter(|min| *min > 0);
    Some(Arc::new(OwnGroup {
        name: name.clone(),
        min_count,
        disruption: own_disruption(metadata),
        topology: own_topology(metadata),
    }))
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
    fn check_disruption(api_version: &str, value: Value, want: Disruption) {
        let mut object = json!({"apiVersion": api_version, "kind": "PodGroup", "metadata": {"name": "g"}});
        for (field, value) in value.as_object().unwrap() {
            object[field] = value.clone();
        }
        assert_eq!(pod_group(&object).unwrap().disruption, want, "{object}");
    }

    #[test]
    fn what_goes_together_is_read_in_every_version() {
        let upstream = |mode: Value| json!({"spec": {"disruptionMode": mode}});
        check_disruption("scheduling.k8s.io/v1alpha2", upstream(json!("PodGroup")), Disruption::All);
        check_disruption("scheduling.k8s.io/v1alpha2", upstream(json!("Pod")), Disruption::Single);
        check_disruption("scheduling.k8s.io/v1beta1", upstream(json!({"all": {}})), Disruption::All);
        check_disruption("scheduling.k8s.io/v1beta1", upstream(json!({"single": {}})), Disruption::Single);
        check_disruption("scheduling.k8s.io/v1beta1", json!({"spec": {}}), Disruption::Single);
        let annotated = json!({"metadata": {"name": "g", "annotations": {DISRUPTION_ANNOTATION: "all"}}});
        check_disruption("scheduling.x-k8s.io/v1alpha1", annotated.clone(), Disruption::All);
        check_disruption("scheduling.k8s.io/v1beta1", annotated, Disruption::Single);
    }

    #[track_caller]
    fn check_topology(api_version: &str, object: Value, required: Option<&str>, preferred: &[&str]) {
        let mut object = object;
        (object["apiVersion"], object["metadata"]["name"]) = (json!(api_version), json!("g"));
        let topology = pod_group(&object).unwrap().topology;
        assert_eq!(topology.required.as_deref(), required);
        assert_eq!(topology.preferred.iter().map(|key| &**key).collect::<Vec<_>>(), preferred);
    }

    #[test]
    fn a_topology_is_read_from_the_spec_or_from_annotations() {
        let constraints = json!({"spec": {"schedulingConstraints": {"topology": [{"key": "rack"}]}}});
        check_topology("scheduling.k8s.io/v1alpha2", constraints.clone(), Some("rack"), &[]);
        check_topology("scheduling.k8s.io/v1beta1", constraints, Some("rack"), &[]);
        let annotations = |required: &str, preferred: &str| {
            let both = json!({TOPOLOGY_ANNOTATION: required, PREFERRED_TOPOLOGY_ANNOTATION: preferred});
            json!({"metadata": {"annotations": both}})
        };
        let plugins = "scheduling.x-k8s.io/v1alpha1";
        check_topology(plugins, annotations("zone", " rack, block ,"), Some("zone"), &["rack", "block"]);
        check_topology(plugins, annotations("", ""), None, &[]);
        check_topology("scheduling.k8s.io/v1beta1", annotations("zone", "rack"), None, &[]);
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
