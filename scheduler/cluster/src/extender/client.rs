//! One call over HTTP or HTTPS.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as Pooled;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use longshore_framework::verdict::PluginError;

use super::options::{ExtenderOptions, ExtenderSetupError};
use super::tls;

/// Time for a call when none is configured.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
/// What any answer may have, in bytes.
const ANSWER_ROOM: usize = 16 << 20;
/// How many times as large as its question an answer may be beyond that: it may repeat the nodes it was sent.
const ANSWER_SHARE: usize = 4;

/// Connections to one extender.
pub(super) struct Client {
    pooled: Pooled<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
}

impl Client {
    /// Nothing is connected yet.
    pub(super) fn new(options: &ExtenderOptions) -> Result<Self, ExtenderSetupError> {
        let timeout = if options.http_timeout.is_zero() { DEFAULT_TIMEOUT } else { options.http_timeout };
        let connector = tls::connector(options)
            .map_err(|message| ExtenderSetupError { url: options.url_prefix.clone(), message })?;
        Ok(Self { pooled: Pooled::builder(TokioExecutor::new()).build(connector), timeout })
    }

    /// Sends JSON; the answer's body. Any status but 200 is an error.
    pub(super) async fn post(&self, verb: &str, url: &str, body: Vec<u8>) -> Result<Bytes, PluginError> {
        let room = body.len().saturating_mul(ANSWER_SHARE).saturating_add(ANSWER_ROOM);
        let failed = |why: String| PluginError::new(format!("Post \"{url}\": {why}"));
        let request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| failed(error.to_string()))?;
        let call = async {
            let answer = self.pooled.request(request).await.map_err(|error| failed(causes(&error)))?;
            let status = answer.status();
            if status != StatusCode::OK {
                let code = status.as_u16();
                return Err(PluginError::new(format!(
                    "failed {verb} with extender at URL {url}, code {code}"
                )));
            }
            let read = Limited::new(answer.into_body(), room).collect().await;
            read.map(http_body_util::Collected::to_bytes).map_err(|error| {
                let too_large = error.is::<http_body_util::LengthLimitError>();
                failed(if too_large {
                    format!("the answer is larger than {room} bytes")
                } else {
                    causes(&*error)
                })
            })
        };
        let timed_out = |_| failed(format!("no answer within {:?} (httpTimeout)", self.timeout));
        tokio::time::timeout(self.timeout, call).await.map_err(timed_out)?
    }
}

/// An error with what it comes from, outermost first.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}
