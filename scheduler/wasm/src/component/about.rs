//! What a plugin is, for reports.

use super::bindings::exports::longshore::scheduler::lifecycle::Sharding;
use super::bindings::longshore::scheduler::types::Column;
use super::plugin::ComponentPlugin;
use crate::args::Capability;
use crate::failure::cut;
use crate::guest::{About, GuestKind};

impl ComponentPlugin {
    /// The name in the profile.
    pub(crate) fn name(&self) -> &str {
        self.loaded.name()
    }

    /// What it is.
    pub(crate) fn about(&self, digest: &str, size: usize) -> About {
        let (manifest, loaded) = (&self.loaded.manifest, &self.loaded);
        let sharding = match manifest.sharding {
            Sharding::ByNode => "ByNode",
            Sharding::Single => "Single",
        };
        let mut needs: Vec<String> = loaded
            .imports
            .iter()
            .filter(|i| Capability::ALL.iter().any(|(word, _)| word == i))
            .cloned()
            .collect();
        let mut need = |wanted: bool, word: &str| {
            if wanted && !needs.iter().any(|n| n == word) {
                needs.push(word.to_string());
            }
        };
        need(loaded.columns.pods(), "pods");
        need(loaded.columns.raw() || manifest.raw_pod, "raw");
        need(!loaded.readings.is_empty(), "objects");
        need(!loaded.metering.is_empty(), "metrics");
        About {
            name: cut(manifest.name.clone()),
            version: cut(manifest.version.clone()),
            description: cut(manifest.description.clone()),
            kind: GuestKind::Component,
            digest: digest.to_string(),
            size,
            exports: loaded.indices.names(),
            imports: loaded.imports.clone(),
            columns: manifest.columns.iter().map(column).collect(),
            sharding: sharding.to_string(),
            pure: manifest.pure,
            objects: loaded.readings.iter().map(|reading| reading.kind.label().to_string()).collect(),
            metrics: loaded.metering.names(),
            needs,
        }
    }
}

/// A column as reports name it.
fn column(column: &Column) -> String {
    match column {
        Column::Name => "name".to_string(),
        Column::Label(key) => format!("label({})", cut(key.clone())),
        Column::Annotation(key) => format!("annotation({})", cut(key.clone())),
        Column::Condition(key) => format!("condition({})", cut(key.clone())),
        Column::Labels => "labels".to_string(),
        Column::Taints => "taints".to_string(),
        Column::Images => "images".to_string(),
        Column::Unschedulable => "unschedulable".to_string(),
        Column::Allocatable(name) => format!("allocatable({})", cut(name.clone())),
        Column::Requested(name) => format!("requested({})", cut(name.clone())),
        Column::Free(name) => format!("free({})", cut(name.clone())),
        Column::NonzeroRequested(name) => format!("nonzero-requested({})", cut(name.clone())),
        Column::AllowedPods => "allowed-pods".to_string(),
        Column::PodCount => "pod-count".to_string(),
        Column::Pods => "pods".to_string(),
        Column::Raw => "raw".to_string(),
    }
}
