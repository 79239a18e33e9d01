//! Extenders over HTTP: services that filter, score, preempt and bind beside the plugins.
//!
//! | verb | asked | answers |
//! | --- | --- | --- |
//! | filter | pod and nodes | nodes that stay, reasons for the others |
//! | prioritize | pod and nodes | a score from 0 to 10 for each node |
//! | preempt | pod and victims by node | victims by node |
//! | bind | names of pod and node | nothing, or an error |
//!
//! An answer is not trusted: it is read up to a size that depends on what was asked, within the time the extender has,
//! and the engine checks every name in it.

mod answer;
mod binders;
mod client;
mod http_extender;
mod options;
mod raw;
mod request;
mod tls;

pub use longshore_framework::raw::RawObjects;

pub use self::binders::Binders;
pub use self::http_extender::HttpExtender;
pub use self::options::{ExtenderOptions, ExtenderSetupError, TlsOptions};
pub use self::raw::{RawStore, Wants};

#[cfg(test)]
mod tests;
