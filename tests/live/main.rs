//! Schedulers on a real API server (`make control-plane` builds it).

#![allow(clippy::unwrap_used, reason = "this crate is tests throughout")]

/// The fixture itself.
mod fixture;
