//! What an account may do, of what a scheduler has to: questions by SelfSubjectAccessReview or SubjectAccessReview.

use futures::stream::{self, StreamExt};
use serde_json::{Value, json};

use super::Check;
use crate::call::{ApiError, Caller, decode};
use crate::kinds::WatchedKind;
use crate::rights::{CLIENT_CA, NODE_METRICS, Place, Right, rights};

/// Questions that are under way at a time.
const AT_ONCE: usize = 10;

/// Whose permissions are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// Those of whoever asks.
    Own,
    /// Those of a service account.
    Service {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

/// A right, with the names of the place.
struct Need<'a> {
    right: Right,
    namespace: &'a str,
    name: &'a str,
}

/// Everything, in the order in which it is shown. `lease` is the namespace and the name of the Lease, if there is one.
fn needs<'a>(
    lease: Option<(&'a str, &'a str)>,
    (declared, metered): (&[&'static WatchedKind], bool),
) -> Vec<Need<'a>> {
    let place = |right: &Right| match (right.place, lease) {
        (Place::LeaseNamespace, Some((namespace, _))) => (namespace, ""),
        (Place::Lease, Some((namespace, name))) => (namespace, name),
        (Place::ClientCa, _) => CLIENT_CA,
        _ => ("", ""),
    };
    let need = |right: Right| {
        let (namespace, name) = place(&right);
        Need { right, namespace, name }
    };
    let measured = metered.then_some(NODE_METRICS);
    rights(lease.is_some(), declared).into_iter().chain(measured).map(need).collect()
}

/// One check for everything that a scheduler does. `lease` is the namespace and the name of its Lease, if there is one;
/// `reads` is which kinds its plugins read, and whether they read metrics.k8s.io.
pub async fn access(
    api: &Caller,
    account: &Account,
    lease: Option<(&str, &str)>,
    reads: (&[&'static WatchedKind], bool),
) -> Vec<Check> {
    let needs = needs(lease, reads);
    stream::iter(&needs).map(|need| one(api, account, need)).buffered(AT_ONCE).collect().await
}

async fn one(api: &Caller, account: &Account, need: &Need<'_>) -> Check {
    let name = need.shown();
    let mut denied = Vec::new();
    for verb in need.right.verbs {
        match allowed(api, account, need, verb).await {
            Ok(true) => {}
            Ok(false) => denied.push(*verb),
            Err(error) => return Check::unanswered(name, &error),
        }
    }
    if denied.is_empty() {
        return Check::ok(name);
    }
    let loss = need.right.loss.unwrap_or("nothing can be scheduled");
    let message = format!("not allowed: {}; {loss}", denied.join(", "));
    let remedy = remedy(account, need);
    if need.right.loss.is_some() {
        Check::warning(name, message, remedy)
    } else {
        Check::failed(name, message, remedy)
    }
}

fn remedy(account: &Account, need: &Need<'_>) -> String {
    let whose = match account {
        Account::Own => "this account (of another one: --as-service-account NAMESPACE:NAME)".to_string(),
        Account::Service { namespace, name } => format!("service account {namespace}/{name}"),
    };
    match need.right.place {
        Place::Cluster => {
            format!("install the chart with rbac.create=true, or give {whose} a ClusterRole with its rules")
        }
        Place::LeaseNamespace | Place::Lease => {
            format!("give {whose} a Role in namespace {}, as the chart does", need.namespace)
        }
        Place::ClientCa => {
            format!("bind Role extension-apiserver-authentication-reader of kube-system to {whose}")
        }
    }
}

async fn allowed(api: &Caller, account: &Account, need: &Need<'_>, verb: &str) -> Result<bool, ApiError> {
    let (resource, subresource) = need.right.resource.split_once('/').unwrap_or((need.right.resource, ""));
    let attributes = json!({
        "verb": verb, "group": need.right.group, "resource": resource, "subresource": subresource,
        "namespace": need.namespace, "name": need.name,
    });
    let mut spec = json!({"resourceAttributes": attributes});
    let kind = match account {
        Account::Own => "SelfSubjectAccessReview",
        Account::Service { namespace, name } => {
            let everyone = "system:serviceaccounts";
            spec["user"] = format!("system:serviceaccount:{namespace}:{name}").into();
            spec["groups"] = json!([everyone, format!("{everyone}:{namespace}"), "system:authenticated"]);
            "SubjectAccessReview"
        }
    };
    let path = format!("/apis/authorization.k8s.io/v1/{}s", kind.to_lowercase());
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec});
    let answer: Value = decode(&api.post(&path, &review).await?)?;
    Ok(answer.pointer("/status/allowed").and_then(Value::as_bool) == Some(true))
}

