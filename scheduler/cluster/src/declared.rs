//! The watches of kinds that plugins declare.
//!
//! They come and go while the scheduler runs: with the plugins that are in force, and with what the API server serves. A kind
//! that it does not serve is asked for again every few seconds; one that it serves no more has no objects any more.

mod entry;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kube::Client;
use longshore_framework::objects::declared::{Declarations, DeclaredKind};
use thiserror::Error;
use tokio::sync::Mutex as Turn;
use tokio::task::JoinHandle;

use crate::connect::explained;
use crate::discover::find;
use crate::kinds::WatchedKind;
use crate::retry::jittered;
use crate::watch::{End, Reporting, WatchState};
use entry::Entry;

/// How often it is looked whether first lists are complete.
const GLANCE: Duration = Duration::from_millis(20);
/// Questions for absent kinds come up to this share later, by chance.
const JITTER: f64 = 0.2;

/// Hears of kinds that appear, true, and vanish while the scheduler runs.
pub type KindNews = Arc<dyn Fn(DeclaredKind, bool) + Send + Sync>;

/// Objects that plugins want to read are not known, which may pass.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotKnown {
    /// The API server does not say what it serves.
    #[error("its plugins read objects, and the API server does not say which kinds it serves: {0}")]
    Kinds(String),
    /// They were not listed in time.
    #[error("its plugins read objects that could not be listed within {limit:?}: {kinds}")]
    Objects {
        /// How long they were waited for.
        limit: Duration,
        /// Which, and why.
        kinds: String,
    },
}

/// All of them.
#[derive(Clone)]
pub struct DeclaredWatches(Arc<Inner>);

struct Inner {
    client: Client,
    to: Reporting,
    news: KindNews,
    entries: Mutex<BTreeMap<DeclaredKind, Entry>>,
    /// Held by whoever begins or ends watches.
    turn: Turn<()>,
}

impl DeclaredWatches {
    /// None yet.
    pub fn new(client: Client, to: Reporting, news: KindNews) -> Self {
        Self(Arc::new(Inner { client, to, news, entries: Mutex::default(), turn: Turn::new(()) }))
    }

