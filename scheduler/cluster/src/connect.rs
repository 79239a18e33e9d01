//! Which cluster, as whom, and over which connection.

mod liveness;
mod pinned;
mod proxy;
mod transport;

use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};
use thiserror::Error;

pub use self::liveness::{Liveness, Silent};
pub use self::pinned::{Way, pinned};
pub use self::transport::client;

/// Which cluster, as kubectl's global flags say it.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// `--kubeconfig`, or `clientConnection.kubeconfig` of the configuration file.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// `--master`: the API server's address, in place of the kubeconfig's.
    pub master: Option<String>,
}

/// There is no way to the cluster.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The kubeconfig that was asked for does not serve.
    #[error("kubeconfig {path}: {message}")]
    Kubeconfig {
        /// The file.
        path: String,
        /// What is wrong, and the fix.
        message: String,
    },
    /// Nothing says where the cluster is.
    #[error(
        "no cluster is configured: give --kubeconfig, set KUBECONFIG, or run in a pod with a service account \
         (kubeconfig: {kubeconfig}; service account: {service_account})"
    )]
    Nowhere {
        /// Why no kubeconfig serves.
        kubeconfig: String,
        /// Why the service account does not.
        service_account: String,
    },
    /// The address of `--master` is none.
    #[error("--master {0:?} is not a URL; write it like https://10.0.0.1:6443")]
    Master(String),
    /// The kubeconfig names a proxy of another kind.
    #[error(
        "the proxy-url of {origin} begins with {scheme:?}; write it like http://proxy.example:3128, or with https"
    )]
    Proxy {
        /// Where it comes from.
        origin: String,
        /// What stands before `://`.
        scheme: String,
    },
    /// Certificates, keys or tokens do not serve.
    #[error("the credentials of {origin} cannot be used: {message}")]
    Credentials {
        /// Where they come from.
        origin: String,
        /// What is wrong.
        message: String,
    },
}

/// Where the cluster is, and what said so.
#[derive(Clone, Debug)]
pub struct Found {
    /// Address and credentials.
    pub config: Config,
    /// `kubeconfig /path`, `KUBECONFIG`, or `the pod's service account`.
    pub origin: String,
}

/// Looks for the cluster: the flag, `KUBECONFIG`, `~/.kube/config`, then the service account of the pod.
///
/// # Errors
/// A file that was asked for and does not serve, or no way at all.
pub async fn find(target: &Target) -> Result<Found, ConnectError> {
    let options = KubeConfigOptions { context: target.context.clone(), ..KubeConfigOptions::default() };
    let mut found = match &target.kubeconfig {
        Some(path) => from_file(path, &options).await?,
        None => infer(&options).await?,
    };
    if let Some(master) = &target.master {
        let uri: http::Uri = master.parse().map_err(|_| ConnectError::Master(master.clone()))?;
        if uri.scheme().is_none() {
            return Err(ConnectError::Master(master.clone()));
        }
        found.config.cluster_url = uri;
    }
    Ok(found)
}

async fn from_file(path: &Path, options: &KubeConfigOptions) -> Result<Found, ConnectError> {
    let shown = path.display().to_string();
    let wrong = |error: kube::config::KubeconfigError| ConnectError::Kubeconfig {
        path: shown.clone(),
        message: chain(&error),
    };
    let read = Kubeconfig::read_from(path).map_err(wrong)?;
    let config = Config::from_custom_kubeconfig(read, options).await.map_err(wrong)?;
    Ok(Found { config, origin: format!("kubeconfig {shown}") })
}

async fn infer(options: &KubeConfigOptions) -> Result<Found, ConnectError> {
    let named = std::env::var("KUBECONFIG").ok().filter(|v| !v.is_empty());
    let kubeconfig = match Config::from_kubeconfig(options).await {
        Ok(config) => {
            let origin = named.map_or_else(|| "~/.kube/config".to_string(), |v| format!("KUBECONFIG {v}"));
            return Ok(Found { config, origin });
        }
        Err(error) => chain(&error),
    };
    // A file that somebody named is meant; falling back would write into another cluster.
    if let Some(path) = named.filter(|v| v.split(':').any(|p| Path::new(p).exists())) {
        return Err(ConnectError::Kubeconfig { path, message: kubeconfig });
    }
    match Config::incluster() {
        Ok(config) => Ok(Found { config, origin: "the pod's service account".to_string() }),
        Err(error) => Err(ConnectError::Nowhere { kubeconfig, service_account: chain(&error) }),
    }
}

/// An error with everything that caused it, in one line, without repetitions.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text.replace('\n', " ")
}

/// What to do about an error of the API server or the way to it, for the commonest ones.
pub fn fix(error: &kube::Error) -> Option<&'static str> {
    if let kube::Error::Api(status) = error {
        return match status.code {
            401 => Some("the API server does not accept the credentials: renew the token or certificate"),
            403 => Some("the account lacks a permission: bind the ClusterRole that the message names"),
            _ => None,
        };
    }
    let text = chain(error);
    let has = |part: &str| text.contains(part);
    if has("UnknownIssuer") || has("invalid peer certificate") {
        Some(
            "the server's certificate does not belong to the kubeconfig's certificate-authority: is it the right cluster?",
        )
    } else if has("refused") || has("unreachable") || has("timed out") || has("dns error") {
        Some("the API server cannot be reached: check the server's address in the kubeconfig and the network")
    } else {
        None
    }
}

/// Whether time may fix it: the server is not there yet, has too much to do, or does not know its own roles yet, as in its
/// first seconds. Credentials and certificates stay as they are.
pub fn may_pass(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => matches!(status.code, 403 | 429 | 500..),
        kube::Error::Auth(_) => false,
        _ => !chain(error).contains("certificate"),
    }
}

/// An error with its fix.
pub fn explained(error: &kube::Error) -> String {
    let text = in_words(error);
    match fix(error) {
        Some(fix) => format!("{text}; {fix}"),
        None => text,
    }
}

/// What went wrong: the API server's own words where it answered.
pub fn in_words(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => {
            format!("{} ({} {})", status.message, status.code, status.reason)
        }
        other => chain(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn error_of(target: Target) -> String {
        find(&target).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_kubeconfig_that_does_not_serve_is_named() {
        let missing = Target { kubeconfig: Some("/nowhere/config".into()), ..Target::default() };
        assert!(error_of(missing).await.starts_with("kubeconfig /nowhere/config: "));
        let file = std::env::temp_dir().join(format!("longshore-connect-{}", std::process::id()));
        std::fs::write(&file, "clusters: [").unwrap();
        let text = error_of(Target { kubeconfig: Some(file.clone()), ..Target::default() }).await;
        assert!(text.contains(&*file.display().to_string()), "{text}");
        std::fs::write(&file, "apiVersion: v1\nkind: Config\ncurrent-context: gone\n").unwrap();
        let text = error_of(Target { kubeconfig: Some(file.clone()), ..Target::default() }).await;
        assert!(text.contains("gone"), "{text}");
        std::fs::remove_file(file).unwrap();
    }

    #[test]
    fn causes_are_told_once() {
        let inner = std::io::Error::other("disk on fire");
        let outer = std::io::Error::other(inner);
        assert_eq!(chain(&outer), "disk on fire");
    }
}
