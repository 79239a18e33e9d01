//! One source, asked once.

use longshore_framework::Timestamp;
use longshore_framework::node_metrics::{MetricsSource, Provider, Sample};
use longshore_manifest::measured_answer;

use super::http_get::{HttpGet, TIMEOUT, Trust};
use super::prometheus::Asker;
use super::server;
use crate::call::Caller;

/// Asks one source.
pub struct Fetcher(Kind);

enum Kind {
    Watcher { url: String, http: HttpGet },
    Server(Caller),
    Prometheus(Asker),
}

impl Fetcher {
    /// Nothing is asked yet. `api` is for metrics.k8s.io.
    ///
    /// # Errors
    /// TLS settings that cannot be used.
    pub fn new(source: &MetricsSource, api: &Caller) -> Result<Self, String> {
        Ok(Self(match &source.provider {
            Provider::MetricsServer => Kind::Server(api.clone().impatient().within(TIMEOUT)),
            Provider::Prometheus(spec) => Kind::Prometheus(Asker::new(spec)?),
            Provider::Watcher(address) => {
                let http = HttpGet::new(address.starts_with("https://"), Trust::System)?;
                Kind::Watcher { url: format!("{address}/watcher"), http }
            }
        }))
    }

    /// What it says. `now` is the time by the engine's clock: nothing was measured later.
    ///
    /// # Errors
    /// It could not be asked, or what it says cannot be read.
    pub async fn fetch(&self, now: Timestamp) -> Result<Sample, String> {
        match &self.0 {
            Kind::Server(api) => server::fetch(api, now).await,
            Kind::Prometheus(asker) => asker.fetch(now).await,
            Kind::Watcher { url, http } => {
                let body = http.get(url, "").await?;
                measured_answer(&body, now).map_err(|error| error.to_string())
            }
        }
    }
}
