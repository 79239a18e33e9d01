//! Puts the parts together, lets them run, and takes them down in the right order.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow};
use longshore_cluster::call::Caller;
use longshore_cluster::connect::{self, Found};
use longshore_cluster::contact::Contact;
use longshore_cluster::declared::DeclaredWatches;
use longshore_cluster::discover::{Discovered, discover};
use longshore_cluster::extender::{Binders, RawObjects};
use longshore_cluster::groups::{GroupVersions, GroupWriter};
use longshore_cluster::lease::LossReason;
use longshore_cluster::perform::{Finished, Performer, Tools, Writes};
use longshore_cluster::race::Races;
use longshore_cluster::record::{Recorder, RecorderOptions, RecorderTask};
use longshore_cluster::retry::Backoff;
use longshore_cluster::status::StatusWriter;
use longshore_cluster::watch::{Reporting, Times, WatchState, watch};
use longshore_engine::Engine;
use longshore_framework::Str;
use longshore_framework::features::Rule;
use longshore_framework::objects::declared::Declarations;
use longshore_framework::profile::Profile;
use longshore_loader::{Loaded, Loader, file, rules};
use longshore_profile::{Configuration, Resolved, show};
use longshore_recording::Tape;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{oneshot, watch as latest};
use tokio_util::sync::CancellationToken;

use super::answers::Answers;
use super::assembly::{self, Extending};
use super::bind_timeouts::BindTimeouts;
use super::clients::Clients;
use super::contact;
use super::leader::Candidacy;
use super::lines::{self, Starting};
use super::measuring::Measuring;
use super::observer::{Observer, SharedDecisions, SharedRaces};
use super::plugins::{self, Announcer, SharedGuests, Switch};
use super::recording::{Recording, Reloads};
use super::reload::{self, Reloading};
use super::reviewing::reviewer;
use super::rivals::Rivals;
use super::sides::Sides;
use super::tally::Tally;
use super::thread::{End, Scheduling, Settings};
use super::{Inbox, Message, health, leader, settings};
use crate::decisions::{Decisions, Limits};
use crate::logging::Level;
use crate::metrics::Metrics;
use crate::options::RunOptions;
use crate::serve::{self, Checks, Flag, Server};

/// How long the Lease is tried to be given back.
const WITHDRAWAL: Duration = Duration::from_secs(3);
/// How long the lease is kept at the end for what is being written: evictions, volumes, bindings. A pod that is told to end
/// has 30 seconds for all of it.
const DRAIN: Duration = Duration::from_secs(8);
/// Pause between two questions to an API server that does not answer.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// How long events are written that wait at the end.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What the parts share.
struct Common {
    found: Found,
    clients: Clients,
    metrics: Arc<Metrics>,
    configuration: Configuration,
    /// The configuration as `profile show` prints it.
    shown: Arc<Mutex<Value>>,
    /// Scheduler names of the profiles.
    names: Vec<Str>,
    extending: Extending,
    loader: Loader,
    guests: SharedGuests,
    /// Files that plugins were read from.
    modules: Vec<PathBuf>,
    announcer: Announcer,
    decisions: SharedDecisions,
    races: SharedRaces,
    bind_timeouts: BindTimeouts,
    tally: Tally,
    recorder: Recorder,
    inbox: Inbox,
    /// How we are reached, for the Lease.
    contact: latest::Sender<Option<Contact>>,
    /// Ends the watches.
    stop: CancellationToken,
    /// Ends the server, after everything else.
    close: CancellationToken,
}

/// What was read before anything runs.
pub struct Prepared {
    /// The configuration, with its plugins.
    pub loaded: Loaded,
    /// Who loads plugins.
    pub loader: Loader,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Plugins that are switched off and on.
    pub switches: UnboundedReceiver<Switch>,
}

