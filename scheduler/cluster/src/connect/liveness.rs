//! Connections that have become black holes: nothing comes back, and nothing says so.
//!
//! Over HTTP/2 pings find them. HTTP/1.1 has none, so the time is limited in which an answer has to begin, and in which
//! something has to follow; so that a watch in which nothing happens can be told from one that is dead, the server is asked
//! to end it after a while, and then it is begun anew.

mod body;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::{Request, Response, Uri, Version};
use http_body_util::Either;
use tower::{BoxError, Layer, Service};

pub use self::body::Silent;
use self::body::Timed;

/// How long silence may last.
#[derive(Clone, Copy, Debug)]
pub struct Liveness {
    /// Until a TCP connection is made.
    pub connect: Duration,
    /// An HTTP/2 connection is pinged this often, and an idle TCP connection probed.
    pub ping: Duration,
    /// Until the ping is answered.
    pub pong: Duration,
    /// Until an answer begins and, over HTTP/1.1, until it goes on.
    pub answer: Duration,
    /// Until a watch begins. Over HTTP/1.1 the server is asked to end it after this, in whole seconds.
    pub watch: Duration,
}

impl Default for Liveness {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            ping: Duration::from_secs(15),
            pong: Duration::from_secs(15),
            answer: Duration::from_secs(40),
            watch: Duration::from_secs(30),
        }
    }
}

/// A server may be so late to end a watch.
const GRACE: Duration = Duration::from_secs(5);

/// Puts [`Alive`] around a service.
#[derive(Clone, Debug)]
pub(super) struct LivenessLayer(Liveness);

impl LivenessLayer {
    /// With these limits.
    pub(super) fn new(limits: Liveness) -> Self {
        Self(limits)
    }
}

impl<S> Layer<S> for LivenessLayer {
    type Service = Alive<S>;

    fn layer(&self, inner: S) -> Alive<S> {
        Alive { inner, limits: self.0, is_plain: Arc::default() }
    }
}

/// A service that gives up on silence.
#[derive(Clone, Debug)]
pub(super) struct Alive<S> {
    inner: S,
    limits: Liveness,
    /// The last answer came over HTTP/1.1, so the next one will.
    is_plain: Arc<AtomicBool>,
}

impl<S, B, R> Service<Request<B>> for Alive<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    R: http_body::Body + Send + 'static,
{
    type Response = Response<Either<R, Timed<R>>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let (limits, is_plain) = (self.limits, Arc::clone(&self.is_plain));
        let watches = is_watch(request.uri());
        // A list that comes as a watch may take any time, and the first request of all is made before the protocol is known.
        // When these fall silent they are ended, as the server would have done, and the next watch goes on.
        let is_asked_to_end = watches && !is_list(request.uri()) && is_plain.load(Ordering::Relaxed);
        if is_asked_to_end {
            shorten(request.uri_mut(), limits.watch);
        }
        let (begin, go_on) = match watches {
            true => (limits.watch, limits.watch + GRACE),
            false => (limits.answer, limits.answer),
        };
        let line = format!("{} {}", request.method(), request.uri().path());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let silent = |silent| Silent::new(line.clone(), silent);
            let answer = tokio::time::timeout(begin, answer).await;
            let answer = answer.map_err(|_| silent(begin))?.map_err(Into::into)?;
            let plain = answer.version() < Version::HTTP_2;
            is_plain.store(plain, Ordering::Relaxed);
            Ok(answer.map(|body| match plain {
                true => Either::Right(Timed::new(
                    body,
                    go_on,
                    (!watches || is_asked_to_end).then(|| silent(go_on)),
                )),
                false => Either::Left(body),
            }))
        })
    }
}

fn is_watch(uri: &Uri) -> bool {
    has(uri, |pair| matches!(pair, "watch=true" | "watch=1"))
}

/// A watch that begins with everything that is there.
fn is_list(uri: &Uri) -> bool {
    has(uri, |pair| pair == "sendInitialEvents=true")
}

fn has(uri: &Uri, wanted: impl Fn(&str) -> bool) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(wanted))
}

/// Asks for an end after `time` in place of what was asked for.
fn shorten(uri: &mut Uri, time: Duration) {
    let pairs =
        uri.query().unwrap_or_default().split('&').filter(|pair| !pair.starts_with("timeoutSeconds="));
    let pairs: Vec<&str> = pairs.collect();
    let changed = format!("{}?{}&timeoutSeconds={}", uri.path(), pairs.join("&"), time.as_secs().max(1));
    let mut parts = uri.clone().into_parts();
    // It was a good path before.
    if let Ok(changed) = changed.parse() {
        parts.path_and_query = Some(changed);
        if let Ok(whole) = Uri::from_parts(parts) {
            *uri = whole;
        }
    }
}

#[cfg(test)]
mod tests;
