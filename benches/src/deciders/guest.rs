//! A plugin in WebAssembly beside the in-tree plugins.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use longshore_framework::profile::Profile;
use longshore_framework::registry::Registry;
use longshore_profile::{API_VERSION, KIND};
use longshore_wasm::{Capability, Host, HostOptions, Observe, Settings};

use super::{Deciders, GuestTime};
use crate::workload::Guest;

/// The name that the plugin has in the profile.
const NAME: &str = "Guest";

impl Observe for GuestTime {
    fn called(&self, _plugin: &str, _stage: &'static str, took: Duration, _answered: bool) {
        self.add(took);
    }
}

/// The default profile with the plugin at all its stages.
pub(super) fn beside_default(guest: &Guest) -> anyhow::Result<Deciders> {
    let time = GuestTime::default();
    let observer = Arc::new(time.clone());
    let options = HostOptions { keep_pure: guest.pure, observer, ..HostOptions::default() };
    let host = Host::new(options).map_err(|e| anyhow!("{e}"))?;
    let settings = Settings { capabilities: [Capability::Objects].into(), ..Settings::default() };
    let loaded = host.load(NAME, &bytes(&guest.module)?, &settings);
    let loaded = loaded.map_err(|e| anyhow!("{}: {e}", guest.module))?;
    let mut registry = longshore_plugins_native::registry();
    registry.add(NAME, move |_, _, _| loaded.instance());
    let plugins = format!("{{multiPoint: {{enabled: [{{name: {NAME}}}]}}}}");
    Ok(Deciders { profiles: profiles(&registry, &plugins)?, guest: Some(time), ..Deciders::default() })
}

/// The default profile with these `plugins`.
pub(super) fn profiles(registry: &Registry, plugins: &str) -> anyhow::Result<Vec<Profile>> {
    let text = format!("{{apiVersion: {API_VERSION}, kind: {KIND}, profiles: [{{plugins: {plugins}}}]}}");
    let defaults = longshore_plugins_native::DEFAULT_MULTI_POINT;
    let resolved = longshore_profile::load("benches", &text, registry, defaults);
    Ok(resolved.map_err(|e| anyhow!("{e}"))?.profiles)
}

/// The component as `make guests` built it, else the one that is committed.
fn bytes(module: &str) -> anyhow::Result<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let file = format!("{module}.wasm");
    let built = fs::read(root.join("target/guests").join(&file));
    built.or_else(|_| fs::read(root.join("tests/guests").join(&file))).with_context(|| file)
}
