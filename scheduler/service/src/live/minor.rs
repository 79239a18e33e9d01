//! Whose rules the configuration is loaded by: the API server is asked before anything else.

use std::path::Path;
use std::time::Duration;

use longshore_cluster::connect::{self, Liveness};
use longshore_framework::features::{Features, Minor};
use longshore_loader::{Loaded, Loader, file, rules};

use super::assembly;
use crate::options::RunOptions;

/// How long the API server may take to say its version. Later it is waited for with our own server up, which says so.
const PATIENCE: Duration = Duration::from_secs(3);

/// Minors in the order in which a configuration is tried.
const TRIED: [Minor; 3] = [Minor::STABLE, Minor::V1_36, Minor::V1_38];

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

/// Loads the configuration by the rules that are [known](rules()), or else by those of the first minor that takes it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(run: &RunOptions, known: Option<Features>, loader: &Loader) -> anyhow::Result<Loaded> {
    match known {
        Some(features) => load_by(run, features, loader),
        None => load_by_any(run, loader),
    }
}

/// Loads the configuration by these rules.
///
/// # Errors
/// Everything that is wrong with it.
fn load_by(run: &RunOptions, features: Features, loader: &Loader) -> anyhow::Result<Loaded> {
    loader.follow(features);
    file::profiles(run.config.as_deref(), loader)
}

/// Loads the configuration by the rules of the first minor that takes it and the feature gates, while no server says which minor
/// is followed. Where that turns out to be another one, it is loaded again.
///
/// # Errors
/// What the newest stable minor has against it, when no minor takes it.
fn load_by_any(run: &RunOptions, loader: &Loader) -> anyhow::Result<Loaded> {
    let mut refused = None;
    for minor in TRIED {
        let resolved = rules::resolve(minor, &run.feature_gates);
        match resolved.and_then(|resolved| load_by(run, resolved.features, loader)) {
            Ok(loaded) => return Ok(loaded),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or_else(|| anyhow::anyhow!("there is no minor to follow")))
}
