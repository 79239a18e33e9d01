//! From a configuration file to what runs it: profiles with their plugins, those that are part of this program and those that the
//! configuration brings along as WebAssembly; its extenders, ready to be asked; and the rules that it is loaded by.
//!
//! ```text
//! file ──▶ Loader ──▶ profiles, plugins in place         args with `source` or `guestURL`, names of the catalogue:
//!            │                                             fetch ─▶ digest, signature ─▶ compile, check, init ─▶ Guest
//!            └──────▶ Guests: what is loaded, by profile and name; the same one again where nothing changed
//! ```

pub mod extenders;
pub mod file;
pub mod measured;
pub mod rules;

mod building;
mod catalogue;
mod fetch;
mod guests;
mod late;
mod loader;
mod means;
mod options;
mod stand_in;
mod tally;
mod verification;

use longshore_framework::features::Features;
use longshore_framework::registry::Registry;

pub use guests::{Guests, Held};
pub use late::LateObjects;
pub use loader::{Loaded, Loader, NotLoaded, default_cache_dir};
pub use options::LoaderOptions;
pub use tally::Tally;

/// The ones that are part of this program: the in-tree ones.
pub fn registry() -> Registry {
    longshore_plugins_native::registry()
}

/// The plugins that are on when a profile says nothing, with the weight of their score, in the newest stable minor.
pub fn default_multi_point() -> &'static [(&'static str, i64)] {
    longshore_plugins_native::DEFAULT_MULTI_POINT
}

/// The same by the rules that are followed.
pub fn default_multi_point_by(features: Features) -> Vec<(&'static str, i64)> {
    longshore_plugins_native::default_multi_point(features)
}
