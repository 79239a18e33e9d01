//! An API server of one function, for tests.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

/// A call as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// How many came before it.
    pub(crate) number: usize,
    /// `POST /path`.
    pub(crate) line: String,
    pub(crate) content_type: String,
    pub(crate) body: Value,
}

/// What to answer.
pub(crate) struct Answer {
    code: u16,
    body: Vec<u8>,
    retry_after: Option<u64>,
    delay: Duration,
}

impl Answer {
    pub(crate) fn json(body: Value) -> Self {
        Self { code: 200, body: body.to_string().into_bytes(), retry_after: None, delay: Duration::ZERO }
    }

    pub(crate) fn failure(code: u16, reason: &str, message: &str) -> Self {
        let status = json!({"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": code});
        Self { code, ..Self::json(status) }
    }

    pub(crate) fn text(code: u16, text: &str) -> Self {
        Self { code, body: text.as_bytes().to_vec(), ..Self::json(Value::Null) }
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

type Handler = dyn Fn(&Call) -> Answer + Send + Sync;

/// Answers with a function and keeps all calls.
#[derive(Clone)]
pub(crate) struct FakeApi {
    handler: Arc<Handler>,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl FakeApi {
    pub(crate) fn new(handler: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        Self { handler: Arc::new(handler), calls: Arc::default() }
    }

    pub(crate) fn client(&self) -> Client {
        let api = self.clone();
        let service = tower::service_fn(move |request| {
            let api = api.clone();
            async move { api.serve(request).await }
        });
        Client::new(service, "default")
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// `POST /path` of every call so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.calls().into_iter().map(|c| c.line).collect()
    }

    async fn serve(&self, request: Request<Body>) -> Result<Response<Full<Bytes>>, Infallible> {
        let line = format!("{} {}", request.method(), request.uri());
        let content_type = request.headers().get("content-type");
        let content_type = content_type.map_or(String::new(), |v| v.to_str().unwrap().to_string());
        let bytes = request.into_body().collect_bytes().await.unwrap();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        let call = {
            let mut calls = self.calls.lock().unwrap();
            let call = Call { number: calls.len(), line, content_type, body };
            calls.push(call.clone());
            call
        };
        let answer = (self.handler)(&call);
        tokio::time::sleep(answer.delay).await;
        let mut response = Response::builder().status(answer.code);
        if let Some(seconds) = answer.retry_after {
            response = response.header("retry-after", seconds.to_string());
        }
        Ok(response.body(Full::new(answer.body.into())).unwrap())
    }
}
