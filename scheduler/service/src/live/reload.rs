//! A configuration, or a plugin's module, that changes while the scheduler runs: read again in the background, checked,
//! and taken over between two decisions. One that is not valid is reported, and the previous state stays in force.

mod files;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::bail;
use longshore_cluster::declared::{DeclaredWatches, NotKnown};
use longshore_cluster::extender::{Binders, RawStore, Wants};
use longshore_cluster::perform::Performer;
use longshore_engine::{Engine, OtherProfiles};
use longshore_framework::port::Effect;
use longshore_framework::profile::Profile;
use longshore_loader::{Guests, Loaded, Loader, NotLoaded, file as configuration_file, measured};
use longshore_profile::{Configuration, Resolved, show};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::assembly::Extending;
use super::bind_timeouts::BindTimeouts;
use super::measuring::Measuring;
use super::plugins::{self, Announcer, SharedGuests};
use super::recording::Reloads;
use super::{Inbox, Message, settings};
use crate::metrics::Metrics;
use files::Modules;

/// How often the files are looked at. A ConfigMap takes a minute to arrive anyway.
const EVERY: Duration = Duration::from_secs(2);
/// How often a module, or the objects of a plugin, are asked for again that could not be had over the network.
const RETRY: Duration = Duration::from_secs(60);

/// Who takes a changed configuration over.
#[derive(Clone)]
pub(crate) struct Reloading {
    /// The thread.
    pub(crate) inbox: Inbox,
    /// Where it is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Who asks extenders to bind.
    pub(crate) performer: Performer,
    /// Who asks what is measured on nodes.
    pub(crate) measuring: Measuring,
    /// Whole objects for extenders and plugins, and which of them are kept.
    pub(crate) whole: (Arc<RawStore>, Wants),
    /// Who watches the objects that plugins declare.
    pub(crate) declared: DeclaredWatches,
    /// Of which of them all that changes is news.
    pub(crate) news: Wants,
    /// How long is waited for volumes.
    pub(crate) bind_timeouts: BindTimeouts,
    /// What is in force, for `/configz`.
    pub(crate) in_force: Arc<Mutex<Configuration>>,
    /// The same as `profile show` prints it.
    pub(crate) shown: Arc<Mutex<Value>>,
    /// Who loads plugins.
    pub(crate) loader: Loader,
    /// Plugins in force.
    pub(crate) guests: SharedGuests,
    /// Who tells people.
    pub(crate) announcer: Announcer,
    /// Who keeps what is in force.
    pub(crate) recorded: Reloads,
}

/// A configuration that may be taken over.
struct New {
    configuration: Configuration,
    shown: Value,
    profiles: Vec<Profile>,
    extending: Extending,
    guests: Guests,
}

/// What an attempt came to.
struct Attempted {
    /// Files that were read for plugins.
    files: Vec<PathBuf>,
    /// What to take over; `None` when nothing is different.
    result: anyhow::Result<Option<New>>,
}

/// Looks at the files until told to stop. `modules` are those of the plugins in force.
pub(crate) async fn follow(
    file: PathBuf,
    modules: Vec<PathBuf>,
    stop: CancellationToken,
    reloading: Reloading,
) {
    let mut known = read(&file).await;
    let mut modules = Modules::about_to_read(&modules);
    let mut again: Option<Instant> = None;
    let mut said = String::new();
    let mut pending = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let now = read(&file).await;
        // A file that is gone for a moment is being replaced.
        let other = now.is_some() && now != known;
        if !other && !modules.changed() && again.is_none_or(|at| Instant::now() < at) {
            continue;
        }
        if other {
            known = now;
        }
        // A change that could not be taken over is still to be, whatever let it fail.
        let other = other || pending;
        let (files, error) = reloading.attempt(&file, other).await;
        pending = other && error.is_some();
        modules = modules.read_since(&files);
        again = error.as_ref().is_some_and(may_pass).then(|| Instant::now() + RETRY);
        let text = error.as_ref().map_or_else(String::new, |error| format!("{error:#}"));
        if let Some(error) = error.filter(|_| other || text != said) {
            reloading.failed(&error, other);
        }
        said = text;
    }
}

impl Reloading {
    /// Tries to take over what is in the files now. Returns the files of plugins, and what went wrong. `other`: the
    /// configuration file is another.
    async fn attempt(&self, file: &Path, other: bool) -> (Vec<PathBuf>, Option<anyhow::Error>) {
        let (reading, from) = (self.clone(), file.to_path_buf());
        // Fetching and compiling take their time, and this is no thread to spend it on.
        let read = tokio::task::spawn_blocking(move || reading.read(&from, other)).await;
        let Attempted { files, result } = match read {
            Ok(attempted) => attempted,
            Err(broken) => return (Vec::new(), Some(broken.into())),
        };
        let error = match result {
            Ok(None) => None,
            Ok(Some(new)) => self.take_over(new, other).await.err(),
            Err(error) => Some(error),
        };
        (files, error)
    }

    /// Reads and checks, changing nothing.
    fn read(&self, file: &Path, other: bool) -> Attempted {
        let before = locked(&self.guests).clone();
        let loaded = match configuration_file::profiles_after(Some(file), &self.loader, &before) {
            Ok(loaded) => loaded,
            Err(error) => {
                let named = error.downcast_ref::<NotLoaded>().map(|e| e.files.clone());
                let in_force = || before.iter().filter_map(|(_, _, held)| held.file.clone()).collect();
                return Attempted { files: named.unwrap_or_else(in_force), result: Err(error) };
            }
        };
        let files = loaded.files.clone();
        // A module that was written again with the same content is no news.
        if !other && loaded.guests.changed(&before).next().is_none() {
            return Attempted { files, result: Ok(None) };
        }
        Attempted { files, result: self.check(loaded).map(Some) }
    }

