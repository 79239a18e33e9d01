//! What is left of an object that leaves the cluster: the fields that scheduling reads, and those that a plugin declares.
//!
//! It is a list of what is kept. So what is new in Kubernetes, or in somebody's objects, stays in the cluster until it is known
//! to matter.

use std::collections::HashMap;

use longshore_framework::objects::declared::{Declarations, Projection};
use serde_json::{Map, Value};

/// What is left of each object.
#[derive(Clone, Debug, Default)]
pub struct Keep {
    /// All annotations but the last applied configuration.
    pub annotations: bool,
    /// Environment, command and arguments of containers.
    pub env: bool,
    /// Every field that is not about who wrote it, but for environment, command, arguments, probes and hooks of containers, and
    /// annotations.
    pub fields: bool,
    /// Annotations of nodes, which plugins may read.
    pub node_annotations: bool,
    /// Fields that plugins declare.
    pub declared: Declarations,
}

/// Fields of a pod's spec; of a template's, too.
const POD_SPEC: &[&str] = &[
    "schedulerName",
    "nodeName",
    "priority",
    "priorityClassName",
    "preemptionPolicy",
    "schedulingGates",
    "overhead",
    "resources",
    "tolerations",
    "nodeSelector",
    "affinity",
    "topologySpreadConstraints",
    "resourceClaims",
    "runtimeClassName",
    "activeDeadlineSeconds",
    "terminationGracePeriodSeconds",
    "restartPolicy",
    "schedulingGroup",
    "hostNetwork",
    "hostUsers",
    "os",
    "containers.name",
    "containers.image",
    "containers.restartPolicy",
    "containers.restartPolicyRules",
    "containers.resources",
    "containers.ports",
    "initContainers.name",
    "initContainers.image",
    "initContainers.restartPolicy",
    "initContainers.restartPolicyRules",
    "initContainers.resources",
    "initContainers.ports",
    "volumes.name",
    "volumes.persistentVolumeClaim",
    "volumes.ephemeral",
    "volumes.gcePersistentDisk.pdName",
    "volumes.gcePersistentDisk.readOnly",
    "volumes.awsElasticBlockStore.volumeID",
    "volumes.iscsi.iqn",
    "volumes.iscsi.readOnly",
    "volumes.rbd.monitors",
    "volumes.rbd.pool",
    "volumes.rbd.image",
    "volumes.rbd.readOnly",
    "volumes.csi.driver",
    "volumes.image.reference",
    "volumes.azureDisk.diskURI",
    "volumes.azureFile.shareName",
    "volumes.cinder.volumeID",
    "volumes.vsphereVolume.volumePath",
    "volumes.portworxVolume.volumeID",
];

const POD_STATUS: &[&str] = &[
    "phase",
    "reason",
    "startTime",
    "nominatedNodeName",
    "resources",
    "allocatedResources",
    "resourceClaimStatuses",
    "extendedResourceClaimStatus",
    "conditions.type",
    "conditions.status",
    "conditions.reason",
    "conditions.lastTransitionTime",
    "conditions.observedGeneration",
    "containerStatuses.name",
    "containerStatuses.resources",
    "containerStatuses.allocatedResources",
    "initContainerStatuses.name",
    "initContainerStatuses.resources",
    "initContainerStatuses.allocatedResources",
];

/// Fields of what makes pods, beside its template.
const WORKLOAD: &[&str] = &[
    "spec.replicas",
    "spec.selector",
    "spec.strategy",
    "spec.updateStrategy",
    "spec.minReadySeconds",
    "spec.ordinals",
    "spec.paused",
    "spec.parallelism",
    "spec.completions",
    "spec.completionMode",
    "spec.suspend",
    "spec.podManagementPolicy",
    "spec.volumeClaimTemplates",
    "spec.template.metadata.labels",
    "status.replicas",
    "status.succeeded",
    "status.desiredNumberScheduled",
    "status.conditions.type",
    "status.conditions.status",
    "status.currentRevision",
    "status.updateRevision",
];

