//! Everything that talks to the API server: watch, bind, evict, status, events, lease.

pub mod call;
pub mod evict;
pub mod lease;
pub mod limiter;
pub mod record;
pub mod retry;
pub mod status;

#[cfg(test)]
mod fake_api;
