//! What happens in the cluster, as inputs for the engine.
//!
//! One task per kind follows kube's watcher: a streaming list where the server has them, else list and watch; a stream
//! that breaks goes on where it broke, and only a version that is too old costs a new list. A list is compared with what
//! was known before, so that whatever vanished meanwhile is told, before what is new.

mod item;
mod ledger;
mod pool;
mod state;
mod turned_away;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt};
use kube::api::{Api, ApiResource};
use kube::runtime::watcher::{self, Event, InitialListStrategy};
use kube::{Client, Error as KubeError};
use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;
use longshore_manifest::{Identity, SeenPod};
use tokio_util::sync::CancellationToken;

use crate::connect::explained;
use crate::kinds::{Reads, WatchedKind};
use crate::perform::Tell;

use item::{Item, NodeBody, ObjectBody, PodBody, Readable};
use ledger::Ledger;
pub use state::{Sync, WatchState};

/// Terminal pods take no room and never come back.
const LIVE_PODS: &str = "status.phase!=Succeeded,status.phase!=Failed";
/// First and longest pause after an error.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(15));
/// Pause after a kind turned out to be forbidden.
const FORBIDDEN_PAUSE: Duration = Duration::from_secs(30);
/// A watch that went on and has not failed for this long works, though nothing may happen for hours. Longer than it
/// takes to notice that nobody answers.
const MENDED_AFTER: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 35 });
/// Credentials that are refused for this long will not be taken again.
const REFUSED_FOR: Duration = Duration::from_secs(20);

