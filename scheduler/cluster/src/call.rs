//! Calls to the API server with JSON built by hand, and what went wrong with one.
//!
//! Typed clients cost more than the call itself where thousands of small objects are written per second. A call here is
//! a path, a body and the bytes of the answer.

pub mod error;
pub mod path;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::error::ApiError;
use crate::hold::Hold;
use crate::limiter::Limiter;
use crate::retry;

/// What is told about every answer, for the metrics `rest_client_requests_total` and
/// `rest_client_request_duration_seconds`.
pub trait CallMeter: Send + Sync {
    /// A call was answered. `code` is the HTTP status, 0 when there was no answer; `took` is the time until the answer
    /// was read, without the wait for the limiter.
    fn answered(&self, method: &Method, code: u16, took: Duration);

    /// A call waited for the client's own limiter.
    fn limited(&self, _method: &Method, _waited: Duration) {}
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unmetered;

impl CallMeter for Unmetered {
    fn answered(&self, _method: &Method, _code: u16, _took: Duration) {}
}

/// What a request body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A JSON object.
    Json,
    /// A strategic merge patch.
    StrategicMerge,
    /// A JSON merge patch.
    Merge,
    /// An object in Protocol Buffers. An answer to a `GET` is wanted in it too.
    Protobuf,
}

impl Content {
    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::StrategicMerge => "application/strategic-merge-patch+json",
            Self::Merge => "application/merge-patch+json",
            Self::Protobuf => "application/vnd.kubernetes.protobuf",
        }
    }
}

/// How long one try of a call may take unless said otherwise.
const TIMEOUT: Duration = Duration::from_secs(40);

/// A client with its own limiter, timeout and meter. Clones share all of it.
#[derive(Clone)]
pub struct Caller {
    client: Client,
    limiter: Arc<Limiter>,
    meter: Arc<dyn CallMeter>,
    timeout: Duration,
    heed_retry_after: bool,
    hold: Option<Hold>,
}

impl Caller {
    /// A caller without limit, 40 s per try: longer than the API server itself takes before it gives up a write (34 s), and
    /// short enough that a connection which has become a black hole is noticed.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            limiter: Arc::new(Limiter::unlimited()),
            meter: Arc::new(Unmetered),
            timeout: TIMEOUT,
            heed_retry_after: true,
            hold: None,
        }
    }

    /// Waits for a token of `limiter` before each try.
    #[must_use]
    pub fn limited_by(mut self, limiter: Arc<Limiter>) -> Self {
        self.limiter = limiter;
        self
    }

    /// Tells `meter` of every answer.
    #[must_use]
    pub fn metered_by(mut self, meter: Arc<dyn CallMeter>) -> Self {
        self.meter = meter;
        self
    }

    /// Writes only while `hold` says that we may, which is asked last of all before each try; else the call fails unsent.
    #[must_use]
    pub fn held_by(mut self, hold: Hold) -> Self {
        self.hold = Some(hold);
        self
    }

    /// Gives up a try after `timeout`.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Returns a 429 or 5xx with `Retry-After` as an error at once, instead of calling again when it says.
    #[must_use]
    pub fn impatient(mut self) -> Self {
        self.heed_retry_after = false;
        self
    }

    /// `GET`, decoded.
    ///
    /// # Errors
    /// See [`ApiError`]; an answer that cannot be decoded is one too.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        decode(&self.call(Method::GET, path, Content::Json, Bytes::new()).await?)
    }

    /// `POST` of `object`; the answer's bytes.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn post(&self, path: &str, object: &impl Serialize) -> Result<Bytes, ApiError> {
        self.call(Method::POST, path, Content::Json, encode(object)?).await
    }

    /// `PUT` of `object`; the answer's bytes.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn put(&self, path: &str, object: &impl Serialize) -> Result<Bytes, ApiError> {
        self.call(Method::PUT, path, Content::Json, encode(object)?).await
    }

    /// `PATCH` with `patch`; the answer's bytes.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn patch(&self, path: &str, kind: Content, patch: &impl Serialize) -> Result<Bytes, ApiError> {
        self.call(Method::PATCH, path, kind, encode(patch)?).await
    }

    /// `DELETE` with `options` (a `DeleteOptions`); the answer's bytes.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn delete(&self, path: &str, options: &impl Serialize) -> Result<Bytes, ApiError> {
        self.call(Method::DELETE, path, Content::Json, encode(options)?).await
    }

    /// Any call. `Retry-After` of a 429 or 5xx is honoured as client-go does it, within the bounds of
    /// [`retry::Patience`].
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        content: Content,
        body: Bytes,
    ) -> Result<Bytes, ApiError> {
        let mut patience = retry::Patience::default();
        loop {
            let error = match self.try_once(&method, path, content, body.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match patience.wait_after(&error) {
                Some(wait) if self.heed_retry_after => tokio::time::sleep(wait).await,
                _ => return Err(error),
            }
        }
    }

    async fn try_once(
        &self,
        method: &Method,
        path: &str,
        content: Content,
        body: Bytes,
    ) -> Result<Bytes, ApiError> {
        let mut request = Request::builder().method(method).uri(path);
        request = match (content, method) {
            (Content::Protobuf, &Method::GET) => request.header(ACCEPT, content.media_type()),
            (Content::Protobuf, _) => {
                request.header(CONTENT_TYPE, content.media_type()).header(ACCEPT, "application/json")
            }
            _ => request.header(CONTENT_TYPE, content.media_type()),
        };
        let request = request
            .body(Body::from(body))
            .map_err(|e| ApiError::unsent(format!("bad request {method} {path}: {e}")))?;
        let waited = self.limiter.acquire().await;
        if !waited.is_zero() {
            self.meter.limited(method, waited);
        }
        if let Some(hold) = self.hold.as_ref().filter(|_| *method != Method::GET) {
            hold.check().map_err(|why| ApiError::unsent(why.to_string()))?;
        }
        let started = Instant::now();
        let answer = match tokio::time::timeout(self.timeout, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(ApiError::timed_out(method, path, self.timeout)),
        };
        let code = match &answer {
            Ok((code, _)) => *code,
            Err(error) => error.code,
        };
        self.meter.answered(method, code, started.elapsed());
        answer.map(|(_, bytes)| bytes)
    }

    async fn exchange(&self, request: Request<Body>) -> Result<(u16, Bytes), ApiError> {
        let response = self.client.send(request).await.map_err(|e| ApiError::unanswered(&e))?;
        let code = response.status().as_u16();
        let succeeded = response.status().is_success();
        let retry_after = retry_after(&response);
        let bytes = response.into_body().collect_bytes().await.map_err(|e| ApiError::unanswered(&e))?;
        if succeeded { Ok((code, bytes)) } else { Err(ApiError::answered(code, &bytes, retry_after)) }
    }
}

