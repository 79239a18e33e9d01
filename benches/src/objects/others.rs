//! Objects that are neither nodes nor pods.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use longshore_framework::objects::declared::{DeclaredKind, DeclaredObject, Projection};
use longshore_framework::objects::{Namespace, Object};
use longshore_manifest as manifest;
use serde_json::{Value, json};

use super::hole::Who;
use crate::workload::CreateNamespaces;

/// The namespaces of an operation.
///
/// # Errors
/// Labels that no namespace may have.
pub fn namespaces(operation: &CreateNamespaces) -> anyhow::Result<Vec<Arc<Namespace>>> {
    let one = |number: usize| {
        let name = format!("{}-{number}", operation.prefix);
        let value = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": operation.labels}});
        manifest::namespace(&value).map(Arc::new).map_err(|e| anyhow!("namespace {name}: {e}"))
    };
    (0..operation.count).map(one).collect()
}

/// Makes the objects of a template, with the words that begin with `$` filled in.
#[derive(Debug)]
pub struct ObjectMaker {
    text: String,
}

impl ObjectMaker {
    /// Objects of this template.
    pub fn new(template: &Value) -> Self {
        Self { text: template.to_string() }
    }

    /// The object that belongs to this node or pod.
    pub(super) fn of(&self, who: &Who<'_>) -> anyhow::Result<Object> {
        object(&serde_json::from_str(&who.filled(&self.text))?, who.name)
    }

    /// The object with this number.
    ///
    /// # Errors
    /// A template that cannot be read.
    pub fn numbered(&self, name: &str, number: usize) -> anyhow::Result<Object> {
        self.of(&Who { name, number, ..Who::default() })
    }
}

/// An object that is neither node nor pod; `name` where it has none.
///
/// # Errors
/// A kind that no decision reads.
pub fn object(template: &Value, name: &str) -> anyhow::Result<Object> {
    let mut value = template.clone();
    if value["metadata"]["name"].is_null() {
        value["metadata"]["name"] = name.into();
    }
    let kind = value["kind"].as_str().unwrap_or_default().to_owned();
    let read = match kind.as_str() {
        "Service" => manifest::service(&value).map(|o| Object::Service(Arc::new(o))),
        "ReplicaSet" | "StatefulSet" | "ReplicationController" => {
            manifest::controller(&value).map(|o| Object::Controller(Arc::new(o)))
        }
        "PersistentVolumeClaim" => manifest::claim(&value).map(|o| Object::Claim(Arc::new(o))),
        "PersistentVolume" => {
            manifest::persistent_volume(&value).map(|o| Object::PersistentVolume(Arc::new(o)))
        }
        "StorageClass" => manifest::storage_class(&value).map(|o| Object::StorageClass(Arc::new(o))),
        "CSINode" => manifest::csi_node(&value).map(|o| Object::CsiNode(Arc::new(o))),
        "ResourceClaim" => manifest::resource_claim(&value).map(|o| Object::ResourceClaim(Arc::new(o))),
        "ResourceSlice" => manifest::resource_slice(&value).map(|o| Object::ResourceSlice(Arc::new(o))),
        "DeviceClass" => manifest::device_class(&value).map(|o| Object::DeviceClass(Arc::new(o))),
        "CSIDriver" => manifest::csi_driver(&value).map(|o| Object::CsiDriver(Arc::new(o))),
        // Of a group that ends as Kubernetes' own do.
        "NodeResourceTopology" => return declared(&value),
        // That of Coscheduling is no custom kind here.
        "PodGroup" => return other(&value),
        _ if is_custom(&value) => return declared(&value),
        _ => return other(&value),
    };
    read.map_err(|e| anyhow!("{kind} {}: {e}", value["metadata"]["name"]))
}

/// Whether it is of a kind that Kubernetes does not have itself.
fn is_custom(value: &Value) -> bool {
    let group = value["apiVersion"].as_str().and_then(|v| v.split_once('/')).map_or("", |(group, _)| group);
    group.contains('.') && !group.ends_with(".k8s.io")
}

/// An object of a kind that a plugin declares, whole.
fn declared(value: &Value) -> anyhow::Result<Object> {
    let word = |field: &str| value[field].as_str().unwrap_or_default();
    let (group, version) = word("apiVersion").split_once('/').unwrap_or_default();
    let kind = DeclaredKind::of(group, version, word("kind"))?;
    let read = DeclaredObject::read(kind, &Projection::whole(), value);
    read.map(|object| Object::Declared(Arc::new(object))).context("it has no name")
}

fn other(value: &Value) -> anyhow::Result<Object> {
    let read = manifest::read_values(std::slice::from_ref(value));
    if let Some(problem) = read.problems.first() {
        return Err(anyhow!("{problem}"));
    }
    read.objects.into_iter().next().with_context(|| format!("{} is of no use here", value["kind"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_the_name_and_the_number_that_it_is_given() {
        let template = json!({"kind": "PersistentVolumeClaim", "metadata": {"name": "$name-data"}, "spec": {"volumeName": "v-$n"}});
        let made = ObjectMaker::new(&template).of(&Who { name: "web", number: 3, ..Who::default() });
        let Object::Claim(claim) = made.unwrap() else { panic!("it is a claim") };
        assert_eq!((&*claim.name, &*claim.volume_name, &*claim.namespace), ("web-data", "v-3", "default"));
    }

    #[test]
    fn what_no_decision_reads_is_refused() {
        assert!(object(&json!({"apiVersion": "v1", "kind": "ConfigMap"}), "c").is_err());
    }
}
