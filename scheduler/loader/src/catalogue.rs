//! Catalogues: modules of plugins that profiles name without saying where they are.
//!
//! A catalogue is an index, a JSON file that names for each plugin its module, the module's digest and what it is granted. The
//! operator who names a catalogue grants what its index says. Where none is named, the one counts that this program carries, if it
//! does.

pub(super) mod declared;
mod embedded;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use longshore_artifact::{Fetcher, Keys, Reference};
use longshore_framework::fields::{Fields, Problem, Problems};
use longshore_framework::node_metrics::MetricsSource;
use longshore_wasm::{Capabilities, Capability, Settings};
use serde_json::{Map, Value};

use super::fetch;

/// The index's name, where a folder is given.
const INDEX: &str = "catalogue.json";
/// How the source of a catalogue's plugin begins: its name follows.
pub(super) const SCHEME: &str = "catalogue://";

/// The plugins of a catalogue.
#[derive(Debug)]
pub(super) struct Catalogue {
    plugins: BTreeMap<String, Entry>,
    /// The index, when it is a file.
    pub(super) file: Option<PathBuf>,
}

/// One of them.
#[derive(Debug)]
struct Entry {
    /// A reference, or the module's name in this program after [`SCHEME`].
    source: String,
    sha256: String,
    capabilities: Capabilities,
}

/// A catalogue that cannot be used.
pub(super) struct Unread {
    /// Why: each problem with its place in the index.
    pub(super) problems: Vec<Problem>,
    /// Whether it was to come over the network, so that another try may help.
    pub(super) remote: bool,
    /// Where it was to be, when that is a file.
    pub(super) file: Option<PathBuf>,
}

/// Where the modules of an index lie.
#[derive(Clone, Copy)]
enum Modules<'p> {
    /// Beside the index, in a folder.
    Beside(&'p Path),
    /// Wherever the index says.
    Elsewhere,
    /// In this program.
    Carried,
}

impl Catalogue {
    /// Reads the index at `reference`: a folder with one, or the index itself. `place` is what messages call it. If there are keys,
    /// one of them has to have signed the index.
    pub(super) fn read(
        fetcher: &Arc<Fetcher>,
        place: &str,
        reference: &str,
        keys: &Keys,
    ) -> Result<Self, Unread> {
        let unread = |message: String, remote, file| {
            let problems = vec![Problem { path: place.to_string(), message }];
            Unread { problems, remote, file }
        };
        let parsed = Reference::parse(reference).map_err(|error| unread(error.to_string(), false, None))?;
        let parsed = match parsed.as_path() {
            Some(folder) if folder.is_dir() => Reference::path(folder.join(INDEX)),
            _ => parsed,
        };
        let file = parsed.as_path().map(Path::to_path_buf);
        let remote = parsed.is_remote();
        let bytes = fetch::waited(Arc::clone(fetcher), parsed, None, keys.clone())
            .map_err(|message| unread(message, remote, file.clone()))?
            .bytes;
        let folder = file.as_deref().and_then(Path::parent).map(std::path::absolute).and_then(Result::ok);
        let modules = folder.as_deref().map_or(Modules::Elsewhere, Modules::Beside);
        match Self::of(&bytes, modules) {
            Ok(plugins) => Ok(Self { plugins, file }),
            Err(mut problems) => {
                for problem in &mut problems {
                    problem.path = match problem.path.as_str() {
                        "" => place.to_string(),
                        path => format!("{place}: {path}"),
                    };
                }
                Err(Unread { problems, remote: false, file })
            }
        }
    }

    /// The one that this program carries.
    pub(super) fn carried() -> Option<Self> {
        // A test reads what every build that carries one has.
        let plugins = Self::of(embedded::index()?.as_bytes(), Modules::Carried).ok()?;
        Some(Self { plugins, file: None })
    }

    fn of(index: &[u8], modules: Modules<'_>) -> Result<BTreeMap<String, Entry>, Vec<Problem>> {
        let mut found = Vec::new();
        let plugins = match serde_json::from_slice(index) {
            Ok(value) => self::index(&value, modules, &mut Problems::new(&mut found)),
            Err(error) => {
                Problems::new(&mut found).report(format!("it is no JSON: {error}"));
                BTreeMap::new()
            }
        };
        if found.is_empty() { Ok(plugins) } else { Err(found) }
    }

    /// Whether it has a plugin.
    pub(super) fn has(&self, name: &str) -> bool {
        self.plugins.contains_key(name)
    }

