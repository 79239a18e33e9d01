//! What happens in the cluster, as inputs for the engine.
//!
//! One task per kind follows kube's watcher: a streaming list where the server has them, else list and watch; a stream
//! that breaks goes on where it broke, and only a version that is too old costs a new list. A list is compared with what
//! was known before, so that whatever vanished meanwhile is told, before what is new.

mod follow;
mod item;
mod ledger;
mod orders;
mod pool;
mod reporting;
mod state;
mod stream;
mod trouble;
mod turned_away;
mod unread;

use std::sync::Arc;

use kube::Client;

use crate::kinds::{Reads, WatchedKind};

pub(crate) use follow::End;
use follow::follow;
use item::{NodeBody, ObjectBody, PodBody};
pub(crate) use orders::{Order, Orders, Reading};
pub use reporting::{Reporting, Times};
pub use state::{Kept, Sync, WatchState};

/// Watches a kind until told to stop.
pub async fn watch(client: Client, kind: &'static WatchedKind, state: Arc<WatchState>, to: Reporting) {
    watch_as(client, kind, state, to, Orders::none()).await;
}

/// The same, with orders meanwhile.
pub(crate) async fn watch_as(
    client: Client,
    kind: &'static WatchedKind,
    state: Arc<WatchState>,
    to: Reporting,
    orders: Orders,
) -> End {
    let stop = to.stop.clone();
    let watching = async {
        match kind.reads {
            Reads::Pod => tokio::select! {
                end = follow::<PodBody>(&client, kind, &state, &to, orders) => end,
                () = turned_away::follow(&client, kind, &to) => End::Over,
            },
            Reads::Node => follow::<NodeBody>(&client, kind, &state, &to, orders).await,
            Reads::Object(_) | Reads::Declared(_) => {
                follow::<ObjectBody>(&client, kind, &state, &to, orders).await
            }
        }
    };
    tokio::select! {
        end = watching => end,
        () = stop.cancelled() => End::Over,
    }
}

#[cfg(test)]
mod tests;
