//! An HTTP server with one answer to everything.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// What the server does.
#[derive(Clone)]
pub(super) enum Reply {
    /// Answers with this status and body.
    Body(u16, String),
    /// Answers with so many bytes.
    Bytes(usize),
    /// Does not answer for so long.
    Slow(Duration),
    /// Sends headers and a part of the body, then nothing.
    Stalled,
    /// Closes the connection.
    Hangup,
}

/// What the server was asked last.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// Method, path and content type.
    pub(super) line: String,
    pub(super) body: Value,
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Asked>>,
}

impl Server {
    pub(super) fn start(runtime: &Runtime, reply: Reply) -> Self {
        Self::start_with(runtime, reply, None)
    }

    pub(super) fn start_with(runtime: &Runtime, reply: Reply, tls: Option<TlsAcceptor>) -> Self {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Asked>>::default();
        let seen = Arc::clone(&asked);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (reply, seen, tls) = (reply.clone(), Arc::clone(&seen), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, reply, seen).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, reply, seen).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, asked }
    }

    pub(super) fn asked(&self) -> Asked {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve<S>(stream: S, reply: Reply, seen: Arc<Mutex<Asked>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    if let Reply::Hangup = reply {
        return;
    }
    let service = service_fn(move |request| answer(request, reply.clone(), Arc::clone(&seen)));
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    reply: Reply,
    seen: Arc<Mutex<Asked>>,
) -> Result<Response<http_body_util::combinators::BoxBody<Bytes, Infallible>>, Infallible> {
    let kind = request.headers().get("content-type").map(|t| t.to_str().unwrap().to_string());
    let line = format!("{} {} {}", request.method(), request.uri().path(), kind.unwrap_or_default());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    *seen.lock().unwrap() = Asked { line, body: serde_json::from_slice(&body).unwrap() };
    let (status, text) = match reply {
        Reply::Body(status, text) => (status, text),
        Reply::Bytes(count) => (200, " ".repeat(count)),
        Reply::Slow(time) => {
            tokio::time::sleep(time).await;
            (200, "{}".to_string())
        }
        Reply::Stalled => {
            let body = http_body_util::StreamBody::new(futures::stream::pending());
            return Ok(Response::new(BodyExt::boxed(body)));
        }
        Reply::Hangup => unreachable!("no request is read"),
    };
    Ok(Response::builder().status(status).body(Full::new(Bytes::from(text)).boxed()).unwrap())
}