/// Fields of the other kinds. Kinds that hold nothing but what scheduling is about are kept whole.
const OTHERS: &[(&str, &[&str])] = &[
    (
        "Node",
        &[
            "spec.unschedulable",
            "spec.taints",
            "status.allocatable",
            "status.capacity",
            "status.images",
            "status.conditions.type",
            "status.conditions.status",
            "status.conditions.reason",
            "status.declaredFeatures",
            "status.nodeInfo.operatingSystem",
            "status.nodeInfo.architecture",
        ],
    ),
    ("Namespace", &["status.phase"]),
    ("Service", &["spec.selector"]),
    (
        "PersistentVolume",
        &[
            "spec.storageClassName",
            "spec.capacity",
            "spec.accessModes",
            "spec.volumeMode",
            "spec.nodeAffinity",
            "spec.claimRef.namespace",
            "spec.claimRef.name",
            "spec.claimRef.uid",
            "spec.volumeAttributesClassName",
            "spec.csi.driver",
            "spec.csi.volumeHandle",
            "spec.gcePersistentDisk.pdName",
            "spec.gcePersistentDisk.readOnly",
            "spec.awsElasticBlockStore.volumeID",
            "spec.azureDisk.diskURI",
            "spec.azureFile.shareName",
            "spec.cinder.volumeID",
            "spec.vsphereVolume.volumePath",
            "spec.portworxVolume.volumeID",
            "status.phase",
        ],
    ),
    ("PersistentVolumeClaim", &["spec", "status.phase"]),
    ("StorageClass", &["provisioner", "volumeBindingMode", "allowedTopologies"]),
    (
        "VolumeAttachment",
        &["spec.attacher", "spec.nodeName", "spec.source.persistentVolumeName", "status.attached"],
    ),
    (
        "PodDisruptionBudget",
        &[
            "spec",
            "status.disruptionsAllowed",
            "status.disruptedPods",
            "status.currentHealthy",
            "status.desiredHealthy",
            "status.expectedPods",
            "status.observedGeneration",
        ],
    ),
    ("HorizontalPodAutoscaler", &["spec.scaleTargetRef", "spec.minReplicas", "spec.maxReplicas"]),
];

/// Kinds of plain settings, without a word of anybody's own.
const WHOLE: &[&str] = &[
    "CSINode",
    "CSIDriver",
    "CSIStorageCapacity",
    "PriorityClass",
    "LimitRange",
    "ResourceQuota",
    "RuntimeClass",
    "PodGroup",
    "DeviceClass",
    "ResourceSlice",
    "ResourceClaim",
    "ResourceClaimTemplate",
];

/// Beginnings of the keys of annotations that scheduling, admission and the controllers that are simulated read.
const ANNOTATIONS: &[&str] = &[
    "volume.beta.kubernetes.io/",
    "volume.kubernetes.io/",
    "pv.kubernetes.io/",
    "storageclass.kubernetes.io/",
    "storageclass.beta.kubernetes.io/",
    "storage.alpha.kubernetes.io/",
    "batch.kubernetes.io/",
    "scheduler.alpha.kubernetes.io/",
    "deployment.kubernetes.io/",
    "resource.kubernetes.io/",
    "kubernetes.io/config.mirror",
    "controller.kubernetes.io/pod-deletion-cost",
];

/// It repeats the whole object, environment included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What containers may hold that is nobody's business.
const PRIVATE: &[&str] =
    &["env", "envFrom", "command", "args", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"];

/// What is kept of each kind.
#[derive(Debug)]
pub struct Redaction<'k> {
    keep: &'k Keep,
    by_kind: HashMap<&'static str, Projection>,
}

impl<'k> Redaction<'k> {
    /// By these options.
    pub fn new(keep: &'k Keep) -> Self {
        let mut by_kind: HashMap<&'static str, Projection> = HashMap::new();
        let mut add = |kind, paths: Vec<String>| {
            // The paths are ours, and a test reads each.
            let kept = Projection::of_paths(paths.iter().map(String::as_str)).unwrap_or_default();
            by_kind.insert(kind, kept);
        };
        let below =
            |prefix: &str, paths: &[&str]| paths.iter().map(|p| format!("{prefix}{p}")).collect::<Vec<_>>();
        let head = |paths: Vec<String>| [below("", &["apiVersion", "kind"]), paths].concat();
        add("Pod", head([below("spec.", &pod_spec(keep)), below("status.", POD_STATUS)].concat()));
        for kind in ["ReplicaSet", "ReplicationController", "Deployment", "StatefulSet", "DaemonSet", "Job"] {
            let template = below("spec.template.spec.", &pod_spec(keep));
            add(kind, head([below("", WORKLOAD), template].concat()));
        }
        let template = "spec.jobTemplate.";
        let job =
            [below(template, WORKLOAD), below(&format!("{template}spec.template.spec."), &pod_spec(keep))]
                .concat();
        add("CronJob", head([job, below("", &["spec.suspend"])].concat()));
        for (kind, paths) in OTHERS {
            add(kind, head(below("", paths)));
        }
        Self { keep, by_kind }
    }

