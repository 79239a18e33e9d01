//! The parts of a running scheduler, made from flags and configuration.

use std::sync::Arc;
use std::time::Duration;

use longshore_cluster::connect::Target;
use longshore_cluster::extender::{HttpExtender, RawObjects, RawStore, Wants};
use longshore_cluster::perform::Tell;
use longshore_engine::{Engine, Options, Parallelism};
use longshore_framework::Str;
use longshore_framework::extender::Extender;
use longshore_framework::port::Requests;
use longshore_framework::profile::Profile;
use longshore_profile::{ClientConnection, Configuration};
use rustc_hash::FxHashMap;
use tokio::runtime::Handle;

use super::{Inbox, Message};
use crate::args::run::RunArgs;
use crate::decisions::EXAMPLE_NODES;
use crate::extenders;
use crate::metrics::Metrics;
use crate::plugins::Guests;

/// How long PreBind waits for volumes where nothing else is said.
const BIND_TIMEOUT: Duration = Duration::from_secs(600);

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

    /// As the engine takes them.
    pub(crate) fn for_engine(&self) -> Vec<Arc<dyn Extender>> {
        self.clients.iter().map(|e| Arc::clone(e) as Arc<dyn Extender>).collect()
    }
}

/// An engine with the configuration's settings.
pub(crate) fn engine(
    configuration: &Configuration,
    profiles: Vec<Profile>,
    extending: &Extending,
    requests: Requests,
    metrics: &Metrics,
) -> Engine {
    let options = Options {
        seed: seed(),
        initial_backoff: Duration::from_secs(configuration.pod_initial_backoff_seconds),
        max_backoff: Duration::from_secs(configuration.pod_max_backoff_seconds),
        parallelism: Parallelism::default(),
        meter: Some(metrics.meter(&profiles)),
        example_nodes: Some(EXAMPLE_NODES),
        extenders: extending.for_engine(),
        requests,
        ..Options::default()
    };
    Engine::new(profiles, options)
}

/// `bindTimeoutSeconds` of each profile, by scheduler name.
pub(crate) fn bind_timeout(profiles: &[Arc<Profile>]) -> Box<dyn Fn(&str) -> Duration + Send + Sync> {
    let seconds = |profile: &Arc<Profile>| {
        let args = &profile.plugin(profile.id("VolumeBinding")?).args;
        args["bindTimeoutSeconds"].as_u64().map(Duration::from_secs)
    };
    let of: FxHashMap<Str, Duration> =
        profiles.iter().filter_map(|p| Some((Arc::clone(&p.scheduler_name), seconds(p)?))).collect();
    Box::new(move |name| of.get(name).copied().unwrap_or(BIND_TIMEOUT))
}

/// Two schedulers that start from one seed would choose the same nodes and collide.
fn seed() -> u64 {
    u64::from_le_bytes(uuid::Uuid::new_v4().into_bytes()[..8].try_into().unwrap_or_default())
}

/// The configuration file's settings, with the flags before them.
pub(crate) fn connection(args: &RunArgs, written: &ClientConnection) -> ClientConnection {
    ClientConnection {
        qps: args.kube_api_qps.unwrap_or(written.qps),
        burst: args.kube_api_burst.unwrap_or(written.burst),
        ..written.clone()
    }
}

/// Which cluster: the flag's kubeconfig, else the configuration file's.
pub(crate) fn target(args: &RunArgs, configuration: &Configuration) -> Target {
    let mut target = Target::from(&args.cluster);
    let written = &configuration.client_connection.kubeconfig;
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
