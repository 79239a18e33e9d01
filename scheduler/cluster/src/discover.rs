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
    /// Kinds that are not.
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
    let (served, absent) = KINDS.iter().partition(is_served);
    Ok(Discovered { version, served, absent })
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
