//! Silence, with a server of one function.

use std::sync::Mutex;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, StreamBody};

use super::*;

const SHORT: Duration = Duration::from_millis(40);

/// Asks `server` for `uri` once and then once more, with limits of 40 ms; what it was asked, and how the second went.
async fn ask<R, F>(
    uri: &str,
    version: Version,
    body: fn() -> R,
    wait: Duration,
) -> (Vec<String>, Result<usize, String>)
where
    R: http_body::Body<Data = Bytes, Error = F> + Send + 'static,
    F: Into<BoxError> + Send + 'static,
{
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&seen);
    let server = tower::service_fn(move |request: Request<()>| {
        heard.lock().unwrap().push(request.uri().to_string());
        let number = heard.lock().unwrap().len();
        async move {
            if number > 1 {
                tokio::time::sleep(wait).await;
            }
            let mut answer = Response::new(body());
            *answer.version_mut() = version;
            Ok::<_, BoxError>(answer)
        }
    });
    let limits = Liveness { answer: SHORT, watch: SHORT, ..Liveness::default() };
    let mut service = LivenessLayer::new(limits).layer(server);
    let mut result = Ok(0);
    for _ in 0..2 {
        let answer = service.call(Request::get(uri).body(()).unwrap()).await;
        result = match answer {
            Ok(answer) => {
                answer.into_body().collect().await.map(|all| all.to_bytes().len()).map_err(|e| e.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
    }
    let seen = seen.lock().unwrap().clone();
    (seen, result)
}

fn whole() -> Full<Bytes> {
    Full::from("four")
}

/// A body that never goes on.
fn stuck() -> impl http_body::Body<Data = Bytes, Error = BoxError> {
    StreamBody::new(futures::stream::pending())
}

#[tokio::test]
async fn an_answer_has_to_begin_in_time_over_either_protocol() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let (_, result) = ask("/api/v1/pods", version, whole, SHORT * 4).await;
        let want = "GET /api/v1/pods: the server sent nothing for 40ms, so the connection counts as dead";
        assert_eq!(result, Err(want.to_string()));
        let (_, result) = ask("/api/v1/pods", version, whole, Duration::ZERO).await;
        assert_eq!(result, Ok(4));
    }
}

#[tokio::test]
async fn over_http_1_an_answer_has_to_go_on() {
    let (_, result) = ask("/api/v1/pods", Version::HTTP_11, stuck, Duration::ZERO).await;
    assert!(result.unwrap_err().contains("the server sent nothing for 40ms"));
}

#[tokio::test]
async fn over_http_1_watches_are_asked_to_end_soon() {
    let uri = "http://x:1/api/v1/pods?watch=true&timeoutSeconds=290&resourceVersion=7";
    let (seen, _) = ask(uri, Version::HTTP_11, whole, Duration::ZERO).await;
    let shorter = "http://x:1/api/v1/pods?watch=true&resourceVersion=7&timeoutSeconds=1";
    assert_eq!(seen, [uri, shorter]);
    let (seen, _) = ask(uri, Version::HTTP_2, whole, Duration::ZERO).await;
    assert_eq!(seen, [uri, uri]);
}

#[test]
fn a_list_that_comes_as_a_watch_is_not_cut_short() {
    let uri = |query: &str| format!("http://x:1/api/v1/pods?{query}").parse::<Uri>().unwrap();
    assert!(is_watch(&uri("watch=1")) && !is_watch(&uri("limit=500")));
    assert!(is_list(&uri("watch=true&sendInitialEvents=true")) && !is_list(&uri("watch=true")));
}

#[tokio::test]
async fn a_body_that_may_be_silent_ends_without_an_error() {
    let body = Timed::new(Box::pin(stuck()), SHORT, None);
    assert!(body.collect().await.unwrap().to_bytes().is_empty());
}