/// Runs the scheduler until it is told to stop or cannot go on.
///
/// # Errors
/// What keeps it from starting.
pub async fn start(run: &RunOptions, prepared: Prepared, level: Level) -> anyhow::Result<End> {
    let (common, profiles, rest) = Common::assemble(run, prepared).await?;
    let engine = common.engine(run, profiles)?;
    common.starting(run, |starting| starting.warn());
    settings::tell_of_idle_ones(&common.configuration);
    let mut signals = Signals::new()?;
    let candidacy = common.stand(run)?;
    let ended = common.run(run, engine, rest.receiver, &candidacy, &mut signals, level).await;
    common.stop.cancel();
    if let Ok(Ended { performer: Some(performer), .. }) = &ended {
        drain(performer).await;
    }
    let leadership = candidacy.leadership.clone();
    let elected = leader::settings(&run.leader, &common.configuration).is_some();
    candidacy.withdraw(WITHDRAWAL).await;
    rest.recording.finish(LAST_WORDS).await;
    lines::stopped(&common.tally, (elected, &leadership.borrow()), common.recorder.counts());
    common.close.cancel();
    let Ended { end, server, .. } = ended?;
    if let Some(server) = server {
        server.stopped().await;
    }
    Ok(end)
}

/// How it ended, and what is still there.
struct Ended {
    end: End,
    server: Option<Server>,
    /// None when the end came before there was anything to do.
    performer: Option<Performer>,
}

/// While the lease is still ours, what was begun is finished. What is left after that is not sent any more.
async fn drain(performer: &Performer) {
    let Finished { done, left } = performer.finish(DRAIN).await;
    if left == Writes::default() {
        tracing::info!("Nothing is being written any more; finished at the end: {done}");
    } else {
        tracing::warn!(
            "Written at the end: {done}. Not finished within {DRAIN:?}, and not sent any more: {left}"
        );
    }
}

/// What only one part needs.
struct Rest {
    receiver: Receiver<Message>,
    recording: RecorderTask,
}

impl Common {
    /// Reads what there is to read and makes what is shared.
    async fn assemble(run: &RunOptions, prepared: Prepared) -> anyhow::Result<(Self, Vec<Profile>, Rest)> {
        let Prepared { loaded, loader, metrics, switches } = prepared;
        let Loaded { resolved, guests, files: modules, .. } = loaded;
        let shown = Arc::new(Mutex::new(show(&resolved)));
        let Resolved { configuration, profiles, .. } = resolved;
        let found = connect::find(&assembly::target(run, &configuration.client_connection)).await?;
        let connection = assembly::connection(run, &configuration.client_connection);
        let clients = Clients::new(&found, &connection, &metrics)?;
        let options =
            RecorderOptions { hold: clients.hold.clone(), ..RecorderOptions::new(leader::hostname()) };
        let (recorder, recording) = Recorder::start(clients.events.clone(), options);
        let (inbox, receiver) = channel();
        let names: Vec<Str> = profiles.iter().map(|p| Arc::clone(&p.scheduler_name)).collect();
        let lease = leader::lease(&run.leader, &configuration);
        let speaker = names.first().cloned().unwrap_or_default();
        let announcer = Announcer::new(recorder.clone(), lease, speaker);
        tokio::spawn(announcer.clone().follow(switches));
        let extending = Extending::of(&configuration, Arc::default(), &guests)?;
        loader.objects().set(Arc::clone(&extending.whole) as Arc<dyn RawObjects>);
        plugins::count(&metrics, &guests);
        let ring = Decisions::new(Limits::default(), Some(metrics.own.ring_dropped.clone()));
        let common = Self {
            extending,
            loader,
            guests: Arc::new(Mutex::new(guests)),
            modules,
            announcer,
            decisions: SharedDecisions::new(ring),
            races: SharedRaces::new(Mutex::new(Races::new(names.clone()))),
            bind_timeouts: BindTimeouts::default(),
            tally: Tally::default(),
            stop: CancellationToken::new(),
            close: CancellationToken::new(),
            found,
            clients,
            metrics,
            configuration,
            shown,
            names,
            recorder,
            inbox,
            contact: latest::Sender::new(None),
        };
        Ok((common, profiles, Rest { receiver, recording }))
    }

    /// An engine for these profiles.
    fn engine(&self, run: &RunOptions, profiles: Vec<Profile>) -> anyhow::Result<Engine> {
        let given = (self.loader.requests(), self.loader.features());
        let (configuration, extending) = (&self.configuration, &self.extending);
        let engine = assembly::engine(run, configuration, profiles, extending, given, &self.metrics)?;
        self.bind_timeouts.set(engine.profiles());
        Ok(engine)
    }

