//! One object, read as far as it can be without the others.

use std::sync::Arc;

use longshore_framework::Timestamp;
use longshore_framework::features::Features;
use longshore_framework::node::Node;
use longshore_framework::objects::{DisruptionBudget, Object};
use longshore_framework::volume::Claim;
use serde_json::Value;

use super::rule::Rule;
use super::salvage::{self, Salvaged};
use crate::decode::decode;
use crate::error::ObjectError;
use crate::kind::{Kind, text};
use crate::wire::devices::{ResourceClaim, ResourceClaimTemplate};
use crate::wire::meta::LabelSelector;
use crate::wire::pod::Pod;
use crate::wire::storage::StorageClass;
use crate::wire::workload as written;
use crate::wire::workload::{
    CronJob, DisruptionBudgetSpec, MapSelected, PriorityClass, Workload, WorkloadSpec,
};
use crate::{devices, groups, meta, node, resource_claims, storage, workload};

type Result<T> = std::result::Result<T, ObjectError>;

/// An object that waits until all others are known.
#[derive(Debug)]
pub(super) enum Body {
    /// A pod; what it lost when it could not be read whole.
    Pod {
        written: Box<Pod>,
        lost: Option<ObjectError>,
    },
    Node(Arc<Node>),
    PriorityClass(Box<PriorityClass>),
    /// A StorageClass; since when it is the default one, if it is.
    StorageClass {
        class: Arc<longshore_framework::volume::StorageClass>,
        default_since: Option<Option<Timestamp>>,
    },
    Workload {
        kind: Kind,
        workload: Box<Workload>,
        hash: String,
        /// What an API server returned of it, where this takes the place of that.
        before: Option<Box<Workload>>,
    },
    CronJob(Box<CronJob>),
    Claim {
        claim: Box<Claim>,
        hand_written: bool,
    },
    /// A budget that no controller has counted.
    Budget {
        budget: Box<DisruptionBudget>,
        spec: DisruptionBudgetSpec,
    },
    Rule(Rule),
    /// A claim for devices, as it is written and as it is read.
    DeviceClaim {
        written: Box<ResourceClaim>,
        claim: Box<longshore_framework::resource_claim::ResourceClaim>,
    },
    ClaimTemplate(Box<ResourceClaimTemplate>),
    Object(Object),
}

impl Body {
    /// What an API server returned of a workload, when this is one, or stands in the place of one.
    pub(super) fn into_served(self) -> Option<Box<Workload>> {
        let Self::Workload { workload, before, .. } = self else { return None };
        if meta::is_hand_written(&workload.metadata) { before } else { Some(workload) }
    }

    /// Whether both are one version of a workload, and somebody has edited the copy that this is.
    pub(super) fn is_edited(&self, original: &Self) -> bool {
        let spec = |body: &Self| match body {
            // Two that are read alike print alike.
            Self::Workload { workload, .. } => Some(format!("{:?}", workload.spec)),
            _ => None,
        };
        spec(self) != spec(original)
    }

    /// The workload as if no API server had seen it.
    pub(super) fn into_hand_written(mut self) -> Self {
        if let Self::Workload { workload, .. } = &mut self {
            workload.metadata.uid = "".into();
        }
        self
    }
}

/// Reads an object.
pub(super) fn load(kind: Kind, value: &Value, features: Features) -> Result<Body> {
    Ok(match kind {
        Kind::Pod => pod(value)?,
        Kind::Node => Body::Node(Arc::new(node::node(value)?)),
        Kind::PriorityClass => {
            let class: Box<PriorityClass> = decode(value)?;
            meta::name(&class.metadata)?;
            Body::PriorityClass(class)
        }
        Kind::StorageClass => {
            let default_since = default_since(&decode(value)?);
            Body::StorageClass { class: Arc::new(storage::storage_class(value)?), default_since }
        }
        Kind::PersistentVolumeClaim => {
            let hand_written = text(value.get("metadata").unwrap_or(&Value::Null), "uid").is_empty();
            Body::Claim { claim: Box::new(storage::claim(value)?), hand_written }
        }
        Kind::ReplicationController => of_workload(kind, from_map_selected(decode(value)?), value)?,
        Kind::ReplicaSet | Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::Job => {
            of_workload(kind, decode(value)?, value)?
        }
        Kind::CronJob => {
            let cron_job: Box<CronJob> = decode(value)?;
            meta::name(&cron_job.metadata)?;
            Body::CronJob(cron_job)
        }
        Kind::PodDisruptionBudget => budget(value)?,
        Kind::ResourceClaim => {
            let (written, claim) = resource_claims::resource_claim_of_file(value, features)?;
            Body::DeviceClaim { written: Box::new(written), claim: Box::new(claim) }
        }
        Kind::ResourceClaimTemplate => {
            Body::ClaimTemplate(Box::new(resource_claims::template_of_file(value, features)?))
        }
        Kind::DeviceClass => {
            Body::Object(Object::DeviceClass(Arc::new(devices::device_class_of_file(value, features)?)))
        }
        Kind::ResourceSlice => {
            Body::Object(Object::ResourceSlice(Arc::new(devices::resource_slice_of_file(value, features)?)))
        }
        Kind::DeviceTaintRule => {
            Body::Object(Object::DeviceTaintRule(Arc::new(devices::device_taint_rule_of_file(value)?)))
        }
        _ => match Rule::load(kind, value)? {
            Some(rule) => Body::Rule(rule),
            None => Body::Object(plain(kind, value)?),
        },
    })
}

