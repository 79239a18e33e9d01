//! From a core module to a component: the world from its exports, and WASI answered without a host. And the sources of the SDKs.

mod encode;
mod error;
mod names;
mod package;
pub mod sdk;
#[cfg(test)]
mod tests;
mod wasi;

pub use encode::componentize;
pub use error::BuildError;
pub use package::{VERSION, wit};