    /// Takes up the rules of the API server's own minor, now that it answers. Returns an engine that follows them, unless
    /// `engine` does: it does where the server answered [before](super::minor).
    ///
    /// # Errors
    /// Feature gates, or parts of the configuration, that this minor does not have.
    fn follow(&self, run: &RunOptions, server: &Discovered, engine: Engine) -> anyhow::Result<Engine> {
        let (minor, remark) = rules::minor(run.kubernetes_version, Some(&server.version));
        if let Some(remark) = remark {
            tracing::warn!("{remark}");
        }
        let resolved = rules::resolve(minor, &run.feature_gates)?;
        for remark in &resolved.remarks {
            tracing::warn!("{remark}");
        }
        let features = resolved.features;
        self.metrics.follow(features).context("cannot set up metrics")?;
        if features == self.loader.features() {
            return Ok(engine);
        }
        self.loader.follow(features);
        let guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let loaded = file::profiles_after(run.config.as_deref(), &self.loader, &guests)?;
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = show(&loaded.resolved);
        self.engine(run, loaded.resolved.profiles)
    }

    /// Serves, watches and schedules until told to stop.
    async fn run(
        &self,
        run: &RunOptions,
        engine: Engine,
        inbox: Receiver<Message>,
        candidacy: &Candidacy,
        signals: &mut Signals,
        level: Level,
    ) -> anyhow::Result<Ended> {
        let checks = Arc::new(Checks::default());
        let synced = health::checks(&checks, candidacy, &self.stop);
        let guests = Arc::clone(&self.guests);
        checks.set_notes(move || plugins::notes(&guests));
        let server = self.serve(run, candidacy, Arc::clone(&checks), level).await?;
        let discovered = tokio::select! {
            discovered = self.prepare(candidacy, &synced) => discovered?,
            () = signals.any() => return Ok(Ended { end: End::Stopped, server, performer: None }),
        };
        let engine = self.follow(run, &discovered, engine)?;
        let features = self.loader.features();
        let discovered = discovered.by(features);
        self.starting(run, |starting| starting.tell(&discovered, features));
        let (performer, sides) = self.hands();
        let (watches, declared) = self.watch(&discovered, sides);
        let waited_for: Vec<_> = watches.iter().cloned().chain(declared.states()).collect();
        health::watches(&checks, &waited_for);
        let measuring = self.measuring();
        measuring.start(engine.metrics_sources()).await;
        let observer = Observer {
            metrics: Arc::clone(&self.metrics),
            decisions: self.decisions.clone(),
            watches,
            declared: (declared.clone(), BTreeSet::new()),
            races: Arc::clone(&self.races),
            rivals: Rivals::default(),
            recorder: self.recorder.clone(),
            tally: self.tally.clone(),
            synced,
        };
        let (recording, tape) = self.record(run, &engine)?;
        let ended = scheduling(Settings {
            engine,
            tape,
            inbox,
            performer: Box::new(performer.clone()),
            observer: Box::new(observer),
            limiter: Arc::clone(&self.clients.limiter),
            bindings: self.metrics.queues.queue("bindings"),
            hold: self.clients.hold.clone(),
            kinds: waited_for.iter().map(|watch| watch.kind).collect(),
        })?;
        self.follow_configuration(run, performer.clone(), measuring, declared, recording.reloads());
        let end = until_end(ended, signals, &self.inbox, &self.tally).await?;
        recording.finish().await;
        Ok(Ended { end, server, performer: Some(performer) })
    }

