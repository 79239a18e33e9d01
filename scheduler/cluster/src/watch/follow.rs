//! The loop of one watch.

use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use kube::Client;
use kube::runtime::watcher::{self, Event};

use super::item::{Item, Readable};
use super::ledger::Ledger;
use super::orders::{Order, Orders};
use super::reporting::Reporting;
use super::state::WatchState;
use super::stream::{events, is_streaming_refused};
use super::trouble::{Hopeless, Trouble};
use crate::kinds::{Reads, WatchedKind};
use crate::told::Told;

/// Terminal pods take no room and never come back.
const LIVE_PODS: &str = "status.phase!=Succeeded,status.phase!=Failed";

/// Why a watch came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The process ends, or cannot go on.
    Over,
    /// It was told to.
    Forgotten,
    /// The API server does not have the kind any more.
    Missing,
}

/// What became of one stream.
enum Broken {
    /// It is to begin anew.
    Again,
    /// So is it, with a list that is not streamed.
    WithoutStreaming,
    /// The watch ends.
    End(End),
}

/// What comes next.
#[allow(
    clippy::large_enum_variant,
    reason = "it is taken apart at once; a box would be one more allocation for each event"
)]
enum Next<B> {
    Event(Option<watcher::Result<Event<Item<B>>>>),
    Quiet,
    Order(Order),
}

/// A watch at work.
pub(super) struct Follower<'f> {
    kind: &'static WatchedKind,
    to: &'f Reporting,
    ledger: Ledger<'f>,
    trouble: Trouble<'f>,
    orders: Orders,
}

impl<'f> Follower<'f> {
    pub(super) fn new(
        kind: &'static WatchedKind,
        state: &'f WatchState,
        to: &'f Reporting,
        orders: Orders,
    ) -> Self {
        Self {
            kind,
            to,
            ledger: Ledger::new(kind, to, state),
            trouble: Trouble::new(kind, state, to),
            orders,
        }
    }

    /// Watches until there is a reason not to.
    pub(super) async fn run<B: Readable>(mut self, client: &Client) -> End {
        let now = self.orders.now();
        if let Some(Broken::End(end)) = self.obey(now) {
            return end;
        }
        let fields = if matches!(self.kind.reads, Reads::Pod) { LIVE_PODS } else { "" };
        let mut streaming = true;
        loop {
            let stream = std::pin::pin!(events::<B>(client, self.kind, fields, streaming));
            match self.take_in(stream, streaming).await {
                Broken::Again => {}
                Broken::WithoutStreaming => streaming = false,
                Broken::End(end) => return end,
            }
        }
    }

    async fn take_in<B, S>(&mut self, mut stream: std::pin::Pin<&mut S>, streaming: bool) -> Broken
    where
        B: Readable,
        S: Stream<Item = watcher::Result<Event<Item<B>>>>,
    {
        loop {
            let broken = match self.next(&mut stream).await {
                Next::Event(Some(Ok(event))) => {
                    self.happened(event);
                    None
                }
                Next::Event(Some(Err(error))) if streaming && is_streaming_refused(&error) => {
                    tracing::debug!(resource = self.kind.plural, "no streaming lists here; listing instead");
                    return Broken::WithoutStreaming;
                }
                Next::Event(Some(Err(error))) => self.failed(&error).await,
                Next::Event(None) => return Broken::Again,
                Next::Quiet => {
                    self.quiet();
                    None
                }
                Next::Order(order) => self.obey(order),
            };
            if let Some(broken) = broken {
                return broken;
            }
        }
    }

    async fn next<B, S>(&mut self, stream: &mut std::pin::Pin<&mut S>) -> Next<B>
    where
        S: Stream<Item = watcher::Result<Event<Item<B>>>>,
    {
        let times = &self.to.times;
        let pause = if self.trouble.is_there() { times.mended_after } else { times.quiet_after };
        tokio::select! {
            order = self.orders.next() => Next::Order(order),
            event = tokio::time::timeout(pause, stream.next()) => event.map_or(Next::Quiet, Next::Event),
        }
    }

    fn happened<B: Readable>(&mut self, event: Event<Item<B>>) {
        // A list that is about to be asked for has not come.
        if !matches!(event, Event::Init) {
            self.trouble.over();
        }
        self.ledger.take(event);
    }

    fn quiet(&mut self) {
        if !self.ledger.is_listing() {
            self.trouble.over();
        }
        self.ledger.sweep();
    }

    /// Takes note of an error, and waits before the next try.
    async fn failed(&mut self, error: &watcher::Error) -> Option<Broken> {
        let pause = match self.trouble.note(error) {
            Ok(pause) => pause,
            Err(Hopeless(why)) => {
                (self.to.tell)(Told::Fatal(why));
                return Some(Broken::End(End::Over));
            }
        };
        if self.kind.declares().is_some() && self.trouble.is_missing() {
            self.ledger.forget();
            return Some(Broken::End(End::Missing));
        }
        self.wait(pause).await
    }

    async fn wait(&mut self, pause: Duration) -> Option<Broken> {
        tokio::select! {
            order = self.orders.next() => self.obey(order),
            () = tokio::time::sleep(pause) => None,
        }
    }

    fn obey(&mut self, order: Order) -> Option<Broken> {
        match order {
            Order::Read(reading) => self.ledger.read_as(reading).then_some(Broken::Again),
            Order::Forget => {
                self.ledger.forget();
                Some(Broken::End(End::Forgotten))
            }
        }
    }
}

/// Watches a kind in one way of reading.
pub(super) async fn follow<B: Readable>(
    client: &Client,
    kind: &'static WatchedKind,
    state: &Arc<WatchState>,
    to: &Reporting,
    orders: Orders,
) -> End {
    Follower::new(kind, state, to, orders).run::<B>(client).await
}
