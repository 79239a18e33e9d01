//! Puts the parts together, lets them run, and takes them down in the right order.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, anyhow};
use longshore_cluster::call::Caller;
use longshore_cluster::connect::{self, Found};
use longshore_cluster::discover::{Discovered, discover};
use longshore_cluster::extender::Binders;
use longshore_cluster::limiter::Limiter;
use longshore_cluster::perform::{Performer, Tools};
use longshore_cluster::race::Races;
use longshore_cluster::record::{Event, Recorder, RecorderOptions};
use longshore_cluster::requests::RequestMeter;
use longshore_cluster::review::ApiReviewer;
use longshore_cluster::status::StatusWriter;
use longshore_cluster::watch::{Bystander, Reporting, WatchState, watch};
use longshore_framework::Str;
use longshore_profile::{Resolved, show};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::answers::Answers;
use super::assembly::{self, Extending};
use super::observer::{Observer, SharedDecisions, SharedRaces};
use super::reload::{self, Reloading};
use super::sides::Sides;
use super::thread::{End, Scheduling, Settings};
use super::{Inbox, Message, health, leader};
use crate::args::run::RunArgs;
use crate::decisions::{Decisions, Limits};
use crate::logging::Level;
use crate::metrics::Metrics;
use crate::serve::{self, Checks};

/// How long the Lease is tried to be given back.
const WITHDRAWAL: Duration = Duration::from_secs(3);
/// How long events are written that wait at the end.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Runs the scheduler until it is told to stop or cannot go on.
///
/// # Errors
/// What keeps it from starting.
pub(crate) async fn start(args: &RunArgs, resolved: Resolved, level: Level) -> anyhow::Result<End> {
    let shown = Arc::new(Mutex::new(show(&resolved)));
    let Resolved { configuration, profiles, .. } = resolved;
    let connection = assembly::connection(args, &configuration.client_connection);
    let found = connect::find(&assembly::target(args, &configuration)).await?;
    let metrics = Metrics::new().context("cannot set up metrics")?;
    let meter = || Some(Arc::clone(&metrics) as Arc<dyn RequestMeter>);
    // Watches, writes and events have a connection each: none waits behind the other's bytes.
    let client = connect::client(&found, meter())?;
    let discovered = discovered(&client, &found).await?;
    let limiter = Arc::new(Limiter::new(connection.qps, connection.burst));
    let bindings = Caller::new(connect::client(&found, meter())?);
    let writes = bindings.clone().limited_by(Arc::clone(&limiter));
    let events = Caller::new(connect::client(&found, meter())?)
        .limited_by(Arc::new(Limiter::new(connection.qps, connection.burst)));
    let (recorder, recording) = Recorder::start(events, RecorderOptions::new(leader::hostname()));

    let (inbox, receiver) = channel();
    let (stop, serving) = (CancellationToken::new(), CancellationToken::new());
    let extending = Extending::of(&configuration, Arc::default())?;
    let names: Vec<Str> = profiles.iter().map(|p| Arc::clone(&p.scheduler_name)).collect();
    let races = SharedRaces::new(Mutex::new(Races::new(names.clone())));
    let tools = Tools {
        bindings: bindings.clone(),
        writes: writes.clone(),
        recorder: recorder.clone(),
        status: StatusWriter::new(writes),
        storage: Arc::default(),
        bind_timeout: assembly::bind_timeout(&profiles),
        tell: assembly::tell(&inbox),
    };
    let whole = (Arc::clone(&extending.whole), extending.wants());
    let sides = Sides {
        whole: whole.clone(),
        metrics: Arc::clone(&metrics.own),
        status: tools.status.clone(),
        storage: Arc::clone(&tools.storage),
        races: Arc::clone(&races),
        ours: names.iter().cloned().collect(),
    };
    let performer = Performer::new(Handle::current(), tools);
    performer.set_binders(Binders::of(&extending.clients));

    let announce = {
        let (recorder, speaker) = (recorder.clone(), names.first().cloned().unwrap_or_default());
        move |event| recorder.record(Event::leader_election(event, Arc::clone(&speaker)))
    };
    let election = leader::settings(&args.leader, &configuration);
    let lease = election.as_ref().map(|e| e.name.to_string());
    let candidacy = leader::stand(election, bindings, &inbox, announce)?;
    health::lease_metric(&metrics, lease, &candidacy);
    let checks = Arc::new(Checks::default());
    let synced = health::checks(&checks, &candidacy, &stop);
    let decisions =
        SharedDecisions::new(Decisions::new(Limits::default(), Some(metrics.own.ring_dropped.clone())));
    let context = serve::Context {
        checks,
        metrics: Arc::clone(&metrics),
        backend: Arc::new(Answers {
            inbox: inbox.clone(),
            leadership: candidacy.leadership.clone(),
            decisions: decisions.clone(),
            shown: Arc::clone(&shown),
        }),
        reviewer: Some(Arc::new(ApiReviewer::new(connect::client(&found, meter())?))),
        level,
    };
    let server = serve::start((&args.serving).into(), context.clone(), serving.clone()).await?;
    if configuration.delay_cache_until_active {
        leader::until_leading(&candidacy).await;
    }
    let watches = watches(&client, &discovered, &inbox, Arc::new(sides), &stop);
    health::watches(&context.checks, &watches);
    let end = scheduling(Settings {
        engine: assembly::engine(&configuration, profiles, &extending, &metrics),
        inbox: receiver,
        performer: Box::new(performer.clone()),
        observer: Box::new(Observer {
            metrics: Arc::clone(&metrics),
            decisions,
            watches: watches.clone(),
            races,
            recorder,
            synced,
        }),
        limiter,
        kinds: watches.len(),
    })?;
    metrics.own.config_generation.set(1);
    if let Some(file) = &args.config {
        let in_force = Arc::new(Mutex::new(configuration));
        let reloading = Reloading { inbox: inbox.clone(), metrics, performer, whole, in_force, shown };
        tokio::spawn(reload::follow(file.clone(), stop.clone(), reloading));
    }
    let end = until_end(end, &inbox).await?;
    stop.cancel();
    candidacy.withdraw(WITHDRAWAL).await;
    recording.finish(LAST_WORDS).await;
    serving.cancel();
    if let Some(server) = server {
        server.stopped().await;
    }
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