    /// Begins to record, if that is asked for.
    fn record(&self, run: &RunOptions, engine: &Engine) -> anyhow::Result<(Recording, Tape)> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Recording::begin(&run.recording, engine, (shown, &guests), &self.metrics, self.announcer.clone())
    }

    /// What there is to say of the start.
    fn starting(&self, run: &RunOptions, say: impl FnOnce(Starting<'_>)) {
        let lease = leader::settings(&run.leader, &self.configuration);
        let guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        say(Starting {
            names: &self.names,
            lease: lease.map(|lease| format!("{}/{}", lease.namespace, lease.name)),
            guests: &guests,
            configured: run.config.is_some(),
        });
    }

    /// Takes part in the election.
    fn stand(&self, run: &RunOptions) -> anyhow::Result<Candidacy> {
        let announcer = self.announcer.clone();
        let announce = move |event| announcer.elected(event);
        let settings = leader::settings(&run.leader, &self.configuration);
        let lease = settings.as_ref().map(|s| s.name.to_string());
        let (lease_calls, hold) = (self.clients.lease.clone(), self.clients.hold.clone());
        let contact = self.contact.subscribe();
        let candidacy = leader::stand(settings, lease_calls, hold, contact, &self.inbox, announce, leave)?;
        health::lease_metric(&self.metrics, lease, &candidacy);
        Ok(candidacy)
    }

    /// The objects that the plugins in force read.
    fn declarations(&self) -> Declarations {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner).declarations()
    }

    /// Learns what the API server has; waits for it when it is not there yet.
    async fn prepare(&self, candidacy: &Candidacy, synced: &Flag) -> anyhow::Result<Discovered> {
        let declared = self.declarations();
        let discovered = discovered(&self.clients, &self.found, &declared, synced).await?;
        if self.configuration.delay_cache_until_active {
            leader::until_leading(candidacy).await;
        }
        Ok(discovered)
    }

    /// Starts the HTTPS server.
    async fn serve(
        &self,
        run: &RunOptions,
        candidacy: &Candidacy,
        checks: Arc<Checks>,
        level: Level,
    ) -> anyhow::Result<Option<Server>> {
        let answers = Answers {
            inbox: self.inbox.clone(),
            leadership: candidacy.leadership.clone(),
            decisions: self.decisions.clone(),
            shown: Arc::clone(&self.shown),
            loader: self.loader.clone(),
        };
        let reviewer = reviewer(&run.review, &self.clients.reviewing, &self.metrics).await?;
        let context = serve::Context {
            checks,
            metrics: Arc::clone(&self.metrics),
            backend: Arc::new(answers),
            reviewer: Some(Arc::new(reviewer)),
            level,
        };
        let server = serve::start(run.serving.clone(), context, self.close.clone()).await?;
        if let Some(server) = &server {
            contact::tell(server, self.names.clone(), self.contact.clone());
        }
        Ok(server)
    }

    /// Who does what the engine wants, and what it has to see of the watches for that.
    fn hands(&self) -> (Performer, Sides) {
        let bind_timeouts = self.bind_timeouts.clone();
        let group_versions = Arc::new(GroupVersions::default());
        let tools = Tools {
            bindings: self.clients.bindings.clone(),
            writes: self.clients.writes.clone(),
            recorder: self.recorder.clone(),
            status: StatusWriter::new(self.clients.writes.clone()),
            groups: GroupWriter::new(
                self.clients.writes.clone(),
                self.recorder.clone(),
                Arc::clone(&group_versions),
            ),
            storage: Arc::default(),
            claims: Arc::default(),
            binding_backoff: match self.loader.features().follow(Rule::BindingsRetried) {
                true => Backoff::STATUS,
                false => Backoff::ONCE,
            },
            bind_timeout: Box::new(move |scheduler| bind_timeouts.for_scheduler(scheduler)),
            hold: self.clients.hold.clone(),
            tell: assembly::tell(&self.inbox),
        };
        let sides = Sides {
            whole: (Arc::clone(&self.extending.whole), self.extending.wants()),
            news: self.extending.news(),
            metrics: Arc::clone(&self.metrics.own),
            status: tools.status.clone(),
            storage: Arc::clone(&tools.storage),
            claims: Arc::clone(&tools.claims),
            groups: group_versions,
            races: Arc::clone(&self.races),
            ours: self.names.iter().cloned().collect(),
        };
        self.metrics.read_claims(Arc::clone(&tools.claims));
        let performer = Performer::new(Handle::current(), tools);
        performer.set_binders(Binders::of(&self.extending.clients));
        (performer, sides)
    }

    /// Begins to watch everything that is served.
    fn watch(&self, discovered: &Discovered, sides: Sides) -> (Vec<Arc<WatchState>>, DeclaredWatches) {
        let to = Reporting {
            tell: assembly::tell(&self.inbox),
            bystander: Arc::new(sides),
            times: Times::default(),
            stop: self.stop.clone(),
        };
        let begin = |kind| {
            let state = Arc::new(WatchState::new(kind));
            tokio::spawn(watch(self.clients.watching.clone(), kind, Arc::clone(&state), to.clone()));
            state
        };
        let watches = discovered.served.iter().copied().map(begin).collect();
        let announcer = self.announcer.clone();
        let news = Arc::new(move |kind, served| announcer.kind(kind, served));
        let declared = DeclaredWatches::new(self.clients.watching.clone(), to.clone(), news);
        declared.begin(&self.declarations(), &discovered.declared);
        (watches, declared)
    }

    /// Who asks what is measured on nodes.
    fn measuring(&self) -> Measuring {
        let api = Caller::new(self.clients.reviewing.clone());
        Measuring::new(api, &self.inbox, &self.metrics, &self.stop)
    }

    /// Takes over what changes in the configuration file.
    fn follow_configuration(
        &self,
        run: &RunOptions,
        performer: Performer,
        measuring: Measuring,
        declared: DeclaredWatches,
        recorded: Reloads,
    ) {
        self.metrics.own.config_generation.set(1);
        let Some(file) = &run.config else { return };
        let reloading = Reloading {
            inbox: self.inbox.clone(),
            metrics: Arc::clone(&self.metrics),
            performer,
            measuring,
            whole: (Arc::clone(&self.extending.whole), self.extending.wants()),
            declared,
            news: self.extending.news(),
            bind_timeouts: self.bind_timeouts.clone(),
            in_force: Arc::new(Mutex::new(self.configuration.clone())),
            shown: Arc::clone(&self.shown),
            loader: self.loader.clone(),
            guests: Arc::clone(&self.guests),
            announcer: self.announcer.clone(),
            recorded,
        };
        let (file, modules) = (file.clone(), self.modules.clone());
        tokio::spawn(reload::follow(file, modules, self.stop.clone(), reloading));
    }
}

