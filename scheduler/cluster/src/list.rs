//! The cluster as it is now, read once and without a trace: for simulations and dumps.

use kube::Client;
use serde_json::Value;

use crate::call::{ApiError, Caller};
use crate::discover::Discovered;
use crate::dump::{Contents, places};
use crate::pages::{Pages, Place};

/// A cluster's objects, as the API server has them.
#[derive(Debug, Default)]
pub struct Listed {
    /// The objects.
    pub objects: Vec<Value>,
    /// Kinds that may not be listed, with what is lost without them.
    pub forbidden: Vec<String>,
}

/// Lists every kind that is served, what says what becomes of new pods, and what makes pods. A kind that the account may not list
/// is left out, unless nothing can be decided without it. The last object says which kinds there are.
///
/// # Errors
/// The API server cannot be reached, or pods or nodes may not be listed.
pub async fn list(client: &Client, discovered: &Discovered) -> Result<Listed, ApiError> {
    let api = Caller::new(client.clone());
    let mut listed = Listed::default();
    let mut contents = Contents::default();
    for place in places(discovered) {
        listed.take(place, &api, &mut contents).await?;
    }
    listed.objects.push(contents.document());
    Ok(listed)
}

impl Listed {
    /// Lists one kind. Where it may not be listed and is not essential, it is done without.
    async fn take(
        &mut self,
        place: Place<'_>,
        api: &Caller,
        contents: &mut Contents,
    ) -> Result<(), ApiError> {
        let mut pages = Pages::new(&place);
        loop {
            match pages.next(api).await {
                Ok(Some(objects)) => self.objects.extend(objects),
                Ok(None) => break contents.has(&place, 0),
                // What is not served is in no object.
                Err(error) if error.code == 404 && !place.essential => break contents.has(&place, 0),
                Err(error) if error.code != 403 || place.essential => return Err(error),
                Err(_) => {
                    self.forbidden.push(format!("{} may not be listed, so {}", place.plural, place.loss));
                    break contents.lacks(&place);
                }
            }
        }
        Ok(())
    }
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
        assert_eq!((listed.objects.len(), &listed.objects[0]["kind"]), (2, &json!("PriorityClass")));
        let contents = &listed.objects[1];
        assert_eq!(
            (&contents["kind"], &contents["missing"][0]["kind"]),
            (&json!("Dump"), &json!("LimitRange"))
        );
        assert_eq!(listed.forbidden, ["limitranges may not be listed, so new pods get no requests from it"]);
    }

    #[tokio::test]
    async fn without_nodes_there_is_nothing_to_decide() {
        let api = FakeApi::new(|_| Answer::failure(403, "Forbidden", "nodes is forbidden"));
        assert!(list(&api.client(), &discovered()).await.is_err());
    }
}
