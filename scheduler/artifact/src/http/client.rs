//! The HTTP client: whom it trusts, where it lets itself be sent.

use std::fs;
use std::path::Path;
use std::time::Duration;

use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Certificate, Client};

use crate::error::Problem;
use crate::options::Options;
use crate::reference;

/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// A chain of redirects that is not followed.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadRedirect {
    #[error("more than {REDIRECTS} times")]
    TooOften,
    #[error("to {0}, which is not encrypted")]
    Plain(String),
}

/// A client; with `proxied` it heeds `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.
pub(super) fn build(options: &Options, proxied: bool) -> Result<Client, Problem> {
    // Whoever was first has chosen: then this is an error that does not matter.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("longshore/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(options.silence.min(Duration::from_secs(10)))
        .read_timeout(options.silence)
        .redirect(Policy::custom(follow));
    if let Some(path) = &options.ca_file {
        builder = builder.tls_certs_merge(certificates(path)?);
    }
    if !proxied {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| Problem::Setup(crate::error::innermost(&error)))
}

/// Reads the certificates of a PEM file.
pub(crate) fn certificates(path: &Path) -> Result<Vec<Certificate>, Problem> {
    let wrong = |why: String| Problem::File { path: path.to_owned(), why };
    let pem = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| wrong(error.to_string()))?;
    if certificates.is_empty() {
        return Err(wrong("holds no certificate in PEM form".into()));
    }
    Ok(certificates)
}

/// A few redirects, and none that leaves encryption or this machine unencrypted.
fn follow(attempt: Attempt<'_>) -> Action {
    if attempt.previous().len() > REDIRECTS {
        return attempt.error(BadRedirect::TooOften);
    }
    let plain = attempt.url().scheme() != "https";
    let from = attempt.previous().last();
    let was_plain_elsewhere = from.is_some_and(|url| url.scheme() == "http" && !reference::is_loopback(url));
    let was_encrypted = from.is_none_or(|url| url.scheme() == "https");
    if plain && (was_encrypted || !(was_plain_elsewhere || reference::is_loopback(attempt.url()))) {
        let to = attempt.url().to_string();
        return attempt.error(BadRedirect::Plain(to));
    }
    attempt.follow()
}
