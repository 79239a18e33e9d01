//! The port: connections in, one task each, with limits on everything that a stranger can make grow.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::body::Body;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use longshore_cluster::review::User;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::status::status;
use super::tls::Tls;
use super::{Context, Options, routes, subject};

/// Connections at one time; others wait.
const CONNECTIONS: usize = 256;
/// Time for the TLS handshake, and for the head of a request.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Time for an answer.
const ANSWER: Duration = Duration::from_secs(30);
/// A connection is closed after so long whatever it does.
const LIFETIME: Duration = Duration::from_secs(3600);
/// Headers of a request, in bytes, and their number.
const HEADERS: (usize, usize) = (64 << 10, 100);
/// How often changed certificates are looked for.
const REFRESH: Duration = Duration::from_secs(30);
/// Time for answers under way when the server stops.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Waits until the server has stopped, which the token given to [`start`] makes it do.
    pub async fn stopped(self) {
        // It ends in a panic or not at all; neither is news to whoever stops.
        let _ = self.task.await;
    }
}

/// Starts the server; `None` when `--secure-port` is 0. It stops when `stop` is cancelled.
///
/// # Errors
/// When the port is taken or the certificate cannot be used.
pub async fn start(
    options: Options,
    context: Context,
    stop: CancellationToken,
) -> anyhow::Result<Option<Server>> {
    if options.secure_port == 0 {
        return Ok(None);
    }
    listen(options, context, stop).await.map(Some)
}

/// The same where port 0 is any port that is free.
pub(super) async fn listen(
    options: Options,
    context: Context,
    stop: CancellationToken,
) -> anyhow::Result<Server> {
    let address = SocketAddr::new(options.bind_address, options.secure_port);
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: choose another --secure-port or --bind-address")
    })?;
    let address = listener.local_addr()?;
    let client_ca = client_ca(&options, &context).await;
    let tls = Arc::new(Tls::new(&options.certificate, names(&options), client_ca)?);
    let shared = Shared { options: Arc::new(options), context: Arc::new(context), tls };
    tracing::info!(%address, "Serving securely");
    let task = tokio::spawn(run(listener, shared, stop));
    Ok(Server { address, task })
}

#[derive(Clone)]
struct Shared {
    options: Arc<Options>,
    context: Arc<Context>,
    tls: Arc<Tls>,
}

/// The names that a certificate of our own is valid for.
fn names(options: &Options) -> Vec<String> {
    let mut names = vec!["localhost".to_string(), "127.0.0.1".to_string()];
    if !options.bind_address.is_unspecified() && !options.bind_address.is_loopback() {
        names.push(options.bind_address.to_string());
    }
    names.extend(std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty() && name.is_ascii()));
    names
}

async fn client_ca(options: &Options, context: &Context) -> Option<String> {
    match &context.reviewer {
        Some(reviewer) if !options.authentication_skip_lookup => {
            tokio::time::timeout(HANDSHAKE, reviewer.client_ca()).await.ok().flatten()
        }
        _ => None,
    }
}

async fn run(listener: TcpListener, shared: Shared, stop: CancellationToken) {
    let (mut tasks, places) = (JoinSet::new(), Arc::new(Semaphore::new(CONNECTIONS)));
    tasks.spawn(refresh(shared.clone(), stop.clone()));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
            // Whoever is done is forgotten.
            Some(_) = tasks.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                let (shared, stop) = (shared.clone(), stop.clone());
                tasks.spawn(async move {
                    connection(stream, shared, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of files, most likely: it passes.
                tracing::warn!(err = %error, "A connection cannot be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    // Whoever is not done by then is cut off.
    let _ = tokio::time::timeout(SHUTDOWN, async { while tasks.join_next().await.is_some() {} }).await;
}

async fn connection(stream: TcpStream, shared: Shared, stop: CancellationToken) {
    let acceptor = TlsAcceptor::from(shared.tls.config());
    let stream = match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::trace!(err = %error, "TLS handshake failed"),
        Err(_) => return tracing::trace!("TLS handshake took too long"),
    };
    let certificate = stream.get_ref().1.peer_certificates().and_then(|c| subject::user(c.first()?));
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(shared.clone(), certificate.clone(), request.map(Body::new));
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HANDSHAKE)
        .max_buf_size(HEADERS.0)
        .max_headers(HEADERS.1);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // What a stranger does to his connection is his own affair.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => {}
        () = tokio::time::sleep(LIFETIME) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(ANSWER, connection).await;
}

async fn answer(shared: Shared, certificate: Option<User>, request: Request<Body>) -> http::Response<Body> {
    let answer = routes::answer(shared.context, shared.options, certificate, request);
    tokio::time::timeout(ANSWER, answer).await.unwrap_or_else(|_| {
        let message = "the answer took too long";
        status(StatusCode::GATEWAY_TIMEOUT, "Timeout", message, json!({}))
    })
}

/// Looks for changed certificates now and then.
async fn refresh(shared: Shared, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(REFRESH) => {}
        }
        let client_ca = client_ca(&shared.options, &shared.context).await;
        let tls = Arc::clone(&shared.tls);
        match tokio::task::spawn_blocking(move || tls.refresh(client_ca)).await {
            Ok(Ok(true)) => tracing::info!("Took in changed certificates"),
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(error)) => {
                tracing::error!(err = %format!("{error:#}"), "Changed certificates cannot be used; the old ones stay");
            }
        }
    }
}
