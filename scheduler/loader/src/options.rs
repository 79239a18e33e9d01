//! Settings of a loader.

use std::path::PathBuf;
use std::sync::Arc;

use longshore_wasm::{Observe, Patience};

/// What a loader is made of.
pub struct LoaderOptions {
    /// Where modules and compiled code are kept from one run to the next; `None` keeps nothing.
    pub cache_dir: Option<PathBuf>,
    /// Where modules are of plugins that profiles name without a source, if anywhere.
    pub catalogue: Option<String>,
    /// Whether plugins that nobody has are left out of configurations, with a warning, and not refused.
    pub ignore_unknown: bool,
    /// What plugins tell the time by: milliseconds since the Unix epoch.
    pub clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// Who is told what plugins do.
    pub observer: Arc<dyn Observe>,
    /// How long plugins may take, and what becomes of those that fail.
    pub patience: Patience,
}