/// Decodes an answer.
///
/// # Errors
/// The answer is not what it should be.
pub fn decode<T: DeserializeOwned>(answer: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(answer).map_err(|e| ApiError::unsent(format!("unreadable answer: {e}")))
}

fn encode(object: &impl Serialize) -> Result<Bytes, ApiError> {
    serde_json::to_vec(object).map(Bytes::from).map_err(|e| ApiError::unsent(format!("bad body: {e}")))
}

/// `Retry-After` in seconds; the form with a date is not used by the API server.
fn retry_after<B>(response: &Response<B>) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;
    use crate::fake_api::{Answer, FakeApi};

    #[derive(Default)]
    struct Codes(Mutex<Vec<u16>>);

    impl CallMeter for Codes {
        fn answered(&self, _method: &Method, code: u16, _took: Duration) {
            self.0.lock().unwrap().push(code);
        }
    }

    #[tokio::test]
    async fn a_status_becomes_an_error_with_its_reason() {
        let api = FakeApi::new(|_| Answer::failure(409, "Conflict", "the object has been modified"));
        let error = Caller::new(api.client()).post("/api/v1/x", &json!({})).await.unwrap_err();
        assert_eq!((error.code, error.reason.as_str()), (409, "Conflict"));
        assert_eq!(error.to_string(), "the object has been modified (409 Conflict)");
        assert!(error.is_conflict());
    }

    #[tokio::test]
    async fn a_body_that_is_no_status_is_told_as_it_is() {
        let api = FakeApi::new(|_| Answer::text(502, "bad gateway\n"));
        let error = Caller::new(api.client()).post("/api/v1/x", &json!({})).await.unwrap_err();
        assert_eq!(error.to_string(), "bad gateway (502)");
    }

    #[tokio::test]
    async fn retry_after_is_waited_for_and_every_answer_is_metered() {
        let api = FakeApi::new(|call| match call.number {
            0 => Answer::failure(429, "TooManyRequests", "slow down").retry_after(0),
            _ => Answer::json(json!({"ok": true})),
        });
        let codes = Arc::new(Codes::default());
        let caller = Caller::new(api.client()).metered_by(codes.clone());
        let answer: serde_json::Value = caller.get("/api/v1/x").await.unwrap();
        assert_eq!(answer, json!({"ok": true}));
        assert_eq!(*codes.0.lock().unwrap(), [429, 200]);

        let error = caller.clone().impatient().get::<serde_json::Value>("/api/v1/x").await;
        assert!(error.is_ok());
    }

    #[tokio::test]
    async fn without_patience_the_delay_is_handed_on() {
        let api = FakeApi::new(|_| Answer::failure(429, "TooManyRequests", "slow down").retry_after(7));
        let error = Caller::new(api.client()).impatient().post("/x", &json!({})).await.unwrap_err();
        assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
    }

    #[tokio::test]
    async fn nothing_is_written_while_the_lease_is_not_held() {
        let api = FakeApi::new(|_| Answer::json(json!({})));
        let hold = Hold::default();
        let caller = Caller::new(api.client()).held_by(hold.clone());
        let error = caller.post("/x", &json!({})).await.unwrap_err();
        assert!(error.to_string().starts_with("not sent: ") && !error.in_doubt, "{error}");
        assert!(caller.get::<serde_json::Value>("/x").await.is_ok(), "reading changes nothing");
        hold.stand_alone();
        assert!(caller.post("/x", &json!({})).await.is_ok());
        hold.lose();
        assert!(caller.delete("/x", &json!({})).await.is_err());
        assert_eq!(api.lines(), ["GET /x", "POST /x"]);
    }

    #[tokio::test]
    async fn a_lease_that_ends_while_the_limiter_is_waited_for_stops_the_write() {
        let api = FakeApi::new(|_| Answer::json(json!({})));
        let hold = Hold::unopposed();
        let limiter = Arc::new(Limiter::new(20.0, 1));
        limiter.acquire().await;
        let caller = Caller::new(api.client()).limited_by(limiter).held_by(hold.clone());
        let body = json!({});
        let (answer, ()) = tokio::join!(caller.post("/x", &body), async { hold.lose() });
        assert!(answer.is_err() && api.lines().is_empty());
    }

    #[tokio::test]
    async fn silence_ends_with_the_timeout() {
        let api = FakeApi::new(|_| Answer::json(json!({})).after(Duration::from_secs(5)));
        let caller = Caller::new(api.client()).within(Duration::from_millis(20));
        let error = caller.post("/x", &json!({})).await.unwrap_err();
        assert_eq!(error.to_string(), "POST /x: no answer within 20ms");
        assert_eq!(error.code, 0);
    }
}
