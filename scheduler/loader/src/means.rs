//! What loading a plugin takes: somebody who brings its module, and a host to compile it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock};

use longshore_artifact::{Fetcher, Options};
use longshore_framework::features::Features;
use longshore_framework::fields::Problems;
use longshore_framework::port::Requests;
use longshore_wasm::{FailureKind, Guest, Host, HostOptions, LoadError, Services, Settings};

use super::late::LateObjects;
use super::options::LoaderOptions;

/// Shared by all configurations of a process.
pub(super) struct Means {
    pub(super) options: HostOptions,
    pub(super) objects: LateObjects,
    pub(super) fetcher: Arc<Fetcher>,
    /// Whether plugins that nobody has are left out.
    pub(super) ignore_unknown: bool,
    /// Where plugins without a source are.
    pub(super) catalogue: Option<String>,
    /// Whether plugins of the catalogue are judged by what is declared of them, where their modules are not.
    pub(super) by_declaration: AtomicBool,
    /// The rules that plugins are made for.
    pub(super) features: Mutex<Features>,
    /// The host, or why there is none.
    host: OnceLock<Result<Host, String>>,
}

/// A loaded plugin, or why it is none.
pub(super) type Compiled = Result<Arc<Guest>, Refused>;

/// A module, or its config, that was not taken.
pub(super) struct Refused {
    /// The field to blame, when it is not the one with the module.
    field: Option<&'static str>,
    message: String,
    /// What the plugin itself says of its config.
    own: Option<String>,
}

impl Refused {
    /// Reports it at the args. With `args_are_config` the plugin's words are about fields of these args, a line for each; else
    /// everything is reported at `field`.
    pub(super) fn report(self, args_are_config: bool, field: &str, problems: &mut Problems<'_>) {
        match self.own.filter(|_| args_are_config) {
            // What the SDK itself says of a config that it cannot read has no path.
            Some(own) => {
                own.trim_start_matches("config: ").lines().for_each(|line| match line.split_once(": ") {
                    Some((path, message)) if !path.contains(' ') => problems.field(path).report(message),
                    _ => problems.report(line),
                })
            }
            None if args_are_config => problems.report(self.message),
            None => problems.field(self.field.unwrap_or(field)).report(self.message),
        }
    }
}

impl Means {
    /// Nothing is set up for WebAssembly yet.
    pub(super) fn new(options: LoaderOptions) -> Self {
        let LoaderOptions { cache_dir, catalogue, ignore_unknown, clock, observer, patience } = options;
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
            catalogue,
            by_declaration: AtomicBool::new(false),
            ignore_unknown,
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
        let host = self.host().map_err(|message| Refused { field: None, message, own: None })?;
        host.load(name, bytes, settings).map_err(|error| refused(&error))
    }
}

/// Where a module that was not taken is reported, and how.
fn refused(error: &LoadError) -> Refused {
    let field = match error {
        LoadError::NotGranted { .. } => Some("capabilities"),
        _ => None,
    };
    let own = match error {
        LoadError::Failed(failure) if matches!(failure.kind, FailureKind::Error | FailureKind::Start) => {
            Some(failure.message.clone())
        }
        _ => None,
    };
    Refused { field, message: error.to_string(), own }
}
