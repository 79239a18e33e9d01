//! From a path to an answer.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use http::header::AUTHORIZATION;
use http::{Method, Request, Response, StatusCode};
use longshore_simulation::report::Rules;
use serde_json::json;

use super::access;
use super::backend::{Standing, Unanswered};
use super::caller::Caller;
use super::checks::Probe;
use super::options::{Context, Options};
use super::query::{decode, query};
use super::status::{json as json_of, not_found, page, status, text};
use crate::version::Version;

/// Longest body that is read: that of `/debug/flags/v`.
const LONGEST_BODY: usize = 1024;

/// Best nodes that an explanation shows by default, and at the most.
const TOP: (usize, usize) = (5, 100);

/// How long the API server may take to say whether somebody may know more of our health.
const REASONS: Duration = Duration::from_secs(2);

/// Whether a path is one of the health checks that everybody may read.
pub(super) fn is_health(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|name| probe_of(name).is_some())
}

/// Answers one request of `caller`.
pub(super) async fn answer(
    context: &Context,
    options: &Options,
    caller: &Caller,
    request: Request<Body>,
) -> Response<Body> {
    // What is allowed is what is served: the path as it reads once decoded.
    let (method, path) = (request.method().clone(), decode(request.uri().path()).into_owned());
    let (reviewer, headers) = (context.reviewer.as_deref(), request.headers().clone());
    let may = async |path: &str| {
        if access::is_always_allowed(&options.always_allow_paths, path) {
            return Ok(());
        }
        let user = access::authenticate(reviewer, caller, &headers).await?;
        access::authorize(reviewer, &user, &method, path).await
    };
    let open = access::is_always_allowed(&options.always_allow_paths, &path);
    let knows_all = if open {
        // Health is for everybody, the reasons of bad health and what is loaded for those who may read metrics.
        let known = caller.user(&headers).is_some() || headers.contains_key(AUTHORIZATION);
        let asks = known && query(request.uri().query(), "verbose").next().is_some();
        asks && tokio::time::timeout(REASONS, may("/metrics")).await.is_ok_and(|allowed| allowed.is_ok())
    } else if let Err(refusal) = may(&path).await {
        return *refusal;
    } else {
        !is_health(&path) || may("/metrics").await.is_ok()
    };
    let head = method == Method::HEAD;
    let answer = route(context, &method, &path, knows_all, request).await;
    if head { answer.map(|_| Body::empty()) } else { answer }
}

async fn route(
    context: &Context,
    method: &Method,
    path: &str,
    knows_all: bool,
    request: Request<Body>,
) -> Response<Body> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    if let ["debug", "flags", "v"] = parts.as_slice() {
        return level(context, method, request).await;
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        let code = StatusCode::METHOD_NOT_ALLOWED;
        return status(code, "MethodNotAllowed", "only GET is served here", json!({}));
    }
    let asked = request.uri().query();
    match parts.as_slice() {
        [probe] if let Some(probe) = probe_of(probe) => health(context, probe, asked, knows_all),
        [probe, name] if let Some(probe) = probe_of(probe) => one_check(context, probe, name),
        ["metrics"] => page(context.metrics.text()),
        ["metrics", "slis"] => page(context.metrics.health.text()),
        ["metrics", "resources"] => resources(context).await,
        ["configz"] => match context.backend.configuration().await {
            Ok(configuration) => {
                let rules = Rules::from(context.backend.features());
                json_of(StatusCode::OK, &json!({"componentconfig": configuration, "rules": rules}))
            }
            Err(error) => unanswered(&error),
        },
        ["debug", "decisions", namespace, pod] => decisions(context, namespace, pod).await,
        ["debug", "explain", namespace, pod] => explain(context, namespace, pod, asked).await,
        ["version"] => json_of(StatusCode::OK, &Version::following(context.backend.features())),
        _ => not_found("404 page not found"),
    }
}

fn probe_of(name: &str) -> Option<Probe> {
    Probe::ALL.into_iter().find(|probe| probe.name() == name)
}

