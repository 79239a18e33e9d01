//! The API server: who we are to it, its version, the kinds that it serves, its built-in roles.

use std::ops::RangeInclusive;

use longshore_framework::features::Minor;
use longshore_framework::objects::declared::DeclaredKind;
use serde_json::{Value, json};

use super::{Check, text};
use crate::call::{ApiError, Caller, decode};
use crate::discover::Discovered;
use crate::kinds::WatchedKind;

/// The minor versions of Kubernetes 1 that are tested.
pub const MINORS: RangeInclusive<u32> = 33..=37;

/// The ClusterRoles of the cluster itself that give a scheduler what it needs.
const BUILT_IN: [&str; 2] = ["system:kube-scheduler", "system:volume-scheduler"];

/// Who the API server takes us for, and the check that says so.
pub async fn identity(api: &Caller) -> (Option<String>, Check) {
    const NAME: &str = "the credentials are accepted";
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let answer = api.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &review).await;
    match answer.and_then(|bytes| decode::<Value>(&bytes)) {
        Ok(review) => {
            let user = text(&review, "/status/userInfo/username").to_string();
            let check = match user.as_str() {
                "system:anonymous" => Check::failed(
                    NAME,
                    "the API server sees this program as system:anonymous",
                    "the kubeconfig's user has no credentials: log in again, or choose another --context",
                ),
                user => Check::ok(NAME).saying(format!("as {user}")),
            };
            (Some(user), check)
        }
        Err(error) => (None, refused(NAME, &error)),
    }
}

fn refused(name: &str, error: &ApiError) -> Check {
    if error.is_unauthorized() {
        let remedy =
            "the token or certificate is not valid (any more): log in again, or choose another --context";
        return Check::failed(name, error.to_string(), remedy);
    }
    Check::unanswered(name, error)
}

/// Whether the server's version, such as `v1.36.2`, is one of those that are tested.
pub fn version(version: &str) -> Check {
    let (first, last) = (MINORS.start(), MINORS.end());
    let name = format!("Kubernetes is between 1.{first} and 1.{last}");
    match minor(version) {
        Some(minor) if MINORS.contains(&minor) => Check::ok(name).saying(decided_as(version)),
        Some(minor) if minor > *last => Check::warning(
            name,
            format!("{version} is newer than what this release is tested with"),
            "see whether there is a newer release; what this one does not know of is not scheduled by",
        ),
        Some(_) => Check::warning(
            name,
            format!("{version} is older than what this release is tested with"),
            "upgrade the cluster; until then try it with pods that do not matter",
        ),
        None => Check::warning(
            name,
            format!("{version:?} is not a version of Kubernetes"),
            "is the API server behind a proxy that changes answers?",
        ),
    }
}

/// The version, and whose decisions are made in such a cluster.
fn decided_as(version: &str) -> String {
    match Minor::of_server(version) {
        Some((minor, _)) => format!("{version}, decided as Kubernetes {minor}"),
        None => version.to_string(),
    }
}

fn minor(version: &str) -> Option<u32> {
    let mut parts = version.strip_prefix('v')?.split('.');
    (parts.next()? == "1").then(|| parts.next()?.parse().ok()).flatten()
}

/// The kinds that decisions read: one check for all that are served, one for each that is not.
pub fn kinds(discovered: &Discovered) -> Vec<Check> {
    let (served, absent) = (discovered.served.len(), discovered.absent.len());
    let mut checks = Vec::new();
    for kind in &discovered.absent {
        let name = format!("{} {} is served", kind.api_version, kind.kind);
        let message = format!("it is not; {}", kind.loss);
        let remedy = "switch it on with --runtime-config of the API server, unless you can do without";
        let check = if kind.is_essential() { Check::failed } else { Check::warning };
        checks.push(check(name, message, remedy.to_string()));
    }
    if absent == 0 {
        checks.push(Check::ok("every kind that decisions read is served").saying(format!("{served} kinds")));
    }
    checks
}

