//! What this API server serves of what scheduling reads.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIResource;
use kube::Client;
use longshore_framework::features::Features;
use longshore_framework::objects::declared::{Declarations, DeclaredKind};

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
    /// Kinds that plugins declare and that are served. They are to be watched like the others.
    pub declared: Vec<&'static WatchedKind>,
    /// Kinds that plugins declare and that are not served, or not for lists and watches.
    pub unknown: Vec<DeclaredKind>,
}

impl Discovered {
    /// Without the kinds that are not read because their feature gate is off.
    #[must_use]
    pub fn by(mut self, features: Features) -> Self {
        self.served.retain(|kind| kind.gate().is_none_or(|gate| features.enabled(gate)));
        self
    }

    /// Every kind that is to be watched.
    pub fn watched(&self) -> impl Iterator<Item = &'static WatchedKind> + '_ {
        self.served.iter().chain(&self.declared).copied()
    }
}

/// Asks the API server which kinds it serves, of those that scheduling reads and those that plugins declare: one request per
/// API version.
///
/// # Errors
/// The API server cannot be reached, or does not let us ask.
pub async fn discover(client: &Client, declared: &Declarations) -> Result<Discovered, kube::Error> {
    let version = client.apiserver_version().await?.git_version;
    let resources = all_of(client, KINDS.iter().map(|k| k.api_version)).await?;
    let is_served = |kind: &&WatchedKind| {
        resources.get(kind.api_version).is_some_and(|r| r.iter().any(|r| r.name == kind.plural))
    };
    let (served, absent) = choose(is_served);
    let (declared, unknown) = find(client, declared).await?;
    Ok(Discovered { version, served, absent, declared, unknown })
}

/// Which of the kinds that plugins declare are served, and which are not.
///
/// # Errors
/// As [`discover`].
pub async fn find(
    client: &Client,
    declared: &Declarations,
) -> Result<(Vec<&'static WatchedKind>, Vec<DeclaredKind>), kube::Error> {
    let resources = all_of(client, declared.iter().map(|(kind, _)| kind.api_version())).await?;
    let (mut served, mut unknown) = (Vec::new(), Vec::new());
    for (kind, _) in declared.iter() {
        let found =
            resources.get(kind.api_version()).and_then(|r| r.iter().find(|r| can_be_watched(r, kind)));
        match found.and_then(|found| WatchedKind::declared(kind, &found.name)) {
            Some(found) => served.push(found),
            None => unknown.push(kind),
        }
    }
    Ok((served, unknown))
}

/// Whether a resource is this kind, and can be listed and watched.
fn can_be_watched(resource: &APIResource, kind: DeclaredKind) -> bool {
    // Those with a slash are parts of objects.
    let is_kind = resource.kind == kind.kind() && !resource.name.contains('/');
    is_kind && ["list", "watch"].iter().all(|needed| resource.verbs.iter().any(|verb| verb == needed))
}

/// The resources of these API versions.
async fn all_of<'v>(
    client: &Client,
    api_versions: impl Iterator<Item = &'v str>,
) -> Result<BTreeMap<&'v str, Vec<APIResource>>, kube::Error> {
    let mut resources = BTreeMap::new();
    for api_version in api_versions.collect::<BTreeSet<_>>() {
        resources.insert(api_version, resources_of(client, api_version).await?);
    }
    Ok(resources)
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

async fn resources_of(client: &Client, api_version: &str) -> Result<Vec<APIResource>, kube::Error> {
    let listed = match api_version.contains('/') {
        true => client.list_api_group_resources(api_version).await,
        false => client.list_core_api_resources(api_version).await,
    };
    match listed {
        Ok(list) => Ok(list.resources),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_framework::features::{Minor, Setting};

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
        let devices = |version: &'static str| [version; 3];
        check(&["resource.k8s.io/v1beta1"], &devices("resource.k8s.io/v1beta1"));
        check(&["resource.k8s.io/v1beta1", "resource.k8s.io/v1beta2"], &["resource.k8s.io/v1beta2"; 4]);
        check(&["resource.k8s.io/v1", "resource.k8s.io/v1beta2"], &["resource.k8s.io/v1"; 4]);
        check(&["resource.k8s.io/v1alpha3"], &["resource.k8s.io/v1alpha3"]);
    }

    #[test]
    fn what_a_gate_switches_off_is_not_watched() {
        let (served, _) = choose(|kind| kind.is_essential() || kind.plural == "devicetaintrules");
        let rules = |settings: &[Setting]| {
            let features = Features::resolve(Minor::parse("1.36").unwrap(), settings).unwrap().features;
            Discovered { served: served.clone(), ..Discovered::default() }.by(features).served.len()
        };
        assert_eq!(rules(&[]), 2);
        assert_eq!(rules(&[Setting::new("DRADeviceTaintRules", true)]), 3);
    }
}