fn health(context: &Context, probe: Probe, asked: Option<&str>, knows_all: bool) -> Response<Body> {
    let exclude: Vec<String> = query(asked, "exclude").collect();
    let report = context.checks.all(probe, &exclude, knows_all);
    for (name, good) in &report.results {
        context.metrics.health.checked(name, probe.name(), *good);
    }
    if !report.good {
        for (name, reason) in &report.failures {
            tracing::debug!(check = %name, reason = %reason, "{} check failed", probe.name());
        }
        return text(StatusCode::INTERNAL_SERVER_ERROR, report.verbose);
    }
    let verbose = query(asked, "verbose").next().is_some();
    text(StatusCode::OK, if verbose { report.verbose } else { "ok".to_string() })
}

fn one_check(context: &Context, probe: Probe, name: &str) -> Response<Body> {
    match context.checks.one(probe, name) {
        None => not_found("404 page not found"),
        Some(Ok(())) => text(StatusCode::OK, "ok"),
        Some(Err(reason)) => {
            text(StatusCode::INTERNAL_SERVER_ERROR, format!("internal server error: {reason}\n"))
        }
    }
}

/// Only the leader's page has something on it; an empty one is no error.
async fn resources(context: &Context) -> Response<Body> {
    if context.backend.standing() != Standing::Leader {
        return page(Ok(String::new()));
    }
    match context.backend.pod_resources().await {
        Ok(text) => page(Ok(text)),
        Err(error) => unanswered(&error),
    }
}

async fn decisions(context: &Context, namespace: &str, pod: &str) -> Response<Body> {
    if let Some(refusal) = refuse_on_standby(context) {
        return refusal;
    }
    match context.backend.decisions(namespace, pod).await {
        Ok(Some(list)) => json_of(StatusCode::OK, &list),
        Ok(None) => not_found(&format!(
            "no decision about pod {namespace}/{pod} is remembered: it was not tried, or so long ago that newer ones took its place"
        )),
        Err(error) => unanswered(&error),
    }
}

async fn explain(context: &Context, namespace: &str, pod: &str, asked: Option<&str>) -> Response<Body> {
    if let Some(refusal) = refuse_on_standby(context) {
        return refusal;
    }
    let top = query(asked, "top").next().and_then(|n| n.parse().ok()).unwrap_or(TOP.0).min(TOP.1);
    let as_pending = query(asked, "asPending").next().is_some_and(|value| value != "false");
    match context.backend.explain(namespace, pod, as_pending, top).await {
        Ok(Some(explanation)) => json_of(StatusCode::OK, &explanation),
        Ok(None) => not_found(&format!("pod {namespace}/{pod} is not known here")),
        Err(error) => unanswered(&error),
    }
}

fn refuse_on_standby(context: &Context) -> Option<Response<Body>> {
    let Standing::Standby(leader) = context.backend.standing() else { return None };
    let (message, details) = match leader {
        Some(leader) => {
            let message = format!("this is a standby and has decided nothing; ask the leader, {leader}");
            (message, json!({"kind": "leader", "name": leader}))
        }
        None => ("this is a standby and has decided nothing; there is no leader yet".to_string(), json!({})),
    };
    Some(status(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", &message, details))
}

fn unanswered(error: &Unanswered) -> Response<Body> {
    status(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", &error.to_string(), json!({}))
}

/// The level of the log, as text.
async fn level(context: &Context, method: &Method, request: Request<Body>) -> Response<Body> {
    match *method {
        Method::GET | Method::HEAD => text(StatusCode::OK, context.level.get().to_string()),
        Method::PUT => {
            let Ok(body) = to_bytes(request.into_body(), LONGEST_BODY).await else {
                return text(StatusCode::BAD_REQUEST, "error reading request body: too long or broken off");
            };
            let body = String::from_utf8_lossy(&body);
            match body.trim().parse() {
                Ok(level) => {
                    context.level.set(level);
                    text(StatusCode::OK, format!("successfully set klog.logging.verbosity to {level}"))
                }
                Err(_) => {
                    text(StatusCode::BAD_REQUEST, format!("{:?} is not a level: want 0 to 255", body.trim()))
                }
            }
        }
        _ => text(StatusCode::NOT_ACCEPTABLE, "unsupported http method"),
    }
}
