//! One connection: the handshake, then requests, each with its time.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::{Request, Response, StatusCode};
use hyper::body::{Body as Content, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::server::Acceptor;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_rustls::LazyConfigAcceptor;
use tokio_util::sync::CancellationToken;

use super::caller::Caller;
use super::options::{Context, Options};
use super::room::{Phase, Seat};
use super::routes;
use super::status::status;
use super::tls::Tls;

/// Headers of a request in bytes: a token may have 32 KiB.
pub(super) const HEADERS: usize = 48 << 10;
/// Headers of a request, their number.
const HEADER_COUNT: usize = 100;
/// Time for an answer to be found.
const ANSWER: Duration = Duration::from_secs(30);
/// Answers that are being found at one time. Health is not among them: it waits for nobody.
const ANSWERS: usize = 64;
/// A connection is closed after so long whatever it does.
const LIFETIME: Duration = Duration::from_secs(3600);

/// What all connections share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) options: Arc<Options>,
    pub(super) context: Arc<Context>,
    pub(super) tls: Arc<Tls>,
    answers: Arc<Semaphore>,
}

impl Shared {
    pub(super) fn new(options: Options, context: Context, tls: Tls) -> Self {
        Self {
            options: Arc::new(options),
            context: Arc::new(context),
            tls: Arc::new(tls),
            answers: Arc::new(Semaphore::new(ANSWERS)),
        }
    }
}

/// Serves a connection until it ends, loses its seat, or the server stops.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    seat: Seat,
    shared: Shared,
    stop: CancellationToken,
) {
    let seat = Arc::new(seat);
    tokio::select! {
        () = Box::pin(converse(stream, Arc::clone(&seat), shared, stop)) => {}
        () = seat.lost() => tracing::trace!("A connection was closed: it was too slow, or others needed its place"),
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    seat: Arc<Seat>,
    shared: Shared,
    stop: CancellationToken,
) {
    let hello = match LazyConfigAcceptor::new(Acceptor::default(), stream).await {
        Ok(hello) => hello,
        Err(error) => return tracing::trace!(err = %error, "TLS handshake failed"),
    };
    seat.reached(Phase::Arriving);
    let (config, trust) = shared.tls.now();
    let stream = match hello.into_stream(config).await {
        Ok(stream) => stream,
        Err(error) => return tracing::trace!(err = %error, "TLS handshake failed"),
    };
    let caller = Arc::new(trust.caller(stream.get_ref().1.peer_certificates().unwrap_or_default()));
    let service = service_fn(move |request: Request<Incoming>| {
        seat.reached(Phase::Answering);
        let (seat, shared, caller) = (Arc::clone(&seat), shared.clone(), Arc::clone(&caller));
        async move {
            let answer = answer(&shared, &caller, request.map(Body::new)).await;
            Ok::<_, Infallible>(answer.map(|body| Told { body, seat }))
        }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    // The seat looks at the time.
    http.header_read_timeout(None).max_buf_size(HEADERS).max_headers(HEADER_COUNT);
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

async fn answer(shared: &Shared, caller: &Caller, request: Request<Body>) -> Response<Body> {
    let found = async {
        let _turn = match routes::is_health(request.uri().path()) {
            true => None,
            // It is never closed.
            false => shared.answers.acquire().await.ok(),
        };
        routes::answer(&shared.context, &shared.options, caller, request).await
    };
    tokio::time::timeout(ANSWER, found).await.unwrap_or_else(|_| {
        let message = "the answer took too long";
        status(StatusCode::GATEWAY_TIMEOUT, "Timeout", message, json!({}))
    })
}

/// An answer; when all of it has been taken, its connection rests.
struct Told {
    body: Body,
    seat: Arc<Seat>,
}

impl Content for Told {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.seat.reached(Phase::Resting);
    }
}