fn pod(value: &Value) -> Result<Body> {
    let (written, lost): (Box<Pod>, _) = match decode(value) {
        Ok(written) => (written, None),
        Err(error) => match salvage::of_value(value, error) {
            Ok(Salvaged { written, error }) => (written, Some(error)),
            Err(error) => return Err(error),
        },
    };
    meta::name(&written.metadata)?;
    Ok(Body::Pod { written, lost })
}

/// Since when a class is marked as the default one: `None` when it is not.
fn default_since(class: &StorageClass) -> Option<Option<Timestamp>> {
    let marks =
        ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
    let marked = |m: &&str| class.metadata.annotations.get(*m).is_some_and(|v| &**v == "true");
    marks.iter().any(marked).then(|| class.metadata.creation_timestamp.map(|t| t.0))
}

/// Without a uid and without a status its numbers are still to be computed.
fn budget(value: &Value) -> Result<Body> {
    let budget = workload::disruption_budget(value)?;
    let written: written::DisruptionBudget = decode(value)?;
    let new = meta::is_hand_written(&written.metadata) && written.status.disruptions_allowed.is_none();
    Ok(match new {
        true => Body::Budget { budget: Box::new(budget), spec: written.spec },
        false => Body::Object(Object::DisruptionBudget(Arc::new(budget))),
    })
}

fn of_workload(kind: Kind, workload: Workload, value: &Value) -> Result<Body> {
    meta::name(&workload.metadata)?;
    let template = value.get("spec").and_then(|s| s.get("template"));
    let hash = template.filter(|_| kind == Kind::Deployment).map_or(String::new(), Value::to_string);
    Ok(Body::Workload { kind, workload: Box::new(workload), hash, before: None })
}

/// A ReplicationController as the other workloads are written.
fn from_map_selected(written: MapSelected) -> Workload {
    let own = written.spec.selector;
    let match_labels = if own.is_empty() { written.spec.template.metadata.labels.clone() } else { own };
    let selector = Some(LabelSelector { match_labels, ..Default::default() });
    let spec = WorkloadSpec {
        replicas: written.spec.replicas,
        selector,
        template: written.spec.template,
        ..Default::default()
    };
    Workload { metadata: written.metadata, spec, ..Default::default() }
}

fn plain(kind: Kind, value: &Value) -> Result<Object> {
    Ok(match kind {
        Kind::Namespace => Object::Namespace(Arc::new(workload::namespace(value)?)),
        Kind::Service => Object::Service(Arc::new(workload::service(value)?)),
        Kind::PersistentVolume => Object::PersistentVolume(Arc::new(storage::persistent_volume(value)?)),
        Kind::CsiNode => Object::CsiNode(Arc::new(storage::csi_node(value)?)),
        Kind::CsiDriver => Object::CsiDriver(Arc::new(storage::csi_driver(value)?)),
        Kind::CsiStorageCapacity => {
            Object::CsiStorageCapacity(Arc::new(storage::csi_storage_capacity(value)?))
        }
        Kind::VolumeAttachment => Object::VolumeAttachment(Arc::new(storage::volume_attachment(value)?)),
        Kind::PodGroup | Kind::CoschedulingPodGroup => Object::PodGroup(Arc::new(groups::pod_group(value)?)),
        other => return Err(ObjectError::new(format!("a {} is not read here", other.name()))),
    })
}