    /// What is left of an object.
    pub fn redact(&self, object: &Value) -> Value {
        let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
        let (version, kind) = (text("apiVersion"), text("kind"));
        let declared = self.keep.declared.find(version, kind).and_then(|kind| self.keep.declared.get(kind));
        let known = self.by_kind.get(kind).filter(|_| !self.keep.fields);
        let mut kept = match (known, declared) {
            (Some(known), Some(declared)) => {
                let mut both = known.clone();
                both.add(declared);
                both.of(object)
            }
            (Some(known), None) => known.of(object),
            (None, Some(declared)) if !self.keep.fields && !WHOLE.contains(&kind) => {
                let mut both = declared.clone();
                both.add(&Projection::of_paths(["apiVersion", "kind"]).unwrap_or_default());
                both.of(object)
            }
            (None, _) => {
                let mut whole = object.clone();
                if !self.keep.env {
                    forget_private(&mut whole);
                }
                whole
            }
        };
        let wants_all = declared
            .is_some_and(|d| d.covers(&Projection::of_paths(["metadata.annotations"]).unwrap_or_default()));
        self.tidy(kind, object, &mut kept, wants_all);
        kept
    }

    /// Puts back what metadata has that tells versions apart, and of annotations those that are read.
    fn tidy(&self, kind: &str, object: &Value, kept: &mut Value, wants_all: bool) {
        let Some(Value::Object(all)) = object.get("metadata") else { return };
        let Some(Value::Object(metadata)) = kept.get_mut("metadata") else { return };
        metadata.remove("managedFields");
        for field in ["resourceVersion", "generation", "generateName"] {
            if let Some(value) = all.get(field) {
                metadata.insert(field.to_string(), value.clone());
            }
        }
        let keeps_all = self.keep.annotations || wants_all || (kind == "Node" && self.keep.node_annotations);
        let is_kept = |key: &str| match keeps_all {
            true => key != LAST_APPLIED,
            false => ANNOTATIONS.iter().any(|prefix| key.starts_with(prefix)),
        };
        let own = metadata.remove("annotations");
        let declared = own.as_ref().and_then(Value::as_object);
        let annotations = all.get("annotations").and_then(Value::as_object);
        let kept: Map<String, Value> = annotations
            .into_iter()
            .flatten()
            .filter(|(key, _)| {
                is_kept(key) || (!self.keep.fields && declared.is_some_and(|d| d.contains_key(*key)))
            })
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !kept.is_empty() {
            metadata.insert("annotations".to_string(), kept.into());
        }
    }
}

fn pod_spec(keep: &Keep) -> Vec<&'static str> {
    let mut paths = POD_SPEC.to_vec();
    if keep.env {
        paths.extend([
            "containers.env",
            "containers.envFrom",
            "containers.command",
            "containers.args",
            "initContainers.env",
            "initContainers.envFrom",
            "initContainers.command",
            "initContainers.args",
        ]);
    }
    paths
}

