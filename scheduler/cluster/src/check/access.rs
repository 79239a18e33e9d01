//! What an account may do, of what a scheduler has to: questions by SelfSubjectAccessReview or SubjectAccessReview.

use futures::stream::{self, StreamExt};
use serde_json::{Value, json};

use super::Check;
use crate::call::{ApiError, Caller, decode};
use crate::kinds::KINDS;

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

/// Something a scheduler does.
#[derive(Clone, Debug)]
struct Need {
    group: &'static str,
    /// `pods`, `pods/binding`.
    resource: &'static str,
    verbs: &'static [&'static str],
    namespace: String,
    name: String,
    /// What does not work without it; nothing does when it is `None`.
    loss: Option<&'static str>,
}

const fn need(
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
    loss: Option<&'static str>,
) -> Need {
    Need { group, resource, verbs, namespace: String::new(), name: String::new(), loss }
}

/// Writes, and the questions to the API server about others.
const WRITES: &[Need] = &[
    need("", "pods/binding", &["create"], None),
    need("", "pods/status", &["patch"], None),
    need("", "pods", &["delete"], Some("preemption evicts nothing")),
    need("events.k8s.io", "events", &["create", "patch", "update"], Some("pods have no events")),
    need("", "persistentvolumes", &["patch", "update"], Some("pods with unbound claims stay pending")),
    need("", "persistentvolumeclaims", &["patch", "update"], Some("pods with unbound claims stay pending")),
    need(
        "authentication.k8s.io",
        "tokenreviews",
        &["create"],
        Some("nobody can read metrics or decisions with a token"),
    ),
    need(
        "authorization.k8s.io",
        "subjectaccessreviews",
        &["create"],
        Some("nobody can read metrics or decisions"),
    ),
];

/// Everything, in the order in which it is shown. `lease` is the namespace and the name of the Lease, if there is one.
fn needs(lease: Option<(&str, &str)>) -> Vec<Need> {
    let mut needs: Vec<Need> = KINDS
        .iter()
        .map(|kind| {
            let loss = (!kind.is_essential()).then_some(kind.loss);
            need(kind.group(), kind.plural, &["list", "watch"], loss)
        })
        .chain(WRITES.iter().cloned())
        .collect();
    if let Some((namespace, name)) = lease {
        let leases = need("coordination.k8s.io", "leases", &["create"], None);
        needs.push(Need { namespace: namespace.to_string(), ..leases.clone() });
        let verbs = &["get", "update"];
        needs.push(Need { namespace: namespace.to_string(), name: name.to_string(), verbs, ..leases });
    }
    needs.push(Need {
        namespace: "kube-system".to_string(),
        name: "extension-apiserver-authentication".to_string(),
        ..need(
            "",
            "configmaps",
            &["get"],
            Some("client certificates are not accepted on the scheduler's port"),
        )
    });
    needs
}

/// One check for everything that a scheduler does. `lease` is the namespace and the name of its Lease, if there is one.
pub async fn access(api: &Caller, account: &Account, lease: Option<(&str, &str)>) -> Vec<Check> {
    let needs = needs(lease);
    stream::iter(&needs).map(|need| one(api, account, need)).buffered(AT_ONCE).collect().await
}

async fn one(api: &Caller, account: &Account, need: &Need) -> Check {
    let name = need.shown();
    let mut denied = Vec::new();
    for verb in need.verbs {
        match allowed(api, account, need, verb).await {
            Ok(true) => {}
            Ok(false) => denied.push(*verb),
            Err(error) => return Check::unanswered(name, &error),
        }
    }
    if denied.is_empty() {
        return Check::ok(name);
    }
    let loss = need.loss.unwrap_or("nothing can be scheduled");
    let message = format!("not allowed: {}; {loss}", denied.join(", "));
    let remedy = remedy(account, need);
    if need.loss.is_some() {
        Check::warning(name, message, remedy)
    } else {
        Check::failed(name, message, remedy)
    }
}

fn remedy(account: &Account, need: &Need) -> String {
    let whose = match account {
        Account::Own => "this account (of another one: --as-service-account NAMESPACE:NAME)".to_string(),
        Account::Service { namespace, name } => format!("service account {namespace}/{name}"),
    };
    match (need.resource, need.group) {
        ("leases", _) => format!("give {whose} a Role in namespace {}, as the chart does", need.namespace),
        ("configmaps", _) => {
            format!("bind Role extension-apiserver-authentication-reader of kube-system to {whose}")
        }
        (_, "authentication.k8s.io" | "authorization.k8s.io") => {
            format!("bind ClusterRole system:auth-delegator to {whose}")
        }
        _ => format!("bind ClusterRoles system:kube-scheduler and system:volume-scheduler to {whose}"),
    }
}

async fn allowed(api: &Caller, account: &Account, need: &Need, verb: &str) -> Result<bool, ApiError> {
    let (resource, subresource) = need.resource.split_once('/').unwrap_or((need.resource, ""));
    let attributes = json!({
        "verb": verb, "group": need.group, "resource": resource, "subresource": subresource,
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

impl Need {
    /// `pods/binding: create`, `leases kube-system/longshore: get, update`.
    fn shown(&self) -> String {
        let group = if self.group.is_empty() { String::new() } else { format!(".{}", self.group) };
        let place = match (self.namespace.as_str(), self.name.as_str()) {
            ("", _) => String::new(),
            (namespace, "") => format!(" in {namespace}"),
            (namespace, name) => format!(" {namespace}/{name}"),
        };
        format!("{}{group}{place}: {}", self.resource, self.verbs.join(", "))
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
        let checks = access(&caller(&api.client()), account, Some(("ns", "longshore"))).await;
        checks.into_iter().find(|c| c.name == name).unwrap_or_else(|| panic!("{name}"))
    }

    #[tokio::test]
    async fn what_is_essential_fails_and_what_is_not_tells_the_loss() {
        assert_eq!(found(&Account::Own, "nodes: list, watch").await.status, Status::Ok);
        let binding = found(&Account::Own, "pods/binding: create").await;
        assert_eq!(binding.status, Status::Failed);
        assert_eq!(binding.message.unwrap(), "not allowed: create; nothing can be scheduled");
        assert!(binding.remedy.unwrap().contains("--as-service-account"));
        let events = found(&Account::Own, "events.events.k8s.io: create, patch, update").await;
        assert_eq!(events.status, Status::Warning);
        assert_eq!(events.message.unwrap(), "not allowed: create, patch, update; pods have no events");
        let lease = found(&Account::Own, "leases.coordination.k8s.io ns/longshore: get, update").await;
        assert_eq!((lease.status, lease.message.unwrap().contains("update")), (Status::Failed, true));
    }

    #[tokio::test]
    async fn a_service_account_is_asked_for_with_its_groups() {
        let api = only_reads();
        let account = Account::Service { namespace: "sys".into(), name: "ls".into() };
        access(&caller(&api.client()), &account, None).await;
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
        let checks = access(&caller(&api.client()), &Account::Own, None).await;
        assert!(checks.iter().all(|c| c.status == Status::Skipped));
        assert!(checks.len() > 20);
    }
}
