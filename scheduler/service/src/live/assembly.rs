//! The parts of a running scheduler, made from options and configuration.

use std::sync::Arc;

use anyhow::Context;
use longshore_cluster::connect::Target;
use longshore_cluster::extender::{HttpExtender, RawObjects, RawStore, Wants};
use longshore_cluster::told::Tell;
use longshore_engine::{Engine, Options};
use longshore_framework::extender::Extender;
use longshore_framework::features::Features;
use longshore_framework::port::Requests;
use longshore_framework::profile::Profile;
use longshore_loader::Guests;
use longshore_loader::extenders;
use longshore_profile::{ClientConnection, Configuration};
use tokio::runtime::Handle;

use super::{Inbox, Message, settings};
use crate::decisions::{DESCRIBED_NODES, EXAMPLE_NODES};
use crate::metrics::Metrics;
use crate::options::RunOptions;

/// The extenders of a configuration, and the whole objects that some of them, or some plugins, want.
#[derive(Default)]
pub(crate) struct Extending {
    /// The extenders.
    pub(crate) clients: Vec<Arc<HttpExtender>>,
    /// Whole pods and nodes.
    pub(crate) whole: Arc<RawStore>,
    /// Which of them plugins want.
    wanted_by_plugins: Wants,
}

impl Extending {
    /// Makes the extenders ready. `whole` is the store to be filled, or one that is being filled already.
    ///
    /// # Errors
    /// Settings that cannot be used.
    pub(crate) fn of(
        configuration: &Configuration,
        whole: Arc<RawStore>,
        guests: &Guests,
    ) -> anyhow::Result<Self> {
        let objects: Arc<dyn RawObjects> = Arc::clone(&whole) as Arc<dyn RawObjects>;
        let clients = extenders::connect(&configuration.extenders, &objects, &Handle::current())?;
        Ok(Self { clients, whole, wanted_by_plugins: guests.wants() })
    }

    /// Which objects the extenders and plugins want whole.
    pub(crate) fn wants(&self) -> Wants {
        Wants::of(&self.clients).and(self.wanted_by_plugins)
    }

    /// Of which of them all that changes may wake pods. An extender is sent objects anew with every question; it is the pod it
    /// rejected whose change may help, and others change often.
    pub(crate) fn news(&self) -> Wants {
        Wants { waiting_pods: self.wants().waiting_pods, ..self.wanted_by_plugins }
    }

    /// As the engine takes them.
    pub(crate) fn for_engine(&self) -> Vec<Arc<dyn Extender>> {
        self.clients.iter().map(|e| Arc::clone(e) as Arc<dyn Extender>).collect()
    }
}

/// An engine with the configuration's settings.
///
/// # Errors
/// The system gives no more threads.
pub(crate) fn engine(
    run: &RunOptions,
    configuration: &Configuration,
    profiles: Vec<Profile>,
    extending: &Extending,
    (requests, features): (Requests, Features),
    metrics: &Metrics,
) -> anyhow::Result<Engine> {
    let (initial_backoff, max_backoff) = settings::backoff(configuration);
    let options = Options {
        seed: seed(),
        initial_backoff,
        max_backoff,
        max_unschedulable: run.pod_max_in_unschedulable_pods_duration,
        parallelism: settings::parallelism(configuration)
            .context("cannot start the threads of parallelism")?,
        meter: Some(metrics.meter(&profiles)),
        example_nodes: Some(EXAMPLE_NODES),
        described_nodes: DESCRIBED_NODES,
        extenders: extending.for_engine(),
        requests,
        features,
        ..Options::default()
    };
    Ok(Engine::new(profiles, options))
}

/// Two schedulers that start from one seed would choose the same nodes and collide.
fn seed() -> u64 {
    u64::from_le_bytes(uuid::Uuid::new_v4().into_bytes()[..8].try_into().unwrap_or_default())
}

/// The configuration file's settings, with the options before them.
pub(crate) fn connection(run: &RunOptions, written: &ClientConnection) -> ClientConnection {
    ClientConnection {
        qps: run.kube_api_qps.unwrap_or(written.qps),
        burst: run.kube_api_burst.unwrap_or(written.burst),
        ..written.clone()
    }
}

/// Which cluster: the options' kubeconfig, else the configuration file's.
pub(crate) fn target(run: &RunOptions, connection: &ClientConnection) -> Target {
    let mut target = run.cluster.clone();
    let written = &connection.kubeconfig;
    if target.kubeconfig.is_none() && !written.is_empty() {
        target.kubeconfig = Some(written.into());
    }
    target
}

/// The way of news to the thread.
pub(crate) fn tell(inbox: &Inbox) -> Tell {
    let inbox = inbox.clone();
    // When the thread is gone nobody needs to know any more.
    Arc::new(move |told| drop(inbox.send(Message::Told(told))))
}