/// Takes out of every container, wherever it stands, what may hold secrets.
fn forget_private(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let containers =
                    matches!(name.as_str(), "containers" | "initContainers" | "ephemeralContainers");
                if let (true, Value::Array(containers)) = (containers, &mut *inner) {
                    for container in containers.iter_mut().filter_map(Value::as_object_mut) {
                        PRIVATE.iter().for_each(|field| {
                            container.remove(*field);
                        });
                    }
                }
                forget_private(inner);
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(forget_private),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use longshore_framework::objects::declared::DeclaredKind;
    use serde_json::json;

    use super::*;

    /// What of `object` is kept by these options.
    #[track_caller]
    fn check(keep: &Keep, object: Value, want: Value) {
        assert_eq!(Redaction::new(keep).redact(&object), want);
    }

    fn pod() -> Value {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "p", "uid": "u", "resourceVersion": "7", "managedFields": [{}],
                "annotations": {"note": "secret", LAST_APPLIED: "secret", "controller.kubernetes.io/pod-deletion-cost": "5"}},
            "spec": {"nodeName": "n", "hostAliases": [{"ip": "1.2.3.4"}],
                "containers": [{"name": "c", "env": [{"name": "A", "value": "secret"}], "args": ["secret"], "resources": {"requests": {"cpu": "1"}}}],
                "volumes": [{"name": "v", "csi": {"driver": "d", "volumeAttributes": {"password": "secret"}}}]},
            "status": {"phase": "Running", "message": "secret"},
        })
    }

    #[test]
    fn of_a_pod_is_left_what_decides() {
        let want = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "p", "uid": "u", "resourceVersion": "7", "annotations": {"controller.kubernetes.io/pod-deletion-cost": "5"}},
            "spec": {"nodeName": "n", "containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}], "volumes": [{"name": "v", "csi": {"driver": "d"}}]},
            "status": {"phase": "Running"},
        });
        check(&Keep::default(), pod(), want);
    }

    #[test]
    fn more_is_kept_when_it_is_asked_for_and_the_last_applied_object_never() {
        let kept = |keep: Keep| Redaction::new(&keep).redact(&pod());
        let annotated = kept(Keep { annotations: true, ..Keep::default() });
        assert_eq!(annotated["metadata"]["annotations"]["note"], "secret");
        let env = kept(Keep { env: true, ..Keep::default() });
        assert_eq!(env["spec"]["containers"][0]["env"][0]["value"], "secret");
        let fields = kept(Keep { fields: true, ..Keep::default() });
        assert_eq!(fields["spec"]["hostAliases"][0]["ip"], "1.2.3.4");
        assert_eq!(fields["spec"]["containers"][0].get("env"), None);
        for kept in [annotated, env, fields] {
            assert_eq!(kept["metadata"]["annotations"].get(LAST_APPLIED), None);
            assert_eq!(kept["metadata"].get("managedFields"), None);
        }
    }

    #[test]
    fn a_template_is_as_a_pod_is() {
        let containers = json!([{"name": "c", "env": [], "image": "i"}]);
        let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"},
            "spec": {"parallelism": 2, "template": {"metadata": {"labels": {"a": "b"}, "annotations": {"x": "y"}}, "spec": {"containers": containers}}}});
        let want = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"},
            "spec": {"parallelism": 2, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}});
        check(&Keep::default(), job.clone(), want);
        let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "j"}, "spec": {"schedule": "x", "suspend": true, "jobTemplate": {"spec": job["spec"]}}});
        let kept = Redaction::new(&Keep::default()).redact(&cron);
        assert_eq!(
            kept["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0],
            json!({"name": "c", "image": "i"})
        );
    }

    #[test]
    fn what_a_plugin_declares_is_kept_and_nothing_else_of_its_kind() {
        let kind = DeclaredKind::of("example.com", "v1", "Pool").unwrap();
        let mut declared = Declarations::default();
        declared.add(kind, &Projection::of_paths(["spec.weight", "metadata.annotations.note"]).unwrap());
        let keep = Keep { declared, ..Keep::default() };
        let pool = json!({"apiVersion": "example.com/v1", "kind": "Pool", "metadata": {"name": "p", "annotations": {"note": "n", "other": "secret"}}, "spec": {"weight": 3, "token": "secret"}});
        let want = json!({"apiVersion": "example.com/v1", "kind": "Pool", "metadata": {"name": "p", "annotations": {"note": "n"}}, "spec": {"weight": 3}});
        check(&keep, pool, want);
    }

    #[test]
    fn plain_settings_are_whole() {
        let class = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "c"}, "value": 7});
        check(&Keep::default(), class.clone(), class);
    }

    #[test]
    fn every_path_can_be_read() {
        let paths = POD_SPEC
            .iter()
            .chain(POD_STATUS)
            .chain(WORKLOAD)
            .chain(OTHERS.iter().flat_map(|(_, paths)| *paths));
        assert!(paths.clone().count() > 50 && Projection::of_paths(paths.copied()).is_ok());
    }
}
