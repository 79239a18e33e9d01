//! The host of plugins compiled to WebAssembly.
//!
//! A plugin is a component that speaks `longshore:scheduler` (see `plugins/wit`), or a core module built for
//! kube-scheduler-wasm-extension. Either becomes a plugin like any other: a value behind the framework's traits. What is
//! inside cannot harm the scheduler: every call has a deadline, memory has a cap, answers are checked, and a guest that
//! trapped is thrown away.
//!
//! ```text
//! bytes ──Host::load──▶ Guest ──instance()──▶ framework plugin ──stage──▶ guard ──▶ guest instance
//!          compile,      the loaded plugin      PreFilter, Filter ...       │  deadline, memory, breaker
//!          check,                                                           └─▶ Failure: attributed, counted, instance replaced
//!          describe
//! ```

pub mod args;
pub mod breaker;
mod cache;
mod compat;
mod compile;
mod component;
pub mod failure;
mod guest;
pub mod host;
mod ledger;
mod load_error;
mod log;
mod mirror;
pub mod observe;
mod patience;
pub mod quarantine;
mod runtime;
mod scan;
pub mod trust;
mod unfinished;

pub use args::{Capabilities, Capability, FailurePolicy, Settings, Syntax};
pub use failure::{Failure, FailureKind};
pub use guest::{About, Guest, GuestKind, Health, Status};
pub use host::{Host, HostError, HostOptions, Services};
pub use load_error::LoadError;
pub use observe::Observe;
pub use patience::Patience;
