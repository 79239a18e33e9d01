//! Answers: plain text, and errors as the API's `Status` objects.

use axum::body::Body;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

/// Text.
pub(super) fn text(code: StatusCode, text: impl Into<String>) -> Response<Body> {
    body(code, "text/plain; charset=utf-8", text.into())
}

/// A page of metrics.
pub(super) fn page(result: prometheus::Result<String>) -> Response<Body> {
    match result {
        Ok(page) => body(StatusCode::OK, crate::metrics::CONTENT_TYPE, page),
        Err(error) => {
            status(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", &error.to_string(), json!({}))
        }
    }
}

/// JSON.
pub(super) fn json(code: StatusCode, document: &impl Serialize) -> Response<Body> {
    match serde_json::to_string(document) {
        Ok(text) => body(code, "application/json", text + "\n"),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

/// A `Status` of a failure.
pub(super) fn status(code: StatusCode, reason: &str, message: &str, details: Value) -> Response<Body> {
    let document = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "details": details, "code": code.as_u16(),
    });
    let mut response = json(code, &document);
    if code == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Nothing is known of it.
pub(super) fn not_found(message: &str) -> Response<Body> {
    status(StatusCode::NOT_FOUND, "NotFound", message, json!({}))
}

fn body(code: StatusCode, kind: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}
