//! A plugin of the catalogue beside the in-tree plugins.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use longshore_framework::node_metrics::MetricsSource;
use longshore_framework::raw::RawObjects;
use longshore_wasm::{Capabilities, Capability, Host, HostOptions, Services, Settings};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::guest::profiles;
use super::{Deciders, GuestTime};
use crate::workload::{CataloguePlugin, Workload};

/// Names a folder with the catalogue.
const FOLDER: &str = "LONGSHORE_CATALOGUE";

/// Every pod and every node as their templates say.
struct Templates {
    pod: Option<Arc<RawValue>>,
    node: Option<Arc<RawValue>>,
}

impl RawObjects for Templates {
    fn pod(&self, _uid: &str) -> Option<Arc<RawValue>> {
        self.pod.clone()
    }

    fn node(&self, _name: &str) -> Option<Arc<RawValue>> {
        self.node.clone()
    }
}

/// The catalogue: where `LONGSHORE_CATALOGUE` says, or where `make catalogue` or the tests of the catalogue built it; `None` where
/// nobody did.
pub fn folder() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let said = env::var_os(FOLDER).map(PathBuf::from);
    let built = ["catalogue-plugins", "tmp/catalogue"].map(|folder| target.join(folder));
    said.into_iter().chain(built).find(|folder| folder.join("catalogue.json").is_file())
}

/// The default profile with the plugin.
pub(super) fn beside_default(added: &CataloguePlugin, workload: &Workload) -> anyhow::Result<Deciders> {
    let folder = folder().context("the catalogue is not built; run `make catalogue`")?;
    let (module, capabilities) = entry(&folder, &added.plugin).with_context(|| added.plugin.clone())?;
    let template =
        |name: &str| workload.templates.get(name).and_then(|it| to_raw_value(it).ok()).map(Arc::from);
    let raw = Arc::new(Templates { pod: template("pod"), node: template("node") });
    let (time, deciders) = (GuestTime::default(), Deciders::default());
    let services = Services { requests: deciders.requests.clone(), raw, ..Services::default() };
    let options = HostOptions { observer: Arc::new(time.clone()), services, ..HostOptions::default() };
    let host = Host::new(options).map_err(|e| anyhow!("{e}"))?;
    let settings = Settings {
        metrics: capabilities.contains(&Capability::Metrics).then(MetricsSource::default),
        capabilities,
        config: added.args.clone(),
        ..Settings::default()
    };
    let loaded = host.load(&added.plugin, &fs::read(&module)?, &settings);
    let loaded = loaded.map_err(|e| anyhow!("{}: {e}", added.plugin))?;
    let mut registry = longshore_plugins_native::registry();
    registry.add(&added.plugin, move |_, _, _| loaded.instance());
    let everywhere = || json!({"multiPoint": {"enabled": [{"name": added.plugin}]}});
    let plugins = added.plugins.clone().unwrap_or_else(everywhere);
    Ok(Deciders { profiles: profiles(&registry, &plugins.to_string())?, guest: Some(time), ..deciders })
}

/// The module of a plugin, and what it is granted.
fn entry(folder: &Path, plugin: &str) -> anyhow::Result<(PathBuf, Capabilities)> {
    let index: Value = serde_json::from_slice(&fs::read(folder.join("catalogue.json"))?)?;
    let plugins = index["plugins"].as_array().into_iter().flatten();
    let entry = plugins.into_iter().find(|entry| entry["name"] == plugin);
    let entry = entry.context("the catalogue that is built does not have it; run `make catalogue`")?;
    let granted = |word: &Value| Capability::ALL.into_iter().find(|(known, _)| word == known);
    let words = entry["capabilities"].as_array().into_iter().flatten();
    let module = folder.join(entry["module"].as_str().unwrap_or_default());
    Ok((module, words.filter_map(granted).map(|(_, capability)| capability).collect()))
}
