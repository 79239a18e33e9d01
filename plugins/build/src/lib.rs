//! From a core module to a component: the world from its exports, and WASI answered without a host.

mod encode;
mod error;
mod names;
mod package;
#[cfg(test)]
mod tests;
mod wasi;

pub use encode::componentize;
pub use error::BuildError;
pub use package::{VERSION, wit};
