//! Requests and answers, without a port and over TLS.

mod authorities;
mod client;
mod flood;

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::body::to_bytes;
use futures::future::BoxFuture;
use http::{Method, Request};
use longshore_cluster::review::{ClusterTrust, ReviewError, Reviewer, User};
use longshore_framework::features::{Features, Minor};
use longshore_simulation::report::Explanation;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::caller::Caller;
use super::*;
use crate::decisions::DecisionList;
use crate::logging::Level;
use crate::metrics::Metrics;
use client::over_tls;

/// `ops` is a token that may get everything and put the level, `dev` one that may do nothing, `broken` one that the API server
/// fails on.
struct Fake;

impl Reviewer for Fake {
    fn authenticate<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<User>, ReviewError>> {
        let user = |name: &str| User { name: name.to_string(), ..User::default() };
        Box::pin(async move {
            match token {
                "ops" | "dev" | "lost" | "probe" | "slow" => Ok(Some(user(token))),
                "master" => Ok(Some(User { groups: vec!["system:masters".into()], ..user("root") })),
                "broken" => Err(ReviewError::new("the TokenReview", "no connection")),
                _ => Ok(None),
            }
        })
    }

    fn authorize<'a>(
        &'a self,
        user: &'a User,
        verb: &'a str,
        path: &'a str,
    ) -> BoxFuture<'a, Result<bool, ReviewError>> {
        Box::pin(async move {
            match user.name.as_str() {
                "lost" => Err(ReviewError::new("the SubjectAccessReview", "no connection")),
                "ops" => Ok(verb == "get" || (verb, path) == ("put", "/debug/flags/v")),
                "probe" => Ok(path == "/readyz" || path.starts_with("/readyz/")),
                "slow" => std::future::pending().await,
                _ => Ok(false),
            }
        })
    }

    fn cluster_trust(&self) -> BoxFuture<'_, Result<ClusterTrust, ReviewError>> {
        Box::pin(async { Err(ReviewError::new("reading it", "no connection")) })
    }
}

/// Knows of pod shop/web.
struct Scheduler(Standing);

impl Backend for Scheduler {
    fn standing(&self) -> Standing {
        self.0.clone()
    }

    fn features(&self) -> Features {
        Features::of(Minor::V1_36)
    }

    fn decisions<'a>(
        &'a self,
        namespace: &'a str,
        pod: &'a str,
    ) -> BoxFuture<'a, Result<Option<DecisionList>, Unanswered>> {
        let list = move || DecisionList {
            api_version: "longshore.dev/v1alpha1",
            kind: "DecisionList",
            pod: format!("{namespace}/{pod}"),
            rules: None,
            decisions: Vec::new(),
        };
        Box::pin(async move { Ok(((namespace, pod) == ("shop", "web")).then(list)) })
    }

    fn explain<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: bool,
        _: usize,
    ) -> BoxFuture<'a, Result<Option<Explanation>, Unanswered>> {
        Box::pin(async { Err(Unanswered::Unavailable("the cache is not filled yet".to_string())) })
    }

    fn configuration(&self) -> BoxFuture<'_, Result<Value, Unanswered>> {
        Box::pin(async { Ok(json!({"kind": "KubeSchedulerConfiguration"})) })
    }

    fn pod_resources(&self) -> BoxFuture<'_, Result<String, Unanswered>> {
        Box::pin(async { Ok("kube_pod_resource_request{} 1\n".to_string()) })
    }
}

fn context(standing: Standing) -> Context {
    let checks = Checks::default();
    let note = || Note { about: "plugin/ZonePack".to_string(), state: Ok("sha256:ab12".to_string()) };
    checks.set_notes(move || vec![note()]);
    checks.flag(&[Probe::Ready], "sched-handler-sync", "waits for pods");
    Context {
        checks: Arc::new(checks),
        metrics: Metrics::new().unwrap(),
        backend: Arc::new(Scheduler(standing)),
        reviewer: Some(Arc::new(Fake)),
        level: Level::detached(2),
    }
}

