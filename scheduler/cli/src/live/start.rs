//! Puts the parts together, lets them run, and takes them down in the right order.

use std::sync::Arc;
use std::sync::mpsc::channel;

use anyhow::{Context, anyhow};
use longshore_cluster::call::Caller;
use longshore_cluster::connect::{self, Found, Target};
use longshore_cluster::discover::{Discovered, discover};
use longshore_cluster::perform::{Performer, Tell};
use longshore_cluster::watch::{NoBystander, Reporting, WatchState, watch};
use longshore_engine::{Engine, Options};
use longshore_profile::{ClientConnection, Configuration, Resolved};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::thread::{End, Observe, Scheduling, Settings};
use super::{Inbox, Message};
use crate::args::run::RunArgs;

/// Runs the scheduler until it is told to stop or cannot go on.
///
/// # Errors
/// What keeps it from starting.
pub(crate) async fn start(args: &RunArgs, resolved: Resolved) -> anyhow::Result<End> {
    let Resolved { configuration, profiles, .. } = resolved;
    let connection = connection(args, &configuration.client_connection);
    let found = connect::find(&target(args, &configuration)).await?;
    let client = connect::client(&found)?;
    let discovered = discovered(&client, &found).await?;

    let (inbox, receiver) = channel();
    let stop = CancellationToken::new();
    let states = watches(&client, &discovered, &inbox, &stop);
    let performer = performer(&found, &connection, &inbox)?;
    let settings = Settings {
        engine: Engine::new(profiles, options(&configuration)),
        inbox: receiver,
        performer: Box::new(performer),
        observer: Box::new(Silent),
        qps: connection.qps,
        burst: connection.burst,
        kinds: states.len(),
    };
    let _ = inbox.send(Message::Leading(true));
    let end = scheduling(settings)?;
    let end = until_end(end, &inbox).await?;
    stop.cancel();
    Ok(end)
}

struct Silent;

impl Observe for Silent {}

/// The configuration file's, with the flags before it.
fn connection(args: &RunArgs, written: &ClientConnection) -> ClientConnection {
    ClientConnection {
        qps: args.kube_api_qps.unwrap_or(written.qps),
        burst: args.kube_api_burst.unwrap_or(written.burst),
        ..written.clone()
    }
}

fn target(args: &RunArgs, configuration: &Configuration) -> Target {
    let mut target = Target::from(&args.cluster);
    let written = &configuration.client_connection.kubeconfig;
    if target.kubeconfig.is_none() && !written.is_empty() {
        target.kubeconfig = Some(written.into());
    }
    target
}

async fn discovered(client: &kube::Client, found: &Found) -> anyhow::Result<Discovered> {
    let (origin, server) = (&found.origin, &found.config.cluster_url);
    let discovered =
        discover(client).await.map_err(|e| anyhow!("{server} ({origin}): {}", connect::explained(&e)))?;
    tracing::info!(%server, %origin, version = %discovered.version, "connected");
    for kind in &discovered.absent {
        tracing::warn!(resource = kind.plural, "not served here, so {}", kind.loss);
    }
    Ok(discovered)
}

/// Begins to watch everything that is served.
fn watches(
    client: &kube::Client,
    discovered: &Discovered,
    inbox: &Inbox,
    stop: &CancellationToken,
) -> Vec<Arc<WatchState>> {
    let to = Reporting { tell: tell(inbox), bystander: Arc::new(NoBystander), stop: stop.clone() };
    let begin = |kind| {
        let state = Arc::new(WatchState::new(kind));
        tokio::spawn(watch(client.clone(), kind, Arc::clone(&state), to.clone()));
        state
    };
    discovered.served.iter().copied().map(begin).collect()
}

fn tell(inbox: &Inbox) -> Tell {
    let inbox = inbox.clone();
    // When the thread is gone nobody needs to know any more.
    Arc::new(move |told| drop(inbox.send(Message::Told(told))))
}

fn performer(found: &Found, connection: &ClientConnection, inbox: &Inbox) -> anyhow::Result<Performer> {
    let _ = connection;
    let api = Caller::new(connect::client(found)?);
    Ok(Performer::new(tokio::runtime::Handle::current(), api, tell(inbox)))
}

fn options(configuration: &Configuration) -> Options {
    Options {
        initial_backoff: std::time::Duration::from_secs(configuration.pod_initial_backoff_seconds),
        max_backoff: std::time::Duration::from_secs(configuration.pod_max_backoff_seconds),
        ..Options::default()
    }
}

fn scheduling(settings: Settings) -> anyhow::Result<tokio::sync::oneshot::Receiver<End>> {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name("scheduling".to_string())
        .spawn(move || ended.send(Scheduling::new(settings).run()))
        .context("cannot start the scheduling thread")?;
    Ok(end)
}

/// Waits for the thread's end; a signal tells it to come to one.
async fn until_end(mut end: tokio::sync::oneshot::Receiver<End>, inbox: &Inbox) -> anyhow::Result<End> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    loop {
        tokio::select! {
            end = &mut end => return end.map_err(|_| anyhow!("the scheduling thread broke; please report this")),
            _ = terminate.recv() => drop(inbox.send(Message::Stop)),
            _ = interrupt.recv() => drop(inbox.send(Message::Stop)),
        }
    }
}
