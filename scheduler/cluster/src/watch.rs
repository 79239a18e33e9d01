//! What happens in the cluster, as inputs for the engine.
//!
//! One task per kind follows kube's watcher: a streaming list where the server has them, else list and watch; a stream
//! that breaks goes on where it broke, and only a version that is too old costs a new list. A list is compared with what
//! was known before, so that whatever vanished meanwhile is told, before what is new.

mod item;
mod ledger;
mod pool;
mod reporting;
mod state;
mod stream;
mod trouble;
mod turned_away;
mod unread;

use std::sync::Arc;

use futures::StreamExt;
use kube::Client;
use kube::runtime::watcher::Event;

use crate::kinds::{Reads, WatchedKind};
use crate::told::Told;

use item::{NodeBody, ObjectBody, PodBody, Readable};
use ledger::Ledger;
pub use reporting::{Reporting, Times};
pub use state::{Kept, Sync, WatchState};
use stream::{events, is_streaming_refused};
use trouble::{Hopeless, Trouble};

/// Terminal pods take no room and never come back.
const LIVE_PODS: &str = "status.phase!=Succeeded,status.phase!=Failed";

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
            Reads::Object(_) | Reads::Declared(..) => follow::<ObjectBody>(client, kind, &state, &to).await,
        }
    };
    tokio::select! {
        () = watching => {}
        () = stop.cancelled() => {}
    }
}

async fn follow<B: Readable>(client: Client, kind: &'static WatchedKind, state: &WatchState, to: &Reporting) {
    let mut ledger = Ledger::new(kind, to, state);
    let mut trouble = Trouble::new(kind, state, to);
    let fields = if matches!(kind.reads, Reads::Pod) { LIVE_PODS } else { "" };
    let mut streaming = true;
    loop {
        let mut stream = std::pin::pin!(events::<B>(&client, kind, fields, streaming));
        loop {
            let pause = if trouble.is_there() { to.times.mended_after } else { to.times.quiet_after };
            let event = match tokio::time::timeout(pause, stream.next()).await {
                Ok(Some(event)) => event,
                Ok(None) => break,
                Err(_) => {
                    if !ledger.is_listing() {
                        trouble.over();
                    }
                    ledger.sweep();
                    continue;
                }
            };
            match event {
                Ok(event) => {
                    // A list that is about to be asked for has not come.
                    if !matches!(event, Event::Init) {
                        trouble.over();
                    }
                    ledger.take(event);
                }
                Err(error) if streaming && is_streaming_refused(&error) => {
                    tracing::debug!(resource = kind.plural, "no streaming lists here; listing instead");
                    streaming = false;
                    break;
                }
                Err(error) => match trouble.note(&error) {
                    Ok(pause) => tokio::time::sleep(pause).await,
                    Err(Hopeless(why)) => {
                        (to.tell)(Told::Fatal(why));
                        return;
                    }
                },
            }
        }
    }
}

#[cfg(test)]
mod tests;
