//! The host: one for the whole program.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use longshore_framework::port::Requests;
use longshore_framework::raw::{NoObjects, RawObjects};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::args::Settings;
use crate::compile::Compiler;
use crate::guest::Guest;
use crate::load_error::{LARGEST_MODULE, LoadError};
use crate::observe::{Nobody, Observe};
use crate::patience::Patience;
use crate::runtime::Runtime;
use crate::{compat, component, unfinished};

/// Rows that one instance holds when a plugin is sharded by node. Below this many nodes one call does for all of them;
/// above, instances can work side by side.
pub const ROWS_PER_INSTANCE: usize = 8192;

/// What guests may reach, as far as they are granted it.
#[derive(Clone)]
pub struct Services {
    /// What guests want of the engine; the engine's own queue.
    pub requests: Requests,
    /// Whole objects.
    pub raw: Arc<dyn RawObjects>,
    /// Milliseconds since the Unix epoch.
    pub clock: Arc<dyn Fn() -> u64 + Send + Sync>,
}

/// No whole object is known, and time stands still.
impl Default for Services {
    fn default() -> Self {
        Self { requests: Requests::default(), raw: Arc::new(NoObjects), clock: Arc::new(|| 0) }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").finish_non_exhaustive()
    }
}

/// Settings of a host.
#[derive(Clone)]
pub struct HostOptions {
    /// Where compiled code is kept from one start to the next; `None` keeps none.
    pub cache_dir: Option<PathBuf>,
    /// What guests may reach.
    pub services: Services,
    /// Who is told what guests do.
    pub observer: Arc<dyn Observe>,
    /// Rows that one instance holds when a plugin is sharded by node.
    pub rows_per_instance: usize,
    /// Keep the verdicts of pure plugins.
    pub keep_pure: bool,
    /// How long guests may take, and what becomes of those that fail.
    pub patience: Patience,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            cache_dir: None,
            services: Services::default(),
            observer: Arc::new(Nobody),
            rows_per_instance: ROWS_PER_INSTANCE,
            keep_pure: true,
            patience: Patience::default(),
        }
    }
}

impl fmt::Debug for HostOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostOptions").field("cache_dir", &self.cache_dir).finish_non_exhaustive()
    }
}

/// The machine cannot host plugins.
#[derive(Debug, Error)]
#[error("cannot run WebAssembly here: {0:#}")]
pub struct HostError(#[from] wasmtime::Error);

/// Compiles and runs plugins. Cheap to clone.
#[derive(Clone)]
pub struct Host {
    pub(crate) runtime: Runtime,
    pub(crate) compiler: Compiler,
    pub(crate) options: Arc<HostOptions>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({:?})", self.options)
    }
}

impl Host {
    /// # Errors
    /// The machine cannot run WebAssembly.
    pub fn new(options: HostOptions) -> Result<Self, HostError> {
        let runtime = Runtime::new(options.patience)?;
        let compiler = Compiler::new(runtime.engine().clone(), options.cache_dir.as_deref());
        Ok(Self { runtime, compiler, options: Arc::new(options) })
    }

    /// Compiles a module, checks it, and makes it ready as the plugin `name`. The plugin's `init` has run once when this
    /// returns, so that what is wrong with its config is known.
    ///
    /// # Errors
    /// The module or its config cannot be used.
    pub fn load(&self, name: &str, bytes: &[u8], settings: &Settings) -> Result<Arc<Guest>, LoadError> {
        if bytes.len() > LARGEST_MODULE {
            return Err(LoadError::TooLarge(bytes.len()));
        }
        let digest = hex(&Sha256::digest(bytes));
        if wasmparser::Parser::is_core_wasm(bytes) {
            if let Some(hint) = unfinished::hint(bytes) {
                return Err(LoadError::Foreign(hint));
            }
            let plugin = compat::load(self, name, bytes, settings)?;
            return Ok(Arc::new(Guest::extension(digest, bytes.len(), plugin)));
        }
        let plugin = component::load(self, name, bytes, settings)?;
        Ok(Arc::new(Guest::component(digest, bytes.len(), plugin)))
    }

    /// As [`load`](Self::load), but without running a component's `init`: to say what a module is that may not work.
    ///
    /// # Errors
    /// The module cannot be used at all.
    pub fn describe(&self, name: &str, bytes: &[u8], settings: &Settings) -> Result<Arc<Guest>, LoadError> {
        if bytes.len() > LARGEST_MODULE || wasmparser::Parser::is_core_wasm(bytes) {
            return self.load(name, bytes, settings);
        }
        let digest = hex(&Sha256::digest(bytes));
        let plugin = component::describe(self, name, bytes, settings)?;
        Ok(Arc::new(Guest::component(digest, bytes.len(), plugin)))
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