    /// Begins to watch what discovery found of the kinds that are declared, and to look for the others.
    pub fn begin(&self, declared: &Declarations, served: &[&'static WatchedKind]) {
        for (kind, wanted) in declared.iter() {
            self.entries().insert(kind, Entry::new(wanted));
        }
        self.serve(served);
        self.tell_of_absent(declared);
        tokio::spawn(self.clone().look_for_absent());
    }

    /// Reads these objects beside those that are read, and waits until they are known, as far as they are served.
    ///
    /// # Errors
    /// The API server does not answer in time. What was begun goes on until [`set`](Self::set).
    pub async fn add(&self, declared: &Declarations) -> Result<(), NotKnown> {
        let _turn = self.0.turn.lock().await;
        let new = self.without_entry(declared);
        let (served, _) = find(&self.0.client, &new).await.map_err(|e| NotKnown::Kinds(explained(&e)))?;
        for (kind, wanted) in declared.iter() {
            self.entries().entry(kind).or_insert_with(|| Entry::new(wanted)).widen(wanted);
        }
        self.serve(&served);
        self.tell_of_absent(&new);
        self.until_settled(declared).await
    }

    /// From now on these are read, and no others.
    pub async fn set(&self, declared: &Declarations) {
        let _turn = self.0.turn.lock().await;
        let ending: Vec<JoinHandle<()>> = {
            let mut entries = self.entries();
            for (kind, wanted) in declared.iter() {
                entries.entry(kind).or_insert_with(|| Entry::new(wanted)).narrow(wanted);
            }
            let gone: Vec<DeclaredKind> =
                entries.keys().copied().filter(|kind| declared.get(*kind).is_none()).collect();
            gone.iter().filter_map(|kind| entries.remove(kind)?.forget()).collect()
        };
        // Whoever reads the kind again must not meet the end of what is told of it now.
        for task in ending {
            let _ = task.await;
        }
    }

    /// How far the watches have come.
    pub fn states(&self) -> Vec<Arc<WatchState>> {
        self.entries().values().filter_map(Entry::state).collect()
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<DeclaredKind, Entry>> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that nobody reads so far.
    fn without_entry(&self, declared: &Declarations) -> Declarations {
        let entries = self.entries();
        declared.only(|kind| !entries.contains_key(&kind))
    }

    /// Those that are read and not watched.
    fn absent(&self) -> Declarations {
        let mut absent = Declarations::default();
        for (kind, entry) in self.entries().iter().filter(|(_, entry)| entry.state().is_none()) {
            absent.add(*kind, entry.wanted());
        }
        absent
    }

    /// Begins to watch kinds that are served.
    fn serve(&self, served: &[&'static WatchedKind]) {
        for watched in served {
            let Some(kind) = watched.declares() else { continue };
            let inner = Arc::clone(&self.0);
            if let Some(entry) = self.entries().get_mut(&kind) {
                let ended = move |state, end| Self(inner).ended(kind, &state, end);
                entry.begin(watched, &self.0.client, &self.0.to, ended);
            }
        }
    }

    /// A watch came to an end by itself.
    fn ended(&self, kind: DeclaredKind, state: &Arc<WatchState>, end: End) {
        if end != End::Missing {
            return;
        }
        let was_in_force = self.entries().get_mut(&kind).is_some_and(|entry| entry.ended(state));
        if was_in_force {
            tracing::warn!(
                resource = kind.label(),
                "not served any more, so plugins that read it see no such object; it is looked for every {:?}",
                self.0.to.times.look_again
            );
            (self.0.news)(kind, false);
        }
    }

    fn tell_of_absent(&self, asked: &Declarations) {
        let absent = self.absent();
        for (kind, _) in asked.iter().filter(|(kind, _)| absent.get(*kind).is_some()) {
            tracing::warn!(
                resource = kind.label(),
                "not served here, so plugins that read it see no such object; it is looked for every {:?}",
                self.0.to.times.look_again
            );
        }
    }

    /// Asks for absent kinds until the process ends.
    async fn look_for_absent(self) {
        let Reporting { times, stop, .. } = self.0.to.clone();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(jittered(times.look_again, JITTER)) => {}
            }
            self.look().await;
        }
    }

    async fn look(&self) {
        let _turn = self.0.turn.lock().await;
        let absent = self.absent();
        if absent.is_empty() {
            return;
        }
        match find(&self.0.client, &absent).await {
            Ok((served, _)) => {
                self.serve(&served);
                for kind in served.iter().filter_map(|watched| watched.declares()) {
                    tracing::info!(resource = kind.label(), "served now, and read");
                    (self.0.news)(kind, true);
                }
            }
            Err(error) => tracing::debug!("cannot ask for kinds of plugins: {}", explained(&error)),
        }
    }

    /// Waits until these are known, or absent, or may not be read.
    async fn until_settled(&self, declared: &Declarations) -> Result<(), NotKnown> {
        let limit = self.0.to.times.first_list;
        let end = Instant::now() + limit;
        loop {
            let waiting: Vec<String> = {
                let entries = self.entries();
                let of = |kind| entries.get(&kind).and_then(|entry: &Entry| entry.waits());
                let waits = |kind: DeclaredKind| of(kind).map(|why| format!("{kind}{why}"));
                declared.iter().filter_map(|(kind, _)| waits(kind)).collect()
            };
            if waiting.is_empty() {
                return Ok(());
            }
            if Instant::now() >= end || self.0.to.stop.is_cancelled() {
                return Err(NotKnown::Objects { limit, kinds: waiting.join(", ") });
            }
            tokio::time::sleep(GLANCE).await;
        }
    }
}

#[cfg(test)]
mod tests;
