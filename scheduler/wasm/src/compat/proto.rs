//! Pods and nodes as Kubernetes' own protobuf encoder writes them, made from their JSON.
//!
//! The table `proto/core-v1.txt` says which fields there are. It is generated from the struct tags of `k8s.io/api` by
//! the program in `scheduler/wasm/schema`; field numbers are never reused, so one table serves every version, and
//! guests skip fields they do not know. Bytes are those of Go's `Marshal` for the same object: fields in order of their
//! numbers, map keys sorted, and fields that are no pointers in Go written even when they are empty, because guests
//! follow them without looking. The envelope the API server puts around objects is left out.

mod encode;
mod schema;
mod time;

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value};

use schema::Schema;

/// The longest JSON text that is read. The API server takes no object of this size.
const MAX_JSON: usize = 4 << 20;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::parse(include_str!("proto/core-v1.txt")));

/// A kind of object that can be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// v1.Pod.
    Pod,
    /// v1.Node.
    Node,
}

/// The fields of an object from its JSON text. `None` when the text is no JSON object, or longer than 4 MiB.
pub(crate) fn fields(text: &str) -> Option<Map<String, Value>> {
    if text.len() > MAX_JSON {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// An object from its fields. `None` when it gives more than 8 MiB. Fields of a wrong type count as absent.
pub(crate) fn from_map(kind: Kind, object: &Map<String, Value>) -> Option<Vec<u8>> {
    let name = match kind {
        Kind::Pod => "Pod",
        Kind::Node => "Node",
    };
    encode::message(&SCHEMA, SCHEMA.id(name)?, object)
}

/// A v1.NodeList of these encoded nodes.
pub(crate) fn node_list<'n>(nodes: impl Iterator<Item = &'n Arc<[u8]>>) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(head) = SCHEMA.id("ListMeta").and_then(|id| encode::message(&SCHEMA, id, &Map::new())) {
        encode::bytes(1, &head, &mut out);
    }
    for node in nodes {
        encode::bytes(2, node, &mut out);
    }
    out
}

#[cfg(test)]
mod tests;
