//! The plugin, loaded.

use std::sync::Arc;

use anyhow::anyhow;
use longshore_framework::port::Requests;
use longshore_framework::raw::{NoObjects, RawObjects};
use longshore_framework::registry::Instance;
use longshore_wasm::observe::Nobody;
use longshore_wasm::{Guest, Host, HostOptions, LoadError, Observe, Services, Settings};

/// How a plugin is hosted.
#[derive(Clone)]
pub(crate) struct Setup {
    /// Whole objects.
    pub(crate) raw: Arc<dyn RawObjects>,
    /// Rows of one instance; the host's own number when not given.
    pub(crate) rows: Option<usize>,
    /// Whether answers of pure plugins are kept.
    pub(crate) keep_pure: bool,
    /// Who is told of what it does.
    pub(crate) observer: Arc<dyn Observe>,
    /// The time it is told, in milliseconds since the Unix epoch.
    pub(crate) now: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Self { raw: Arc::new(NoObjects), rows: None, keep_pure: true, observer: Arc::new(Nobody), now: 0 }
    }
}

/// A loaded plugin and what it asks of the engine.
pub(crate) struct Subject {
    /// What the host has of it.
    pub(crate) guest: Arc<Guest>,
    /// What the framework has of it.
    pub(crate) instance: Instance,
    /// What it asks for.
    pub(crate) requests: Requests,
}

impl Subject {
    /// Compiles and loads.
    ///
    /// # Errors
    /// The module cannot be used.
    pub(crate) fn load(name: &str, bytes: &[u8], settings: &Settings, setup: &Setup) -> anyhow::Result<Self> {
        let (host, requests) = host(setup)?;
        let guest = host.load(name, bytes, settings).map_err(|e| anyhow!("{name}: {}", explained(&e)))?;
        Ok(Self { instance: guest.instance(), guest, requests })
    }
}

/// A host and the queue of what its plugins ask for.
///
/// # Errors
/// The machine cannot run WebAssembly.
pub(crate) fn host(setup: &Setup) -> anyhow::Result<(Host, Requests)> {
    let requests = Requests::default();
    let now = setup.now;
    let defaults = HostOptions::default();
    let options = HostOptions {
        services: Services {
            requests: requests.clone(),
            raw: Arc::clone(&setup.raw),
            clock: Arc::new(move || now),
        },
        observer: Arc::clone(&setup.observer),
        rows_per_instance: setup.rows.unwrap_or(defaults.rows_per_instance),
        keep_pure: setup.keep_pure,
        ..defaults
    };
    Ok((Host::new(options)?, requests))
}

/// What is wrong, with the flag that fixes it.
pub(crate) fn explained(error: &LoadError) -> String {
    match error {
        LoadError::NotGranted { interface, capability } => {
            format!("it uses {interface}, which it is not granted; add --grant {capability} if it may")
        }
        other => other.to_string(),
    }
}