/// What the scheduling thread is told.
#[derive(Debug)]
pub enum Told {
    /// Something happened.
    Input(Input),
    /// A kind is known completely for the first time, or will not be known: [`WatchState`] says which.
    Synced(&'static WatchedKind),
    /// A kubelet turned a pod away after it was bound.
    Rejected {
        /// The pod.
        pod: Arc<Pod>,
        /// `status.reason`, such as `OutOfcpu`.
        reason: Str,
    },
    /// There is no use in going on.
    Fatal(String),
}

/// Somebody else who wants to see what is watched: on the watching task, so it has to be quick.
pub trait Bystander: Send + std::marker::Sync {
    /// A pod is new or has changed.
    fn pod(&self, _identity: &Identity, _seen: &SeenPod, _json: &str) {}
    /// An object of another kind is new or has changed.
    fn object(&self, _kind: &'static WatchedKind, _identity: &Identity, _json: &str) {}
    /// An object is gone.
    fn gone(&self, _kind: &'static WatchedKind, _identity: &Identity) {}
    /// An object cannot be read.
    fn unreadable(&self, _kind: &'static WatchedKind, _identity: &Identity, _error: &str) {}
}

/// Nobody.
#[derive(Debug)]
pub struct NoBystander;

impl Bystander for NoBystander {}

/// Where the watches of all kinds report to.
#[derive(Clone)]
pub struct Reporting {
    /// The scheduling thread.
    pub tell: Tell,
    /// Somebody else.
    pub bystander: Arc<dyn Bystander>,
    /// Ends every watch.
    pub stop: CancellationToken,
}

/// Watches a kind until told to stop.
pub async fn watch(client: Client, kind: &'static WatchedKind, state: Arc<WatchState>, to: Reporting) {
    let stop = to.stop.clone();
    let watching = async {
        match kind.reads {
            Reads::Pod => tokio::select! {
                () = follow::<PodBody>(client.clone(), kind, &state, &to) => {}
                () = turned_away::follow(&client, kind, &to) => {}
            },
            Reads::Node => follow::<NodeBody>(client, kind, &state, &to).await,
            Reads::Object(_) => follow::<ObjectBody>(client, kind, &state, &to).await,
        }
    };
    tokio::select! {
        () = watching => {}
        () = stop.cancelled() => {}
    }
}

fn resource(kind: &WatchedKind) -> ApiResource {
    ApiResource {
        group: kind.group().to_string(),
        version: kind.version().to_string(),
        api_version: kind.api_version.to_string(),
        kind: kind.kind.to_string(),
        plural: kind.plural.to_string(),
    }
}

fn events<B: Readable>(
    client: &Client,
    kind: &WatchedKind,
    fields: &str,
    streaming: bool,
) -> impl Stream<Item = watcher::Result<Event<Item<B>>>> + Send + use<B> {
    let mut config = watcher::Config::default();
    if !fields.is_empty() {
        config = config.fields(fields);
    }
    if streaming {
        config.initial_list_strategy = InitialListStrategy::StreamingList;
    }
    watcher::watcher(Api::all_with(client.clone(), &resource(kind)), config)
}

async fn follow<B: Readable>(client: Client, kind: &'static WatchedKind, state: &WatchState, to: &Reporting) {
    let mut ledger = Ledger::new(kind, to, state);
    let mut trouble = Trouble::default();
    let fields = if matches!(kind.reads, Reads::Pod) { LIVE_PODS } else { "" };
    let mut streaming = true;
    loop {
        let mut stream = std::pin::pin!(events::<B>(&client, kind, fields, streaming));
        loop {
            let next = if trouble.failures > 0 && !ledger.is_listing() {
                tokio::time::timeout(MENDED_AFTER, stream.next()).await
            } else {
                Ok(stream.next().await)
            };
            let event = match next {
                Ok(Some(event)) => event,
                Ok(None) => break,
                Err(_) => {
                    trouble.over(kind, state);
                    continue;
                }
            };
            match event {
                Ok(event) => {
                    // A list that is about to be asked for has not come.
                    if !matches!(event, Event::Init) {
                        trouble.over(kind, state);
                    }
                    ledger.take(event);
                }
                Err(error) if streaming && is_streaming_refused(&error) => {
                    tracing::debug!(resource = kind.plural, "no streaming lists here; listing instead");
                    streaming = false;
                    break;
                }
                Err(error) => {
                    if let Some(fatal) = trouble.note(kind, state, &error, to) {
                        (to.tell)(Told::Fatal(fatal));
                        return;
                    }
                    tokio::time::sleep(trouble.pause()).await;
                }
            }
        }
    }
}

/// Servers without streaming lists refuse the parameters of one.
fn is_streaming_refused(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::WatchStartFailed(KubeError::Api(status)) => matches!(status.code, 400 | 422),
        _ => false,
    }
}

/// A watch that does not get through.
#[derive(Default)]
struct Trouble {
    failures: u32,
    forbidden: bool,
    refused_since: Option<Instant>,
}

impl Trouble {
    /// Takes note of an error; logs the first of a row. Returns what to say when going on is of no use.
    fn note(
        &mut self,
        kind: &'static WatchedKind,
        state: &WatchState,
        error: &watcher::Error,
        to: &Reporting,
    ) -> Option<String> {
        let (code, text) = told(error);
        self.failures += 1;
        self.forbidden = code == Some(403);
        if code == Some(410) {
            return None;
        }
        if self.failures == 1 {
            warn(kind, self.forbidden, &text);
        }
        state.failed(&text);
        if self.forbidden && !kind.is_essential() && state.give_up(Sync::Forbidden) {
            (to.tell)(Told::Synced(kind));
        }
        if code != Some(401) {
            self.refused_since = None;
            return None;
        }
        let since = *self.refused_since.get_or_insert_with(Instant::now);
        (since.elapsed() > REFUSED_FOR).then(|| format!("watching {}: {text}", kind.plural))
    }

    fn over(&mut self, kind: &'static WatchedKind, state: &WatchState) {
        if self.failures > 0 {
            if !state.last_error().is_empty() {
                tracing::info!(resource = kind.plural, "watching again");
            }
            state.recovered();
            *self = Self::default();
        }
    }

    fn pause(&self) -> Duration {
        if self.forbidden {
            return FORBIDDEN_PAUSE;
        }
        let doubled = BACKOFF.0.saturating_mul(1 << self.failures.saturating_sub(1).min(10));
        doubled.min(BACKOFF.1)
    }
}

fn warn(kind: &WatchedKind, forbidden: bool, text: &str) {
    let (resource, loss) = (kind.plural, kind.loss);
    if forbidden {
        tracing::warn!(resource, "may not be watched, so {loss}: {text}");
    } else {
        tracing::warn!(resource, "watch interrupted, trying again: {text}");
    }
}

/// The API server's code, if it answered, and the error in words.
fn told(error: &watcher::Error) -> (Option<u16>, String) {
    use watcher::Error as W;
    match error {
        W::InitialListFailed(e) | W::WatchStartFailed(e) | W::WatchFailed(e) => {
            let code = if let KubeError::Api(status) = e { Some(status.code) } else { None };
            (code, explained(e))
        }
        W::WatchError(status) => (Some(status.code), status.message.clone()),
        W::NoResourceVersion => (None, "an object came without resourceVersion".to_string()),
    }
}

#[cfg(test)]
mod tests;
