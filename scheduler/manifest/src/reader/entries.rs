//! Objects as they come in: read one by one, told apart from duplicates, then put together in their order.

mod assemble;

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::Object;
use longshore_framework::volume::Claim;
use serde_json::Value;

use crate::decode::decode;
use crate::error::{ObjectError, cut_to};
use crate::items::Item;
use crate::kind::{Kind, text};
use crate::manifests::{ManifestProblem, Manifests};
use crate::meta::{self, DEFAULT_NAMESPACE};
use crate::priority::PriorityClasses;
use crate::wire::pod::Pod;
use crate::wire::storage::StorageClass;
use crate::wire::workload::{MapSelected, PriorityClass, Workload, WorkloadSpec};
use crate::{node, storage, workload};

/// Where an object stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Index of the source.
    pub(super) source: usize,
    /// Document, from 1.
    pub(super) document: usize,
    /// Element of a list, from 1.
    pub(super) item: Option<usize>,
    /// Line, from 1.
    pub(super) line: Option<usize>,
}

/// An object that has to wait until all others are known.
#[derive(Debug)]
enum Body {
    Pod(Box<Pod>),
    Workload { kind: Kind, workload: Box<Workload>, hash: String },
    Claim { claim: Box<Claim>, hand_written: bool },
    Object(Object),
}

/// What has been read.
#[derive(Debug, Default)]
pub(super) struct Entries {
    sources: Vec<String>,
    bodies: Vec<(Place, Body)>,
    seen: BTreeMap<(Kind, Str, Str), Place>,
    uids: BTreeMap<Str, Place>,
    classes: PriorityClasses,
    default_class: Option<(Option<longshore_framework::Timestamp>, Str)>,
    read: Manifests,
}

impl Entries {
    /// Adds a source; returns its index.
    pub(super) fn source(&mut self, name: &str) -> usize {
        self.sources.push(name.to_string());
        self.sources.len() - 1
    }

    /// Notes something worth knowing.
    pub(super) fn warn(&mut self, message: String) {
        self.read.warnings.push(message);
    }

    /// Notes a document that does not parse, with what it was probably about.
    pub(super) fn unreadable(
        &mut self,
        place: Place,
        message: String,
        (object, is_pod): (Option<String>, bool),
    ) {
        let problem = ManifestProblem { message, object, is_pod, ..self.problem(place) };
        self.read.problems.push(problem);
    }

    /// Adds an object, or the problem with it.
    pub(super) fn add(&mut self, item: &Item<'_>, place: Place) {
        let missing = if !item.value.is_object() {
            Some(ObjectError::new("is not a Kubernetes object; it must have apiVersion, kind and metadata"))
        } else if item.kind.is_empty() {
            Some(ObjectError::of("kind", "must be given, such as kind: Pod"))
        } else if item.api_version.is_empty() {
            Some(ObjectError::of("apiVersion", "must be given, such as apiVersion: v1"))
        } else {
            None
        };
        if let Some(error) = missing {
            return self.bad(place, None, error);
        }
        let Some(kind) = Kind::of(&item.api_version, &item.kind) else {
            let name = format!("{} {}", cut_to(&item.api_version, 100), cut_to(&item.kind, 100));
            *self.read.unknown_kinds.entry(name).or_default() += 1;
            return;
        };
        let object = Identity::of(kind, item.value);
        if let Err(error) = self.load(kind, item.value, place, &object) {
            self.bad(place, Some(&object), error);
        }
    }

    fn load(
        &mut self,
        kind: Kind,
        value: &Value,
        place: Place,
        object: &Identity,
    ) -> Result<(), ObjectError> {
        let body = match kind {
            Kind::Pod => {
                let pod: Box<Pod> = decode(value)?;
                meta::name(&pod.metadata)?;
                Some(Body::Pod(pod))
            }
            Kind::Node => {
                let node = node::node(value)?;
                if self.is_first(place, object) {
                    self.read.nodes.push(Arc::new(node));
                }
                return Ok(());
            }
            Kind::PriorityClass => {
                let class: PriorityClass = decode(value)?;
                if self.is_first(place, object) {
                    self.classes.add(&class)?;
                }
                return Ok(());
            }
            Kind::StorageClass => {
                self.note_default(&decode(value)?);
                Some(Body::Object(Object::StorageClass(Arc::new(storage::storage_class(value)?))))
            }
            Kind::PersistentVolumeClaim => {
                let hand_written = text(value.get("metadata").unwrap_or(&Value::Null), "uid").is_empty();
                Some(Body::Claim { claim: Box::new(storage::claim(value)?), hand_written })
            }
            _ => load_workload(kind, value)?,
        };
        let body = match body {
            Some(body) => body,
            None => Body::Object(plain(kind, value)?),
        };
        if self.is_first(place, object) {
            self.bodies.push((place, body));
        }
        Ok(())
    }

    /// The newest of the classes marked as default counts, of equally new ones the first by name.
    fn note_default(&mut self, class: &StorageClass) {
        let marks = [
            "storageclass.kubernetes.io/is-default-class",
            "storageclass.beta.kubernetes.io/is-default-class",
        ];
        let marked = |m: &&str| class.metadata.annotations.get(*m).is_some_and(|v| &**v == "true");
        if !marks.iter().any(marked) {
            return;
        }
        let created = class.metadata.creation_timestamp.map(|t| t.0);
        let newer = match &self.default_class {
            None => true,
            Some((have, name)) => created > *have || (created == *have && class.metadata.name < *name),
        };
        if newer {
            self.default_class = Some((created, class.metadata.name.clone()));
        }
    }

