//! From a configuration file to profiles whose plugins are loaded.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use longshore_artifact::Fetcher;
use longshore_framework::features::Features;
use longshore_framework::port::Requests;
use longshore_profile::{ConfigError, Configuration, Resolved};
use longshore_wasm::Host;

use super::building::{Building, Done};
use super::catalogue::Catalogue;
use super::guests::Guests;
use super::late::LateObjects;
use super::means::Means;
use super::options::LoaderOptions;

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
    /// Files that plugins were read from.
    pub files: Vec<PathBuf>,
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

    /// The catalogue, if there is one.
    fn catalogue(&self, name: &str) -> Result<Option<Catalogue>, NotLoaded> {
        let Some(reference) = &self.0.catalogue else { return Ok(None) };
        Catalogue::read(&self.0.fetcher, reference).map(Some).map_err(|unread| NotLoaded {
            error: ConfigError { source_name: name.to_string(), problems: unread.problems },
            plugins: Vec::new(),
            transient: unread.remote,
            files: unread.file.into_iter().collect(),
        })
    }

    /// Reads the configuration `text`, which messages call `name`, and loads its plugins: relative files from `folder`, and
    /// from `before` those that are the same still.
    ///
    /// # Errors
    /// Everything that is wrong with it, plugins that cannot be loaded included.
    pub fn load(&self, name: &str, text: &str, folder: &Path, before: &Guests) -> Result<Loaded, NotLoaded> {
        let features = self.features();
        let catalogue = self.catalogue(name)?;
        let index = catalogue.as_ref().and_then(|catalogue| catalogue.file.clone());
        let building = Arc::new(Building {
            means: Arc::clone(&self.0),
            catalogue,
            features,
            folder: folder.to_path_buf(),
            before: before.clone(),
            done: Mutex::default(),
        });
        let mut left_out = Vec::new();
        let registry = |configuration: &mut Configuration| {
            let registry = building.registry(configuration);
            if self.0.ignore_unknown {
                left_out = configuration.leave_out_unknown(&registry);
            }
            registry
        };
        let resolved = longshore_profile::load_with(
            name,
            text,
            features,
            registry,
            &super::default_multi_point_by(features),
        );
        let Done { guests, failed, files, transient } = building.finish();
        let files = files.into_iter().chain(index).collect();
        match resolved {
            Ok(mut resolved) => {
                resolved.warnings.extend(left_out);
                Ok(Loaded { resolved, guests, files })
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
