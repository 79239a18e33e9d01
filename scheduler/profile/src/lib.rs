//! KubeSchedulerConfiguration files to runnable profiles, in two phases: [as written](Configuration), every default filled
//! in, and [as resolved](Resolved), every plugin built and every stage in its order.
//!
//! | phase | module | what it does |
//! | --- | --- | --- |
//! | text | `text` | YAML or JSON to trees, within a budget |
//! | text | `source`, `foreign` | which document or entry of a ConfigMap it is; what to do with files of other kinds |
//! | as written | `read`, `extender` | the tree to [`Configuration`]; unknown fields and wrong types are problems |
//! | as written | `validate` | the rules that need no plugin |
//! | as resolved | `merge` | the user's lists merged into the default ones |
//! | as resolved | `expand` | `multiPoint` spread over the stages |
//! | as resolved | `resolve` | plugins built, profiles filled |
//! | as resolved | `show` | the effective configuration, itself a valid file |
//!
//! Every problem of a file is reported at once, with its path and the fix.

mod defaults;
mod duration;
mod error;
mod expand;
mod extender;
mod foreign;
mod idle;
mod known;
mod left_out;
mod merge;
mod migrate;
mod model;
mod read;
mod resolve;
mod show;
mod source;
mod text;
mod validate;

#[cfg(test)]
mod tests;

use longshore_framework::features::Features;
use longshore_framework::fields::{Fields, Problems};
use longshore_framework::registry::Registry;

pub use error::ConfigError;
pub use extender::{Extender, ManagedResource, PrivateKey, TlsConfig};
pub use longshore_framework::fields::Problem;
pub use migrate::{Migrated, migrate};
pub use model::{
    ClientConnection, Configuration, LeaderElection, PluginConfig, PluginRef, PluginSet, Plugins, ProfileSpec,
};
pub use resolve::Resolved;
pub use show::show;

/// The only `apiVersion` there is since Kubernetes 1.29.
pub const API_VERSION: &str = "kubescheduler.config.k8s.io/v1";

/// The `kind` of a configuration file.
pub const KIND: &str = "KubeSchedulerConfiguration";

/// Reads a file, strictly, and checks everything that can be checked without plugins. `source_name` is what messages call
/// the file; `text` is YAML or JSON. Which fields there are goes by the newest stable minor of Kubernetes.
///
/// # Errors
/// Everything that is wrong, all at once.
pub fn parse(source_name: &str, text: &str) -> Result<Configuration, ConfigError> {
    let mut found = Vec::new();
    let read = read_and_validate(source_name, text, Features::default(), &mut found);
    let configuration = read.map(|(configuration, place)| {
        place.put_before(&mut found);
        configuration
    });
    ConfigError::unless_empty(source_name, found, configuration)
}

/// How a file says that the API server is reached, whatever else is wrong with it: the cluster has to be known before its minor
/// is, and with that the rules by which the file is read.
pub fn client_connection(text: &str) -> ClientConnection {
    let problems = &mut Vec::new();
    let mut problems = Problems::new(problems);
    source::find(text, &mut problems)
        .map(|source| read::client_connection(&mut Fields::of(&source.value, &mut problems), &mut problems))
        .unwrap_or_default()
}

/// Builds the plugins and puts them in order. `default_multi_point` is `multiPoint` of the default profile: names in order,
/// with the weight of their score (0: the default weight, 1).
///
/// # Errors
/// Everything that is wrong, all at once; the source name is the one that was given to [`parse`].
pub fn resolve(
    configuration: Configuration,
    registry: &Registry,
    default_multi_point: &[(&str, i64)],
) -> Result<Resolved, ConfigError> {
    let mut found = Vec::new();
    validate::configuration(&configuration, &mut Problems::new(&mut found));
    let source_name = configuration.source_name.clone();
    let resolved = resolve::configuration(configuration, registry, default_multi_point, &mut found);
    ConfigError::unless_empty(&source_name, found, Some(resolved))
}

/// [`parse`] and [`resolve`] in one, so that the problems of both phases are reported together. A text that is no YAML, or
/// another kind of object, ends the first phase.
///
/// # Errors
/// Everything that is wrong, all at once.
pub fn load(
    source_name: &str,
    text: &str,
    registry: &Registry,
    default_multi_point: &[(&str, i64)],
) -> Result<Resolved, ConfigError> {
    load_with(source_name, text, registry.features(), |_, _| registry.clone(), default_multi_point)
}

/// As [`load`], for plugins that only the configuration names: `registry` is asked for all there are once the file is
/// read, by `features`; it may change the configuration, and report what is wrong with it.
///
/// # Errors
/// Everything that is wrong, all at once.
pub fn load_with(
    source_name: &str,
    text: &str,
    features: Features,
    registry: impl FnOnce(&mut Configuration, &mut Problems<'_>) -> Registry,
    default_multi_point: &[(&str, i64)],
) -> Result<Resolved, ConfigError> {
    let mut found = Vec::new();
    let resolved = read_and_validate(source_name, text, features, &mut found).map(|(mut written, place)| {
        let registry = registry(&mut written, &mut Problems::new(&mut found));
        let mut resolved = resolve::configuration(written, &registry, default_multi_point, &mut found);
        place.put_before(&mut found);
        place.put_before(&mut resolved.warnings);
        resolved.warnings.splice(0..0, place.warning);
        resolved
    });
    ConfigError::unless_empty(source_name, found, resolved)
}

/// What runs without a file: one profile, `default-scheduler`, with every default.
///
/// # Errors
/// When the registry and `default_multi_point` do not make a profile.
pub fn default_profile(
    registry: &Registry,
    default_multi_point: &[(&str, i64)],
) -> Result<Resolved, ConfigError> {
    resolve(Configuration::default(), registry, default_multi_point)
}

/// Where in a file its configuration stands.
struct Placed {
    path: String,
    warning: Option<Problem>,
}

impl Placed {
    /// Puts the way to the configuration before the paths in it.
    fn put_before(&self, problems: &mut [Problem]) {
        for problem in problems.iter_mut().filter(|_| !self.path.is_empty()) {
            let dot = if problem.path.is_empty() { "" } else { "." };
            problem.path = format!("{}{dot}{}", self.path, problem.path);
        }
    }
}

fn read_and_validate(
    source_name: &str,
    text: &str,
    features: Features,
    found: &mut Vec<Problem>,
) -> Option<(Configuration, Placed)> {
    let mut problems = Problems::new(found);
    let source = source::find(text, &mut problems)?;
    let warning = source.warning.map(|message| Problem { path: String::new(), message });
    let placed = Placed { path: source.path, warning };
    let Some(configuration) = read::configuration(source_name, &source.value, features, &mut problems) else {
        placed.put_before(found);
        return None;
    };
    validate::configuration(&configuration, &mut problems);
    Some((configuration, placed))
}
