//! The tasks that ask what is measured on nodes: one for each source that plugins in force read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use longshore_cluster::call::Caller;
use longshore_cluster::node_metrics::{Fetcher, Following, SourceMeter, follow};
use longshore_framework::Timestamp;
use longshore_framework::node_metrics::MetricsSource;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{Inbox, assembly};
use crate::clock::Clock;
use crate::metrics::Metrics;

/// How long the first answers are waited for before pods are decided.
const FIRST: Duration = Duration::from_secs(10);

/// The tasks.
#[derive(Clone)]
pub(crate) struct Measuring {
    running: Arc<Mutex<BTreeMap<Arc<MetricsSource>, CancellationToken>>>,
    api: Caller,
    with: Following,
    metrics: Arc<Metrics>,
}

impl Measuring {
    /// No task yet.
    pub(crate) fn new(api: Caller, inbox: &Inbox, metrics: &Arc<Metrics>, stop: &CancellationToken) -> Self {
        let clock = Clock::new();
        let with = Following {
            tell: assembly::tell(inbox),
            clock: Arc::new(move || clock.now()),
            meter: Arc::new(Counting(Arc::clone(metrics))),
            stop: stop.clone(),
        };
        Self { running: Arc::default(), api, with, metrics: Arc::clone(metrics) }
    }

    /// From now on these sources are asked, and no others. Returns who hears when each of the new ones was asked once.
    pub(crate) fn set(&self, sources: Vec<Arc<MetricsSource>>) -> Vec<oneshot::Receiver<()>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|source, stop| {
            let stays = sources.contains(source);
            if !stays {
                stop.cancel();
                self.metrics.own.forget_source(source);
            }
            stays
        });
        let mut first = Vec::new();
        for source in sources {
            if running.contains_key(&source) {
                continue;
            }
            match Fetcher::new(&source, &self.api) {
                Ok(fetcher) => {
                    let (asked, answer) = oneshot::channel();
                    let stop = self.with.stop.child_token();
                    let with = Following { stop: stop.clone(), ..self.with.clone() };
                    tokio::spawn(follow(Arc::clone(&source), fetcher, with, asked));
                    running.insert(source, stop);
                    first.push(answer);
                }
                Err(why) => tracing::error!("{source} cannot be asked what is measured on nodes: {why}"),
            }
        }
        first
    }

    /// The same, and waits until each was asked once, or takes too long.
    pub(crate) async fn start(&self, sources: Vec<Arc<MetricsSource>>) {
        let first = futures::future::join_all(self.set(sources));
        if tokio::time::timeout(FIRST, first).await.is_err() {
            tracing::warn!("pods are decided though not all is known of what is measured on nodes");
        }
    }
}

/// Counts in metrics.
struct Counting(Arc<Metrics>);

impl SourceMeter for Counting {
    fn fetched(&self, source: &MetricsSource, newest: Option<Timestamp>, took: Duration) {
        self.0.own.fetched(source, newest, took);
    }

    fn failed(&self, source: &MetricsSource, took: Duration) {
        self.0.own.fetch_failed(source, took);
    }
}
