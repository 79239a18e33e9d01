//! Pods and nodes as guests get them: encoded once, when first asked for.

use std::sync::{Arc, OnceLock};

use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_framework::raw::RawObjects;
use serde_json::Value;
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
            let whole = raw.pod(&self.pod.meta.uid).and_then(|raw| kept(Kind::Pod, &raw));
            let bytes = whole.or_else(|| proto::from_map(Kind::Pod, &model::pod(&self.pod)));
            bytes.unwrap_or_default().into()
        })
    }
}

/// A whole object, without who manages which of its fields: that is often most of it, and kube-scheduler does not keep it either.
fn kept(kind: Kind, whole: &RawValue) -> Option<Vec<u8>> {
    let mut fields = proto::fields(whole.get())?;
    if let Some(Value::Object(metadata)) = fields.get_mut("metadata") {
        metadata.remove("managedFields");
    }
    proto::from_map(kind, &fields)
}

/// A node as protobuf: the whole object when it is known, else what scheduling knows of it.
pub(super) fn node_bytes(node: &Node, whole: Option<&RawValue>) -> Arc<[u8]> {
    let whole = whole.and_then(|raw| kept(Kind::Node, raw));
    whole.or_else(|| proto::from_map(Kind::Node, &model::node(node))).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_manages_which_fields_is_left_out() {
        let check = |text: &str, want: &str| {
            let whole = |text: &str| RawValue::from_string(text.to_string()).unwrap();
            assert_eq!(kept(Kind::Node, &whole(text)), kept(Kind::Node, &whole(want)), "{text}");
        };
        check(
            r#"{"metadata":{"name":"n","managedFields":[{"manager":"kubelet"}]}}"#,
            r#"{"metadata":{"name":"n"}}"#,
        );
        check(r#"{"metadata":[]}"#, "{}");
    }
}
