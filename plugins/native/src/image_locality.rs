//! ImageLocality.

use longshore_framework::fields::Problems;
use longshore_framework::plugin::Plugin;
use longshore_framework::registry::{FactoryContext, Instance};
use serde_json::Value;

/// The plugin's name.
pub const NAME: &str = "ImageLocality";

/// The plugin.
#[derive(Debug, Default)]
pub struct ImageLocality;

/// Makes the plugin from its arguments.
pub fn build(_args: &Value, _context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    Instance::of(ImageLocality).build()
}

impl Plugin for ImageLocality {
    fn name(&self) -> &str {
        NAME
    }
}
