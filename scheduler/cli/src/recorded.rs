//! Engines for recordings that are run again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context;
use longshore_engine::{Engine, Options};
use longshore_framework::Timestamp;
use longshore_framework::profile::Profile;
use longshore_recording::{Recording, Settings};
use longshore_wasm::Patience;

use crate::args::PluginArgs;
use crate::console::Console;
use longshore_loader::{Guests, Loaded, Loader, LoaderOptions, Tally, file};
use longshore_service::live;

/// Makes engines by what was recorded of them.
pub(crate) struct Engines {
    config: Option<PathBuf>,
    plugins: PluginArgs,
    /// The time that plugins are told: that of the turn at hand.
    now: Arc<AtomicI64>,
    loader: Option<Loader>,
}

impl Engines {
    /// By the recorded configuration, or the one in a file.
    pub(crate) fn new(config: Option<&Path>, plugins: &PluginArgs) -> Self {
        Self { config: config.map(Into::into), plugins: plugins.clone(), now: Arc::default(), loader: None }
    }

    /// It is this time.
    pub(crate) fn tell(&self, at: Timestamp) {
        self.now.store(at.0, Ordering::Relaxed);
    }

    /// An engine that knows nothing.
    ///
    /// # Errors
    /// The configuration cannot be used here, or a plugin is another one.
    pub(crate) fn engine(&mut self, settings: &Settings) -> Result<Engine, String> {
        let mut options = settings.options()?;
        // Plugins of an engine before this one have nothing to say to it.
        let loader = self.loader.insert(loader(&self.plugins, Arc::clone(&self.now)));
        loader.follow(options.features);
        options.requests = loader.requests();
        Ok(Engine::new(self.profiles(settings)?, options))
    }

    /// The profiles.
    ///
    /// # Errors
    /// As before.
    pub(crate) fn profiles(&mut self, settings: &Settings) -> Result<Vec<Profile>, String> {
        let now = Arc::clone(&self.now);
        let loader = self.loader.get_or_insert_with(|| loader(&self.plugins, now));
        let loaded = match &self.config {
            Some(file) => file::profiles(Some(file), loader).map_err(|error| format!("{error:#}"))?,
            None => {
                let text = settings.configuration.to_string();
                let loaded =
                    loader.load("the recorded configuration", &text, Path::new(""), &Guests::default());
                loaded.map_err(|error| {
                    format!(
                        "{error}; --config FILE names a configuration with the modules where they are now"
                    )
                })?
            }
        };
        let Loaded { resolved, guests, .. } = loaded;
        let (recorded, own) = (&settings.modules, live::modules(&guests));
        if let Some(other) = recorded.iter().find(|module| !own.contains(module)) {
            return Err(format!(
                "plugin {} was sha256:{} when this was recorded, and is another one here; --config FILE names a configuration with that module",
                other.plugin, other.digest
            ));
        }
        Ok(resolved.profiles)
    }

    /// Options for an explanation by the profiles of an engine.
    pub(crate) fn options(&self, engine: &Engine) -> Options {
        let options = engine.options();
        Options {
            features: options.features,
            adopt_all: options.adopt_all,
            requests: options.requests.clone(),
            ..Options::default()
        }
    }
}

fn loader(args: &PluginArgs, now: Arc<AtomicI64>) -> Loader {
    Loader::new(LoaderOptions {
        cache_dir: args.cache_dir(),
        catalogue: args.catalogue.clone(),
        ignore_unknown: false,
        clock: Arc::new(move || u64::try_from(now.load(Ordering::Relaxed)).unwrap_or(0)),
        observer: Arc::<Tally>::default(),
        patience: Patience::Endless,
    })
}

/// Opens a recording, and says what of it cannot be read.
///
/// # Errors
/// Nothing of it can.
pub(crate) fn open(folder: &Path, console: &mut Console<'_>) -> anyhow::Result<Recording> {
    let recording = Recording::open(folder).context("there is nothing to run again")?;
    for error in &recording.unreadable {
        console.warn(&format!("{error}; it is left out"));
    }
    Ok(recording)
}

/// A time for people.
pub(crate) fn shown(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}
