//! A body whose pieces have to come in time.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tower::BoxError;

/// Nothing came for too long.
#[derive(Debug, thiserror::Error)]
#[error("{request}: the server sent nothing for {silent:?}, so the connection counts as dead")]
pub struct Silent {
    /// `GET /api/v1/pods`.
    request: String,
    silent: Duration,
}

impl Silent {
    pub(super) fn new(request: String, silent: Duration) -> Self {
        Self { request, silent }
    }
}

/// A body that ends when nothing has come for too long.
pub(crate) struct Timed<B> {
    body: Pin<Box<B>>,
    pause: Duration,
    /// What is said then; nothing when it is no failure.
    silent: Option<Silent>,
    over: Pin<Box<Sleep>>,
    has_ended: bool,
}

impl<B> Timed<B> {
    /// Something has to come each `pause`.
    pub(super) fn new(body: B, pause: Duration, silent: Option<Silent>) -> Self {
        let over = Box::pin(tokio::time::sleep(pause));
        Self { body: Box::pin(body), pause, silent, over, has_ended: false }
    }
}

impl<B: Body> Body for Timed<B>
where
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let this = self.get_mut();
        if this.has_ended {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = this.body.as_mut().poll_frame(cx) {
            this.over.as_mut().reset(Instant::now() + this.pause);
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        std::task::ready!(this.over.as_mut().poll(cx));
        this.has_ended = true;
        Poll::Ready(this.silent.take().map(|silent| Err(silent.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
