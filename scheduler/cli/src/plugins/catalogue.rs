//! A catalogue: modules of plugins that profiles name without saying where they are.
//!
//! It is an index, a JSON file that names for each plugin its module, the module's digest and what it is granted. The
//! operator who names a catalogue grants what its index says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use longshore_artifact::{Fetcher, Reference};
use longshore_framework::fields::{Fields, Problem, Problems};
use longshore_framework::node_metrics::MetricsSource;
use longshore_wasm::{Capabilities, Capability, Settings};
use serde_json::{Map, Value};

use super::fetch;

/// The index's name, where a folder is given.
const INDEX: &str = "catalogue.json";

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

impl Catalogue {
    /// Reads the index at `reference`: a folder with one, or the index itself.
    pub(super) fn read(fetcher: &Arc<Fetcher>, reference: &str) -> Result<Self, Unread> {
        let unread = |message: String, remote, file| {
            let path = format!("--catalogue {reference}");
            Unread { problems: vec![Problem { path, message }], remote, file }
        };
        let parsed = Reference::parse(reference).map_err(|error| unread(error.to_string(), false, None))?;
        let parsed = match parsed.as_path() {
            Some(folder) if folder.is_dir() => Reference::path(folder.join(INDEX)),
            _ => parsed,
        };
        let file = parsed.as_path().map(Path::to_path_buf);
        let remote = parsed.is_remote();
        let bytes = fetch::waited(Arc::clone(fetcher), parsed, None)
            .map_err(|message| unread(message, remote, file.clone()))?
            .bytes;
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|error| unread(format!("it is no JSON: {error}"), false, file.clone()))?;
        let mut found = Vec::new();
        let folder = file.as_deref().and_then(Path::parent).map(std::path::absolute).and_then(Result::ok);
        let plugins = index(&value, folder.as_deref(), &mut Problems::new(&mut found));
        for problem in &mut found {
            problem.path = format!("--catalogue {reference}: {}", problem.path);
        }
        if found.is_empty() {
            Ok(Self { plugins, file })
        } else {
            Err(Unread { problems: found, remote: false, file })
        }
    }

    /// Whether it has a plugin.
    pub(super) fn has(&self, name: &str) -> bool {
        self.plugins.contains_key(name)
    }

    /// The settings of a plugin whose args are written as for kube-scheduler: all of them are the plugin's own, but for the
    /// fields that say where metrics come from.
    pub(super) fn settings(&self, name: &str, args: &Value, problems: &mut Problems<'_>) -> Option<Settings> {
        let entry = self.plugins.get(name)?;
        let mut config = args.clone();
        let reads_metrics = entry.capabilities.contains(&Capability::Metrics);
        Some(Settings {
            source: entry.source.clone(),
            sha256: Some(entry.sha256.clone()),
            capabilities: entry.capabilities.clone(),
            metrics: reads_metrics.then(|| metrics(&mut config, problems)),
            config,
            ..Settings::default()
        })
    }
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

fn index(value: &Value, folder: Option<&Path>, problems: &mut Problems<'_>) -> BTreeMap<String, Entry> {
    let mut fields = Fields::of(value, problems);
    let list = fields.list("plugins", problems);
    fields.finish(problems);
    let mut plugins = BTreeMap::new();
    let mut problems = problems.field("plugins");
    for (at, value) in list.iter().enumerate() {
        let problems = &mut problems.index(at);
        if let Some((name, entry)) = entry(value, folder, problems)
            && plugins.insert(name, entry).is_some()
        {
            problems.field("name").report("another entry has this name");
        }
    }
    plugins
}

fn entry(value: &Value, folder: Option<&Path>, problems: &mut Problems<'_>) -> Option<(String, Entry)> {
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
    let source = match (module.contains("://"), folder) {
        (true, _) => module,
        (false, Some(folder)) => format!("file://{}", folder.join(&module).display()),
        (false, None) => {
            problems
                .field("module")
                .report("an index that is no file names its modules by file://, https:// or oci://");
            module
        }
    };
    (problems.count() == before).then_some((name, Entry { source, sha256, capabilities }))
}

#[cfg(test)]
mod tests {
    use longshore_framework::node_metrics::Provider;
    use serde_json::json;

    use super::*;

    fn settings(capability: Option<Capability>, args: &Value) -> (Settings, Vec<String>) {
        let entry = Entry {
            source: "file://plugin.wasm".to_string(),
            sha256: String::new(),
            capabilities: capability.into_iter().collect(),
        };
        let catalogue = Catalogue { plugins: [("Loaded".to_string(), entry)].into(), file: None };
        let mut found = Vec::new();
        let settings = catalogue.settings("Loaded", args, &mut Problems::new(&mut found)).unwrap();
        (settings, found.iter().map(ToString::to_string).collect())
    }

    #[track_caller]
    fn check(args: &Value, provider: &Provider, config: &Value) {
        let (settings, problems) = settings(Some(Capability::Metrics), args);
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!((&settings.metrics.unwrap().provider, &settings.config), (provider, config));
    }

    #[test]
    fn where_metrics_come_from_is_no_business_of_the_plugin() {
        let watcher = Provider::Watcher("http://watcher:2020".to_string());
        let config = json!({"targetUtilization": 70});
        check(&json!({"watcherAddress": "http://watcher:2020", "targetUtilization": 70}), &watcher, &config);
        check(&json!({"WatcherAddress": "http://watcher:2020", "targetUtilization": 70}), &watcher, &config);
        check(
            &json!({"metricProvider": {"type": "KubernetesMetricsServer"}}),
            &Provider::MetricsServer,
            &json!({}),
        );
        check(&Value::Null, &Provider::MetricsServer, &Value::Null);
        let (_, problems) =
            settings(Some(Capability::Metrics), &json!({"metricProvider": {"type": "Other"}}));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with("metricProvider.type: "), "{problems:?}");
    }

    #[test]
    fn a_plugin_that_reads_no_metrics_is_shown_all_of_its_args() {
        let args = json!({"watcherAddress": "x"});
        let (settings, problems) = settings(None, &args);
        assert_eq!((settings.metrics, settings.config, problems), (None, args, Vec::new()));
    }
}