    /// The settings of a plugin whose args are written as for kube-scheduler: all of them are the plugin's own, but for the
    /// fields that say where metrics come from.
    pub(super) fn settings(&self, name: &str, args: &Value, problems: &mut Problems<'_>) -> Option<Settings> {
        let mut config = args.clone();
        let reads_metrics = self.plugins.get(name)?.capabilities.contains(&Capability::Metrics);
        let metrics = reads_metrics.then(|| metrics(&mut config, problems));
        self.located(name, Settings { metrics, config, ..Settings::default() }, true)
    }

    /// `settings` with what the index says of the plugin called `name`: where the module is, its digest where the settings have none,
    /// and what it is granted, if that is wanted.
    pub(super) fn located(&self, name: &str, settings: Settings, granted: bool) -> Option<Settings> {
        let entry = self.plugins.get(name)?;
        let sha256 = settings.sha256.clone().or_else(|| Some(entry.sha256.clone()));
        let capabilities = if granted { entry.capabilities.clone() } else { settings.capabilities.clone() };
        Some(Settings { source: entry.source.clone(), sha256, capabilities, ..settings })
    }

    /// The names of its plugins.
    pub(super) fn names(&self) -> String {
        self.plugins.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// A reference with a relative file from `folder`, so that it means the same elsewhere.
pub(super) fn absolute(reference: &str, folder: &Path) -> String {
    let file = reference.strip_prefix("file://").and_then(|file| std::path::absolute(folder.join(file)).ok());
    file.map_or_else(|| reference.to_string(), |file| format!("file://{}", file.display()))
}

/// The bytes of a module that this program carries, by its source; `None` for another source.
pub(super) fn carried(source: &str) -> Option<Result<Vec<u8>, String>> {
    let name = source.strip_prefix(SCHEME)?;
    let catalogue: Value = serde_json::from_str(embedded::index()?).ok()?;
    let plugins = catalogue["plugins"].as_array()?;
    let module = plugins.iter().find(|plugin| plugin["name"] == name)?["module"].as_str()?;
    Some(embedded::module(module))
}

/// Takes out of the args where metrics come from. The release of Peaks that is recorded writes it with a capital letter.
fn metrics(config: &mut Value, problems: &mut Problems<'_>) -> MetricsSource {
    let mut said = Map::new();
    let fields = [("watcherAddress", "WatcherAddress"), ("metricProvider", "metricProvider")];
    for (name, other) in fields {
        let args = config.as_object_mut();
        if let Some(value) = args.and_then(|args| args.remove(name).or_else(|| args.remove(other))) {
            said.insert(name.to_string(), value);
        }
    }
    let said = Value::Object(said);
    MetricsSource::read(&mut Fields::of(&said, problems), problems)
}

fn index(value: &Value, modules: Modules<'_>, problems: &mut Problems<'_>) -> BTreeMap<String, Entry> {
    let mut fields = Fields::of(value, problems);
    let list = fields.list("plugins", problems);
    fields.finish(problems);
    let mut plugins = BTreeMap::new();
    let mut problems = problems.field("plugins");
    for (at, value) in list.iter().enumerate() {
        let problems = &mut problems.index(at);
        if let Some((name, entry)) = entry(value, modules, problems)
            && plugins.insert(name, entry).is_some()
        {
            problems.field("name").report("another entry has this name");
        }
    }
    plugins
}

fn entry(value: &Value, modules: Modules<'_>, problems: &mut Problems<'_>) -> Option<(String, Entry)> {
    let before = problems.count();
    let mut fields = Fields::of(value, problems);
    let mut text = |name: &'static str| match fields.string(name, problems) {
        Some(text) if !text.is_empty() => text.to_string(),
        _ => {
            problems.field(name).report("is required");
            String::new()
        }
    };
    let (name, module, sha256) = (text("name"), text("module"), text("sha256"));
    let mut capabilities = Capabilities::new();
    for (at, word) in fields.strings("capabilities", problems).into_iter().enumerate() {
        match Capability::ALL.into_iter().find(|(known, _)| *known == word) {
            Some((_, capability)) => drop(capabilities.insert(capability)),
            None => {
                problems.field("capabilities").index(at).report(format!("there is no capability {word:?}"))
            }
        }
    }
    fields.finish(problems);
    let source = match modules {
        _ if module.starts_with(SCHEME) => {
            problems.field("module").report("is in another catalogue; an index says where modules are");
            module
        }
        Modules::Carried => format!("{SCHEME}{name}"),
        _ if module.contains("://") => module,
        Modules::Beside(folder) => format!("file://{}", folder.join(&module).display()),
        Modules::Elsewhere => {
            problems
                .field("module")
                .report("an index that is no file names its modules by file://, https:// or oci://");
            module
        }
    };
    (problems.count() == before).then_some((name, Entry { source, sha256, capabilities }))
}

#[cfg(test)]
mod tests;
