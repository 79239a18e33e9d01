//! `longshore record --from-cluster`: what happens in a cluster that another scheduler serves. Nothing is written to it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use longshore_cluster::connect::{self, Liveness};
use longshore_cluster::declared::DeclaredWatches;
use longshore_cluster::discover::discover;
use longshore_cluster::told::{NoBystander, Tell, Told};
use longshore_cluster::watch::{Reporting, Times, WatchState, watch};
use longshore_engine::{Engine, Options};
use longshore_framework::objects::declared::{Declarations, DeclaredKind};
use longshore_framework::port::Input;
use longshore_profile::show;
use longshore_recording::{Recorder, Settings, Status, Tape};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::args::record::RecordCommandArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::input;
use longshore_loader::{Loaded, file};
use longshore_service::clock::Clock;
use longshore_service::{live, logging};

/// How often the time is recorded when nothing happens.
const TICK: Duration = Duration::from_millis(100);
/// Threads for the watches.
const WORKERS: usize = 2;

/// Records until told to end.
pub(crate) fn run(args: &RecordCommandArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    logging::serve(args.logging.logging_format.into(), args.logging.level);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    match runtime.block_on(record(args, console))? {
        None => Ok(Exit::Done),
        Some(why) => {
            console.error(&why);
            Ok(Exit::Failure)
        }
    }
}

/// Returns why it ended, when nobody asked for it.
async fn record(args: &RecordCommandArgs, console: &mut Console<'_>) -> anyhow::Result<Option<String>> {
    let found = connect::find(&(&args.cluster).into()).await?;
    let client = connect::client(&found, None, Liveness::default())?;
    let place = format!("{} ({})", found.config.cluster_url, found.origin);
    let explained = |error: kube::Error| anyhow!("{place}: {}", connect::explained(&error));
    let server = discover(&client, &Declarations::default()).await.map_err(explained)?;
    let features = input::rules(&args.rules, Some(server.version.as_str()), console)?;
    let (loader, _) = input::loader(&args.plugins);
    loader.follow(features);
    let Loaded { resolved, guests, .. } = file::profiles(args.config.as_deref(), &loader)?;
    let declared = guests.declarations();
    let discovered = discover(&client, &declared).await.map_err(explained)?.by(features);
    let shown = show(&resolved);
    let options = Options {
        adopt_all: args.config.is_none(),
        requests: loader.requests(),
        features,
        ..Options::default()
    };
    let engine = Engine::new(resolved.profiles, options);
    let settings = Settings { decides: false, ..Settings::of(&engine, shown, live::modules(&guests)) };
    let session = (Clock::new().now(), std::process::id());
    let said = |why: &str| tracing::error!("nothing is recorded any more: {why}");
    let (recorder, tape) = Recorder::start(&args.folder, args.limits.into(), settings, session, said)?;
    tracing::info!(folder = %args.folder.display(), "What happens in {place} is recorded");
    let (inbox, receiver) = channel();
    let tell: Tell = Arc::new(move |told| drop(inbox.send(told)));
    let stop = CancellationToken::new();
    let to =
        Reporting { tell, bystander: Arc::new(NoBystander), times: Times::default(), stop: stop.clone() };
    for kind in discovered.served.iter().copied() {
        tokio::spawn(watch(client.clone(), kind, Arc::new(WatchState::new(kind)), to.clone()));
    }
    let news = Arc::new(|kind: DeclaredKind, served: bool| {
        tracing::info!(%kind, served, "a kind that a plugin reads");
    });
    let watches = DeclaredWatches::new(client, to, news);
    watches.begin(&declared, &discovered.declared);
    let keeping = Keeping { engine, tape, receiver, status: recorder.status(), stop: stop.clone() };
    let kept = tokio::task::spawn_blocking(move || keeping.run());
    let ended = until_end(kept, &stop).await;
    stop.cancel();
    tokio::task::spawn_blocking(move || recorder.finish()).await.context("the writer broke")?;
    ended
}

/// Waits until it ends, by a signal or by itself. Returns why, when nobody asked for it.
async fn until_end(
    mut kept: JoinHandle<Option<String>>,
    stop: &CancellationToken,
) -> anyhow::Result<Option<String>> {
    let listen = |kind| signal(kind).context("cannot listen for signals");
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    tokio::select! {
        ended = &mut kept => return ended.context("the recording thread broke"),
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.cancel();
    kept.await.context("the recording thread broke")
}

/// Tells an engine that decides nothing what happens, so that there is something to take a checkpoint of.
struct Keeping {
    engine: Engine,
    tape: Tape,
    receiver: Receiver<Told>,
    status: Arc<Status>,
    stop: CancellationToken,
}

impl Keeping {
    /// Runs until it is stopped. Returns what ended it otherwise.
    fn run(mut self) -> Option<String> {
        let clock = Clock::new();
        let mut ticked: Option<Instant> = None;
        while !self.stop.is_cancelled() {
            if ticked.is_none_or(|at| at.elapsed() >= TICK) {
                ticked = Some(Instant::now());
                self.tape.apply(&mut self.engine, Input::Time(clock.now()));
                if let Some(why) = self.status.stopped() {
                    return Some(format!("nothing is recorded any more: {why}"));
                }
            }
            match self.receiver.recv_timeout(TICK) {
                Ok(Told::Input(input)) => drop(self.tape.apply(&mut self.engine, input)),
                Ok(Told::Synced(kind)) => tracing::info!(resource = kind.plural, "is known"),
                Ok(Told::Rejected { .. }) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Told::Fatal(why)) => return Some(why),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        None
    }
}
