//! Pods and nodes as guests get them: encoded once, when first asked for.

use std::sync::{Arc, OnceLock};

use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_framework::raw::RawObjects;
use serde_json::value::RawValue;

use super::model;
use super::proto::{self, Kind};

/// A pod, and its bytes once they are wanted.
#[derive(Debug)]
pub(crate) struct PodSource {
    pub(crate) pod: Pod,
    bytes: OnceLock<Arc<[u8]>>,
}

impl PodSource {
    /// Of a pod.
    pub(crate) fn new(pod: &Pod) -> Self {
        Self { pod: pod.clone(), bytes: OnceLock::new() }
    }

    /// The pod as protobuf: the whole object when it is known, else what scheduling knows of it.
    pub(crate) fn bytes(&self, raw: &dyn RawObjects) -> &Arc<[u8]> {
        self.bytes.get_or_init(|| {
            let whole = raw.pod(&self.pod.meta.uid).and_then(|raw| proto::from_text(Kind::Pod, raw.get()));
            let bytes = whole.or_else(|| proto::from_map(Kind::Pod, &model::pod(&self.pod)));
            bytes.unwrap_or_default().into()
        })
    }
}

/// A node as protobuf: the whole object when it is known, else what scheduling knows of it.
pub(super) fn node_bytes(node: &Node, whole: Option<&RawValue>) -> Arc<[u8]> {
    let whole = whole.and_then(|raw| proto::from_text(Kind::Node, raw.get()));
    whole.or_else(|| proto::from_map(Kind::Node, &model::node(node))).unwrap_or_default().into()
}
