//! What plugins read of what is measured on nodes.

use std::sync::Arc;

use longshore_framework::node_metrics::MetricsSource;
use longshore_framework::profile::Profile;

/// The sources that plugins of these profiles read, each once.
pub fn sources(profiles: &[Profile]) -> Vec<Arc<MetricsSource>> {
    let plugins = profiles.iter().flat_map(Profile::plugins);
    let mut sources: Vec<_> = plugins.filter_map(|i| i.plugin.metrics()).map(|need| need.source).collect();
    sources.sort();
    sources.dedup();
    sources
}
