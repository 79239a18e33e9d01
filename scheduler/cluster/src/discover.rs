//! What this API server serves of what scheduling reads.

use std::collections::{BTreeMap, BTreeSet};

use kube::Client;

use crate::kinds::{KINDS, WatchedKind};

/// What discovery found.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// The server's version, such as `v1.36.2`.
    pub version: String,
    /// Kinds that are served.
    pub served: Vec<&'static WatchedKind>,
    /// Kinds that are not, though every Kubernetes has them.
    pub absent: Vec<&'static WatchedKind>,
}

/// Asks the API server which kinds it serves: one request per API version.
///
/// # Errors
/// The API server cannot be reached, or does not let us ask.
pub async fn discover(client: &Client) -> Result<Discovered, kube::Error> {
    let version = client.apiserver_version().await?.git_version;
    let mut resources: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for api_version in KINDS.iter().map(|k| k.api_version).collect::<BTreeSet<_>>() {
        resources.insert(api_version, resources_of(client, api_version).await?);
    }
    let is_served =
        |kind: &&WatchedKind| resources.get(kind.api_version).is_some_and(|r| r.contains(kind.plural));
    let (served, absent) = choose(is_served);
    Ok(Discovered { version, served, absent })
}

/// The kinds to watch, each in one version, and those that are missing.
fn choose(
    is_served: impl Fn(&&WatchedKind) -> bool,
) -> (Vec<&'static WatchedKind>, Vec<&'static WatchedKind>) {
    let mut served: Vec<&'static WatchedKind> = Vec::new();
    for kind in KINDS.iter().filter(|kind| is_served(kind)) {
        if !served.iter().any(|other| other.is_of(kind)) {
            served.push(kind);
        }
    }
    let is_missing = |kind: &&WatchedKind| !is_served(kind) && !kind.is_optional();
    (served, KINDS.iter().filter(is_missing).collect())
}

async fn resources_of(client: &Client, api_version: &str) -> Result<BTreeSet<String>, kube::Error> {
    let listed = match api_version.contains('/') {
        true => client.list_api_group_resources(api_version).await,
        false => client.list_core_api_resources(api_version).await,
    };
    match listed {
        Ok(list) => Ok(list.resources.into_iter().map(|r| r.name).collect()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(BTreeSet::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(served: &[&str], want: &[&str]) {
        let (chosen, absent) = choose(|kind| kind.is_essential() || served.contains(&kind.api_version));
        let optional: Vec<&str> = chosen.iter().filter(|k| k.is_optional()).map(|k| k.api_version).collect();
        assert_eq!(optional, want);
        assert!(absent.iter().all(|kind| !kind.is_optional()) && !absent.is_empty());
    }

    #[test]
    fn of_several_versions_the_newest_is_watched_and_nothing_is_missed_that_may_be_absent() {
        check(&[], &[]);
        check(&["scheduling.k8s.io/v1alpha2"], &["scheduling.k8s.io/v1alpha2"]);
        let both =
            ["scheduling.k8s.io/v1alpha2", "scheduling.k8s.io/v1beta1", "scheduling.x-k8s.io/v1alpha1"];
        check(&both, &["scheduling.k8s.io/v1beta1", "scheduling.x-k8s.io/v1alpha1"]);
        check(&["resource.k8s.io/v1"], &["resource.k8s.io/v1"]);
    }
}
