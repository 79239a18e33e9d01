//! One object off the wire: read at once into the model, and what does not read is kept as the reason why.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::api::ApiResource;
use kube::core::ClusterResourceScope;
use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::objects::Object;
use longshore_framework::objects::declared::{DeclaredObject, Projection};
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;
use longshore_manifest::{Identity, ObjectError, SeenPod};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::pool::Pool;
use super::unread;
use crate::extender::Wants;
use crate::kinds::{Reads, WatchedKind};

/// An object of a watch.
#[derive(Clone, Debug)]
pub(super) struct Item<B> {
    /// The few fields that kube's watcher reads.
    meta: ObjectMeta,
    pub(super) identity: Identity,
    pub(super) json: Box<RawValue>,
    pub(super) body: B,
}

impl<'de, B: Readable> Deserialize<'de> for Item<B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let (identity, body) = B::read(json.get());
        let meta = ObjectMeta {
            name: Some(identity.name.to_string()),
            resource_version: Some(identity.resource_version.to_string()),
            ..ObjectMeta::default()
        };
        Ok(Self { meta, identity, json, body })
    }
}

impl<B> Resource for Item<B> {
    type DynamicType = ApiResource;
    type Scope = ClusterResourceScope;

    fn kind(dt: &ApiResource) -> Cow<'_, str> {
        dt.kind.as_str().into()
    }

    fn group(dt: &ApiResource) -> Cow<'_, str> {
        dt.group.as_str().into()
    }

    fn version(dt: &ApiResource) -> Cow<'_, str> {
        dt.version.as_str().into()
    }

    fn api_version(dt: &ApiResource) -> Cow<'_, str> {
        dt.api_version.as_str().into()
    }

    fn plural(dt: &ApiResource) -> Cow<'_, str> {
        dt.plural.as_str().into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}

/// What the objects of a watch are read as.
pub(super) trait Readable: Clone + Debug + Send + Sync + 'static {
    /// Reads an object's text.
    fn read(json: &str) -> (Identity, Self);
    /// Marks what the model does not read, where somebody reads the object whole.
    fn mark(&mut self, _json: &str, _whole: Wants) {}
    /// What the engine is told of it, and what it is told when the object goes; or why it cannot be read.
    fn inputs(self, json: &str, how: &mut How) -> Result<Inputs, ObjectError>;
}

/// How objects of a watch are read.
pub(super) struct How {
    pub(super) kind: &'static WatchedKind,
    /// What is kept of an object that plugins declare.
    pub(super) wanted: Arc<Projection>,
    /// What pods share.
    pub(super) pool: Pool,
}

/// What an object means to the engine.
pub(super) struct Inputs {
    /// It is there; `None` when it does not count (any more).
    pub here: Option<Input>,
    /// It is gone.
    pub gone: Input,
    /// The whole of it, when it is a pod.
    pub pod: Option<SeenPod>,
}

/// A pod.
#[derive(Clone, Debug)]
pub(super) struct PodBody(Result<SeenPod, ObjectError>);

impl PodBody {
    /// The pod and `status.reason`, if it was on a node and failed for a reason.
    pub(super) fn turned_away(self) -> Option<(Pod, Str)> {
        let SeenPod { pod, status } = self.0.ok()?;
        (pod.meta.node_name.is_some() && !status.failed_for.is_empty()).then_some((pod, status.failed_for))
    }
}

impl Readable for PodBody {
    fn read(json: &str) -> (Identity, Self) {
        let (identity, read) = longshore_manifest::watched_pod(json);
        (identity, Self(read))
    }

    fn mark(&mut self, json: &str, whole: Wants) {
        let Ok(SeenPod { pod, .. }) = &mut self.0 else { return };
        if if pod.meta.node_name.is_some() { whole.placed_pods } else { whole.waiting_pods } {
            pod.meta.unread = unread::pod(json);
        }
    }

    fn inputs(self, _: &str, how: &mut How) -> Result<Inputs, ObjectError> {
        let mut seen = self.0?;
        how.pool.share(&mut seen.pod);
        let gone = Input::PodDeleted { uid: Arc::clone(&seen.pod.meta.uid) };
        let here = (!seen.status.finished).then(|| Input::Pod(Arc::new(seen.pod.clone())));
        Ok(Inputs { here, gone, pod: Some(seen) })
    }
}

/// A node.
#[derive(Clone, Debug)]
pub(super) struct NodeBody(Result<Node, ObjectError>);

impl Readable for NodeBody {
    fn read(json: &str) -> (Identity, Self) {
        let (identity, read) = longshore_manifest::watched_node(json);
        (identity, Self(read))
    }

    fn mark(&mut self, json: &str, whole: Wants) {
        if let (Ok(node), true) = (&mut self.0, whole.nodes) {
            node.unread = unread::node(json);
        }
    }

    fn inputs(self, _: &str, _: &mut How) -> Result<Inputs, ObjectError> {
        let node = self.0?;
        let gone = Input::NodeDeleted { name: Arc::clone(&node.name) };
        Ok(Inputs { here: Some(Input::Node(Arc::new(node))), gone, pod: None })
    }
}

fn read(how: &How, value: &Value) -> Result<Object, ObjectError> {
    match how.kind.reads {
        Reads::Object(read) => read(value),
        Reads::Declared(kind) => DeclaredObject::read(kind, &how.wanted, value)
            .map(|object| Object::Declared(Arc::new(object)))
            .ok_or_else(|| ObjectError::unknown_kind("an object without a name")),
        Reads::Pod | Reads::Node => Err(ObjectError::unknown_kind(how.kind.kind)),
    }
}

/// Any other object, which is read when its kind is at hand.
#[derive(Clone, Debug)]
pub(super) struct ObjectBody;

impl Readable for ObjectBody {
    fn read(json: &str) -> (Identity, Self) {
        (longshore_manifest::identity(json), Self)
    }

    fn inputs(self, json: &str, how: &mut How) -> Result<Inputs, ObjectError> {
        let (_, object) = longshore_manifest::watched_value(json, |value| {
            let mut value = value.clone();
            // Items of a list do not say what they are.
            if let Some(fields) = value.as_object_mut() {
                fields.insert("kind".into(), how.kind.kind.into());
                fields.insert("apiVersion".into(), how.kind.api_version.into());
            }
            read(how, &value)
        });
        let object: Object = object?;
        let gone = Input::ObjectDeleted(object.clone());
        Ok(Inputs { here: Some(Input::Object(object)), gone, pod: None })
    }
}