async fn ask(context: Context, method: Method, path: &str, token: &str, body: &str) -> (u16, String) {
    let mut request = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let request = request.body(axum::body::Body::from(body.to_string())).unwrap();
    let answer = routes::answer(&context, &Options::default(), &Caller::default(), request).await;
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// The leader answers `token` with this code and a text that holds this.
#[track_caller]
fn check(path: &str, token: &str, code: u16, want: &str) {
    check_as(Standing::Leader, path, token, code, want);
}

#[track_caller]
fn check_as(standing: Standing, path: &str, token: &str, code: u16, want: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (status, text) = runtime.block_on(ask(context(standing), Method::GET, path, token, ""));
    assert_eq!(status, code, "{path}: {text}");
    assert!(text.contains(want), "{path}: {text}");
}

#[test]
fn health_is_for_everybody_and_reasons_for_those_who_may_know() {
    check("/livez", "", 200, "ok");
    check("/healthz?verbose", "", 200, "[+]ping ok\nhealthz check passed\n");
    let withheld =
        "[-]sched-handler-sync failed: reason withheld\n[+]plugin/ZonePack ok\nreadyz check failed\n";
    check("/readyz", "", 500, withheld);
    check("/readyz?verbose", "dev", 500, withheld);
    check("/readyz?verbose", "nobody", 500, withheld);
    check("/readyz?verbose", "probe", 500, withheld);
    let all = "[-]sched-handler-sync failed: waits for pods\n[+]plugin/ZonePack ok (sha256:ab12)\n";
    check("/readyz?verbose", "ops", 500, all);
    check("/readyz?exclude=sched-handler-sync", "", 200, "ok");
    check("/readyz/sched-handler-sync", "ops", 500, "internal server error: waits for pods");
    check("/readyz/sched-handler-sync", "", 403, "");
    check("/livez/ping", "ops", 200, "ok");
    check("/livez/other", "ops", 404, "");
}

#[tokio::test]
async fn health_does_not_wait_for_the_api_servers_word() {
    let (code, text) = ask(context(Standing::Leader), Method::GET, "/readyz?verbose", "slow", "").await;
    assert!(code == 500 && text.contains("reason withheld"), "{text}");
}

#[test]
fn everything_else_needs_the_api_servers_word() {
    let forbidden = r#""message":"forbidden: User \"system:anonymous\" cannot get path \"/metrics\"""#;
    check("/metrics", "", 403, forbidden);
    check("/metrics", "dev", 403, r#"User \"dev\" cannot get path"#);
    check("/metrics", "nobody", 401, r#""reason":"Unauthorized""#);
    check("/metrics", "broken", 401, "Unauthorized");
    check("/metrics", "lost", 500, "InternalError");
    check("/metrics", "ops", 200, "longshore_build_info");
    check("/metrics", "master", 200, "longshore_build_info");
    check("/%6detrics", "", 403, r#"path \"/metrics\""#);
    check("/healthz/../metrics", "", 403, "");
}

#[test]
fn pages() {
    check("/metrics/slis", "ops", 200, "process_start_time_seconds");
    check("/metrics/resources", "ops", 200, "kube_pod_resource_request");
    check("/configz", "ops", 200, r#"{"componentconfig":{"kind":"KubeSchedulerConfiguration"},"#);
    check("/configz", "ops", 200, r#""rules":{"kubeScheduler":"v1.36.2","kubernetes":"1.36"}"#);
    check("/version", "ops", 200, r#""kubeScheduler":"v1.36.2""#);
    check("/debug/flags/v", "ops", 200, "2");
    check("/nothing", "ops", 404, r#""kind":"Status""#);
}

#[test]
fn decisions_are_the_leaders() {
    check("/debug/decisions/shop/web", "ops", 200, r#""pod":"shop/web""#);
    check("/debug/decisions/shop/other", "ops", 404, "shop/other is remembered");
    check("/debug/explain/shop/web", "ops", 503, "not filled yet");
    let standby = || Standing::Standby(Some("host_1".to_string()));
    check_as(
        standby(),
        "/debug/decisions/shop/web",
        "ops",
        503,
        r#""details":{"kind":"leader","name":"host_1"}"#,
    );
    check_as(standby(), "/metrics/resources", "ops", 200, "");
    check_as(Standing::Standby(None), "/debug/explain/shop/web", "ops", 503, "no leader yet");
}

#[tokio::test]
async fn the_level_is_put() {
    let context = context(Standing::Leader);
    let put = |token: &'static str, body: &'static str| {
        ask(context.clone(), Method::PUT, "/debug/flags/v", token, body)
    };
    assert_eq!(put("dev", "4").await.0, 403);
    assert_eq!(put("ops", "4\n").await, (200, "successfully set klog.logging.verbosity to 4".to_string()));
    assert_eq!(context.level.get(), 4);
    assert_eq!(put("ops", "many").await.0, 400);
    assert_eq!(ask(context.clone(), Method::POST, "/metrics", "master", "").await.0, 405);
    assert_eq!(ask(context.clone(), Method::HEAD, "/livez", "", "").await, (200, String::new()));
    let long: &'static str = Box::leak("9".repeat(5000).into_boxed_str());
    assert_eq!(put("ops", long).await.0, 400);
    assert_eq!(context.level.get(), 4);
}

#[tokio::test]
async fn checks_are_counted() {
    let context = context(Standing::Leader);
    ask(context.clone(), Method::GET, "/readyz", "", "").await;
    let page = context.metrics.health.text().unwrap();
    let want = r#"kubernetes_healthchecks_total{name="sched-handler-sync",status="error",type="readyz"} 1"#;
    assert!(page.contains(want), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_port_answers_over_tls_and_stops() {
    let stop = CancellationToken::new();
    let options = Options { secure_port: 0, bind_address: Ipv4Addr::LOCALHOST.into(), ..Options::default() };
    assert!(start(options.clone(), context(Standing::Leader), stop.clone()).await.unwrap().is_none());
    let server = listen::listen(options, context(Standing::Leader), stop.clone()).await.unwrap();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let answer = over_tls(server.address, &get("/livez")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("\r\n\r\nok"), "{answer}");
    let answer = over_tls(server.address, &get("/metrics")).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let long =
        format!("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: {}\r\n\r\n", "x".repeat(40_000));
    let answer = over_tls(server.address, &long).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let many = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    let answer = over_tls(server.address, &many).await;
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    stop.cancel();
    tokio::time::timeout(std::time::Duration::from_secs(10), server.stopped()).await.unwrap();
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let secure_port = taken.local_addr().unwrap().port();
    let options = Options { secure_port, bind_address: Ipv4Addr::LOCALHOST.into(), ..Options::default() };
    let error = start(options, context(Standing::Leader), CancellationToken::new()).await.unwrap_err();
    assert!(error.to_string().contains("--secure-port"), "{error:#}");
}
