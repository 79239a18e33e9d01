//! Puts the parts together, lets them run, and takes them down in the right order.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, anyhow};
use longshore_cluster::call::Caller;
use longshore_cluster::connect::{self, Found};
use longshore_cluster::discover::{Discovered, discover};
use longshore_cluster::extender::Binders;
use longshore_cluster::perform::Performer;
use longshore_cluster::race::Races;
use longshore_cluster::watch::{Bystander, Reporting, WatchState, watch};
use longshore_profile::Resolved;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::assembly::{self, Extending};
use super::observer::{Observer, SharedDecisions};
use super::reload::Reloading;
use super::sides::Sides;
use super::thread::{End, Scheduling, Settings};
use super::{Inbox, Message, leader, reload};
use crate::args::run::RunArgs;
use crate::decisions::{Decisions, Limits};
use crate::metrics::Metrics;

/// How long the Lease is tried to be given back.
const WITHDRAWAL: Duration = Duration::from_secs(3);

/// Runs the scheduler until it is told to stop or cannot go on.
///
/// # Errors
/// What keeps it from starting.
pub(crate) async fn start(args: &RunArgs, resolved: Resolved) -> anyhow::Result<End> {
    let Resolved { configuration, profiles, .. } = resolved;
    let connection = assembly::connection(args, &configuration.client_connection);
    let found = connect::find(&assembly::target(args, &configuration)).await?;
    let client = connect::client(&found)?;
    let discovered = discovered(&client, &found).await?;
    let metrics = Metrics::new().context("cannot set up metrics")?;
    let extending = Extending::of(&configuration, Arc::default())?;

    let (inbox, receiver) = channel();
    let stop = CancellationToken::new();
    let whole = (Arc::clone(&extending.whole), extending.wants());
    let sides = Sides { whole: whole.clone(), metrics: Arc::clone(&metrics.own) };
    let watches = watches(&client, &discovered, &inbox, Arc::new(sides), &stop);
    let decisions =
        SharedDecisions::new(Decisions::new(Limits::default(), Some(metrics.own.ring_dropped.clone())));
    let api = Caller::new(connect::client(&found)?);
    let performer = Performer::new(Handle::current(), api.clone(), assembly::tell(&inbox));
    performer.set_binders(Binders::of(&extending.clients));
    let settings = Settings {
        engine: assembly::engine(&configuration, profiles, &extending, &metrics),
        inbox: receiver,
        performer: Box::new(performer.clone()),
        observer: Box::new(Observer {
            metrics: Arc::clone(&metrics),
            decisions: decisions.clone(),
            watches: watches.clone(),
            races: Races::default(),
        }),
        qps: connection.qps,
        burst: connection.burst,
        kinds: watches.len(),
    };
    let end = scheduling(settings)?;
    metrics.own.config_generation.set(1);
    let in_force = Arc::new(Mutex::new(configuration.clone()));
    if let Some(file) = &args.config {
        let (inbox, metrics) = (inbox.clone(), Arc::clone(&metrics));
        let reloading = Reloading { inbox, metrics, performer, whole, in_force };
        tokio::spawn(reload::follow(file.clone(), stop.clone(), reloading));
    }
    let candidacy = leader::stand(leader::settings(&args.leader, &configuration), api, &inbox, |_| {})?;
    let end = until_end(end, &inbox).await?;
    stop.cancel();
    candidacy.withdraw(WITHDRAWAL).await;
    Ok(end)
}

async fn discovered(client: &kube::Client, found: &Found) -> anyhow::Result<Discovered> {
    let (origin, server) = (&found.origin, &found.config.cluster_url);
    let discovered =
        discover(client).await.map_err(|e| anyhow!("{server} ({origin}): {}", connect::explained(&e)))?;
    tracing::info!(%server, %origin, version = %discovered.version, "Connected to the API server");
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
    bystander: Arc<dyn Bystander>,
    stop: &CancellationToken,
) -> Vec<Arc<WatchState>> {
    let to = Reporting { tell: assembly::tell(inbox), bystander, stop: stop.clone() };
    let begin = |kind| {
        let state = Arc::new(WatchState::new(kind));
        tokio::spawn(watch(client.clone(), kind, Arc::clone(&state), to.clone()));
        state
    };
    discovered.served.iter().copied().map(begin).collect()
}

fn scheduling(settings: Settings) -> anyhow::Result<oneshot::Receiver<End>> {
    let (ended, end) = oneshot::channel();
    std::thread::Builder::new()
        .name("scheduling".to_string())
        .spawn(move || ended.send(Scheduling::new(settings).run()))
        .context("cannot start the scheduling thread")?;
    Ok(end)
}

/// Waits for the thread's end; a signal tells it to come to one.
async fn until_end(mut end: oneshot::Receiver<End>, inbox: &Inbox) -> anyhow::Result<End> {
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
