//! A proxy that knows requests. To the scheduler it speaks plain HTTP/1.1, one watch per connection; credentials go
//! through it as they are.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use futures::StreamExt;
use kube::{Client, Config};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::super::runtime::{block_on, handle};
use super::super::{ControlPlane, kubeconfig};
use super::Delay;

/// Pieces of an answer that may be on their way.
const UNDER_WAY: usize = 1024;

/// Bytes that a request may have.
const LONGEST: usize = 4 << 20;

/// Requests that are answered in the API server's place.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Stands in the request's line, `GET /api/v1/pods?watch=true`.
    pub part: String,
    /// HTTP status of the answer.
    pub code: u16,
    /// `reason` of its Status.
    pub reason: String,
}

/// What happens to requests.
#[derive(Clone, Debug, Default)]
struct Faults {
    delay: Delay,
    rules: Vec<Rule>,
    /// Watches that were begun when this was less are ended.
    generation: u64,
}

/// The lines of requests that came, in order.
type Log = Arc<Mutex<Vec<String>>>;

/// An HTTP proxy. Ends when dropped.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    faults: Arc<watch::Sender<Faults>>,
    log: Log,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
struct Forwarding {
    upstream: Client,
    faults: Arc<watch::Sender<Faults>>,
    log: Log,
}

impl Gateway {
    /// In front of the API server of `plane`. Passes everything on until told otherwise.
    pub fn start(plane: &ControlPlane) -> Self {
        let listener = block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let faults = Arc::new(watch::Sender::new(Faults::default()));
        let upstream = upstream(&plane.server(), plane.authority());
        let log = Log::default();
        let forwarding = Forwarding { upstream, faults: Arc::clone(&faults), log: Arc::clone(&log) };
        let service = axum::Router::new().fallback(answer).with_state(forwarding);
        let serving = handle().spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self { address, faults, log, serving }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests had `part` in their line, such as `POST` and a path.
    pub fn count(&self, part: &str) -> usize {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().filter(|line| line.contains(part)).count()
    }

    /// Events of watches are late from now on, and nothing else is.
    pub fn delay_watches(&self, delay: Delay) {
        self.faults.send_modify(|faults| faults.delay = delay);
    }

    /// Has requests answered by these rules, the first that fits. Watches that fit one are ended.
    pub fn answer(&self, rules: Vec<Rule>) {
        self.faults.send_modify(|faults| {
            faults.rules = rules;
            faults.generation += 1;
        });
    }

    /// A kubeconfig of `user` that goes through the proxy; returns its path.
    #[track_caller]
    pub fn kubeconfig_file(&self, plane: &ControlPlane, user: &str) -> PathBuf {
        let server = format!("http://{}", self.address);
        let document =
            kubeconfig::kubeconfig(&server, plane.authority(), json!({ "token": plane.token(user) }));
        let path = plane.file(&format!("gateway-{}.kubeconfig", self.address.port()));
        kubeconfig::write(&path, &document);
        path
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.serving.abort();
        self.answer(vec![Rule { part: String::new(), code: 503, reason: "ServiceUnavailable".into() }]);
    }
}

/// A client of the API server with nobody's credentials.
fn upstream(server: &str, authority: &Path) -> Client {
    let document = kubeconfig::kubeconfig(server, authority, json!({}));
    let document = serde_json::from_value(document).unwrap();
    block_on(async {
        let config = Config::from_custom_kubeconfig(document, &Default::default()).await.unwrap();
        Client::try_from(config).unwrap()
    })
}

async fn answer(State(forwarding): State<Forwarding>, request: Request<Body>) -> Response<Body> {
    let line = format!("{} {}", request.method(), request.uri());
    forwarding.log.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
    let mut faults = forwarding.faults.subscribe();
    if let Some(rule) = fitting(&faults.borrow_and_update(), &line) {
        return refusal(&rule);
    }
    let (mut head, body) = request.into_parts();
    head.headers.remove(header::HOST);
    let Ok(body) = axum::body::to_bytes(body, LONGEST).await else {
        return text(StatusCode::BAD_REQUEST, "the request did not come through".to_owned());
    };
    let request = Request::from_parts(head, kube::client::Body::from(body));
    match forwarding.upstream.send(request).await {
        Ok(mut answer) => {
            strip(answer.headers_mut());
            if line.contains("watch=true") {
                return answer.map(|body| late(Body::new(body), line, faults));
            }
            answer.map(Body::new)
        }
        Err(error) => text(StatusCode::BAD_GATEWAY, error.to_string()),
    }
}

fn fitting(faults: &Faults, line: &str) -> Option<Rule> {
    faults.rules.iter().find(|rule| line.contains(&rule.part)).cloned()
}

/// The body of a watch, piece by piece, each when it is due and in order. Ends when a rule comes that fits.
fn late(body: Body, line: String, mut faults: watch::Receiver<Faults>) -> Body {
    let (queue, mut arriving) = mpsc::channel::<(Instant, Result<Bytes, axum::Error>)>(UNDER_WAY);
    let delays = faults.clone();
    tokio::spawn(async move {
        let mut pieces = body.into_data_stream();
        let mut due = Instant::now();
        while let Some(piece) = pieces.next().await {
            let delay = delays.borrow().delay.draw();
            due = due.max(Instant::now() + delay);
            if queue.send((due, piece)).await.is_err() {
                return;
            }
        }
    });
    let (out, pieces) = mpsc::channel(1);
    tokio::spawn(async move {
        let passing = async {
            while let Some((due, piece)) = arriving.recv().await {
                tokio::time::sleep_until(due).await;
                if out.send(piece).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = passing => {}
            _ = faults.wait_for(|faults| fitting(faults, &line).is_some()) => {}
        }
    });
    let pieces = futures::stream::unfold(pieces, |mut pieces| async move {
        pieces.recv().await.map(|piece| (piece, pieces))
    });
    Body::from_stream(pieces)
}

/// What concerns one connection only.
fn strip(headers: &mut HeaderMap) {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH] {
        headers.remove(name);
    }
}

fn refusal(rule: &Rule) -> Response<Body> {
    let Rule { code, reason, .. } = rule;
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": format!("the gateway says {reason}"), "reason": reason, "code": code,
    });
    let mut answer = text(StatusCode::from_u16(*code).unwrap(), status.to_string());
    answer.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    answer
}

fn text(code: StatusCode, text: String) -> Response<Body> {
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = code;
    answer
}
