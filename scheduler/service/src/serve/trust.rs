//! Whose client certificates are believed: what the flags say, and for the rest what the cluster says in the ConfigMap
//! `kube-system/extension-apiserver-authentication`, as in kube-scheduler.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow};
use longshore_cluster::review::{ClusterTrust, RequestHeader, Reviewer};

use super::pair;

/// How long the API server may take to say what it trusts.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which client certificates are looked for.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// `--client-ca-file`, in PEM.
    pub client_ca_file: Option<PathBuf>,
    /// `--requestheader-client-ca-file`, in PEM.
    pub request_header_ca_file: Option<PathBuf>,
    /// The other `--requestheader-*` flags; they count where the file is given.
    pub request_header: RequestHeader,
    /// `--authentication-skip-lookup`: do not ask the cluster for what no flag gives.
    pub skip_lookup: bool,
    /// `--authentication-tolerate-lookup-failure`: start although the cluster cannot be asked.
    pub tolerate_lookup_failure: bool,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            client_ca_file: None,
            request_header_ca_file: None,
            request_header: RequestHeader::default(),
            skip_lookup: false,
            tolerate_lookup_failure: true,
        }
    }
}

/// The authorities that are believed, in PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trust {
    /// Of users.
    pub(super) client_ca: Option<String>,
    /// Of front proxies, with the headers in which they say for whom they ask.
    pub(super) front_proxy: Option<RequestHeader>,
}

/// Finds out what is to be believed, again and again.
pub(super) struct Lookup {
    options: ClientOptions,
    reviewer: Option<Arc<dyn Reviewer>>,
    /// What was found last: one failure takes nobody's credentials away.
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    trust: Trust,
    cluster: ClusterTrust,
    said: String,
}

impl Lookup {
    pub(super) fn new(options: &ClientOptions, reviewer: Option<Arc<dyn Reviewer>>) -> Self {
        Self { options: options.clone(), reviewer, last: Mutex::default() }
    }

    /// What to start with. The cluster is asked only where the start depends on it: health must not wait for it.
    ///
    /// # Errors
    /// A file cannot be read, or the cluster not be asked although it has to be.
    pub(super) async fn first(&self) -> anyhow::Result<Trust> {
        if !self.options.tolerate_lookup_failure && self.asks() {
            let found = self.ask().await.context(
                "the cluster's authentication configuration is needed \
                 (--authentication-tolerate-lookup-failure=false) and cannot be read",
            )?;
            self.last().cluster = found;
        }
        let trust = self.put_together()?;
        self.last().trust = trust.clone();
        Ok(trust)
    }

    /// What is true now; where that cannot be found out, what was true before.
    pub(super) async fn newest(&self) -> Trust {
        let mut trouble = String::new();
        if self.asks() {
            match self.ask().await {
                Ok(found) => self.last().cluster = found,
                Err(error) => trouble = format!("{error:#}"),
            }
        }
        let put_together = self.put_together();
        let mut last = self.last();
        match put_together {
            Ok(trust) => last.trust = trust,
            Err(error) => trouble = format!("{error:#}"),
        }
        if trouble != last.said && !trouble.is_empty() {
            tracing::warn!(
                err = trouble,
                "Whose client certificates to accept cannot be looked up; what was known before stays"
            );
        }
        last.said = trouble;
        last.trust.clone()
    }

    /// Whether there is anything to ask the cluster.
    fn asks(&self) -> bool {
        let options = &self.options;
        let given = options.client_ca_file.is_some() && options.request_header_ca_file.is_some();
        !options.skip_lookup && !given && self.reviewer.is_some()
    }

    async fn ask(&self) -> anyhow::Result<ClusterTrust> {
        let Some(reviewer) = &self.reviewer else { return Ok(ClusterTrust::default()) };
        let asked = tokio::time::timeout(PATIENCE, reviewer.cluster_trust()).await;
        Ok(asked.map_err(|_| anyhow!("the API server does not answer"))??)
    }

    /// The files as they are, and what the cluster said last.
    fn put_together(&self) -> anyhow::Result<Trust> {
        let cluster = self.last().cluster.clone();
        let client_ca = match &self.options.client_ca_file {
            Some(file) => Some(read(file, "--client-ca-file")?),
            None => cluster.client_ca,
        };
        let front_proxy = match &self.options.request_header_ca_file {
            Some(file) => Some(RequestHeader {
                client_ca: read(file, "--requestheader-client-ca-file")?,
                ..self.options.request_header.clone()
            }),
            None => cluster.request_header,
        };
        Ok(Trust { client_ca, front_proxy })
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A small file; no connection waits for it.
fn read(file: &Path, flag: &str) -> anyhow::Result<String> {
    let bytes = pair::read_file(file).with_context(|| flag.to_string())?;
    String::from_utf8(bytes).map_err(|_| anyhow!("{flag}: {}: is not in PEM", file.display()))
}

#[cfg(test)]
mod tests;