    /// # Errors
    /// It asks for what only a restart can give.
    fn check(&self, loaded: Loaded) -> anyhow::Result<New> {
        let Loaded { mut resolved, guests, .. } = loaded;
        let extending = Extending::of(&resolved.configuration, Arc::clone(&self.whole.0), &guests)?;
        if !self.whole.1.cover(extending.wants()) || !self.news.cover(extending.news()) {
            bail!(
                "its extenders or plugins want whole objects that were not kept so far; restart to use them"
            );
        }
        let in_force = locked(&self.in_force).clone();
        settings::tell(&in_force, &resolved.configuration);
        resolved.configuration = settings::as_in_force(&in_force, resolved.configuration);
        let shown = show(&resolved);
        let Resolved { configuration, profiles, .. } = resolved;
        Ok(New { configuration, shown, profiles, extending, guests })
    }

    /// Hands it over once the objects are known that its plugins read. Those in force go on reading theirs until then.
    async fn take_over(&self, new: New, other: bool) -> anyhow::Result<()> {
        let handed_over = match self.declared.add(&new.guests.declarations()).await {
            Ok(()) => self.hand_over(new, other).await,
            Err(error) => Err(error.into()),
        };
        let in_force = locked(&self.guests).declarations();
        self.declared.set(&in_force).await;
        handed_over
    }

    /// Gives it to the thread and waits until it is in force: the next one is compared with it.
    async fn hand_over(&self, new: New, other: bool) -> anyhow::Result<()> {
        let (taking, (done, outcome)) = (self.clone(), oneshot::channel());
        let sources = measured::sources(&new.profiles);
        let errand = move |engine: &mut Engine| match taking.exchange(engine, new, other) {
            Ok((effects, before)) => {
                let _ = done.send(Ok(before));
                effects
            }
            Err(error) => {
                let _ = done.send(Err(error));
                Vec::new()
            }
        };
        // When the thread is gone there is nothing to take over any more.
        let _ = self.inbox.send(Message::Do(Box::new(errand)));
        if let Ok(outcome) = outcome.await {
            let before = outcome?;
            // Not before: of a source that nobody reads yet nothing is kept.
            drop(self.measuring.set(sources));
            // Instances give back much memory, which takes longer than a decision.
            tokio::task::spawn_blocking(move || drop(before));
        }
        Ok(())
    }

    /// On the scheduling thread, between two decisions. Returns what is to be done, and the plugins that were in force.
    fn exchange(
        &self,
        engine: &mut Engine,
        new: New,
        other: bool,
    ) -> Result<(Vec<Effect>, Guests), OtherProfiles> {
        let New { configuration, shown, profiles, extending, guests } = new;
        engine.accepts_profiles(&profiles)?;
        let before = std::mem::replace(&mut *locked(&self.guests), guests.clone());
        guests.take_over(&before);
        let meter = self.metrics.meter(&profiles);
        let effects = engine.set_profiles(profiles, &extending.for_engine())?;
        engine.set_meter(Some(meter));
        settings::apply(engine, &configuration);
        self.recorded.put(engine, &shown, &guests);
        self.bind_timeouts.set(engine.profiles());
        self.performer.set_binders(Binders::of(&extending.clients));
        *locked(&self.in_force) = configuration;
        *locked(&self.shown) = shown;
        plugins::count(&self.metrics, &guests);
        if other {
            self.metrics.own.config_reloads.with_label_values(&["success"]).inc();
            self.metrics.own.config_generation.inc();
            tracing::info!("the configuration was read again and is in force");
        }
        self.tell_of_plugins(&guests, &before);
        Ok((effects, before))
    }

    fn tell_of_plugins(&self, guests: &Guests, before: &Guests) {
        for (profile, name, held) in guests.changed(before) {
            self.metrics.plugins.reloads.with_label_values(&[name, "success"]).inc();
            let about = held.guest.about();
            let digest = about.digest.as_str();
            let note = match before.get(profile, name) {
                Some(old) if old.guest.digest() == digest => format!("plugin {name} has other args"),
                Some(old) => {
                    format!("plugin {name} is now sha256:{digest}, was sha256:{}", old.guest.digest())
                }
                None => format!("plugin {name} is loaded, sha256:{digest}"),
            };
            tracing::info!(plugin = &**name, version = about.version, "{note}");
            self.announcer.normal("PluginReloaded", name, note);
        }
    }

    fn failed(&self, error: &anyhow::Error, other: bool) {
        if other {
            self.metrics.own.config_reloads.with_label_values(&["error"]).inc();
        }
        tracing::error!("the change is not used, the previous state stays in force: {error:#}");
        let note = format!("the previous state stays in force: {error:#}");
        let plugins = error.downcast_ref::<NotLoaded>().map_or(&[][..], |e| &e.plugins);
        for plugin in plugins {
            self.metrics.plugins.reloads.with_label_values(&[plugin.as_str(), "error"]).inc();
            self.announcer.warning("PluginReloadFailed", plugin, note.clone());
        }
        if plugins.is_empty() {
            self.announcer.warning("ConfigReloadFailed", "Reload", note);
        }
    }
}

/// Whether another try may help though no file changes.
fn may_pass(error: &anyhow::Error) -> bool {
    error.is::<NotKnown>() || error.downcast_ref::<NotLoaded>().is_some_and(|e| e.transient)
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read(file: &Path) -> Option<Vec<u8>> {
    tokio::fs::read(file).await.ok()
}
