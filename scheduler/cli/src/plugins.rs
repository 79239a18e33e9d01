//! Which plugins this program has.

use longshore_framework::registry::Registry;

/// All of them: the in-tree ones.
pub fn registry() -> Registry {
    longshore_plugins_native::registry()
}

/// The plugins that are on when a profile says nothing, with the weight of their score.
pub fn default_multi_point() -> &'static [(&'static str, i64)] {
    longshore_plugins_native::DEFAULT_MULTI_POINT
}
