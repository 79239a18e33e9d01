//! The binding: the one write that places a pod.

use std::collections::BTreeMap;

use longshore_framework::port::Binding;
use serde::{Deserialize, Serialize};

use crate::call::{ApiError, Caller, path};
use crate::retry::{Backoff, is_transient, retried_if};

/// Writes a binding, again as `backoff` says where the server broke or was busy. An answer that was lost is looked up: the pod says
/// where it is.
///
/// # Errors
/// The pod is not bound to the node.
pub async fn bind(api: &Caller, binding: &Binding, backoff: Backoff) -> Result<(), ApiError> {
    let path = format!("{}/binding", path::pod(&binding.namespace, &binding.name));
    let body = body(binding);
    let mut in_doubt = false;
    let again = |error: &ApiError| {
        // A server that broke may have written it before.
        in_doubt |= error.in_doubt || error.code >= 500;
        is_transient(error) && !error.in_doubt && !error.is(409, "Conflict")
    };
    match retried_if(backoff, again, || api.post(&path, &body)).await {
        Ok(_) => Ok(()),
        Err(_) if in_doubt && is_bound(api, binding).await => Ok(()),
        Err(error) => Err(error),
    }
}

async fn is_bound(api: &Caller, binding: &Binding) -> bool {
    let pod: Result<Placed, ApiError> = api.get(&path::pod(&binding.namespace, &binding.name)).await;
    pod.is_ok_and(|pod| pod.metadata.uid == *binding.uid && pod.spec.node_name == *binding.node)
}

fn body(binding: &Binding) -> impl Serialize + use<'_> {
    Written {
        api_version: "v1",
        kind: "Binding",
        metadata: Metadata {
            namespace: &binding.namespace,
            name: &binding.name,
            uid: &binding.uid,
            annotations: binding.annotations.iter().map(|(key, value)| (&**key, &**value)).collect(),
        },
        target: Target { api_version: "v1", kind: "Node", name: &binding.node },
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    api_version: &'a str,
    kind: &'a str,
    metadata: Metadata<'a>,
    target: Target<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    namespace: &'a str,
    name: &'a str,
    uid: &'a str,
    /// The API server writes them over those that the pod has.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Target<'a> {
    api_version: &'a str,
    kind: &'a str,
    name: &'a str,
}

#[derive(Deserialize)]
struct Placed {
    metadata: PlacedMetadata,
    spec: PlacedSpec,
}

#[derive(Deserialize)]
struct PlacedMetadata {
    uid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct PlacedSpec {
    node_name: String,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::fake_api::{Answer, FakeApi};

    fn binding() -> Binding {
        Binding {
            namespace: "shop".into(),
            name: "web".into(),
            uid: "u1".into(),
            node: "n1".into(),
            annotations: Vec::new(),
        }
    }

    async fn check(node_in_api: &'static str, want: bool) {
        let api = FakeApi::new(move |call| match call.number {
            0 => Answer::json(json!({})).after(Duration::from_secs(9)),
            _ => Answer::json(json!({"metadata": {"uid": "u1"}, "spec": {"nodeName": node_in_api}})),
        });
        let caller = Caller::new(api.client()).within(Duration::from_millis(20));
        assert_eq!(bind(&caller, &binding(), Backoff::ONCE).await.is_ok(), want);
    }

    #[tokio::test]
    async fn a_binding_whose_answer_was_lost_is_looked_up() {
        check("n1", true).await;
        check("n2", false).await;
        check("", false).await;
    }

    /// Bound by an API server that answers `code` with `reason` to the first call, and `{}` to the others; how many calls it took.
    async fn tried(backoff: Backoff, code: u16, reason: &'static str) -> (bool, usize) {
        let api = FakeApi::new(move |call| match (call.number, call.line.starts_with("POST")) {
            (0, _) => Answer::failure(code, reason, "not now"),
            (_, true) => Answer::json(json!({})),
            _ => Answer::json(json!({"metadata": {"uid": "u1"}, "spec": {"nodeName": ""}})),
        });
        let bound = bind(&Caller::new(api.client()), &binding(), backoff).await.is_ok();
        (bound, api.calls().len())
    }

    #[tokio::test]
    async fn what_may_pass_is_tried_again() {
        assert_eq!(tried(Backoff::STATUS, 503, "ServiceUnavailable").await, (true, 2));
        assert_eq!(tried(Backoff::STATUS, 409, "Conflict").await, (false, 1));
        assert!(!tried(Backoff::ONCE, 503, "ServiceUnavailable").await.0);
    }

    #[test]
    fn it_carries_the_uid() {
        let written = serde_json::to_value(body(&binding())).unwrap();
        assert_eq!(
            written,
            json!({"apiVersion": "v1", "kind": "Binding",
                "metadata": {"namespace": "shop", "name": "web", "uid": "u1"},
                "target": {"apiVersion": "v1", "kind": "Node", "name": "n1"}})
        );
    }

    #[test]
    fn annotations_go_with_it() {
        let annotations = vec![("example.com/gpu".into(), "0,1".into())];
        let written = serde_json::to_value(body(&Binding { annotations, ..binding() })).unwrap();
        assert_eq!(written["metadata"]["annotations"], json!({"example.com/gpu": "0,1"}));
    }
}