/// The kinds that plugins of the configuration read: one check for each.
pub fn declared(served: &[&'static WatchedKind], unknown: &[DeclaredKind]) -> Vec<Check> {
    let name = |kind: &dyn std::fmt::Display| format!("{kind}, which a plugin reads, is served");
    let there = served.iter().map(|kind| Check::ok(name(&format!("{} {}", kind.api_version, kind.kind))));
    let missing = unknown.iter().map(|kind| {
        let message = "it is not; plugins that read it see no such object";
        let remedy = "install the CustomResourceDefinition; a running scheduler finds it within seconds";
        Check::warning(name(&format!("{} {}", kind.api_version(), kind.kind())), message, remedy)
    });
    there.chain(missing).collect()
}

/// Whether the roles are there that the chart binds with `rbac.useBuiltinRoles`.
pub async fn built_in_roles(api: &Caller) -> Vec<Check> {
    let mut checks = Vec::new();
    for role in BUILT_IN {
        let name = format!("ClusterRole {role} exists");
        let path = format!("/apis/rbac.authorization.k8s.io/v1/clusterroles/{role}");
        checks.push(match api.get::<Value>(&path).await {
            Ok(_) => Check::ok(name),
            Err(error) if error.is_not_found() => Check::warning(
                name,
                "the cluster lacks it",
                "leave the chart's rbac.useBuiltinRoles off, as it is by default: nothing else binds it",
            ),
            Err(error) => Check::unanswered(name, &error),
        });
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Status, caller};
    use crate::fake_api::{Answer, FakeApi};
    use crate::kinds::KINDS;

    #[test]
    fn versions_outside_of_the_tested_ones_are_warned_of() {
        #[track_caller]
        fn check(text: &str, status: Status, says: &str) {
            let check = version(text);
            assert_eq!(check.status, status, "{text}");
            assert!(check.message.unwrap().contains(says), "{text}");
        }
        check("v1.36.2", Status::Ok, "v1.36.2, decided as Kubernetes 1.36");
        check("v1.35.4", Status::Ok, "decided as Kubernetes 1.36");
        check("v1.37.2", Status::Ok, "decided as Kubernetes 1.37");
        check("v1.33.0-eks-1234", Status::Ok, "eks");
        check("v1.37.1+k3s1", Status::Ok, "k3s");
        check("v1.32.9", Status::Warning, "older");
        check("v1.38.0-alpha.1", Status::Warning, "newer");
        check("nonsense", Status::Warning, "not a version");
        check("v2.36.0", Status::Warning, "not a version");
    }

    #[test]
    fn a_kind_that_is_not_served_is_named_with_what_is_lost() {
        let all: Vec<_> = KINDS.iter().collect();
        let served = Discovered { served: all, ..Discovered::default() };
        assert_eq!(kinds(&served).iter().map(|c| c.status).collect::<Vec<_>>(), [Status::Ok]);
        let (absent, served) = KINDS.iter().partition(|k| ["Node", "CSINode"].contains(&k.kind));
        let checks = kinds(&Discovered { served, absent, ..Discovered::default() });
        assert_eq!(checks.len(), 2);
        assert_eq!((checks[0].name.as_str(), checks[0].status), ("v1 Node is served", Status::Failed));
        assert_eq!(checks[1].message.as_deref(), Some("it is not; volume limits are not known"));
        assert_eq!(checks[1].status, Status::Warning);
    }

    #[track_caller]
    fn shown(check: &Check, status: Status, says: &str) {
        assert_eq!(check.status, status, "{check:?}");
        assert!(format!("{check:?}").contains(says), "{check:?}");
    }

    #[tokio::test]
    async fn the_user_is_named_and_bad_credentials_have_a_remedy() {
        let answers =
            [(Answer::json as fn(_) -> _, "jane"), (Answer::json as fn(_) -> _, "system:anonymous")];
        for (answer, user) in answers {
            let api = FakeApi::new(move |_| answer(json!({"status": {"userInfo": {"username": user}}})));
            let (found, check) = identity(&caller(&api.client())).await;
            assert_eq!(found.as_deref(), Some(user));
            let status = if user == "jane" { Status::Ok } else { Status::Failed };
            shown(&check, status, user);
        }
        let api = FakeApi::new(|_| Answer::failure(401, "Unauthorized", "Unauthorized"));
        shown(&identity(&caller(&api.client())).await.1, Status::Failed, "log in again");
    }

    #[tokio::test]
    async fn roles_that_are_missing_are_warned_of_and_roles_that_are_hidden_are_skipped() {
        let api = FakeApi::new(|call| match call.number {
            0 => Answer::failure(404, "NotFound", "not found"),
            _ => Answer::failure(403, "Forbidden", "clusterroles is forbidden"),
        });
        let checks = built_in_roles(&caller(&api.client())).await;
        shown(&checks[0], Status::Warning, "leave the chart's rbac.useBuiltinRoles off");
        shown(&checks[1], Status::Skipped, "no permission to look");
    }
}
