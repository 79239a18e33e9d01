//! Objects beside pods and nodes, declared once by [`objects!`](crate::objects) and read from anywhere in the plugin.
//!
//! ```
//! use longshore_plugin::prelude::*;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Window {
//!     spec: WindowSpec,
//! }
//!
//! #[derive(Deserialize)]
//! struct WindowSpec {
//!     open: bool,
//! }
//!
//! objects! {
//!     WINDOWS: Window = kind("example.com/v1", "Window").fields(&["spec.open"]),
//! }
//!
//! /// Whether pods of a namespace may start.
//! fn open(namespace: &str) -> bool {
//!     WINDOWS.of_namespace(namespace).iter().all(|window| window.spec.open)
//! }
//! # fn main() { let _ = (KINDS, open); }
//! ```
//!
//! The manifest names them with `.objects(KINDS)`, and `export_plugin!` has `Objects` among its words.

mod declared;
mod kind;
mod meta;
mod store;

pub use declared::{Declared, spec};
pub use kind::{Changed, Kind};
pub use meta::Object;

pub(crate) use declared::Wanted;
pub(crate) use store::Store;
