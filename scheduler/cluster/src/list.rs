//! The cluster as it is now, read once and without a trace: for simulations.

use kube::Client;
use serde::Deserialize;
use serde_json::Value;

use crate::call::path::escape;
use crate::call::{ApiError, Caller};
use crate::discover::Discovered;
use crate::kinds::{Reads, WatchedKind};

/// Objects asked for at a time.
const PAGE: usize = 500;

/// A cluster's objects, as the API server has them.
#[derive(Debug, Default)]
pub struct Listed {
    /// The objects.
    pub objects: Vec<Value>,
    /// Kinds that may not be listed, with what is lost without them.
    pub forbidden: Vec<String>,
}

/// Lists every kind that is served. A kind that the account may not list is left out, unless nothing can be decided
/// without it.
///
/// # Errors
/// The API server cannot be reached, or pods or nodes may not be listed.
pub async fn list(client: &Client, discovered: &Discovered) -> Result<Listed, ApiError> {
    let api = Caller::new(client.clone());
    let mut listed = Listed::default();
    for kind in &discovered.served {
        match list_kind(&api, kind).await {
            Ok(objects) => listed.objects.extend(objects),
            Err(error) if error.code == 403 && !kind.is_essential() => {
                listed.forbidden.push(format!("{} may not be listed, so {}", kind.plural, kind.loss));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(listed)
}

#[derive(Deserialize)]
struct Page {
    metadata: PageMetadata,
    #[serde(default)]
    items: Vec<Value>,
}

#[derive(Deserialize)]
struct PageMetadata {
    #[serde(default, rename = "continue")]
    next: String,
}

async fn list_kind(api: &Caller, kind: &WatchedKind) -> Result<Vec<Value>, ApiError> {
    let mut objects = Vec::new();
    let mut next = String::new();
    loop {
        let page: Page = api.get(&path(kind, &next)).await?;
        objects.extend(page.items.into_iter().map(|item| named(kind, item)));
        if page.metadata.next.is_empty() {
            return Ok(objects);
        }
        next = page.metadata.next;
    }
}

fn path(kind: &WatchedKind, next: &str) -> String {
    let root = if kind.group().is_empty() { "/api" } else { "/apis" };
    let mut path = format!("{root}/{}/{}?limit={PAGE}", kind.api_version, kind.plural);
    if matches!(kind.reads, Reads::Pod) {
        path.push_str("&fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed");
    }
    if !next.is_empty() {
        path.push_str("&continue=");
        path.push_str(&escape(next));
    }
    path
}

/// Items of a list do not say what they are; and nobody who manages fields decides.
fn named(kind: &WatchedKind, mut item: Value) -> Value {
    if let Some(object) = item.as_object_mut() {
        object.insert("kind".into(), kind.kind.into());
        object.insert("apiVersion".into(), kind.api_version.into());
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
    }
    item
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fake_api::{Answer, FakeApi};
    use crate::kinds::KINDS;

    fn discovered() -> Discovered {
        let served = KINDS.iter().filter(|k| ["Node", "Service"].contains(&k.kind)).collect();
        Discovered { served, ..Discovered::default() }
    }

    #[tokio::test]
    async fn pages_are_followed_and_a_kind_that_is_forbidden_is_left_out() {
        let api = FakeApi::new(|call| match call.number {
            0 => Answer::json(
                json!({"metadata": {"continue": "a=b"}, "items": [{"metadata": {"name": "n1"}}]}),
            ),
            1 => Answer::json(json!({"metadata": {}, "items": [{"metadata": {"name": "n2"}}]})),
            _ => Answer::failure(403, "Forbidden", "services is forbidden"),
        });
        let listed = list(&api.client(), &discovered()).await.unwrap();
        assert_eq!(
            listed.objects[1],
            json!({"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n2"}})
        );
        assert_eq!(
            listed.forbidden,
            ["services may not be listed, so default spreading does not see its pods"]
        );
    }

    #[tokio::test]
    async fn without_nodes_there_is_nothing_to_decide() {
        let api = FakeApi::new(|_| Answer::failure(403, "Forbidden", "nodes is forbidden"));
        assert!(list(&api.client(), &discovered()).await.is_err());
    }

    #[test]
    fn what_is_sent_back_is_escaped() {
        let nodes = KINDS.iter().find(|k| k.kind == "Node").unwrap();
        assert_eq!(path(nodes, "a=b/c"), "/api/v1/nodes?limit=500&continue=a%3Db%2Fc");
    }
}