/// Another one may lead from now on, so nothing more may be done, not even what was begun.
fn leave(reason: &LossReason) {
    tracing::error!("leaderelection lost: {reason}");
    std::process::exit(1);
}

/// Asks until the API server answers. What time does not fix is an error: credentials and certificates.
async fn discovered(
    clients: &Clients,
    found: &Found,
    declared: &Declarations,
    synced: &Flag,
) -> anyhow::Result<Discovered> {
    let (origin, server) = (&found.origin, &found.config.cluster_url);
    let mut said = String::new();
    let discovered = loop {
        let error = match discover(&clients.watching, declared).await {
            Ok(discovered) => break discovered,
            Err(error) => error,
        };
        let text = format!("{server} ({origin}): {}", connect::explained(&error));
        if !connect::may_pass(&error) {
            return Err(anyhow!(text));
        }
        if text != said {
            tracing::warn!("the API server does not answer yet, asking again: {text}");
            synced.fail(format!("waiting for the API server: {text}"));
            said = text;
        }
        tokio::time::sleep(ASK_AGAIN).await;
    };
    synced.fail("waiting for the first list of every kind");
    tracing::info!(%server, %origin, version = %discovered.version, "Connected to the API server");
    for kind in &discovered.absent {
        tracing::warn!(resource = kind.plural, "not served here, so {}", kind.loss);
    }
    Ok(discovered)
}

fn scheduling(settings: Settings) -> anyhow::Result<oneshot::Receiver<End>> {
    let (ended, end) = oneshot::channel();
    std::thread::Builder::new()
        .name("scheduling".to_string())
        .spawn(move || ended.send(Scheduling::new(settings).run()))
        .context("cannot start the scheduling thread")?;
    Ok(end)
}

/// The signals that end the process in good order.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits for one of them.
    async fn any(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits for the thread's end; a signal tells it to come to one.
async fn until_end(
    mut end: oneshot::Receiver<End>,
    signals: &mut Signals,
    inbox: &Inbox,
    tally: &Tally,
) -> anyhow::Result<End> {
    loop {
        tokio::select! {
            end = &mut end => return end.map_err(|_| anyhow!("the scheduling thread failed unexpectedly; please report this")),
            () = signals.any() => {
                tally.ending();
                drop(inbox.send(Message::Stop));
            }
        }
    }
}
