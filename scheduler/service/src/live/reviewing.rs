//! Who asks the API server about those who ask us.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use kube::Client;
use longshore_cluster::connect::{self, Liveness, Target};
use longshore_cluster::requests::RequestMeter;
use longshore_cluster::review::ApiReviewer;

use crate::metrics::Metrics;
use crate::options::ReviewOptions;

/// A reviewer over `connection`, or over connections of its own where `--authentication-kubeconfig` and
/// `--authorization-kubeconfig` say so.
///
/// # Errors
/// A kubeconfig that does not serve.
pub(crate) async fn reviewer(
    options: &ReviewOptions,
    connection: &Client,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<ApiReviewer> {
    let (who, may) = (&options.authentication_kubeconfig, &options.authorization_kubeconfig);
    let by = async |file: Option<&Path>, flag: &'static str| match file {
        None => Ok(connection.clone()),
        Some(file) => client(file, metrics).await.context(flag),
    };
    let authentication = by(who.as_deref(), "--authentication-kubeconfig").await?;
    let authorization = match may == who {
        true => authentication.clone(),
        false => by(may.as_deref(), "--authorization-kubeconfig").await?,
    };
    Ok(ApiReviewer::new(authentication, authorization, options.ttl))
}

async fn client(file: &Path, metrics: &Arc<Metrics>) -> anyhow::Result<Client> {
    let found = connect::find(&Target { kubeconfig: Some(file.to_path_buf()), ..Target::default() }).await?;
    let meter = Arc::clone(metrics) as Arc<dyn RequestMeter>;
    Ok(connect::client(&found, Some(meter), Liveness::default())?)
}
