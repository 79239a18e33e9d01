//! Profiles with the plugins of Kubernetes.

use longshore_framework::features::Features;
use longshore_framework::profile::Profile;
use longshore_plugins_native::{default_multi_point, registry};
use longshore_profile::{ConfigError, Resolved};

/// What kube-scheduler runs without a configuration: one profile, `default-scheduler`, by these rules.
///
/// # Errors
/// When the plugins do not make a profile.
pub fn default_profiles(features: Features) -> Result<Vec<Profile>, ConfigError> {
    let registry = registry().with_features(features);
    let resolved = longshore_profile::default_profile(&registry, &default_multi_point(features))?;
    Ok(resolved.profiles)
}

/// The profiles of a KubeSchedulerConfiguration, by these rules. `text` is its YAML, which messages call `name`. One that brings
/// plugins in WebAssembly is for the crate `longshore-loader`.
///
/// # Errors
/// Everything that is wrong with it, each with its path in the file.
pub fn profiles(name: &str, text: &str, features: Features) -> Result<Resolved, ConfigError> {
    let registry = registry().with_features(features);
    longshore_profile::load(name, text, &registry, &default_multi_point(features))
}
