//! Requests that end: bounded in bytes, in time, in attempts and in redirects.

mod answer;
mod attempt;
mod client;

use std::time::Duration;

use ::http::HeaderMap;
use reqwest::Url;
use tracing::debug;

pub(crate) use self::answer::Answer;
use crate::error::Problem;
use crate::options::Options;
use crate::reference;

/// Two HTTP clients: one goes through the proxies of the environment, one straight to this machine.
pub(crate) struct Transport {
    proxied: reqwest::Client,
    direct: reqwest::Client,
    attempts: u32,
    backoff: Duration,
}

impl Transport {
    /// With the certificates of the system, of `SSL_CERT_FILE` and of `options.ca_file`.
    ///
    /// # Errors
    ///
    /// No certificates, or a CA file that is none.
    pub(crate) fn new(options: &Options) -> Result<Self, Problem> {
        Ok(Self {
            proxied: client::build(options, true)?,
            direct: client::build(options, false)?,
            attempts: options.attempts.max(1),
            backoff: options.backoff,
        })
    }

    /// GETs `url`: success or any answer that is the caller's fault (4xx), with at most `limit` bytes of it.
    ///
    /// # Errors
    ///
    /// When the network or the server fails again and again, or the body is longer.
    pub(crate) async fn get(&self, url: &Url, headers: &HeaderMap, limit: usize) -> Result<Answer, Problem> {
        let request = || self.client(url).get(url.clone()).headers(headers.clone());
        self.send(url, limit, request).await
    }

    /// POSTs a form to `url`, as [`Transport::get`] otherwise.
    ///
    /// # Errors
    ///
    /// As [`Transport::get`].
    pub(crate) async fn post_form(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        limit: usize,
    ) -> Result<Answer, Problem> {
        let mut encoder = url.clone();
        encoder.query_pairs_mut().clear().extend_pairs(form);
        let body = encoder.query().unwrap_or_default().to_owned();
        let request = || {
            let kind = (::http::header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            self.client(url).post(url.clone()).header(kind.0, kind.1).body(body.clone())
        };
        self.send(url, limit, request).await
    }

    fn client(&self, url: &Url) -> &reqwest::Client {
        // A proxy could not reach the services of this machine.
        if reference::is_loopback(url) { &self.direct } else { &self.proxied }
    }

    async fn send(
        &self,
        url: &Url,
        limit: usize,
        request: impl Fn() -> reqwest::RequestBuilder,
    ) -> Result<Answer, Problem> {
        let mut pause = self.backoff;
        let mut attempt = 1;
        loop {
            let failed = match attempt::once(request(), limit).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            if attempt >= self.attempts || !failed.may_pass() {
                return Err(failed.into_problem(url, attempt));
            }
            let wait = failed.retry_after().unwrap_or(pause);
            debug!(%url, attempt, ?wait, why = %failed, "trying again");
            tokio::time::sleep(wait).await;
            pause = pause.saturating_mul(2);
            attempt += 1;
        }
    }
}

/// The problem that an answer without success is.
pub(crate) fn refusal(url: &Url, answer: &Answer) -> Problem {
    attempt::status_problem(url, answer.status, &attempt::first_words(&answer.body))
}

#[cfg(test)]
mod tests {
    use ::http::StatusCode;

    use super::attempt::Failed;

    #[test]
    fn a_failed_attempt_says_whether_another_one_may_help() {
        let check = |status: u16, again: bool| {
            let failed = Failed::Status {
                status: StatusCode::from_u16(status).unwrap(),
                said: String::new(),
                wait: None,
            };
            assert_eq!(failed.may_pass(), again, "{status}");
        };
        check(429, true);
        check(500, true);
        check(503, true);
        check(501, false);
        assert!(!Failed::TooLarge { limit: 1 }.may_pass());
        assert!(Failed::Network("reset".into()).may_pass());
    }
}
