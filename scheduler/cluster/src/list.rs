//! The cluster as it is now, read once and without a trace: for simulations.

use kube::Client;
use serde::Deserialize;
use serde_json::Value;

use crate::call::path::escape;
use crate::call::{ApiError, Caller};
use crate::discover::Discovered;
use crate::kinds::{ListedKind, OF_NEW_PODS, Reads, WatchedKind};

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

/// Lists every kind that is served, and what says what becomes of new pods. A kind that the account may not list is left
/// out, unless nothing can be decided without it.
///
/// # Errors
/// The API server cannot be reached, or pods or nodes may not be listed.
pub async fn list(client: &Client, discovered: &Discovered) -> Result<Listed, ApiError> {
    let api = Caller::new(client.clone());
    let mut listed = Listed::default();
    for kind in discovered.watched() {
        let essential = kind.is_essential();
        listed.take(Place::of(kind), kind.loss, |code| code == 403 && !essential, &api).await?;
    }
    for kind in &OF_NEW_PODS {
        listed.take(Place::of_listed(kind), kind.loss, |code| matches!(code, 403 | 404), &api).await?;
    }
    Ok(listed)
}

impl Listed {
    /// Lists one kind. Where the answer is one of those that are `borne`, it is done without.
    async fn take(
        &mut self,
        place: Place,
        loss: &str,
        borne: impl Fn(u16) -> bool,
        api: &Caller,
    ) -> Result<(), ApiError> {
        match list_kind(api, &place).await {
            Ok(objects) => self.objects.extend(objects),
            Err(error) if !borne(error.code) => return Err(error),
            // What is not served is in no object.
            Err(error) if error.code == 404 => {}
            Err(_) => self.forbidden.push(format!("{} may not be listed, so {loss}", place.plural)),
        }
        Ok(())
    }
}

/// Where the objects of a kind are.
struct Place {
    kind: &'static str,
    api_version: &'static str,
    plural: &'static str,
    /// Which of them; empty for all.
    selector: &'static str,
}

impl Place {
    fn of(kind: &WatchedKind) -> Self {
        let unfinished = "&fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed";
        let selector = if matches!(kind.reads, Reads::Pod) { unfinished } else { "" };
        Self { kind: kind.kind, api_version: kind.api_version, plural: kind.plural, selector }
    }

    fn of_listed(kind: &ListedKind) -> Self {
        Self { kind: kind.kind, api_version: kind.api_version, plural: kind.plural, selector: "" }
    }
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

async fn list_kind(api: &Caller, place: &Place) -> Result<Vec<Value>, ApiError> {
    let mut objects = Vec::new();
    let mut next = String::new();
    loop {
        let page: Page = api.get(&path(place, &next)).await?;
        objects.extend(page.items.into_iter().map(|item| named(place, item)));
        if page.metadata.next.is_empty() {
            return Ok(objects);
        }
        next = page.metadata.next;
    }
}

fn path(place: &Place, next: &str) -> String {
    let root = if place.api_version.contains('/') { "/apis" } else { "/api" };
    let mut path = format!("{root}/{}/{}?limit={PAGE}{}", place.api_version, place.plural, place.selector);
    if !next.is_empty() {
        path.push_str("&continue=");
        path.push_str(&escape(next));
    }
    path
}

/// Items of a list do not say what they are; and nobody who manages fields decides.
fn named(place: &Place, mut item: Value) -> Value {
    if let Some(object) = item.as_object_mut() {
        object.insert("kind".into(), place.kind.into());
        object.insert("apiVersion".into(), place.api_version.into());
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
            2 => Answer::failure(403, "Forbidden", "services is forbidden"),
            _ => Answer::failure(404, "NotFound", "it is not served"),
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
    async fn what_becomes_of_new_pods_is_listed_where_it_may_be() {
        let api = FakeApi::new(|call| match call.line.split('?').next() {
            Some("GET /apis/scheduling.k8s.io/v1/priorityclasses") => {
                Answer::json(json!({"metadata": {}, "items": [{"metadata": {"name": "gold"}, "value": 3}]}))
            }
            Some("GET /api/v1/limitranges") => Answer::failure(403, "Forbidden", "limitranges is forbidden"),
            _ => Answer::json(json!({"metadata": {}, "items": []})),
        });
        let listed = list(&api.client(), &discovered()).await.unwrap();
        assert_eq!((listed.objects.len(), &listed.objects[0]["kind"]), (1, &json!("PriorityClass")));
        assert_eq!(listed.forbidden, ["limitranges may not be listed, so new pods get no requests from it"]);
    }

    #[tokio::test]
    async fn without_nodes_there_is_nothing_to_decide() {
        let api = FakeApi::new(|_| Answer::failure(403, "Forbidden", "nodes is forbidden"));
        assert!(list(&api.client(), &discovered()).await.is_err());
    }

    #[test]
    fn what_is_sent_back_is_escaped() {
        let nodes = KINDS.iter().find(|k| k.kind == "Node").unwrap();
        assert_eq!(path(&Place::of(nodes), "a=b/c"), "/api/v1/nodes?limit=500&continue=a%3Db%2Fc");
    }
}