impl Need<'_> {
    /// `pods/binding: create`, `leases kube-system/longshore: get, update`.
    fn shown(&self) -> String {
        let Right { group, resource, verbs, .. } = &self.right;
        let group = if group.is_empty() { String::new() } else { format!(".{group}") };
        let place = match (self.namespace, self.name) {
            ("", _) => String::new(),
            (namespace, "") => format!(" in {namespace}"),
            (namespace, name) => format!(" {namespace}/{name}"),
        };
        format!("{resource}{group}{place}: {}", verbs.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Status, caller};
    use crate::fake_api::{Answer, FakeApi};

    fn only_reads() -> FakeApi {
        FakeApi::new(|call| {
            let verb = call.body.pointer("/spec/resourceAttributes/verb").and_then(Value::as_str).unwrap();
            let allowed = ["get", "list", "watch"].contains(&verb);
            Answer::json(json!({"status": {"allowed": allowed}}))
        })
    }

    async fn found(account: &Account, name: &str) -> Check {
        let api = only_reads();
        let checks = access(&caller(&api.client()), account, Some(("ns", "longshore")), (&[], false)).await;
        checks.into_iter().find(|c| c.name == name).unwrap_or_else(|| panic!("{name}"))
    }

    #[tokio::test]
    async fn what_is_essential_fails_and_what_is_not_tells_the_loss() {
        assert_eq!(found(&Account::Own, "nodes: list, watch").await.status, Status::Ok);
        let binding = found(&Account::Own, "pods/binding: create").await;
        assert_eq!(binding.status, Status::Failed);
        assert_eq!(binding.message.unwrap(), "not allowed: create; nothing can be scheduled");
        assert!(binding.remedy.unwrap().contains("--as-service-account"));
        let events = found(&Account::Own, "events.events.k8s.io: create, patch").await;
        assert_eq!(events.status, Status::Warning);
        assert_eq!(events.message.unwrap(), "not allowed: create, patch; pods have no events");
        let lease = found(&Account::Own, "leases.coordination.k8s.io ns/longshore: get, update").await;
        assert_eq!((lease.status, lease.message.unwrap().contains("update")), (Status::Failed, true));
    }

    #[tokio::test]
    async fn a_service_account_is_asked_for_with_its_groups() {
        let api = only_reads();
        let account = Account::Service { namespace: "sys".into(), name: "ls".into() };
        access(&caller(&api.client()), &account, None, (&[], false)).await;
        for call in api.calls() {
            assert_eq!(call.line, "POST /apis/authorization.k8s.io/v1/subjectaccessreviews");
            assert_eq!(call.body["spec"]["user"], "system:serviceaccount:sys:ls");
            assert_eq!(call.body["spec"]["groups"][1], "system:serviceaccounts:sys");
        }
        let binding = api.calls().into_iter().map(|c| c.body["spec"]["resourceAttributes"].clone());
        let binding = binding.into_iter().find(|a| a["subresource"] == "binding").unwrap();
        assert_eq!((&binding["resource"], &binding["verb"]), (&json!("pods"), &json!("create")));
    }

    #[tokio::test]
    async fn whoever_may_not_ask_about_others_sees_skipped_checks() {
        let api = FakeApi::new(|_| Answer::failure(403, "Forbidden", "subjectaccessreviews is forbidden"));
        let checks = access(&caller(&api.client()), &Account::Own, None, (&[], false)).await;
        assert!(checks.iter().all(|c| c.status == Status::Skipped));
        assert!(checks.len() > 20);
    }
}
