//! The questions as the API server gets them, and what is made of its answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};

use super::*;

/// An API server that answers every question with what `answer` makes of it, and how often it was asked.
fn reviewer(answer: fn(&str, &Value) -> (u16, Value)) -> (ApiReviewer, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let service = tower::service_fn(move |request: Request<Body>| {
        count.fetch_add(1, Ordering::Relaxed);
        async move {
            let path = request.uri().path().to_string();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let (status, text) = answer(&path, &serde_json::from_slice(&body).unwrap_or_default());
            let body = Body::from(text.to_string().into_bytes());
            Ok::<_, std::convert::Infallible>(Response::builder().status(status).body(body).unwrap())
        }
    });
    let client = kube::Client::new(service, "default");
    (ApiReviewer::new(client.clone(), client, Ttl::default()), asked)
}

fn answer(path: &str, body: &Value) -> (u16, Value) {
    match path {
        "/apis/authentication.k8s.io/v1/tokenreviews" => {
            let good = body["spec"]["token"] == "good";
            let user = json!({"username": "ann", "groups": ["ops"], "extra": {"k": ["v"]}});
            let status = if good { json!({"authenticated": true, "user": user}) } else { json!({}) };
            (201, json!({"spec": {}, "status": status}))
        }
        "/apis/authorization.k8s.io/v1/subjectaccessreviews" => {
            let spec = &body["spec"];
            let want = json!({"path": "/metrics", "verb": "get"});
            let allowed = spec["nonResourceAttributes"] == want && spec["groups"][0] == "ops";
            (201, json!({"spec": {}, "status": {"allowed": allowed}}))
        }
        "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication" => {
            (200, json!({"data": {"client-ca-file": "PEM"}}))
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_token_is_reviewed_once_in_a_while() {
    let (reviewer, asked) = reviewer(answer);
    for _ in 0..3 {
        let user = reviewer.authenticate("good").await.unwrap().unwrap();
        assert_eq!((user.name.as_str(), &user.groups[..]), ("ann", &["ops".to_string()][..]));
        assert_eq!(reviewer.authenticate("bad").await.unwrap(), None);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    let long = "x".repeat(LONGEST_TOKEN + 1);
    assert_eq!(reviewer.authenticate(&long).await.unwrap(), None);
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn access_is_reviewed_by_user_verb_and_path() {
    let (reviewer, asked) = reviewer(answer);
    let ann = User { name: "ann".into(), groups: vec!["ops".into()], ..User::default() };
    for _ in 0..2 {
        assert!(reviewer.authorize(&ann, "get", "/metrics").await.unwrap());
        assert!(!reviewer.authorize(&ann, "put", "/metrics").await.unwrap());
        assert!(!reviewer.authorize(&User::anonymous(), "get", "/metrics").await.unwrap());
    }
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

/// How often the same question reaches the API server when answers are remembered for these times.
async fn check_ttl(ttl: Ttl, tokens: usize, yes: usize, no: usize) {
    let asked_for = async |question: fn(&ApiReviewer) -> BoxFuture<'_, ()>| {
        let (reviewer, asked) = reviewer(answer);
        let (one, other) = (reviewer.authentication.clone(), reviewer.authorization.clone());
        let reviewer = ApiReviewer::new(one, other, ttl);
        for _ in 0..2 {
            question(&reviewer).await;
        }
        asked.load(Ordering::Relaxed)
    };
    fn may<'a>(reviewer: &'a ApiReviewer, group: &'static str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let user = User { groups: vec![group.into()], ..User::default() };
            reviewer.authorize(&user, "get", "/metrics").await.unwrap();
        })
    }
    assert_eq!(asked_for(|r| Box::pin(async { drop(r.authenticate("good").await.unwrap()) })).await, tokens);
    assert_eq!(asked_for(|r| may(r, "ops")).await, yes);
    assert_eq!(asked_for(|r| may(r, "dev")).await, no);
}

#[tokio::test]
async fn every_kind_of_answer_has_its_own_time() {
    let (zero, default) = (Duration::ZERO, Ttl::default());
    check_ttl(default, 1, 1, 1).await;
    check_ttl(Ttl { token: zero, ..default }, 2, 1, 1).await;
    check_ttl(Ttl { allowed: zero, ..default }, 1, 2, 1).await;
    check_ttl(Ttl { denied: zero, ..default }, 1, 1, 2).await;
}

#[tokio::test]
async fn an_error_is_not_remembered() {
    let (reviewer, asked) = reviewer(|_, _| (500, json!({"message": "broken"})));
    for _ in 0..2 {
        let error = reviewer.authenticate("good").await.unwrap_err();
        assert!(error.to_string().starts_with("the TokenReview failed: "), "{error}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    let error = reviewer.cluster_trust().await.unwrap_err().to_string();
    assert!(error.contains("extension-apiserver-authentication"), "{error}");
}

#[tokio::test]
async fn the_authority_of_client_certificates_is_read_from_its_config_map() {
    let (reviewer, _) = reviewer(answer);
    assert_eq!(reviewer.cluster_trust().await.unwrap().client_ca.as_deref(), Some("PEM"));
}

#[tokio::test]
async fn a_path_that_is_too_long_is_refused_unasked() {
    let (reviewer, asked) = reviewer(answer);
    let path = format!("/{}", "x".repeat(LONGEST_PATH));
    assert!(!reviewer.authorize(&User::anonymous(), "get", &path).await.unwrap());
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_flood_of_tokens_reaches_the_api_server_at_a_bounded_rate() {
    let (reviewer, asked) = reviewer(answer);
    let flood = async {
        for number in 0.. {
            reviewer.authenticate(&format!("bad-{number}")).await.unwrap();
        }
    };
    let began = Instant::now();
    let _ = tokio::time::timeout(Duration::from_millis(100), flood).await;
    let most = 410 + usize::try_from(began.elapsed().as_millis() / 5).unwrap();
    assert!(asked.load(Ordering::Relaxed) <= most, "{} questions", asked.load(Ordering::Relaxed));
}

#[test]
fn keys_are_told_apart_and_hold_no_token() {
    assert_ne!(digest(["ab", "c"]), digest(["a", "bc"]));
    let known: [u8; 4] = [0xaf, 0x55, 0x70, 0xf5];
    // SHA-256 of eight zeros: the length of an empty text.
    assert_eq!(digest([""]).map(|d| [d[0], d[1], d[2], d[3]]), Some(known));
}
