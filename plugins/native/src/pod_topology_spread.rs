//! PodTopologySpread.

use longshore_framework::fields::Problems;
use longshore_framework::plugin::Plugin;
use longshore_framework::registry::{FactoryContext, Instance};
use serde_json::Value;

/// The plugin's name.
pub const NAME: &str = "PodTopologySpread";

/// The plugin.
#[derive(Debug, Default)]
pub struct PodTopologySpread;

/// Makes the plugin from its arguments.
pub fn build(_args: &Value, _context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    Instance::of(PodTopologySpread).build()
}

impl Plugin for PodTopologySpread {
    fn name(&self) -> &str {
        NAME
    }
}