    /// Whether no object of that identity came before; a second one is a problem.
    fn is_first(&mut self, place: Place, object: &Identity) -> bool {
        let key = (object.kind, object.namespace.clone(), object.name.clone());
        let other = self.seen.get(&key).or_else(|| {
            let by_uid = object.kind == Kind::Pod && !object.uid.is_empty();
            by_uid.then(|| self.uids.get(&object.uid)).flatten()
        });
        if let Some(other) = other {
            let first = self.described(*other);
            let what = if self.seen.contains_key(&key) { "name" } else { "metadata.uid" };
            let message =
                format!("the same {what} stands in {first}; that one is kept, remove or rename this one");
            self.bad(place, Some(object), ObjectError::new(message));
            return false;
        }
        if object.kind == Kind::Pod && !object.uid.is_empty() {
            self.uids.insert(object.uid.clone(), place);
        }
        self.seen.insert(key, place);
        true
    }

    fn described(&self, place: Place) -> String {
        let item = place.item.map_or(String::new(), |item| format!(", item {item}"));
        format!("{}: document {}{item}", self.sources[place.source], place.document)
    }

    fn problem(&self, place: Place) -> ManifestProblem {
        ManifestProblem {
            source: self.sources[place.source].clone(),
            document: place.document,
            item: place.item,
            line: place.line,
            ..Default::default()
        }
    }

    fn bad(&mut self, place: Place, object: Option<&Identity>, error: ObjectError) {
        let problem = ManifestProblem {
            object: object.map(Identity::described),
            is_pod: object.is_some_and(|o| o.kind == Kind::Pod),
            field: (!error.field.is_empty()).then_some(error.field),
            message: error.message,
            ..self.problem(place)
        };
        self.read.problems.push(problem);
    }
}

/// Which object this is.
#[derive(Clone, Debug)]
struct Identity {
    kind: Kind,
    namespace: Str,
    name: Str,
    uid: Str,
}

impl Identity {
    fn of(kind: Kind, value: &Value) -> Self {
        let metadata = value.get("metadata").unwrap_or(&Value::Null);
        let namespace = match text(metadata, "namespace") {
            _ if !kind.namespaced() => "",
            "" => DEFAULT_NAMESPACE,
            given => given,
        };
        Self {
            kind,
            namespace: namespace.into(),
            name: text(metadata, "name").into(),
            uid: text(metadata, "uid").into(),
        }
    }

    fn described(&self) -> String {
        let name = if self.name.is_empty() { "without a name".to_string() } else { cut_to(&self.name, 100) };
        match &*self.namespace {
            "" => format!("{} {name}", self.kind.name()),
            _ if self.name.is_empty() => format!("{} {name}", self.kind.name()),
            namespace => format!("{} {}/{name}", self.kind.name(), cut_to(namespace, 100)),
        }
    }
}

fn load_workload(kind: Kind, value: &Value) -> Result<Option<Body>, ObjectError> {
    let workload = match kind {
        Kind::ReplicationController => from_map_selected(decode(value)?)?,
        Kind::ReplicaSet | Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::Job => {
            decode(value)?
        }
        _ => return Ok(None),
    };
    meta::name(&workload.metadata)?;
    let template = value.get("spec").and_then(|s| s.get("template"));
    let hash = template.filter(|_| kind == Kind::Deployment).map_or(String::new(), Value::to_string);
    Ok(Some(Body::Workload { kind, workload: Box::new(workload), hash }))
}

/// A ReplicationController as the other workloads are written.
fn from_map_selected(written: MapSelected) -> Result<Workload, ObjectError> {
    let own = written.spec.selector;
    let match_labels = if own.is_empty() { written.spec.template.metadata.labels.clone() } else { own };
    let selector = Some(crate::wire::meta::LabelSelector { match_labels, ..Default::default() });
    let spec = WorkloadSpec {
        replicas: written.spec.replicas,
        selector,
        template: written.spec.template,
        ..Default::default()
    };
    Ok(Workload { metadata: written.metadata, spec })
}

fn plain(kind: Kind, value: &Value) -> Result<Object, ObjectError> {
    Ok(match kind {
        Kind::Namespace => Object::Namespace(Arc::new(workload::namespace(value)?)),
        Kind::Service => Object::Service(Arc::new(workload::service(value)?)),
        Kind::PodDisruptionBudget => Object::DisruptionBudget(Arc::new(workload::disruption_budget(value)?)),
        Kind::PersistentVolume => Object::PersistentVolume(Arc::new(storage::persistent_volume(value)?)),
        Kind::CsiNode => Object::CsiNode(Arc::new(storage::csi_node(value)?)),
        Kind::CsiDriver => Object::CsiDriver(Arc::new(storage::csi_driver(value)?)),
        Kind::CsiStorageCapacity => {
            Object::CsiStorageCapacity(Arc::new(storage::csi_storage_capacity(value)?))
        }
        Kind::VolumeAttachment => Object::VolumeAttachment(Arc::new(storage::volume_attachment(value)?)),
        other => return Err(ObjectError::new(format!("a {} is not read here", other.name()))),
    })
}
