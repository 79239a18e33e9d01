//! From a configuration file to profiles whose plugins are loaded.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use longshore_artifact::{Fetcher, Keys};
use longshore_framework::Str;
use longshore_framework::features::Features;
use longshore_framework::fields::Problems;
use longshore_framework::port::Requests;
use longshore_profile::{ConfigError, Configuration, Resolved};
use longshore_wasm::Host;

use super::building::{Building, Done};
use super::catalogue::{self, Catalogue};
use super::guests::Guests;
use super::late::LateObjects;
use super::means::Means;
use super::options::LoaderOptions;
use super::verification;

/// Loads configurations. Cheap to clone; nothing is set up for WebAssembly until a configuration needs it.
#[derive(Clone)]
pub struct Loader(Arc<Means>);

/// Profiles ready to run.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration and its profiles.
    pub resolved: Resolved,
    /// The plugins in WebAssembly that they use.
    pub guests: Guests,
    /// Files that plugins were read from, and whatever they were checked with.
    pub files: Vec<PathBuf>,
    /// Plugins of the catalogue whose modules are not here, with the profile's scheduler name; only where that is
    /// [allowed](Loader::judge_by_declaration).
    pub absent: BTreeSet<(Str, String)>,
}

/// A configuration that is not taken.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct NotLoaded {
    /// Everything that is wrong.
    pub error: ConfigError,
    /// Names of plugins that could not be loaded.
    pub plugins: Vec<String>,
    /// A module could not be had over the network: another try may help.
    pub transient: bool,
    /// Files that plugins were, or were to be, read from.
    pub files: Vec<PathBuf>,
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Loader({:?})", self.0.options)
    }
}

impl Loader {
    /// Does nothing yet.
    pub fn new(options: LoaderOptions) -> Self {
        Self(Arc::new(Means::new(options)))
    }

    /// From now on configurations are read, and plugins made, for these rules.
    pub fn follow(&self, features: Features) {
        *self.0.features.lock().unwrap_or_else(PoisonError::into_inner) = features;
    }

    /// From now on plugins of the catalogue may be absent: they are judged by what is declared of them, and never run.
    pub fn judge_by_declaration(&self) {
        self.0.by_declaration.store(true, Ordering::Relaxed);
    }

    /// The rules that plugins are made for: those of the newest stable minor, until [told](Self::follow) otherwise.
    pub fn features(&self) -> Features {
        *self.0.features.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What plugins ask of the engine; to be the engine's own queue.
    pub fn requests(&self) -> Requests {
        self.0.options.services.requests.clone()
    }

    /// Where plugins look for whole objects; to be filled when the cluster is known.
    pub fn objects(&self) -> &LateObjects {
        &self.0.objects
    }

    /// Brings modules, from files, URLs and registries.
    pub fn fetcher(&self) -> &Arc<Fetcher> {
        &self.0.fetcher
    }

    /// The host of plugins, set up when first asked for.
    ///
    /// # Errors
    /// The machine cannot run WebAssembly.
    pub fn host(&self) -> Result<&Host, String> {
        self.0.host()
    }

    /// What runs without a configuration file.
    ///
    /// # Errors
    /// When the plugins of this program do not make a profile.
    pub fn default_profile(&self) -> Result<Resolved, ConfigError> {
        let features = self.features();
        let registry = super::registry().with_features(features);
        longshore_profile::default_profile(&registry, &super::default_multi_point_by(features))
    }

    /// What a configuration is built with. Relative files in it become absolute ones.
    fn building(
        &self,
        configuration: &mut Configuration,
        folder: &Path,
        before: &Guests,
        problems: &mut Problems<'_>,
    ) -> Building {
        let mut done = Done::default();
        let written = configuration.verification.take();
        configuration.verification = written.map(|written| verification::absolute(written, folder));
        let demanded = configuration.verification.as_ref();
        done.files.extend(demanded.into_iter().flat_map(verification::files));
        let keys = demanded.map_or_else(Keys::default, |demanded| verification::keys(demanded, problems));
        let catalogue = self.catalogue(configuration, folder, &keys, &mut done, problems);
        let absent = catalogue.is_err() || self.0.by_declaration.load(Ordering::Relaxed);
        Building {
            means: Arc::clone(&self.0),
            catalogue: catalogue.unwrap_or_default(),
            absent,
            keys,
            features: self.features(),
            folder: folder.to_path_buf(),
            before: before.clone(),
            done: Mutex::new(done),
        }
    }

    /// The catalogue that is named, by the command line before the configuration, or that this program carries; `Err` when it cannot
    /// be read, which is reported.
    fn catalogue(
        &self,
        configuration: &mut Configuration,
        folder: &Path,
        keys: &Keys,
        done: &mut Done,
        problems: &mut Problems<'_>,
    ) -> Result<Option<Catalogue>, ()> {
        if let Some(written) = &mut configuration.catalogue {
            *written = catalogue::absolute(written, folder);
        }
        let (place, reference) = match (&self.0.catalogue, &configuration.catalogue) {
            (Some(flag), _) => (format!("--catalogue {flag}"), flag),
            (None, Some(written)) => ("catalogue".to_string(), written),
            (None, None) => return Ok(Catalogue::carried()),
        };
        let unread = match Catalogue::read(&self.0.fetcher, &place, reference, keys) {
            Ok(catalogue) => {
                done.files.extend(catalogue.file.clone());
                return Ok(Some(catalogue));
            }
            Err(unread) => unread,
        };
        done.transient |= unread.remote;
        done.files.extend(unread.file);
        for problem in unread.problems {
            problems.field(&problem.path).report(problem.message);
        }
        Err(())
    }

    /// Reads the configuration `text`, which messages call `name`, and loads its plugins: relative files from `folder`, and
    /// from `before` those that are the same still.
    ///
    /// # Errors
    /// Everything that is wrong with it, plugins that cannot be loaded included.
    pub fn load(&self, name: &str, text: &str, folder: &Path, before: &Guests) -> Result<Loaded, NotLoaded> {
        let features = self.features();
        let (mut building, mut left_out) = (None, Vec::new());
        let registry = |configuration: &mut Configuration, problems: &mut Problems<'_>| {
            let made = Arc::new(self.building(configuration, folder, before, problems));
            let registry = made.registry(configuration);
            if self.0.ignore_unknown {
                left_out = configuration.leave_out_unknown(&registry);
            }
            building = Some(made);
            registry
        };
        let resolved = longshore_profile::load_with(
            name,
            text,
            features,
            registry,
            &super::default_multi_point_by(features),
        );
        let Done { guests, failed, files, transient, absent } =
            building.map(|building| building.finish()).unwrap_or_default();
        let files = files.into_iter().collect();
        match resolved {
            Ok(mut resolved) => {
                resolved.warnings.extend(left_out);
                Ok(Loaded { resolved, guests, files, absent })
            }
            Err(error) => Err(NotLoaded { error, plugins: failed.into_iter().collect(), transient, files }),
        }
    }
}

/// Where modules and compiled code are kept when nothing else is said: `$XDG_CACHE_HOME/longshore`, else
/// `$HOME/.cache/longshore`; `None` when neither is set.
pub fn default_cache_dir() -> Option<PathBuf> {
    longshore_artifact::default_cache_dir()?.parent().map(Path::to_path_buf)
}
