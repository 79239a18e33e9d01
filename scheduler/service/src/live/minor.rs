//! Whose rules the configuration is loaded by: the API server is asked before anything else.

use std::path::Path;
use std::time::Duration;

use longshore_cluster::connect::{self, Liveness};
use longshore_framework::features::{Features, Minor};
use longshore_loader::{file, rules};

use super::assembly;
use crate::options::RunOptions;

/// How long the API server may take to say its version. Later it is waited for with our own server up, which says so.
const PATIENCE: Duration = Duration::from_secs(3);

/// The rules to load the configuration by. `None` when only a server says which minor is followed, and it does not answer now.
///
/// # Errors
/// Feature gates that this minor refuses.
pub async fn rules(run: &RunOptions) -> anyhow::Result<Option<Features>> {
    let minor = match run.kubernetes_version {
        Some(minor) => Some(minor),
        None => of_server(run).await,
    };
    minor.map(|minor| rules::resolve(minor, &run.feature_gates).map(|resolved| resolved.features)).transpose()
}

/// The minor of the API server. What keeps it from being known is told by whoever connects to it for good.
async fn of_server(run: &RunOptions) -> Option<Minor> {
    let text = match run.config.as_deref() {
        // Standard input can be read once.
        Some(file) if file == Path::new("-") => return None,
        Some(file) => file::config_text(file).ok()?,
        None => String::new(),
    };
    let connection = longshore_profile::client_connection(&text);
    let version = async {
        let found = connect::find(&assembly::target(run, &connection)).await.ok()?;
        let client = connect::client(&found, None, Liveness::default()).ok()?;
        Some(client.apiserver_version().await.ok()?.git_version)
    };
    let version = tokio::time::timeout(PATIENCE, version).await.ok()??;
    Some(rules::minor_of(Some(&version)).0)
}
