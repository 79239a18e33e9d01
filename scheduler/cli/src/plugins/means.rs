//! What loading a plugin takes: somebody who brings its module, and a host to compile it.

use std::sync::{Arc, Mutex, OnceLock};

use longshore_artifact::{Fetcher, Options};
use longshore_framework::features::Features;
use longshore_framework::port::Requests;
use longshore_wasm::{Guest, Host, HostOptions, LoadError, Services, Settings};

use super::late::LateObjects;
use super::options::LoaderOptions;

/// Shared by all configurations of a process.
pub(super) struct Means {
    pub(super) options: HostOptions,
    pub(super) objects: LateObjects,
    pub(super) fetcher: Arc<Fetcher>,
    /// The rules that plugins are made for.
    pub(super) features: Mutex<Features>,
    /// The host, or why there is none.
    host: OnceLock<Result<Host, String>>,
}

/// A loaded plugin; else the field that is to blame, when it is not the one with the module, and why.
pub(super) type Compiled = Result<Arc<Guest>, (Option<&'static str>, String)>;

impl Means {
    /// Nothing is set up for WebAssembly yet.
    pub(super) fn new(options: LoaderOptions) -> Self {
        let LoaderOptions { cache_dir, clock, observer, patience } = options;
        let objects = LateObjects::default();
        let fetching =
            Options { cache_dir: cache_dir.as_ref().map(|dir| dir.join("artifacts")), ..Options::default() };
        let services = Services { requests: Requests::default(), raw: Arc::new(objects.clone()), clock };
        let options = HostOptions {
            cache_dir: cache_dir.map(|dir| dir.join("compiled")),
            services,
            observer,
            patience,
            ..HostOptions::default()
        };
        Self {
            options,
            objects,
            fetcher: Arc::new(Fetcher::new(fetching)),
            features: Mutex::default(),
            host: OnceLock::new(),
        }
    }

    /// The host of plugins, set up when first asked for.
    ///
    /// # Errors
    /// The machine cannot run WebAssembly.
    pub(super) fn host(&self) -> Result<&Host, String> {
        let made = self.host.get_or_init(|| Host::new(self.options.clone()).map_err(|e| e.to_string()));
        made.as_ref().map_err(Clone::clone)
    }

    /// Makes a plugin of a module.
    pub(super) fn compile(&self, name: &str, bytes: &[u8], settings: &Settings) -> Compiled {
        let host = self.host().map_err(|message| (None, message))?;
        host.load(name, bytes, settings).map_err(|error| blamed(&error))
    }
}

/// Where a module that was not taken is reported, and how.
fn blamed(error: &LoadError) -> (Option<&'static str>, String) {
    let field = match error {
        LoadError::NotGranted { .. } => Some("capabilities"),
        _ => None,
    };
    (field, error.to_string())
}
