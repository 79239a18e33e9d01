//! Measures the calls to the API server: a layer for the client's stack.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use http::{Method, Request, Response};
use tower::{Layer, Service};

/// Is told of every call to the API server.
pub trait RequestMeter: Send + Sync + 'static {
    /// A call for `operation` was answered with the status code, or came to nothing, after so long. `took` ends with
    /// the head of the response.
    fn request(&self, operation: &'static str, method: &str, host: &str, code: Option<u16>, took: Duration);
}

/// Puts [`Measured`] around a service.
#[derive(Clone)]
pub struct MeasureLayer(Arc<dyn RequestMeter>);

impl MeasureLayer {
    /// Tells `meter`.
    pub fn new(meter: Arc<dyn RequestMeter>) -> Self {
        Self(meter)
    }
}

impl<S> Layer<S> for MeasureLayer {
    type Service = Measured<S>;

    fn layer(&self, inner: S) -> Measured<S> {
        Measured { inner, meter: Arc::clone(&self.0) }
    }
}

/// A service whose calls are measured.
#[derive(Clone)]
pub struct Measured<S> {
    inner: S,
    meter: Arc<dyn RequestMeter>,
}

impl<S, B, R> Service<Request<B>> for Measured<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let operation = operation(request.method(), request.uri().path(), request.uri().query());
        tracing::trace!(method = %request.method(), uri = %request.uri(), "request to the API server");
        let method = request.method().clone();
        let host = request.uri().authority().map(|a| a.as_str().to_string()).unwrap_or_default();
        let meter = Arc::clone(&self.meter);
        let began = Instant::now();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            let code = answer.as_ref().ok().map(|response| response.status().as_u16());
            meter.request(operation, method.as_str(), &host, code, began.elapsed());
            answer
        })
    }
}

/// What a call is for, one of a few words: the label `operation` of `longshore_api_wait_seconds`.
pub fn operation(method: &Method, path: &str, query: Option<&str>) -> &'static str {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let has = |part: &str| parts.contains(&part);
    let last = parts.last().copied().unwrap_or_default();
    let watches = query.is_some_and(|q| q.split('&').any(|pair| pair == "watch=true" || pair == "watch=1"));
    match (method, last) {
        (_, "binding") => "bind",
        (_, "status") => "status",
        (_, "eviction") => "evict",
        (_, "tokenreviews" | "subjectaccessreviews" | "selfsubjectaccessreviews") => "review",
        _ if has("leases") => "lease",
        _ if has("events") && *method != Method::GET => "event",
        (&Method::DELETE, _) if has("pods") => "evict",
        (&Method::GET, _) if watches => "watch",
        (&Method::GET, _) => "read",
        _ if has("persistentvolumes") || has("persistentvolumeclaims") => "volume",
        _ => "write",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn what_a_call_is_for() {
        #[rustfmt::skip]
        let cases = [
            (Method::POST, "/api/v1/namespaces/shop/pods/web/binding", None, "bind"),
            (Method::PATCH, "/api/v1/namespaces/shop/pods/web/status", None, "status"),
            (Method::DELETE, "/api/v1/namespaces/shop/pods/web", None, "evict"),
            (Method::POST, "/apis/events.k8s.io/v1/namespaces/shop/events", None, "event"),
            (Method::PUT, "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/longshore", None, "lease"),
            (Method::GET, "/api/v1/pods", Some("limit=500"), "read"),
            (Method::GET, "/api/v1/pods", Some("&watch=true&timeoutSeconds=290"), "watch"),
            (Method::PATCH, "/api/v1/persistentvolumes/v", None, "volume"),
            (Method::POST, "/apis/authentication.k8s.io/v1/tokenreviews", None, "review"),
            (Method::POST, "/", None, "write"),
        ];
        for (method, path, query, want) in cases {
            assert_eq!(operation(&method, path, query), want, "{method} {path}");
        }
    }

    #[derive(Default)]
    struct Notes(Mutex<Vec<String>>);

    impl RequestMeter for Notes {
        fn request(&self, operation: &'static str, method: &str, host: &str, code: Option<u16>, _: Duration) {
            self.0.lock().unwrap().push(format!("{operation} {method} {host} {code:?}"));
        }
    }

    #[tokio::test]
    async fn answers_and_failures_are_told() {
        let notes = Arc::new(Notes::default());
        let service = tower::service_fn(|request: Request<()>| async move {
            match request.uri().path() {
                "/ok" => Ok(Response::new(())),
                _ => Err("no connection"),
            }
        });
        let mut measured = MeasureLayer::new(Arc::clone(&notes) as _).layer(service);
        for path in ["/ok", "/gone"] {
            let request = Request::get(format!("https://api:6443{path}")).body(()).unwrap();
            let _ = measured.call(request).await;
        }
        assert_eq!(*notes.0.lock().unwrap(), ["read GET api:6443 Some(200)", "read GET api:6443 None"]);
    }
}
